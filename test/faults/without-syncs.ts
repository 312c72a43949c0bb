import type { FileHandle, FileSystem } from '../../packages/core/src/storage/file-system.ts'

/** Gives a file system that says to have synced and has not: what a test of losses is tried with. */
export function withoutSyncs(fileSystem: FileSystem): FileSystem {
  return {
    ...fileSystem,
    syncFolder() {},
    open(path, mode) {
      const handle = fileSystem.open(path, mode)
      const unsynced: FileHandle = {
        path: handle.path,
        get sizeBytes() {
          return handle.sizeBytes
        },
        read: (offset, sizeBytes) => handle.read(offset, sizeBytes),
        write: (offset, bytes) => handle.write(offset, bytes),
        truncate: (sizeBytes) => handle.truncate(sizeBytes),
        sync: async () => {},
        syncNow() {},
        map: () => handle.map(),
        close: () => handle.close(),
      }
      return unsynced
    },
  }
}
