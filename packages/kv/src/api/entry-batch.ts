import {
  type BytesColumn,
  type Column,
  columnFromValues,
  keyBuffer,
  nullColumn,
  type RowBatch,
  types,
} from '@sheafdb/core'
import { type Key, writeEntryKey } from '../layout/key.ts'
import { FIELDS, fieldType } from '../layout/table.ts'
import { type EncodedValue, encodeValue, ValueTag } from '../layout/value-encoding.ts'

const FIRST_BYTES = 64
/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const LARGEST_UNIT = 3

/** Is an entry to be written. */
export type NewEntry = EncodedValue & { readonly key: Uint8Array; readonly expiry: number | null }

/** Collects entries as columns, so that no object stays behind for each of them. */
export class EntryBatch {
  readonly #keys = keyBuffer()
  readonly #keyEnds: number[] = [0]
  readonly #valueEnds: number[] = [0]
  readonly #tags: number[] = []
  readonly #expiries: (number | null)[] = []
  #values: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #valueBytes = 0
  #hasExpiry = false

  /** Counts the entries. */
  get count(): number {
    return this.#tags.length
  }

  /** Adds an entry. @throws as the encodings of keys and values do */
  add(key: Key, value: unknown, expiry: number | null): void {
    writeEntryKey(this.#keys, key)
    this.#tags.push(
      typeof value === 'string' && value.isWellFormed() ? this.#text(value) : this.#encoded(value),
    )
    this.#finish(expiry)
  }

  /** Adds an entry that is encoded already. */
  addEncoded({ key, bytes, tag, expiry }: NewEntry): void {
    this.#keys.raw(key)
    this.#bytes(bytes)
    this.#tags.push(tag)
    this.#finish(expiry)
  }

  #finish(expiry: number | null): void {
    this.#keyEnds.push(this.#keys.length)
    this.#valueEnds.push(this.#valueBytes)
    this.#expiries.push(expiry)
    this.#hasExpiry ||= expiry !== null
  }

  #text(value: string): number {
    this.#reserve(value.length * LARGEST_UNIT)
    const written = this.#values.write(value, this.#valueBytes)
    this.#valueBytes += written
    return written === value.length ? ValueTag.ascii : ValueTag.text
  }

  #encoded(value: unknown): number {
    const { tag, bytes } = encodeValue(value)
    this.#bytes(bytes)
    return tag
  }

  #bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#values.set(bytes, this.#valueBytes)
    this.#valueBytes += bytes.length
  }

  #reserve(count: number): void {
    const needed = this.#valueBytes + count
    if (needed <= this.#values.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#values.length * 2))
    grown.set(this.#values.subarray(0, this.#valueBytes))
    this.#values = grown
  }

  /** Gives the entries as rows of a version. */
  rows(version: number): RowBatch {
    const length = this.count
    const columns: readonly Column[] = [
      bytesColumn(this.#keyEnds, this.#keys.bytes),
      bytesColumn(this.#valueEnds, this.#values),
      { layout: 'flat', type: fieldType('tag'), length, validity: null, values: Uint8Array.from(this.#tags) },
      versionColumn(version, length),
      this.#hasExpiry
        ? columnFromValues(fieldType('expiry'), this.#expiries)
        : nullColumn(fieldType('expiry'), length),
    ]
    return { fields: FIELDS, columns, length }
  }
}

function bytesColumn(ends: readonly number[], data: Uint8Array): BytesColumn {
  return {
    layout: 'bytes',
    type: types.binary,
    length: ends.length - 1,
    validity: null,
    offsets: Int32Array.from(ends),
    data,
  }
}

function versionColumn(version: number, length: number): Column {
  const type = fieldType('version')
  if (version >= 2 ** 31)
    return columnFromValues(
      type,
      Array.from({ length }, () => version),
    )
  return { layout: 'flat', type, length, validity: null, values: new Int32Array(length).fill(version) }
}
