import { Type } from 'apache-arrow'
import { type Batch, batchRowCount, type Column, columnReader, type FlatColumn } from '../types/column.ts'
import { isInteger } from '../types/data-type.ts'
import { loopFor } from '../types/typed-loop.ts'
import { KeyInterner, NO_KEY } from './key-interner.ts'

/** Holds the rows of a join's right side by key. */
export type JoinTable = {
  /** Gives for each row of a batch the first right row with an equal key, -1 for none. */
  first(columns: readonly Column[], batch: Batch): Int32Array
  /** The next right row of the same key, -1 at the end; `null` where no key stands twice. */
  readonly next: Int32Array | null
}

/** Puts rows into a table by their keys; rows with equal keys are chained in their own order. */
export function buildJoinTable(
  columns: readonly Column[],
  batch: Batch,
  nullsEqual: readonly boolean[],
): JoinTable {
  const [only] = columns
  if (columns.length === 1 && only !== undefined && nullsEqual[0] !== true) {
    const table = rangeTable(only, batch.length)
    if (table !== null) return table
  }
  return internedTable(columns, batch, nullsEqual)
}

function internedTable(columns: readonly Column[], batch: Batch, nullsEqual: readonly boolean[]): JoinTable {
  const keys = new KeyInterner(nullsEqual)
  const ids = keys.intern(columns, batch)
  const heads = new Int32Array(keys.count).fill(-1)
  const next = new Int32Array(batch.length).fill(-1)
  let repeats = false
  // Backwards, so that a chain gives its rows in their own order.
  for (let row = batch.length - 1; row >= 0; row -= 1) {
    const id = ids[row] as number
    if (id === NO_KEY) continue
    const head = heads[id] as number
    if (head >= 0) repeats = true
    next[row] = head
    heads[id] = row
  }
  return {
    first(probed, rows) {
      const found = keys.find(probed, rows)
      for (let at = 0; at < found.length; at += 1) {
        const id = found[at] as number
        found[at] = id < 0 || id >= heads.length ? -1 : (heads[id] as number)
      }
      return found
    },
    next: repeats ? next : null,
  }
}

const SMALL_RANGE = 65_536
const LARGEST_RANGE = 1 << 27
/** A table by key may have this many places a row. */
const RANGE_FACTOR = 8

/** Gives a column whose values are surely whole numbers in a typed array, else `null`. */
export function wholeNumbers(column: Column): FlatColumn | null {
  if (
    column.layout !== 'flat' ||
    column.values instanceof BigInt64Array ||
    column.values instanceof BigUint64Array
  )
    return null
  return isInteger(column.type) || column.type.typeId === Type.Date ? column : null
}

/** Makes a table with a place for each number between the least and the greatest key; `null` where they lie too far apart. */
function rangeTable(column: Column, rowCount: number): JoinTable | null {
  const numbers = wholeNumbers(column)
  if (numbers === null || rowCount === 0) return null
  const values = numbers.values as Int32Array
  const [minimum, maximum] = loopFor(keyBounds, values)(values, numbers.validity, rowCount)
  const size = maximum - minimum + 1
  // Where all keys are null, the bounds are infinite.
  if (!(size >= 1 && size <= LARGEST_RANGE && size <= Math.max(SMALL_RANGE, rowCount * RANGE_FACTOR)))
    return null
  const heads = new Int32Array(size).fill(-1)
  const next = new Int32Array(rowCount)
  const keyCount = loopFor(chain, values)(values, numbers.validity, minimum, heads, next)
  const nonNull = rowCount - nullCount(numbers, rowCount)
  return {
    first: (columns, batch) => findInRange(columns[0] as Column, batch, minimum, heads),
    next: keyCount === nonNull ? null : next,
  }
}

function nullCount({ validity }: FlatColumn, rowCount: number): number {
  if (validity === null) return 0
  let count = 0
  for (let row = 0; row < rowCount; row += 1)
    if ((((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) count += 1
  return count
}

/** Finds the least and the greatest of the values that are not null; infinite where there are none. */
export function keyBounds(values: Int32Array, validity: Uint8Array | null, count: number): [number, number] {
  let minimum = Number.POSITIVE_INFINITY
  let maximum = Number.NEGATIVE_INFINITY
  for (let row = 0; row < count; row += 1) {
    if (validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) continue
    const value = values[row] as number
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
  }
  return [minimum, maximum]
}

function chain(
  values: Int32Array,
  validity: Uint8Array | null,
  minimum: number,
  heads: Int32Array,
  next: Int32Array,
): number {
  let keyCount = 0
  for (let row = next.length - 1; row >= 0; row -= 1) {
    next[row] = -1
    if (validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) continue
    const place = (values[row] as number) - minimum
    const head = heads[place] as number
    if (head < 0) keyCount += 1
    next[row] = head
    heads[place] = row
  }
  return keyCount
}

function findInRange(column: Column, batch: Batch, minimum: number, heads: Int32Array): Int32Array {
  const count = batchRowCount(batch)
  const found = new Int32Array(count)
  const { selection } = batch
  const numbers = wholeNumbers(column)
  if (numbers !== null && numbers.validity === null) {
    const values = numbers.values as Int32Array
    if (selection === null) loopFor(findAll, values)(values, minimum, heads, found)
    else loopFor(findSelected, values)(values, selection, minimum, heads, found)
    return found
  }
  const read = columnReader(column)
  for (let at = 0; at < count; at += 1) {
    const value = read(selection === null ? at : (selection[at] as number))
    // A bigint outside of the safe numbers is in no such table.
    found[at] = typeof value === 'number' ? (heads[value - minimum] ?? -1) : -1
  }
  return found
}

function findAll(values: Int32Array, minimum: number, heads: Int32Array, found: Int32Array): void {
  const size = heads.length
  for (let at = 0; at < found.length; at += 1) {
    const place = (values[at] as number) - minimum
    found[at] = place >= 0 && place < size ? (heads[place] as number) : -1
  }
}

function findSelected(
  values: Int32Array,
  selection: Uint32Array,
  minimum: number,
  heads: Int32Array,
  found: Int32Array,
): void {
  const size = heads.length
  for (let at = 0; at < found.length; at += 1) {
    const place = (values[selection[at] as number] as number) - minimum
    found[at] = place >= 0 && place < size ? (heads[place] as number) : -1
  }
}
