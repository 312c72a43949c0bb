import type { DuckDBType, DuckDBVector } from '@duckdb/node-api'
import {
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
import { TextReader } from './text-reader.ts'
import { arrowTypeOf, isHeld } from './types.ts'
import { ValidityReader } from './validity-reader.ts'
import { fromDuckValue } from './value.ts'
import { buffersOf, type ColumnReader } from './vector-buffers.ts'

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
