/**
 * Reads and writes the header of a safetensors file.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 8 | n, the size of the header, little-endian |
 * | 8 | n | the header: JSON in UTF-8, padded with spaces to a multiple of 8 |
 * | 8 + n | | the bytes of the tensors |
 *
 * The header maps the name of each tensor to `{ dtype, shape, data_offsets }`, offsets from the end of the header, and
 * `__metadata__` to text by name. A file is valid where the tensors, in the order of their offsets, follow each other
 * without holes or overlaps to the very end of the file, each of the size that its dtype and shape say.
 *
 * @see https://github.com/huggingface/safetensors
 */
import { SheafError } from '@sheafdb/core'
import { type DTypeDescription, dtypeOfFile } from '../../layout/dtype.ts'
import { type HeaderObject, type HeaderValue, parseHeaderJson } from './header-json.ts'

/** Counts the bytes before the header. */
export const PREFIX_BYTES = 8
const MAX_HEADER_BYTES = 100_000_000
const MAX_COUNT = 2n ** 64n

/** Describes a tensor of a file. */
export type FileTensor = {
  readonly name: string
  readonly dtype: DTypeDescription
  readonly shape: readonly number[]
  /** Bytes from the start of the file. */
  readonly start: number
  readonly end: number
}

/** Is the header of a file. */
export type FileHeader = {
  readonly metadata: ReadonlyMap<string, string>
  /** In the order of their bytes. */
  readonly tensors: readonly FileTensor[]
}

/** Reads the size of the header from the first bytes of a file. @throws `CORRUPT` */
export function headerSize(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.length < PREFIX_BYTES || fileBytes < PREFIX_BYTES)
    throw damaged('HeaderTooSmall', `it has ${fileBytes} bytes, fewer than ${PREFIX_BYTES}`)
  const size = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true)
  if (size > BigInt(MAX_HEADER_BYTES))
    throw damaged('HeaderTooLarge', `its header would have ${size} bytes, more than ${MAX_HEADER_BYTES}`)
  if (PREFIX_BYTES + Number(size) > fileBytes)
    throw damaged('InvalidHeaderLength', `its header would have ${size} bytes, more than the file`)
  return Number(size)
}

/** Reads a header and checks it against the size of the file. @throws `CORRUPT` */
export function parseHeader(bytes: Uint8Array, fileBytes: number): FileHeader {
  const root = objectOf(parseHeaderJson(decodeUtf8(bytes)), 'the header')
  const metadata = new Map<string, string>()
  const tensors: FileTensor[] = []
  for (const [name, value] of root.entries) {
    if (name === '__metadata__') readMetadata(value, metadata)
    else tensors.push(readTensor(name, value, PREFIX_BYTES + bytes.length))
  }
  tensors.sort((left, right) => left.start - right.start || left.end - right.end)
  checkContiguous(tensors, PREFIX_BYTES + bytes.length, fileBytes)
  return { metadata, tensors }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new SheafError('CORRUPT', 'The file is damaged: its header is no UTF-8. Get another copy.', {
      cause,
      detail: 'InvalidHeader',
    })
  }
}

function readMetadata(value: HeaderValue, into: Map<string, string>): void {
  for (const [name, text] of objectOf(value, '__metadata__').entries) {
    if (typeof text !== 'string')
      throw damaged('InvalidHeaderDeserialization', `the metadata ${JSON.stringify(name)} is no text`)
    into.set(name, text)
  }
}

function readTensor(name: string, value: HeaderValue, dataStart: number): FileTensor {
  const shown = JSON.stringify(name)
  const { entries } = objectOf(value, shown)
  const fileName = entries.get('dtype')
  const dtype = typeof fileName === 'string' ? dtypeOfFile(fileName) : undefined
  if (dtype === undefined)
    throw damaged('InvalidHeaderDeserialization', `the tensor ${shown} has no known dtype`)
  const sizes = integersOf(entries.get('shape'), `the shape of ${shown}`)
  const offsets = integersOf(entries.get('data_offsets'), `the offsets of ${shown}`)
  const [start, end] = offsets
  if (start === undefined || end === undefined || offsets.length !== 2)
    throw damaged('InvalidHeaderDeserialization', `the tensor ${shown} has not two offsets`)
  if (end < start) throw damaged('InvalidOffset', `the tensor ${shown} ends before it starts`)
  checkSize(shown, dtype, sizes, end - start)
  return {
    name,
    dtype,
    shape: sizes.map(Number),
    start: dataStart + Number(start),
    end: dataStart + Number(end),
  }
}

function checkSize(shown: string, dtype: DTypeDescription, sizes: readonly bigint[], bytes: bigint): void {
  const checked = (value: bigint): bigint => {
    if (value >= MAX_COUNT) throw damaged('ValidationOverflow', `the shape of ${shown} overflows`)
    return value
  }
  const count = sizes.reduce((product, size) => checked(product * size), 1n)
  const bits = checked(count * BigInt(dtype.bits))
  if (bits % 8n !== 0n) throw damaged('MisalignedSlice', `the tensor ${shown} does not end with a byte`)
  if (bits / 8n !== bytes)
    throw damaged('TensorInvalidInfo', `the tensor ${shown} has ${bytes} bytes, its shape says ${bits / 8n}`)
  if (sizes.some((size) => size > BigInt(Number.MAX_SAFE_INTEGER)))
    throw damaged('ValidationOverflow', `the shape of ${shown} is too large`)
}

function checkContiguous(tensors: readonly FileTensor[], dataStart: number, fileBytes: number): void {
  let end = dataStart
  for (const tensor of tensors) {
    if (tensor.start !== end)
      throw damaged(
        'InvalidOffset',
        `the tensor ${JSON.stringify(tensor.name)} overlaps another, or there is a hole before it`,
      )
    end = tensor.end
  }
  if (end !== fileBytes)
    throw damaged('MetadataIncompleteBuffer', `its tensors end at byte ${end}, the file at ${fileBytes}`)
}

function objectOf(value: HeaderValue | undefined, what: string): HeaderObject {
  if (typeof value === 'object' && 'entries' in value && value.entries instanceof Map)
    return value as HeaderObject
  throw damaged('InvalidHeaderDeserialization', `${what} is no object`)
}

function integersOf(value: HeaderValue | undefined, what: string): bigint[] {
  if (!Array.isArray(value)) throw damaged('InvalidHeaderDeserialization', `${what} is no array`)
  return value.map((item: HeaderValue) => {
    const number = typeof item === 'object' && 'number' in item ? item.number : ''
    if (!/^\d+$/.test(number) || BigInt(number) >= MAX_COUNT)
      throw damaged('InvalidHeaderDeserialization', `${what} holds what is no integer of 64 bits`)
    return BigInt(number)
  })
}

function damaged(detail: string, what: string): SheafError {
  return new SheafError('CORRUPT', `The safetensors file is damaged: ${what}. Get another copy.`, { detail })
}

/** Writes the start of a file: size and header. `tensors` stand in the order of their bytes. */
export function encodeHeader(
  tensors: readonly {
    readonly name: string
    readonly dtype: DTypeDescription
    readonly shape: readonly number[]
    readonly sizeBytes: number
  }[],
  metadata: Iterable<readonly [string, string]>,
): Uint8Array {
  const members: string[] = []
  const texts = Array.from(metadata, ([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`)
  if (texts.length > 0) members.push(`"__metadata__":{${texts.join(',')}}`)
  let end = 0
  for (const { name, dtype, shape, sizeBytes } of tensors) {
    const start = end
    end += sizeBytes
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype.fileName}","shape":[${shape.join(',')}],"data_offsets":[${start},${end}]}`,
    )
  }
  const json = Buffer.from(`{${members.join(',')}}`)
  const size = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(PREFIX_BYTES + size).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(size), true)
  bytes.set(json, PREFIX_BYTES)
  return bytes
}
