import type { FileHandle, FileSystem } from './file-system.ts'

/** Is how many bytes were written since the store was opened, by what they were written for. */
export type WrittenBytes = {
  log: number
  segments: number
  /** Positions of deleted rows. */
  deletions: number
  manifests: number
}

/** Counts what is written to the files of a store. What queries put aside is not counted: it is no data. */
export function countedFileSystem(fileSystem: FileSystem, written: WrittenBytes): FileSystem {
  return {
    makeFolder: (path) => fileSystem.makeFolder(path),
    list: (path) => fileSystem.list(path),
    exists: (path) => fileSystem.exists(path),
    rename: (from, to) => fileSystem.rename(from, to),
    remove: (path) => fileSystem.remove(path),
    removeFolder: (path) => fileSystem.removeFolder(path),
    syncFolder: (path) => fileSystem.syncFolder(path),
    lock: (path) => fileSystem.lock(path),
    open(path, mode) {
      const handle = fileSystem.open(path, mode)
      const kind = kindOf(path)
      return mode === 'read' || kind === null ? handle : countedHandle(handle, written, kind)
    },
  }
}

function kindOf(path: string): keyof WrittenBytes | null {
  if (path.endsWith('.log')) return 'log'
  if (path.endsWith('.arrow')) return 'segments'
  if (path.endsWith('.deletions')) return 'deletions'
  return path.includes('MANIFEST') ? 'manifests' : null
}

function countedHandle(handle: FileHandle, written: WrittenBytes, kind: keyof WrittenBytes): FileHandle {
  return {
    path: handle.path,
    get sizeBytes() {
      return handle.sizeBytes
    },
    read: (offset, sizeBytes) => handle.read(offset, sizeBytes),
    write(offset, bytes) {
      handle.write(offset, bytes)
      written[kind] += bytes.length
    },
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sync: (isAwaitedAlone) => handle.sync(isAwaitedAlone),
    syncNow: () => handle.syncNow(),
    map: () => handle.map(),
    close: () => handle.close(),
  }
}
