import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isSheafError, SheafError } from '@sheafdb/core'

/**
 * Is a file outside the store that is read in parts. Parts are read by `pread`, not through a map: a file that becomes
 * shorter under a map would end the process.
 */
export type OutsideFile = {
  readonly path: string
  readonly sizeBytes: number
  /** Tells this state of the file from others without reading it; `''` where it was written too lately to be sure. */
  readonly stamp: string
  /** Counts the bytes that were read. */
  bytesRead(): number
  /** Reads bytes. @throws `CORRUPT` past the end, `IO` */
  read(start: number, size: number): Uint8Array<ArrayBuffer>
  close(): void
}

/** Clocks of file systems tick slowly: what was written within this time may change once more without another time. */
const SETTLED_NS = 2_000_000_000n

/** Opens a file. @throws `NOT_FOUND`, `IO` */
export function openOutside(path: string): OutsideFile {
  const descriptor = withPath(path, () => openSync(path, 'r'))
  const { size, mtimeNs } = withPath(path, () => fstatSync(descriptor, { bigint: true }))
  const isSettled = BigInt(Date.now()) * 1_000_000n - mtimeNs > SETTLED_NS
  let bytesRead = 0
  return {
    path,
    sizeBytes: Number(size),
    stamp: isSettled ? `${size}.${mtimeNs}` : '',
    bytesRead: () => bytesRead,
    read(start, count) {
      bytesRead += count
      return withPath(path, () => readBytes(descriptor, start, count))
    },
    close: () => closeSync(descriptor),
  }
}

function readBytes(descriptor: number, start: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  let done = 0
  while (done < size) {
    const count = readSync(descriptor, bytes, done, size - done, start + done)
    if (count === 0)
      throw new SheafError(
        'CORRUPT',
        'The file is shorter than it was. Get the whole file back, then attach it again.',
      )
    done += count
  }
  return bytes
}

/** Does work on a file; what fails names it. */
export function withPath<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw named(path, error)
  }
}

/** Names the file in an error. */
export function named(path: string, error: unknown): SheafError {
  if (isSheafError(error)) {
    return new SheafError(error.code, `${error.message} File: ${path}`, {
      cause: error,
      path,
      detail: error.detail,
    })
  }
  const { code, message } = error as { code?: string; message: string }
  if (code === 'ENOENT')
    return new SheafError('NOT_FOUND', `There is no such file. Check the path: ${path}`, {
      cause: error,
      path,
    })
  if (code === 'ENOSPC')
    return new SheafError('NO_SPACE', `The disk is full. Make room, then write again: ${path}`, {
      cause: error,
      path,
    })
  return new SheafError('IO', `The file cannot be read or written (${message}): ${path}`, {
    cause: error,
    path,
  })
}
