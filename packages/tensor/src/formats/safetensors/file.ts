import { crc32 } from 'node:zlib'
import type { DTypeDescription } from '../../layout/dtype.ts'
import { type OutsideFile, openOutside, withPath } from '../outside-file.ts'
import { writeBeside } from '../write-beside.ts'
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
  readonly file: OutsideFile
  /** Reads the bytes of a tensor. @throws `CORRUPT` where the file has shrunk since */
  read(tensor: FileTensor): Uint8Array<ArrayBuffer>
  close(): void
}

/** Opens a file. @throws `CORRUPT` naming it, `NOT_FOUND`, `IO` */
export function openSafetensors(path: string): SafetensorsFile {
  const file = openOutside(path)
  try {
    const prefix = file.read(0, Math.min(PREFIX_BYTES, file.sizeBytes))
    const header = withPath(path, () =>
      parseHeader(file.read(PREFIX_BYTES, headerSize(prefix, file.sizeBytes)), file.sizeBytes),
    )
    return {
      ...header,
      file,
      read: ({ start, end }) => file.read(start, end - start),
      close: () => file.close(),
    }
  } catch (error) {
    file.close()
    throw error
  }
}

/** Reads a whole file that is in memory. @throws `CORRUPT` */
export function parseSafetensors(bytes: Uint8Array): FileHeader {
  const size = headerSize(bytes.subarray(0, PREFIX_BYTES), bytes.length)
  return parseHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + size), bytes.length)
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

/** Writes a file, whole or not at all. */
export function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Iterable<readonly [string, string]> = [],
): void {
  writeBeside(path, layOutSafetensors(tensors, metadata))
}
