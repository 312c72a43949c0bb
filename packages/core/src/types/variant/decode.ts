/**
 * Reads values in Parquet's variant encoding, as `encode.ts` lays it out. Of the types that this store does not write,
 * a decimal with a scale and a float come back as `number`, dates and timestamps as `Date` (cut to milliseconds),
 * times of day as `number` of microseconds, a UUID as text.
 */
import { SheafError } from '../errors.ts'
import type { Value } from '../value.ts'
import { BasicType, Primitive } from './encode.ts'
import { decodeBytes } from './extension.ts'
import { MAX_VARIANT_DEPTH } from './limits.ts'
import { decodeMetadata } from './metadata.ts'

/**
 * Decodes one value. Objects come back as plain objects with their keys in order; `__proto__` is a key like any other.
 *
 * @throws `CORRUPT` for bytes that are no variant
 */
export function decodeVariant(metadata: Uint8Array, value: Uint8Array): Value {
  return variantDecoder(decodeMetadata(metadata), value)(0, value.length)
}

/** Reads the variant in bytes `[start, end)` of a buffer. */
export type VariantDecoder = (start: number, end: number) => Value

/** Makes the decoder of a buffer with many variants over one dictionary of keys. */
export function variantDecoder(names: readonly string[], data: Uint8Array): VariantDecoder {
  const source: Source = { names, bytes: Buffer.from(data.buffer, data.byteOffset, data.length) }
  return (start, end) => decodeAt(source, start, end, 0)
}

type Source = { readonly names: readonly string[]; readonly bytes: Buffer }

function decodeAt(source: Source, start: number, end: number, depth: number): Value {
  const { bytes } = source
  if (start >= end || end > bytes.length) throw variantError('a value is empty or ends too early')
  const first = bytes[start] as number
  switch (first & 3) {
    case BasicType.primitive:
      return decodePrimitive(bytes, first >> 2, start + 1, end)
    case BasicType.shortText:
      return textAt(bytes, start + 1, start + 1 + (first >> 2), end)
    case BasicType.object:
      return decodeObject(source, first >> 2, start + 1, end, depth)
    default:
      return decodeArray(source, first >> 2, start + 1, end, depth)
  }
}

const SHORT_TEXT = 12

function textAt(bytes: Buffer, start: number, stop: number, end: number): string {
  if (stop > end) throw variantError('a text ends too early')
  if (stop - start > SHORT_TEXT) return bytes.toString('utf8', start, stop)
  let text = ''
  for (let at = start; at < stop; at += 1) {
    const unit = bytes[at] as number
    if (unit > 127) return bytes.toString('utf8', start, stop)
    text += String.fromCharCode(unit)
  }
  return text
}

type PrimitiveReader = (bytes: Buffer, at: number, end: number) => Value

const PRIMITIVES: Readonly<Record<number, { readonly size: number; readonly read: PrimitiveReader }>> = {
  [Primitive.null]: { size: 0, read: () => null },
  [Primitive.true]: { size: 0, read: () => true },
  [Primitive.false]: { size: 0, read: () => false },
  [Primitive.int8]: { size: 1, read: (bytes, at) => bytes.readInt8(at) },
  [Primitive.int16]: { size: 2, read: (bytes, at) => bytes.readInt16LE(at) },
  [Primitive.int32]: { size: 4, read: (bytes, at) => bytes.readInt32LE(at) },
  [Primitive.int64]: { size: 8, read: (bytes, at) => bytes.readBigInt64LE(at) },
  [Primitive.double]: { size: 8, read: (bytes, at) => bytes.readDoubleLE(at) },
  [Primitive.float]: { size: 4, read: (bytes, at) => bytes.readFloatLE(at) },
  [Primitive.decimal4]: {
    size: 5,
    read: (bytes, at) => decimal(BigInt(bytes.readInt32LE(at + 1)), bytes[at] as number),
  },
  [Primitive.decimal8]: {
    size: 9,
    read: (bytes, at) => decimal(bytes.readBigInt64LE(at + 1), bytes[at] as number),
  },
  [Primitive.decimal16]: {
    size: 17,
    read: (bytes, at) =>
      decimal((bytes.readBigInt64LE(at + 9) << 64n) | bytes.readBigUInt64LE(at + 1), bytes[at] as number),
  },
  [Primitive.date]: { size: 4, read: (bytes, at) => new Date(bytes.readInt32LE(at) * 86_400_000) },
  [Primitive.timestamp]: { size: 8, read: (bytes, at) => dateOf(bytes.readBigInt64LE(at), 1000n) },
  [Primitive.timestampLocal]: { size: 8, read: (bytes, at) => dateOf(bytes.readBigInt64LE(at), 1000n) },
  [Primitive.timestampNanos]: { size: 8, read: (bytes, at) => dateOf(bytes.readBigInt64LE(at), 1_000_000n) },
  [Primitive.timestampNanosLocal]: {
    size: 8,
    read: (bytes, at) => dateOf(bytes.readBigInt64LE(at), 1_000_000n),
  },
  [Primitive.timeLocal]: { size: 8, read: (bytes, at) => Number(bytes.readBigInt64LE(at)) },
  [Primitive.binary]: {
    size: 4,
    read: (bytes, at, end) => decodeBytes(payload(bytes, at, end)),
  },
  [Primitive.text]: { size: 4, read: (bytes, at, end) => payload(bytes, at, end).toString('utf8') },
  [Primitive.uuid]: { size: 16, read: (bytes, at) => uuidText(bytes.toString('hex', at, at + 16)) },
}

function decodePrimitive(bytes: Buffer, type: number, at: number, end: number): Value {
  const primitive = PRIMITIVES[type]
  if (primitive === undefined) throw variantError(`there is no primitive type ${type}`)
  if (at + primitive.size > end) throw variantError('a primitive ends too early')
  return primitive.read(bytes, at, end)
}

function payload(bytes: Buffer, at: number, end: number): Buffer {
  const stop = at + 4 + bytes.readUInt32LE(at)
  if (stop > end) throw variantError('bytes end too early')
  return bytes.subarray(at + 4, stop)
}

function decimal(unscaled: bigint, scale: number): number | bigint {
  return scale === 0 ? unscaled : Number(`${unscaled}e-${scale}`)
}

function dateOf(units: bigint, unitsPerMs: bigint): Date {
  const rest = units % unitsPerMs
  return new Date(Number((units - (rest < 0n ? rest + unitsPerMs : rest)) / unitsPerMs))
}

function uuidText(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function decodeArray(source: Source, flags: number, at: number, end: number, depth: number): Value[] {
  const width = (flags & 3) + 1
  const { count, next } = readCount(source.bytes, (flags & 4) !== 0, at, end)
  const dataStart = next + (count + 1) * width
  checkHeader(dataStart, end, depth)
  const array: Value[] = []
  let from = dataStart + readNumber(source.bytes, next, width)
  for (let index = 0; index < count; index += 1) {
    const to = dataStart + readNumber(source.bytes, next + (index + 1) * width, width)
    if (to > end) throw variantError('an element ends too late')
    array.push(decodeAt(source, from, to, depth + 1))
    from = to
  }
  return array
}

function decodeObject(source: Source, flags: number, at: number, end: number, depth: number): Value {
  const { names, bytes } = source
  const fields = readFields(bytes, flags, at, end, depth)
  const object: Record<string, Value> = {}
  for (let index = 0; index < fields.count; index += 1) {
    const field = fields.order === null ? index : (fields.order[index] as number)
    const name = names[fields.idAt(field)]
    if (name === undefined) throw variantError('a key is not in the dictionary')
    const from = fields.dataStart + fields.offsetAt(field)
    setKey(object, name, decodeAt(source, from, end, depth + 1))
  }
  return object
}

/** Sets an own key of an object; `__proto__` is a key like any other. */
export function setKey(object: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  } else {
    object[name] = value
  }
}

type Fields = {
  readonly count: number
  readonly dataStart: number
  readonly idAt: (field: number) => number
  readonly offsetAt: (field: number) => number
  /** Fields in the order in which their values lie; `null` where that is the order of names. */
  readonly order: Uint32Array | null
}

function readFields(bytes: Buffer, flags: number, at: number, end: number, depth: number): Fields {
  const width = (flags & 3) + 1
  const idWidth = ((flags >> 2) & 3) + 1
  const { count, next } = readCount(bytes, (flags & 16) !== 0, at, end)
  const offsetStart = next + count * idWidth
  const dataStart = offsetStart + (count + 1) * width
  checkHeader(dataStart, end, depth)
  const offsetAt = (field: number): number => readNumber(bytes, offsetStart + field * width, width)
  const idAt = (field: number): number => readNumber(bytes, next + field * idWidth, idWidth)
  return { count, dataStart, idAt, offsetAt, order: orderByOffset(count, offsetAt) }
}

function orderByOffset(count: number, offsetAt: (field: number) => number): Uint32Array | null {
  const offsets = new Uint32Array(count)
  let sorted = true
  for (let field = 0; field < count; field += 1) {
    offsets[field] = offsetAt(field)
    if (field > 0 && (offsets[field] as number) < (offsets[field - 1] as number)) sorted = false
  }
  if (sorted) return null
  const order = Uint32Array.from(offsets, (_, field) => field)
  return order.sort((left, right) => (offsets[left] as number) - (offsets[right] as number))
}

function readCount(bytes: Buffer, large: boolean, at: number, end: number): { count: number; next: number } {
  const width = large ? 4 : 1
  if (at + width > end) throw variantError('a count ends too early')
  return { count: readNumber(bytes, at, width), next: at + width }
}

function readNumber(bytes: Buffer, at: number, width: number): number {
  let number = bytes[at] as number
  if (width > 1) number |= (bytes[at + 1] as number) << 8
  if (width > 2) number |= (bytes[at + 2] as number) << 16
  if (width > 3) number += (bytes[at + 3] as number) * 0x100_0000
  return number
}

function checkHeader(dataStart: number, end: number, depth: number): void {
  if (dataStart > end) throw variantError('a header ends too early')
  if (depth >= MAX_VARIANT_DEPTH) throw variantError('it is nested too deep')
}

function variantError(why: string): SheafError {
  return new SheafError('CORRUPT', `A variant cannot be read. Restore its file: ${why}`)
}

/** Reads the places that `VariantWriter.writeObject` keeps before the first value of an object; `null` where none are. */
export function readPlaces(data: Uint8Array, start: number, end: number): Uint16Array | null {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
  const first = bytes[start] as number
  if ((first & 3) !== BasicType.object) return null
  const { count, dataStart, offsetAt, order } = readFields(bytes, first >> 2, start + 1, end, 0)
  if (count === 0 || offsetAt(order === null ? 0 : (order[0] as number)) !== count * 2) return null
  return Uint16Array.from({ length: count }, (_, index) => readNumber(bytes, dataStart + index * 2, 2))
}
