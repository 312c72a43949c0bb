import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { isSheafError, SheafError } from '@sheafdb/core'
import type { DTypeDescription } from '../../layout/dtype.ts'
import {
  encodeHeader,
  type FileHeader,
  type FileTensor,
  headerSize,
  PREFIX_BYTES,
  parseHeader,
} from './header.ts'

/** Is an open safetensors file: its header is read and checked, tensors are read when they are asked for. */
export type SafetensorsFile = FileHeader & {
  /** Reads the bytes of a tensor. @throws `IO` where the file has shrunk since */
  read(tensor: FileTensor): Uint8Array<ArrayBuffer>
  close(): void
}

/** Opens a file. @throws `CORRUPT` naming it, `NOT_FOUND`, `IO` */
export function openSafetensors(path: string): SafetensorsFile {
  const descriptor = withPath(path, () => openSync(path, 'r'))
  try {
    const fileBytes = fstatSync(descriptor).size
    const prefix = readBytes(descriptor, 0, Math.min(PREFIX_BYTES, fileBytes))
    const size = headerSize(prefix, fileBytes)
    const header = parseHeader(readBytes(descriptor, PREFIX_BYTES, size), fileBytes)
    return {
      ...header,
      read: ({ start, end }) => withPath(path, () => readBytes(descriptor, start, end - start)),
      close: () => closeSync(descriptor),
    }
  } catch (error) {
    closeSync(descriptor)
    throw named(path, error)
  }
}

/** Reads a whole file that is in memory. @throws `CORRUPT` */
export function parseSafetensors(bytes: Uint8Array): FileHeader {
  const size = headerSize(bytes.subarray(0, PREFIX_BYTES), bytes.length)
  return parseHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + size), bytes.length)
}

function readBytes(descriptor: number, start: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  let done = 0
  while (done < size) {
    const count = readSync(descriptor, bytes, done, size - done, start + done)
    if (count === 0) {
      throw new SheafError(
        'IO',
        'The file became shorter while it was read. Write it anew beside, then rename.',
      )
    }
    done += count
  }
  return bytes
}

function withPath<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw named(path, error)
  }
}

/** Names the file in an error. */
function named(path: string, error: unknown): SheafError {
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

/** Sums up the bytes of a tensor, to know it again. */
export function checksumOf(bytes: Uint8Array): string {
  return `crc32:${crc32(bytes).toString(16).padStart(8, '0')}:${bytes.length}`
}

/** Is a tensor to be written. */
export type TensorToWrite = {
  readonly name: string
  readonly dtype: DTypeDescription
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** Lays out a file: its parts, in order. Larger elements come first, so that all are aligned; then by name. */
export function layOutSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: Iterable<readonly [string, string]> = [],
): Uint8Array[] {
  const ordered = [...tensors].sort(
    (left, right) =>
      right.dtype.bits - left.dtype.bits || Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)),
  )
  const header = encodeHeader(
    ordered.map(({ bytes, ...tensor }) => ({ ...tensor, sizeBytes: bytes.length })),
    metadata,
  )
  return [header, ...ordered.map((tensor) => tensor.bytes)]
}

/** Writes a file beside its place, then moves it there: a reader sees the old one or the new one whole. */
export function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Iterable<readonly [string, string]> = [],
): void {
  const parts = layOutSafetensors(tensors, metadata)
  const beside = `${path}.${process.pid}.part`
  withPath(path, () => {
    const descriptor = openSync(beside, 'w')
    try {
      for (const part of parts) writeWhole(descriptor, part)
      fsyncSync(descriptor)
    } catch (error) {
      rmSync(beside, { force: true })
      throw error
    } finally {
      closeSync(descriptor)
    }
    renameSync(beside, path)
  })
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done)
}
