import { SheafError } from '../types/errors.ts'
import { type FileHandle, type FileLock, type FileSystem, fileError } from './file-system.ts'

/** Is a file of a {@link MemoryFileSystem}: bytes that grow by doubling. */
export class MemoryFile {
  bytes: Uint8Array = new Uint8Array(0)
  sizeBytes = 0

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    if (end > this.bytes.length) {
      const grown = new Uint8Array(offset === 0 ? end : Math.max(end, this.bytes.length * 2))
      grown.set(this.bytes.subarray(0, this.sizeBytes))
      this.bytes = grown
    }
    this.bytes.set(bytes, offset)
    this.sizeBytes = Math.max(this.sizeBytes, end)
  }

  truncate(sizeBytes: number): void {
    this.bytes = this.bytes.slice(0, sizeBytes)
    this.sizeBytes = Math.min(this.sizeBytes, sizeBytes)
  }
}

/** Keeps files in memory: for stores that are not kept, and for tests. */
export class MemoryFileSystem implements FileSystem {
  readonly files: Map<string, MemoryFile> = new Map()
  readonly folders: Set<string> = new Set(['', '.'])
  readonly #locks = new Set<string>()

  makeFolder(path: string): void {
    const parts = path.split('/')
    for (let count = 1; count <= parts.length; count += 1) this.folders.add(parts.slice(0, count).join('/'))
  }

  list(path: string): readonly string[] {
    const prefix = `${path}/`
    const names = new Set<string>()
    for (const known of [...this.files.keys(), ...this.folders]) {
      if (known.startsWith(prefix)) names.add(known.slice(prefix.length).split('/')[0] as string)
    }
    return [...names].sort()
  }

  exists(path: string): boolean {
    return this.files.has(path) || this.folders.has(path)
  }

  open(path: string, mode: 'read' | 'create' | 'update'): FileHandle {
    let file = this.files.get(path)
    if (file === undefined && mode === 'read') throw missing('open', path)
    if (file === undefined || mode === 'create') {
      file = new MemoryFile()
      this.files.set(path, file)
    }
    return memoryHandle(path, file)
  }

  rename(from: string, to: string): void {
    const file = this.files.get(from)
    if (file === undefined) throw missing('rename', from)
    this.files.delete(from)
    this.files.set(to, file)
  }

  remove(path: string): void {
    this.files.delete(path)
  }

  removeFolder(path: string): void {
    this.folders.delete(path)
  }

  syncFolder(_path: string): void {}

  lock(path: string): FileLock {
    if (this.#locks.has(path)) {
      throw new SheafError('LOCKED', `The store is open for writing already, in this process: ${path}`, {
        path,
      })
    }
    this.#locks.add(path)
    return { release: () => void this.#locks.delete(path) }
  }
}

function missing(action: string, path: string): SheafError {
  return fileError(action, path, Object.assign(new Error('no such file'), { code: 'ENOENT' }))
}

function memoryHandle(path: string, file: MemoryFile): FileHandle {
  return {
    path,
    get sizeBytes() {
      return file.sizeBytes
    },
    read(offset, sizeBytes) {
      if (offset + sizeBytes > file.sizeBytes)
        throw fileError('read', path, new Error('the file ends before'))
      return file.bytes.slice(offset, offset + sizeBytes)
    },
    write: (offset, bytes) => file.write(offset, bytes),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sync: async () => {},
    syncNow() {},
    map: () => file.bytes.subarray(0, file.sizeBytes),
    close() {},
  }
}
