import type { DuckDBType, DuckDBVector } from '@duckdb/node-api'
import {
  type BytesColumn,
  type Column,
  columnFromValues,
  isNumeric,
  isTemporal,
  isText,
  makeNumberArray,
  type NumberArray,
  typesEqual,
  type Value,
} from '@sheafdb/core'
import { type DataType, Type } from 'apache-arrow'
import { arrowTypeOf, isHeld } from './types.ts'
import { fromDuckValue } from './value.ts'

/** Is what DuckDB's vectors keep inside: read straight from there, a result costs no JavaScript value a cell. */
type VectorBuffers = {
  readonly items?: NumberArray
  readonly dataView?: DataView
  readonly validity?: { readonly data: BigUint64Array | null }
}

/** Collects the chunks of one result column into one column of the engine. */
export type ColumnReader = {
  /** Adds the rows of a chunk; what it needs is copied. */
  append(vector: DuckDBVector, count: number): void
  /** Gives the column and starts anew. */
  finish(): Column
}

/**
 * Makes a reader for a result column that has a DuckDB type, for a plan that says it has an Arrow type. Where the two
 * differ (a parameter's value decided the type), values are read one by one.
 */
export function resultReader(type: DataType, from: DuckDBType, capacity: number): ColumnReader {
  return typesEqual(arrowTypeOf(from), type) && !isHeld(from)
    ? columnReaderFor(type, capacity)
    : new ValueReader(type)
}

/** Makes a reader for a result column of an Arrow type. `capacity` is the count of rows expected at most between two `finish`. */
export function columnReaderFor(type: DataType, capacity: number): ColumnReader {
  if (type.typeId === Type.Bool) return new BitReader(type, capacity)
  if (isNumeric(type) || isTemporal(type)) return new FlatReader(type, capacity)
  if (isText(type)) return new TextReader(type, capacity)
  return new ValueReader(type)
}

/** Collects validity bits; keeps no bitmap where no row is null. */
class ValidityReader {
  #bits: Uint8Array | null = null
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  append(validity: BigUint64Array | null, at: number, count: number): void {
    if (validity === null && this.#bits === null) return
    const bits = this.#ensure(at + count)
    if (validity === null) {
      setBits(bits, at, count)
      return
    }
    const bytes = new Uint8Array(validity.buffer, validity.byteOffset, validity.byteLength)
    if ((at & 7) === 0) {
      bits.set(bytes.subarray(0, (count + 7) >> 3), at >> 3)
      return
    }
    for (let index = 0; index < count; index += 1) {
      const row = at + index
      const bit = 1 << (row & 7)
      const valid = ((bytes[index >> 3] as number) >> (index & 7)) & 1
      // The byte may hold bits past the last chunk's end, so each bit is written, not only those that are set.
      bits[row >> 3] = valid === 1 ? (bits[row >> 3] as number) | bit : (bits[row >> 3] as number) & ~bit
    }
  }

  /** Makes the bitmap where there is none: the rows before were all valid. */
  #ensure(length: number): Uint8Array {
    const need = (Math.max(length, this.#capacity) + 7) >> 3
    if (this.#bits === null) {
      this.#bits = new Uint8Array(need)
      setBits(this.#bits, 0, length)
      clearBitsFrom(this.#bits, length)
    } else if (this.#bits.length < need) {
      const grown = new Uint8Array(need * 2)
      grown.set(this.#bits)
      this.#bits = grown
    }
    return this.#bits
  }

  finish(length: number): Uint8Array | null {
    const bits = this.#bits
    this.#bits = null
    return bits === null ? null : bits.subarray(0, (length + 7) >> 3)
  }
}

function setBits(bits: Uint8Array, at: number, count: number): void {
  for (let row = at; row < at + count; row += 1)
    bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
}

function clearBitsFrom(bits: Uint8Array, at: number): void {
  if ((at & 7) !== 0) bits[at >> 3] = (bits[at >> 3] as number) & ((1 << (at & 7)) - 1)
}

function buffersOf(vector: DuckDBVector): VectorBuffers {
  return vector as unknown as VectorBuffers
}

class FlatReader implements ColumnReader {
  readonly #type: DataType
  readonly #capacity: number
  readonly #validity: ValidityReader
  #values: NumberArray
  #length = 0

  constructor(type: DataType, capacity: number) {
    this.#type = type
    this.#capacity = capacity
    this.#validity = new ValidityReader(capacity)
    this.#values = makeNumberArray(type, capacity)
  }

  append(vector: DuckDBVector, count: number): void {
    const { items, validity } = buffersOf(vector)
    if (this.#length + count > this.#values.length) this.#grow(count)
    this.#validity.append(validity?.data ?? null, this.#length, count)
    ;(this.#values as Float64Array).set((items as Float64Array).subarray(0, count), this.#length)
    this.#length += count
  }

  #grow(count: number): void {
    const grown = makeNumberArray(this.#type, Math.max(this.#values.length * 2, this.#length + count))
    ;(grown as Float64Array).set(this.#values as Float64Array)
    this.#values = grown
  }

  finish(): Column {
    const length = this.#length
    const values = this.#values.length === length ? this.#values : this.#values.slice(0, length)
    const column: Column = {
      layout: 'flat',
      type: this.#type,
      length,
      validity: this.#validity.finish(length),
      values,
    }
    this.#values = makeNumberArray(this.#type, this.#capacity)
    this.#length = 0
    return column
  }
}

class BitReader implements ColumnReader {
  readonly #type: DataType
  readonly #capacity: number
  readonly #validity: ValidityReader
  #bits: Uint8Array
  #length = 0

  constructor(type: DataType, capacity: number) {
    this.#type = type
    this.#capacity = capacity
    this.#validity = new ValidityReader(capacity)
    this.#bits = new Uint8Array((capacity + 7) >> 3)
  }

  append(vector: DuckDBVector, count: number): void {
    const { dataView, validity } = buffersOf(vector)
    const end = this.#length + count
    if (this.#bits.length * 8 < end) {
      const grown = new Uint8Array(Math.max(this.#bits.length * 2, (end + 7) >> 3))
      grown.set(this.#bits)
      this.#bits = grown
    }
    const bits = this.#bits
    const view = dataView as DataView
    this.#validity.append(validity?.data ?? null, this.#length, count)
    for (let index = 0, row = this.#length; index < count; index += 1, row += 1) {
      if (view.getUint8(index) !== 0) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
    }
    this.#length = end
  }

  finish(): Column {
    const length = this.#length
    const values = this.#bits.slice(0, (length + 7) >> 3)
    this.#bits = new Uint8Array((this.#capacity + 7) >> 3)
    this.#length = 0
    return { layout: 'bit', type: this.#type, length, validity: this.#validity.finish(length), values }
  }
}

/** Bytes of a string that DuckDB keeps in its 16-byte entry itself. */
const INLINE_LENGTH = 12
const ENTRY_SIZE = 16
const BYTES_A_ROW = 12

/** Reads text: short strings as bytes from their entries, long ones through DuckDB's own getter. */
class TextReader implements ColumnReader {
  readonly #type: DataType
  readonly #capacity: number
  readonly #validity: ValidityReader
  #offsets: Int32Array
  #data: Buffer
  #length = 0

  constructor(type: DataType, capacity: number) {
    this.#type = type
    this.#capacity = capacity
    this.#validity = new ValidityReader(capacity)
    this.#offsets = new Int32Array(capacity + 1)
    this.#data = Buffer.alloc(capacity * BYTES_A_ROW)
  }

  append(vector: DuckDBVector, count: number): void {
    const { dataView, validity } = buffersOf(vector)
    const entries = dataView as DataView
    const nulls = validity?.data ?? null
    this.#validity.append(nulls, this.#length, count)
    this.#growOffsets(this.#length + count + 1)
    const bytes = new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength)
    const validBytes =
      nulls === null ? null : new Uint8Array(nulls.buffer, nulls.byteOffset, nulls.byteLength)
    let end = this.#offsets[this.#length] as number
    for (let index = 0; index < count; index += 1) {
      const valid = validBytes === null || (((validBytes[index >> 3] as number) >> (index & 7)) & 1) === 1
      if (valid) end = this.#appendOne(vector, { bytes, entries }, index, end)
      this.#offsets[this.#length + index + 1] = end
    }
    this.#length += count
  }

  #appendOne(
    vector: DuckDBVector,
    { bytes, entries }: { bytes: Uint8Array; entries: DataView },
    index: number,
    end: number,
  ): number {
    const at = index * ENTRY_SIZE
    const size = entries.getUint32(at, true)
    if (end + size > this.#data.length) this.#growData(end + size)
    if (size > INLINE_LENGTH) return end + this.#data.write(vector.getItem(index) as unknown as string, end)
    for (let byte = 0; byte < size; byte += 1) this.#data[end + byte] = bytes[at + 4 + byte] as number
    return end + size
  }

  #growOffsets(need: number): void {
    if (need <= this.#offsets.length) return
    const grown = new Int32Array(Math.max(need, this.#offsets.length * 2))
    grown.set(this.#offsets)
    this.#offsets = grown
  }

  #growData(need: number): void {
    const grown = Buffer.alloc(Math.max(need, this.#data.length * 2))
    grown.set(this.#data)
    this.#data = grown
  }

  finish(): BytesColumn {
    const length = this.#length
    const offsets = this.#offsets.slice(0, length + 1)
    const data = new Uint8Array(this.#data.subarray(0, offsets[length] as number))
    this.#offsets = new Int32Array(this.#capacity + 1)
    this.#length = 0
    return {
      layout: 'bytes',
      type: this.#type,
      length,
      validity: this.#validity.finish(length),
      offsets,
      data,
    }
  }
}

/** Reads an ENUM as a dictionary column: its codes are copied, its values kept once. */
export class EnumReader implements ColumnReader {
  readonly #type: DataType
  readonly #capacity: number
  readonly #dictionary: Column
  readonly #validity: ValidityReader
  #codes: Uint8Array | Uint16Array | Uint32Array
  #length = 0

  constructor(type: DataType, values: readonly string[], capacity: number) {
    this.#type = type
    this.#capacity = capacity
    this.#dictionary = columnFromValues(type, values)
    this.#validity = new ValidityReader(capacity)
    this.#codes = this.#newCodes(capacity)
  }

  #newCodes(length: number): Uint8Array | Uint16Array | Uint32Array {
    const count = this.#dictionary.length
    if (count <= 0xff) return new Uint8Array(length)
    return count <= 0xffff ? new Uint16Array(length) : new Uint32Array(length)
  }

  append(vector: DuckDBVector, count: number): void {
    const { items, validity } = buffersOf(vector)
    if (this.#length + count > this.#codes.length) {
      const grown = this.#newCodes(Math.max(this.#codes.length * 2, this.#length + count))
      grown.set(this.#codes)
      this.#codes = grown
    }
    this.#validity.append(validity?.data ?? null, this.#length, count)
    this.#codes.set((items as Uint32Array).subarray(0, count), this.#length)
    this.#length += count
  }

  finish(): Column {
    const length = this.#length
    const codes = this.#codes.slice(0, length)
    this.#codes = this.#newCodes(this.#capacity)
    this.#length = 0
    const validity = this.#validity.finish(length)
    return { layout: 'dictionary', type: this.#type, length, validity, codes, dictionary: this.#dictionary }
  }
}

/** Reads everything else value by value: bytes, decimals, nested values and types held as text. */
class ValueReader implements ColumnReader {
  readonly #type: DataType
  #values: Value[] = []

  constructor(type: DataType) {
    this.#type = type
  }

  append(vector: DuckDBVector, count: number): void {
    const duckType = vector.type
    for (let index = 0; index < count; index += 1)
      this.#values.push(fromDuckValue(vector.getItem(index), duckType, this.#type))
  }

  finish(): Column {
    const values = this.#values
    this.#values = []
    return columnFromValues(this.#type, values)
  }
}
