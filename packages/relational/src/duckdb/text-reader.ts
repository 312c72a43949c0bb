import type { DuckDBVector } from '@duckdb/node-api'
import type { BytesColumn } from '@sheafdb/core'
import type { DataType } from 'apache-arrow'
import { ValidityReader } from './validity-reader.ts'
import { buffersOf, type ColumnReader } from './vector-buffers.ts'

/** Bytes of a string that DuckDB keeps in its 16-byte entry itself. */
const INLINE_LENGTH = 12
const ENTRY_SIZE = 16
const BYTES_A_ROW = 12

/** Reads text: short strings as bytes from their entries, long ones through DuckDB's own getter. */
export class TextReader implements ColumnReader {
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
