import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { type FileHandle, type FileLock, type FileSystem, fileError } from './file-system.ts'
import { nativeLibrary } from './native.ts'
import { lockFile } from './real-lock.ts'

/** Makes the file system of the machine. */
export function realFileSystem(): FileSystem {
  return {
    makeFolder: (path) => attempt('create', path, () => void mkdirSync(path, { recursive: true })),
    list: (path) => (existsSync(path) ? attempt('list', path, () => readdirSync(path).sort()) : []),
    exists: (path) => existsSync(path),
    open: (path, mode) => new RealFile(path, mode),
    rename: (from, to) => attempt('rename', from, () => renameSync(from, to)),
    remove: (path) => attempt('remove', path, () => unlessMissing(() => unlinkSync(path))),
    removeFolder: (path) => attempt('remove', path, () => unlessMissing(() => rmdirSync(path))),
    syncFolder(path) {
      attempt('sync', path, () => {
        const descriptor = openSync(path, 'r')
        try {
          fsyncSync(descriptor)
        } finally {
          closeSync(descriptor)
        }
      })
    },
    lock: (path): FileLock => lockFile(path),
  }
}

function attempt<T>(action: string, path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw fileError(action, path, error)
  }
}

function unlessMissing(run: () => void): void {
  try {
    run()
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error
  }
}

const FLAGS = { read: 'r', create: 'w+', update: 'r+' } as const

function openFile(path: string, mode: 'read' | 'create' | 'update'): number {
  return openSync(path, mode === 'update' && !existsSync(path) ? 'w+' : FLAGS[mode])
}

/**
 * A sync that takes less than this is done on the main thread where one commit waits for it: to hand it to another
 * thread and to be woken by it takes as long again.
 */
const QUICK_SYNC_MS = 0.5
const SYNCS_REMEMBERED = 8

class RealFile implements FileHandle {
  readonly path: string
  readonly #descriptor: number
  #sizeBytes: number
  /** How long a sync takes, as a running mean. */
  #syncMs = QUICK_SYNC_MS

  constructor(path: string, mode: 'read' | 'create' | 'update') {
    this.path = path
    this.#descriptor = attempt('open', path, () => openFile(path, mode))
    this.#sizeBytes = attempt('open', path, () => fstatSync(this.#descriptor).size)
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  read(offset: number, sizeBytes: number): Uint8Array {
    return attempt('read', this.path, () => {
      const bytes = new Uint8Array(sizeBytes)
      let done = 0
      while (done < sizeBytes) {
        const count = readSync(this.#descriptor, bytes, done, sizeBytes - done, offset + done)
        if (count === 0) throw new Error('the file ends before')
        done += count
      }
      return bytes
    })
  }

  write(offset: number, bytes: Uint8Array): void {
    attempt('write', this.path, () => {
      let done = 0
      while (done < bytes.length) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, offset + done)
      }
      this.#sizeBytes = Math.max(this.#sizeBytes, offset + bytes.length)
    })
  }

  truncate(sizeBytes: number): void {
    attempt('truncate', this.path, () => ftruncateSync(this.#descriptor, sizeBytes))
    this.#sizeBytes = Math.min(this.#sizeBytes, sizeBytes)
  }

  async sync(isAwaitedAlone?: () => boolean): Promise<void> {
    if (isAwaitedAlone !== undefined && this.#syncMs < QUICK_SYNC_MS) {
      // Callers that other events of this turn of the loop wake come first: they may want to share the sync.
      await new Promise(setImmediate)
      if (isAwaitedAlone()) return this.#timed(() => this.syncNow())
    }
    await this.#timed(() => this.#syncInBackground())
  }

  #syncInBackground(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => {
        if (error === null || error === undefined) resolve()
        else reject(fileError('sync', this.path, error))
      })
    })
  }

  async #timed(sync: () => void | Promise<void>): Promise<void> {
    const start = performance.now()
    await sync()
    this.#syncMs += (performance.now() - start - this.#syncMs) / SYNCS_REMEMBERED
  }

  syncNow(): void {
    attempt('sync', this.path, () => fdatasyncSync(this.#descriptor))
  }

  map(): Uint8Array | null {
    return this.#sizeBytes === 0 ? null : (nativeLibrary()?.map(this.#descriptor, this.#sizeBytes) ?? null)
  }

  close(): void {
    attempt('close', this.path, () => closeSync(this.#descriptor))
  }
}
