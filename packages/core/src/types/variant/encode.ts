/**
 * Writes values in Parquet's variant encoding.
 *
 * The first byte of a value holds its basic type in bits 0-1 (0 primitive, 1 short text, 2 object, 3 array) and a
 * header in bits 2-7. Fields of an object are listed by name, their values lie in the order in which the object has
 * them: so the offsets tell the order of keys. `number` is written as int8, int16, int32 or double, `bigint` as int64
 * or decimal16 of scale 0: so the kind comes back too. What Parquet has no primitive for goes through `extension.ts`.
 *
 * @see https://github.com/apache/parquet-format/blob/master/VariantEncoding.md
 */
import { describeValue } from '../column-builder.ts'
import { SheafError } from '../errors.ts'
import { compareText, type Value } from '../value.ts'
import { encodeExtension, markBytes, startsWithMark } from './extension.ts'
import { kindOf, ValueKind } from './kind.ts'
import { depthError, MAX_VARIANT_BYTES, MAX_VARIANT_DEPTH, sizeError } from './limits.ts'
import { byteWidth, KeyDictionary } from './metadata.ts'

/** Numbers Parquet's primitive types of variants. */
export const Primitive = {
  null: 0,
  true: 1,
  false: 2,
  int8: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  double: 7,
  decimal4: 8,
  decimal8: 9,
  decimal16: 10,
  date: 11,
  timestamp: 12,
  timestampLocal: 13,
  float: 14,
  binary: 15,
  text: 16,
  timeLocal: 17,
  timestampNanos: 18,
  timestampNanosLocal: 19,
  uuid: 20,
} as const

/** Numbers the basic types. */
export const BasicType = { primitive: 0, shortText: 1, object: 2, array: 3 } as const

/** Is one value as a variant. */
export type EncodedVariant = { readonly metadata: Uint8Array; readonly value: Uint8Array }

/**
 * Encodes one value. `undefined` inside objects and arrays is stored as null, as MongoDB's driver does.
 *
 * @throws `TYPE` for what cannot be stored (functions, symbols), `LIMIT` for what is too deep or too large
 * @example decodeVariant(...Object.values(encodeVariant({ a: 1n }))) // { a: 1n }
 */
export function encodeVariant(value: Value): EncodedVariant {
  const keys = new KeyDictionary()
  const writer = new VariantWriter(keys, 256)
  writer.write(value)
  return { metadata: keys.encode(), value: writer.take() }
}

const FIRST_CAPACITY = 4096
const SHORT_TEXT_LIMIT = 63

/** Writes variants one after the other into one buffer, over one dictionary of keys. */
export class VariantWriter {
  readonly #keys: KeyDictionary
  #bytes: Buffer
  #size = 0
  #start = 0

  constructor(keys: KeyDictionary, capacity: number = FIRST_CAPACITY) {
    this.#keys = keys
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  /** The count of bytes written. */
  get size(): number {
    return this.#size
  }

  /** Appends a value that lies at a depth inside the value that is stored. */
  write(value: Value, depth: number = 0): void {
    this.#start = this.#size
    this.#value(value, depth)
    this.#checkSize()
  }

  /**
   * Appends an object of some entries of a value. `depth` is how deep the object itself lies. `places` tell where among
   * the keys that have columns each key belongs; they lie as 16-bit numbers before the first value, where readers who
   * do not know them pass over them.
   */
  writeObject(
    keys: readonly string[],
    values: readonly Value[],
    options: { readonly depth: number; readonly places: readonly number[] | null },
  ): void {
    this.#start = this.#size
    this.#object(keys, values, options.depth, options.places ?? [])
    this.#checkSize()
  }

  #checkSize(): void {
    if (this.#size - this.#start > MAX_VARIANT_BYTES) throw sizeError()
  }

  /** Gives what was written. The writer must not be used after. */
  take(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#size)
  }

  #value(value: Value, depth: number): void {
    switch (kindOf(value)) {
      case ValueKind.null:
        this.#primitive(Primitive.null, 0)
        break
      case ValueKind.boolean:
        this.#primitive(value ? Primitive.true : Primitive.false, 0)
        break
      case ValueKind.int32:
        this.#integer(value as number)
        break
      case ValueKind.double:
        this.#primitive(Primitive.double, 8)
        this.#bytes.writeDoubleLE(value as number, this.#size - 8)
        break
      case ValueKind.int64:
        this.#primitive(Primitive.int64, 8)
        this.#bytes.writeBigInt64LE(value as bigint, this.#size - 8)
        break
      case ValueKind.text:
        this.#text(value as string)
        break
      case ValueKind.date:
        this.#primitive(Primitive.timestamp, 8)
        this.#bytes.writeBigInt64LE(BigInt((value as Date).getTime()) * 1000n, this.#size - 8)
        break
      case ValueKind.bytes:
        this.#plainBytes(value as Uint8Array)
        break
      case ValueKind.array:
        this.#array(value as ArrayLike<Value>, depth)
        break
      case ValueKind.object: {
        const keys = keysOf(value as object)
        this.#object(keys, valuesOf(value as object, keys), depth)
        break
      }
      case ValueKind.other:
        this.#other(value)
        break
      case ValueKind.unsupported:
        throw new SheafError(
          'TYPE',
          `A value cannot be stored. Convert it to plain data first: ${describeValue(value)}`,
        )
    }
  }

  #plainBytes(value: Uint8Array): void {
    this.#binary(startsWithMark(value) ? markBytes('', value) : value)
  }

  #other(value: Value): void {
    if (typeof value !== 'bigint' || value >= DECIMAL_LIMIT || value <= -DECIMAL_LIMIT) {
      this.#binary(encodeExtension(value))
      return
    }
    this.#primitive(Primitive.decimal16, 17)
    const at = this.#size - 17
    this.#bytes[at] = 0
    this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at + 1)
    this.#bytes.writeBigInt64LE(BigInt.asIntN(64, value >> 64n), at + 9)
  }

  #primitive(type: number, payloadBytes: number): void {
    this.#reserve(1 + payloadBytes)
    this.#bytes[this.#size] = type << 2
    this.#size += 1 + payloadBytes
  }

  #integer(value: number): void {
    if (value >= -128 && value < 128) {
      this.#primitive(Primitive.int8, 1)
      this.#bytes[this.#size - 1] = value & 255
    } else if (value >= -32_768 && value < 32_768) {
      this.#primitive(Primitive.int16, 2)
      this.#bytes.writeInt16LE(value, this.#size - 2)
    } else {
      this.#primitive(Primitive.int32, 4)
      this.#bytes.writeInt32LE(value, this.#size - 4)
    }
  }

  #text(value: string): void {
    const most = value.length * 3
    this.#reserve(5 + most)
    const bytes = this.#bytes
    const at = this.#size
    // Short text that may still turn out long is written where long text would start, then moved.
    const size = bytes.write(value, at + 1, most, 'utf8')
    if (size <= SHORT_TEXT_LIMIT) {
      bytes[at] = BasicType.shortText | (size << 2)
      this.#size += 1 + size
      return
    }
    bytes.copyWithin(at + 5, at + 1, at + 1 + size)
    bytes[at] = Primitive.text << 2
    bytes.writeUInt32LE(size, at + 1)
    this.#size += 5 + size
  }

  #binary(value: Uint8Array): void {
    this.#primitive(Primitive.binary, 4 + value.length)
    const at = this.#size - value.length
    this.#bytes.writeUInt32LE(value.length, at - 4)
    this.#bytes.set(value, at)
  }

  #array(values: ArrayLike<Value>, depth: number): void {
    if (depth >= MAX_VARIANT_DEPTH) throw depthError()
    const count = values.length
    const countWidth = count > 255 ? 4 : 1
    const header = this.#size
    const dataStart = header + 1 + countWidth + count + 1
    this.#reserve(dataStart - header)
    this.#size = dataStart
    const offsets = new Uint32Array(count + 1)
    for (let index = 0; index < count; index += 1) {
      this.#value(values[index], depth + 1)
      offsets[index + 1] = this.#size - dataStart
    }
    const width = this.#widen(dataStart, count + 1)
    this.#bytes[header] = BasicType.array | (((countWidth === 4 ? 4 : 0) | (width - 1)) << 2)
    this.#bytes.writeUIntLE(count, header + 1, countWidth)
    this.#numbers(header + 1 + countWidth, offsets, width)
  }

  #object(
    keys: readonly string[],
    values: readonly Value[],
    depth: number,
    places: readonly number[] = [],
  ): void {
    if (depth >= MAX_VARIANT_DEPTH) throw depthError()
    const count = keys.length
    const countWidth = count > 255 ? 4 : 1
    const inserted = new Uint32Array(count)
    let maxId = 0
    for (let index = 0; index < count; index += 1) {
      const id = this.#keys.idOf(keys[index] as string)
      inserted[index] = id
      if (id > maxId) maxId = id
    }
    const idWidth = byteWidth(maxId)
    const header = this.#size
    const idStart = header + 1 + countWidth
    const dataStart = idStart + count * idWidth + count + 1
    this.#reserve(dataStart - header)
    this.#size = dataStart
    this.#places(places)
    const starts = new Uint32Array(count)
    for (let index = 0; index < count; index += 1) {
      starts[index] = this.#size - dataStart
      this.#value(values[index], depth + 1)
    }
    const end = this.#size - dataStart
    const width = this.#widen(dataStart, count + 1)
    const order = orderByName(keys)
    const ids = new Uint32Array(count)
    const offsets = new Uint32Array(count + 1)
    for (let at = 0; at < count; at += 1) {
      const index = order === null ? at : (order[at] as number)
      ids[at] = inserted[index] as number
      offsets[at] = starts[index] as number
    }
    offsets[count] = end
    const flags = (countWidth === 4 ? 16 : 0) | ((idWidth - 1) << 2) | (width - 1)
    this.#bytes[header] = BasicType.object | (flags << 2)
    this.#bytes.writeUIntLE(count, header + 1, countWidth)
    this.#numbers(idStart, ids, idWidth)
    this.#numbers(idStart + count * idWidth, offsets, width)
  }

  #places(places: readonly number[]): void {
    this.#reserve(places.length * 2)
    for (const place of places) this.#size = this.#bytes.writeUInt16LE(place, this.#size)
  }

  /** Makes room for offsets wider than the one byte that was foreseen, and gives their width. */
  #widen(dataStart: number, offsetCount: number): number {
    const width = byteWidth(this.#size - dataStart)
    const more = offsetCount * (width - 1)
    if (more > 0) {
      this.#reserve(more)
      this.#bytes.copyWithin(dataStart + more, dataStart, this.#size)
      this.#size += more
    }
    return width
  }

  #numbers(start: number, numbers: Uint32Array, width: number): void {
    const bytes = this.#bytes
    let at = start
    for (let index = 0; index < numbers.length; index += 1) {
      let rest = numbers[index] as number
      for (let byte = 0; byte < width; byte += 1) {
        bytes[at] = rest & 255
        rest >>>= 8
        at += 1
      }
    }
  }

  #reserve(more: number): void {
    const needed = this.#size + more
    if (needed <= this.#bytes.length) return
    // Text reserves three bytes a unit, so this bound is wider than the one checked at the end.
    if (needed - this.#start > MAX_VARIANT_BYTES * 4) throw sizeError()
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#size))
    this.#bytes = grown
  }
}

const DECIMAL_LIMIT = 10n ** 38n

/** Gives the keys of an object or a Map, in order. @throws `TYPE` for a key that is not text */
export function keysOf(object: object): readonly string[] {
  if (!(object instanceof Map)) return Object.keys(object)
  const keys = [...object.keys()]
  const odd = keys.find((key) => typeof key !== 'string')
  if (odd === undefined) return keys
  throw new SheafError('TYPE', `A Map's key is not text. Use text for keys: ${describeValue(odd)}`)
}

/** Gives the values of some keys of an object or a Map. */
export function valuesOf(object: object, keys: readonly string[]): readonly Value[] {
  if (object instanceof Map) return keys.map((key) => object.get(key))
  return keys.map((key) => (object as Record<string, Value>)[key])
}

/** Gives the indexes of keys in the order of their names; `null` where that is the order they have. */
function orderByName(keys: readonly string[]): Uint32Array | null {
  let sorted = true
  for (let index = 1; index < keys.length && sorted; index += 1) {
    sorted = compareText(keys[index - 1] as string, keys[index] as string) < 0
  }
  if (sorted) return null
  const order = Uint32Array.from(keys, (_, index) => index)
  return order.sort((left, right) => compareText(keys[left] as string, keys[right] as string))
}
