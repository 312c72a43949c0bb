import type { DuckDBVector } from '@duckdb/node-api'
import { type Column, columnFromValues } from '@sheafdb/core'
import type { DataType } from 'apache-arrow'
import { ValidityReader } from './validity-reader.ts'
import { buffersOf, type ColumnReader } from './vector-buffers.ts'

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
