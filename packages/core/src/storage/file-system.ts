import { SheafError } from '../types/errors.ts'

/** Is an open file. Reads and writes are whole: what cannot be done entirely throws. */
export type FileHandle = {
  readonly path: string
  readonly sizeBytes: number
  /** Reads bytes into memory of their own. @throws `IO`, also where the file ends before */
  read(offset: number, sizeBytes: number): Uint8Array
  /** @throws `IO`, `NO_SPACE` */
  write(offset: number, bytes: Uint8Array): void
  truncate(sizeBytes: number): void
  /**
   * Resolves when everything written is on the disk, not only in the system's cache.
   *
   * `isAwaitedAlone` tells whether nothing but one caller waits for it: then it may be done at once, on this thread, if
   * the disk is known to be quick.
   */
  sync(isAwaitedAlone?: () => boolean): Promise<void>
  syncNow(): void
  /** Maps the file's bytes as they are now, without copying, or gives `null` where this cannot be done. */
  map(): Uint8Array | null
  close(): void
}

/** Holds a lock on a file until it is released or its process ends. */
export type FileLock = { release(): void }

/** Is everything that the store asks of an operating system's files. Paths use `/`. */
export type FileSystem = {
  makeFolder(path: string): void
  /** Gives the names in a folder, sorted; none where there is no such folder. */
  list(path: string): readonly string[]
  exists(path: string): boolean
  /** Opens a file: `read` one that exists, `create` anew (emptying it), or `update` one that exists or not. */
  open(path: string, mode: 'read' | 'create' | 'update'): FileHandle
  rename(from: string, to: string): void
  /** Removes a file; one that does not exist is as good as removed. */
  remove(path: string): void
  /** Removes an empty folder. */
  removeFolder(path: string): void
  /** Makes new, renamed and removed names of a folder durable. */
  syncFolder(path: string): void
  /** Takes a lock that ends with its holder. @throws `LOCKED`, naming the holder */
  lock(path: string): FileLock
}

/** Makes the error of a failed file operation. */
export function fileError(action: string, path: string, cause: unknown): SheafError {
  const code = (cause as { code?: unknown } | null)?.code
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SheafError('NO_SPACE', `The disk is full. Free some space and open the store again: ${path}`, {
      cause,
      path,
    })
  }
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new SheafError('IO', `Could not ${action} a file of the store: ${path} (${reason})`, {
    cause,
    path,
    detail: typeof code === 'string' ? code : undefined,
  })
}

/** Reads a whole file. */
export function readFile(fileSystem: FileSystem, path: string): Uint8Array {
  const handle = fileSystem.open(path, 'read')
  try {
    return handle.read(0, handle.sizeBytes)
  } finally {
    handle.close()
  }
}
