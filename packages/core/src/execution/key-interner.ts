import {
  type Batch,
  type BytesColumn,
  batchRowCount,
  boxedColumn,
  type Column,
  columnReader,
  columnValues,
  type DictionaryColumn,
  decodeUtf8,
  type FlatColumn,
  type SplitValues,
} from '../types/column.ts'
import { isText, types } from '../types/data-type.ts'
import { loopFor } from '../types/typed-loop.ts'
import { groupKey, type Value } from '../types/value.ts'
import { BytesTable } from './bytes-table.ts'
import { PairTable } from './pair-table.ts'

/** Is the id of null where nulls do not take part (the keys of a join), and of a value that a lookup does not find. */
export const NO_KEY = -1

/**
 * Gives equal values equal small integers, from 0 up: the one hash table behind grouping, distinct and hash joins.
 * Works a column at a time over the rows of a batch.
 */
export class ValueInterner {
  readonly #numbers = new NumberTable()
  readonly #texts = new Map<string, number>()
  /** Texts that came as bytes, and the id of each: of most of them no string is made again. */
  readonly #bytes = new BytesTable()
  readonly #bytesIds: number[] = []
  readonly #others = new Map<Value, number>()
  readonly #codes = new WeakMap<Column | SplitValues, CodeTable>()
  readonly #values: Value[] | null
  readonly #nullsEqual: boolean
  #count = 0
  #nullId = NO_KEY

  constructor(options: { readonly nullsEqual: boolean; readonly keepValues?: boolean }) {
    this.#nullsEqual = options.nullsEqual
    this.#values = options.keepValues === true ? [] : null
  }

  /** Counts the distinct values so far. */
  get count(): number {
    return this.#count
  }

  /** The distinct values by id, where they are kept. */
  get values(): readonly Value[] {
    return this.#values ?? []
  }

  /** Writes the ids of a column's rows to `ids`, adding values that are new. */
  intern(column: Column, batch: Batch, ids: Int32Array): void {
    this.#write(column, batch, ids, (value) => this.#add(value))
  }

  /** Writes the ids of a column's rows to `ids`; {@link NO_KEY} for values that are not there. */
  find(column: Column, batch: Batch, ids: Int32Array): void {
    this.#write(column, batch, ids, (value) => this.#get(value))
  }

  #write(column: Column, batch: Batch, ids: Int32Array, idOf: (value: Value) => number): void {
    if (column.layout === 'dictionary') this.#writeCodes(column, batch, ids, idOf)
    else if (column.layout === 'boxed' && column.split !== undefined)
      this.#writeSplit(column.split, batch, ids, idOf)
    else if (
      column.layout === 'flat' &&
      !(column.values instanceof BigInt64Array) &&
      !(column.values instanceof BigUint64Array)
    ) {
      this.#writeNumbers(column, batch, ids, idOf)
    } else if (column.layout === 'bytes' && isText(column.type)) this.#writeBytes(column, batch, ids, idOf)
    else this.#writeValues(column, batch, ids, idOf)
  }

  /** Writes the ids of typed values that are known, then of all others row by row: new ids ascend with the rows. */
  #writeSplit(split: SplitValues, batch: Batch, ids: Int32Array, idOf: (value: Value) => number): void {
    const { typed, oddRows } = split
    const isNull = (value: Value): boolean => value === null || value === undefined
    this.#write(typed, batch, ids, (value) => (isNull(value) ? NO_KEY : this.#get(value)))
    const { codes, values } = oddCodes(split)
    const { ids: known } = this.#tableOf(split, values.length)
    const read = columnReader(typed)
    const { selection } = batch
    const count = batchRowCount(batch)
    let odd = 0
    for (let at = 0; at < count; at += 1) {
      if (ids[at] !== NO_KEY) continue
      const row = selection === null ? at : (selection[at] as number)
      while (odd < oddRows.length && (oddRows[odd] as number) < row) odd += 1
      if (oddRows[odd] !== row) {
        ids[at] = idOf(read(row))
        continue
      }
      const code = codes[odd] as number
      let id = known[code] as number
      if (id === UNKNOWN) {
        id = idOf(values[code])
        known[code] = id
      }
      ids[at] = id
    }
  }

  /** Asks for the id of a dictionary's value at most once a call. */
  #writeCodes(column: DictionaryColumn, batch: Batch, ids: Int32Array, idOf: (value: Value) => number): void {
    const values = columnValues(column.dictionary)
    const { ids: known } = this.#tableOf(column.dictionary, values.length)
    const { codes, validity } = column
    const { selection } = batch
    const count = batchRowCount(batch)
    for (let at = 0; at < count; at += 1) {
      const index = selection === null ? at : (selection[at] as number)
      if (validity !== null && (((validity[index >> 3] as number) >> (index & 7)) & 1) === 0) {
        ids[at] = idOf(null)
        continue
      }
      const code = codes[index] as number
      let id = known[code] as number
      if (id === UNKNOWN) {
        id = idOf(values[code])
        known[code] = id
      }
      ids[at] = id
    }
  }

  /** Gives the ids of a dictionary's codes as far as they are known. What was not found is looked for again once there are new values. */
  #tableOf(dictionary: Column | SplitValues, length: number): CodeTable {
    let table = this.#codes.get(dictionary)
    if (table === undefined) {
      table = { ids: new Int32Array(length).fill(UNKNOWN), count: this.#count }
      this.#codes.set(dictionary, table)
    } else if (table.count !== this.#count) {
      for (let code = 0; code < length; code += 1) if (table.ids[code] === NO_KEY) table.ids[code] = UNKNOWN
      table.count = this.#count
    }
    return table
  }

  #writeNumbers(column: FlatColumn, batch: Batch, ids: Int32Array, idOf: (value: Value) => number): void {
    const { validity } = column
    const values = column.values as Float64Array
    const { selection } = batch
    const count = batchRowCount(batch)
    const numbers = this.#numbers
    if (!(column.values instanceof Float64Array || column.values instanceof Float32Array)) {
      numbers.findSmall(column.values as Int32Array, selection, ids, count)
      if (validity !== null) writeNulls(validity, selection, ids, count)
      for (let at = 0; at < count; at += 1) {
        const id = ids[at] as number
        if (id >= 0) continue
        ids[at] = idOf(id === NULL ? null : values[selection === null ? at : (selection[at] as number)])
      }
      return
    }
    for (let at = 0; at < count; at += 1) {
      const index = selection === null ? at : (selection[at] as number)
      if (validity !== null && (((validity[index >> 3] as number) >> (index & 7)) & 1) === 0) {
        ids[at] = idOf(null)
        continue
      }
      const value = values[index] as number
      const id = numbers.find(value)
      ids[at] = id >= 0 ? id : idOf(value)
    }
  }

  #writeBytes(column: BytesColumn, batch: Batch, ids: Int32Array, idOf: (value: Value) => number): void {
    const { offsets, data, validity } = column
    const { selection } = batch
    const count = batchRowCount(batch)
    for (let at = 0; at < count; at += 1) {
      const row = selection === null ? at : (selection[at] as number)
      if (validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) {
        ids[at] = idOf(null)
        continue
      }
      const start = offsets[row] as number
      const end = offsets[row + 1] as number
      const known = this.#bytes.find(data, start, end)
      ids[at] =
        known >= 0 ? (this.#bytesIds[known] as number) : this.#idOfBytes(data.subarray(start, end), idOf)
    }
  }

  /** Finds a text that did not come as bytes before; it may have come as a string. */
  #idOfBytes(bytes: Uint8Array, idOf: (value: Value) => number): number {
    const id = idOf(decodeUtf8(bytes, 0, bytes.length))
    if (id !== NO_KEY) this.#bytesIds[this.#bytes.idOf(bytes, 0, bytes.length)] = id
    return id
  }

  #writeValues(column: Column, batch: Batch, ids: Int32Array, idOf: (value: Value) => number): void {
    const read = columnReader(column)
    const { selection } = batch
    const count = batchRowCount(batch)
    for (let at = 0; at < count; at += 1)
      ids[at] = idOf(read(selection === null ? at : (selection[at] as number)))
  }

  #get(value: Value): number {
    if (value === null || value === undefined) return this.#nullId
    if (typeof value === 'number') return this.#numbers.find(value)
    if (typeof value === 'string') return this.#texts.get(value) ?? NO_KEY
    const key = groupKey(value)
    return typeof key === 'number' ? this.#numbers.find(key) : (this.#others.get(key) ?? NO_KEY)
  }

  #add(value: Value): number {
    const known = this.#get(value)
    if (known !== NO_KEY) return known
    if (value === null || value === undefined) {
      if (!this.#nullsEqual) return NO_KEY
      this.#nullId = this.#count
    } else if (typeof value === 'string') this.#texts.set(value, this.#count)
    else {
      const key = typeof value === 'number' ? value : groupKey(value)
      if (typeof key === 'number') this.#numbers.add(key, this.#count)
      else this.#others.set(key, this.#count)
    }
    this.#values?.push(value ?? null)
    this.#count += 1
    return this.#count - 1
  }
}

const UNKNOWN = -2
const NULL = -3

/** Marks the rows that are null. */
function writeNulls(
  validity: Uint8Array,
  selection: Uint32Array | null,
  ids: Int32Array,
  count: number,
): void {
  for (let at = 0; at < count; at += 1) {
    const row = selection === null ? at : (selection[at] as number)
    if ((((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) ids[at] = NULL
  }
}

/** Holds the distinct values of odd rows, and of each odd row the place of its value among them. */
type OddCodes = { readonly values: readonly Value[]; readonly codes: Uint32Array }

const codesOfSplits = new WeakMap<SplitValues, OddCodes>()

/** Gives odd values small numbers, once a column. */
function oddCodes(split: SplitValues): OddCodes {
  let made = codesOfSplits.get(split)
  if (made === undefined) {
    const interner = new ValueInterner({ nullsEqual: true, keepValues: true })
    const { oddValues } = split
    const column = boxedColumn(types.variant, oddValues)
    const codes = new Int32Array(oddValues.length)
    interner.intern(column, { length: oddValues.length, columns: [column], selection: null }, codes)
    made = { values: interner.values, codes: Uint32Array.from(codes) }
    codesOfSplits.set(split, made)
  }
  return made
}

/** Holds the id of each code of a dictionary, as of a count of values. */
type CodeTable = { readonly ids: Int32Array; count: number }

const INITIAL_SLOTS = 64
/** Numbers below this bound, and not negative, are found by an array once it pays. */
const DENSE_LIMIT = 1 << 22
const MANY_IDS = 256
const DENSE_REACH = 1 << 18

const hashWords = new Int32Array(2)
const hashDouble = new Float64Array(hashWords.buffer)

/** Maps numbers to ids: an array for small non-negative integers, open addressing for all others. */
class NumberTable {
  #keys = new Float64Array(INITIAL_SLOTS)
  #ids = new Int32Array(INITIAL_SLOTS).fill(NO_KEY)
  #dense = new Int32Array(1024).fill(NO_KEY)
  #used = 0
  #nanId = NO_KEY

  find(key: number): number {
    if (key >= 0 && key < this.#dense.length && Math.floor(key) === key) return this.#dense[key] as number
    if (Number.isNaN(key)) return this.#nanId
    const mask = this.#keys.length - 1
    let slot = hash(key) & mask
    for (;;) {
      const id = this.#ids[slot] as number
      if (id === NO_KEY || this.#keys[slot] === key) return id
      slot = (slot + 1) & mask
    }
  }

  /** Writes the ids of integers that the array holds, {@link NO_KEY} for all others. */
  findSmall(values: Int32Array, selection: Uint32Array | null, ids: Int32Array, count: number): void {
    loopFor(findSmall, values)(values, selection, this.#dense, ids, count)
  }

  add(key: number, id: number): void {
    if (Number.isNaN(key)) {
      this.#nanId = id
      return
    }
    if (key >= 0 && key < DENSE_LIMIT && Math.floor(key) === key) {
      if (key >= this.#dense.length && key < this.#denseReach(id)) this.#growDense(key)
      if (key < this.#dense.length) {
        this.#dense[key] = id
        return
      }
    }
    if (this.#used * 2 >= this.#keys.length) this.#grow()
    this.#insert(key, id)
    this.#used += 1
  }

  /** Tells up to which number the array may grow: a few times what it holds, or a megabyte once there are many ids. */
  #denseReach(count: number): number {
    return Math.max(this.#dense.length * 4 + 4 * count, count > MANY_IDS ? DENSE_REACH : 0)
  }

  #insert(key: number, id: number): void {
    const mask = this.#keys.length - 1
    let slot = hash(key) & mask
    while (this.#ids[slot] !== NO_KEY) slot = (slot + 1) & mask
    this.#keys[slot] = key
    this.#ids[slot] = id
  }

  /** Numbers that now fall into the array move there, since the array is looked at first. */
  #growDense(key: number): void {
    let length = this.#dense.length
    while (length <= key) length *= 2
    const dense = new Int32Array(Math.min(length, DENSE_LIMIT)).fill(NO_KEY)
    dense.set(this.#dense)
    for (let slot = 0; slot < this.#keys.length; slot += 1) {
      const other = this.#keys[slot] as number
      if (this.#ids[slot] !== NO_KEY && other >= 0 && other < dense.length && Math.floor(other) === other)
        dense[other] = this.#ids[slot] as number
    }
    this.#dense = dense
  }

  #grow(): void {
    const keys = this.#keys
    const ids = this.#ids
    this.#keys = new Float64Array(keys.length * 4)
    this.#ids = new Int32Array(keys.length * 4).fill(NO_KEY)
    for (let slot = 0; slot < keys.length; slot += 1)
      if (ids[slot] !== NO_KEY) this.#insert(keys[slot] as number, ids[slot] as number)
  }
}

function findSmall(
  values: Int32Array,
  selection: Uint32Array | null,
  dense: Int32Array,
  ids: Int32Array,
  count: number,
): void {
  const size = dense.length
  for (let at = 0; at < count; at += 1) {
    const value = values[selection === null ? at : (selection[at] as number)] as number
    ids[at] = value >= 0 && value < size ? (dense[value] as number) : -1
  }
}

function hash(key: number): number {
  hashDouble[0] = key + 0
  const mixed =
    Math.imul((hashWords[0] as number) ^ ((hashWords[1] as number) >>> 3), 0x9e3779b1) ^
    Math.imul(hashWords[1] as number, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

/** Gives rows of several columns one small integer each: ids of columns are paired off, two at a time. */
export class KeyInterner {
  /**
   * One of each class that grouping makes: hidden classes live only as long as an object of theirs, and code compiled
   * for them is thrown away with them at the next full collection.
   */
  static readonly kept: KeyInterner = new KeyInterner([true, true])

  readonly #columns: ValueInterner[]
  readonly #pairs: PairTable[]
  #scratch = new Int32Array(0)

  constructor(nullsEqual: readonly boolean[]) {
    this.#columns = nullsEqual.map((equal) => new ValueInterner({ nullsEqual: equal }))
    this.#pairs = nullsEqual.slice(1).map(() => new PairTable())
  }

  /** Counts the distinct keys so far. */
  get count(): number {
    if (this.#columns.length === 0) return 1
    return this.#pairs.at(-1)?.count ?? (this.#columns[0] as ValueInterner).count
  }

  /** Gives the ids of a batch's rows, adding keys that are new. {@link NO_KEY} where a key is null and nulls differ. */
  intern(columns: readonly Column[], batch: Batch): Int32Array {
    return this.#ids(columns, batch, true)
  }

  /** Gives the ids of a batch's rows; {@link NO_KEY} for keys that are not there. */
  find(columns: readonly Column[], batch: Batch): Int32Array {
    return this.#ids(columns, batch, false)
  }

  #ids(columns: readonly Column[], batch: Batch, add: boolean): Int32Array {
    const count = batchRowCount(batch)
    const ids = new Int32Array(count)
    if (columns.length === 0) return ids
    if (this.#scratch.length < count) this.#scratch = new Int32Array(count)
    this.#columnIds(0, columns[0] as Column, batch, ids, add)
    for (let at = 1; at < columns.length; at += 1) {
      const other = this.#scratch
      this.#columnIds(at, columns[at] as Column, batch, other, add)
      this.#pairs[at - 1]?.number(ids, other, count, add)
    }
    return ids
  }

  #columnIds(at: number, column: Column, batch: Batch, ids: Int32Array, add: boolean): void {
    const interner = this.#columns[at] as ValueInterner
    if (add) interner.intern(column, batch, ids)
    else interner.find(column, batch, ids)
  }
}
