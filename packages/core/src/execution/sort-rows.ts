import type { SortKey } from '../plan/logical-plan.ts'
import {
  type Column,
  columnReader,
  columnValues,
  type DictionaryColumn,
  type FlatColumn,
  isNullAt,
} from '../types/column.ts'
import { isFloat } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'
import { compareByKey } from './sort-keys.ts'

/** Compares two rows of a batch. */
export type RowOrder = (left: number, right: number) => number

/** Makes what compares rows by sort keys, whose values stand in a column each. */
export function orderByKeys(keys: readonly SortKey[], columns: readonly Column[]): RowOrder {
  const orders = keys.map((key, at) => keyOrder(key, columns[at] as Column))
  const [first, ...rest] = orders
  if (first === undefined) return () => 0
  if (rest.length === 0) return first
  return (left, right) => {
    let order = first(left, right)
    for (let at = 0; order === 0 && at < rest.length; at += 1) order = (rest[at] as RowOrder)(left, right)
    return order
  }
}

/** Makes the fastest comparison for a column's layout. */
function keyOrder(key: SortKey, column: Column): RowOrder {
  const sign = key.descending ? -1 : 1
  if (column.layout === 'flat' && column.validity === null && !isFloat(column.type)) {
    const values = column.values as Float64Array
    return (left, right) => {
      const a = values[left] as number
      const b = values[right] as number
      return a < b ? -sign : a > b ? sign : 0
    }
  }
  if (column.layout === 'dictionary') return dictionaryOrder(key, column, sign)
  if (column.layout === 'flat' && column.validity === null && isDoubles(column.values)) {
    const { values } = column
    const nanSign = key.nansLast ? -1 : 1
    return (left, right) => {
      const a = values[left] as number
      const b = values[right] as number
      if (a < b) return -sign
      if (a > b) return sign
      return a === b ? 0 : (Number(Number.isNaN(b)) - Number(Number.isNaN(a))) * nanSign * sign
    }
  }
  const values = column.layout === 'boxed' ? column.values : materialised(column)
  return (left, right) => compareByKey(key, values[left], values[right])
}

function materialised(column: Column): readonly Value[] {
  const read = columnReader(column)
  return Array.from({ length: column.length }, (_, index) => read(index))
}

function isDoubles(
  values: FlatColumn['values'],
): values is Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer> {
  return values instanceof Float64Array || values instanceof Float32Array
}

/** Ranks the distinct values of a dictionary, ascending; it may hold a value twice, and then both have one rank. */
function ranksOf(key: SortKey, column: DictionaryColumn): Int32Array {
  const values = columnValues(column.dictionary)
  const ascending = { ...key, descending: false }
  const byValue = Array.from(values, (_, code) => code).sort((left, right) =>
    compareByKey(ascending, values[left], values[right]),
  )
  const ranks = new Int32Array(values.length)
  let rank = -1
  byValue.forEach((code, at) => {
    if (at === 0 || compareByKey(ascending, values[byValue[at - 1] as number], values[code]) !== 0) rank += 1
    ranks[code] = rank
  })
  return ranks
}

/** Ranks the distinct values once, then compares ranks. */
function dictionaryOrder(key: SortKey, column: DictionaryColumn, sign: number): RowOrder {
  const ranks = ranksOf(key, column)
  const { codes } = column
  const nullRank = (key.nullsFirst ? -1 : 1) * (ranks.length + 1) * sign
  const rankOf = (row: number): number =>
    isNullAt(column, row) ? nullRank : (ranks[codes[row] as number] as number)
  return (left, right) => (rankOf(left) - rankOf(right)) * sign
}

/** Runs of this many rows are sorted at once; sorting may pause between them. */
const RUN_ROWS = 8192
const PAUSE_ROWS = 65_536
/** Moving a row by a digit is quicker than comparing it. */
const PASS_PAUSE_ROWS = 1 << 20
/** Below this a comparison sort is faster than counting digits. */
const RADIX_FROM_ROWS = 2048

/**
 * Sorts rows by keys, equal ones in the order in which they stand. Numbers, dates, booleans and dictionary columns are
 * turned to words whose order as unsigned integers is the keys', and sorted digit by digit; anything else is compared.
 * Pauses are given in between, so that a long sort can be stopped.
 */
export function* sortRows(
  rows: Uint32Array,
  keys: readonly SortKey[],
  columns: readonly Column[],
): Generator<null, Uint32Array, undefined> {
  const normalised =
    rows.length < RADIX_FROM_ROWS ? null : keys.map((key, at) => normalisedWords(key, columns[at] as Column))
  if (normalised?.every((words) => words !== null)) {
    let sorted = rows
    for (const words of normalised.toReversed())
      for (const word of words as readonly Uint32Array[]) sorted = yield* byWord(sorted, word)
    return sorted
  }
  const compare = orderByKeys(keys, columns)
  return yield* mergeSort(rows, (left, right) => compare(left, right) || left - right)
}

function* mergeSort(rows: Uint32Array, compare: RowOrder): Generator<null, Uint32Array, undefined> {
  let from = rows.slice()
  for (let start = 0; start < from.length; start += RUN_ROWS) {
    from.subarray(start, Math.min(from.length, start + RUN_ROWS)).sort(compare)
    yield null
  }
  let to = new Uint32Array(from.length)
  for (let size = RUN_ROWS; size < from.length; size *= 2) {
    for (let start = 0; start < from.length; start += 2 * size) {
      const middle = Math.min(from.length, start + size)
      const end = Math.min(from.length, start + 2 * size)
      let left = start
      let right = middle
      for (let at = start; at < end; at += 1) {
        const takesLeft =
          left < middle && (right >= end || compare(from[left] as number, from[right] as number) <= 0)
        to[at] = (takesLeft ? from[left] : from[right]) as number
        if (takesLeft) left += 1
        else right += 1
        if ((at & (PAUSE_ROWS - 1)) === 0) yield null
      }
    }
    const sorted = to
    to = from
    from = sorted
  }
  return from
}

const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS

/** Sorts by a word of each row, least digit first; a digit that all rows share is passed over. */
function* byWord(rows: Uint32Array, words: Uint32Array): Generator<null, Uint32Array, undefined> {
  let from = rows
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const counts = new Uint32Array(DIGITS)
    for (let at = 0; at < from.length; at += 1) {
      const digit = ((words[from[at] as number] as number) >>> shift) & (DIGITS - 1)
      counts[digit] = (counts[digit] as number) + 1
    }
    if (counts.includes(from.length)) continue
    let place = 0
    for (let digit = 0; digit < DIGITS; digit += 1) {
      const count = counts[digit] as number
      counts[digit] = place
      place += count
    }
    const to = new Uint32Array(from.length)
    for (let at = 0; at < from.length; at += 1) {
      const row = from[at] as number
      const digit = ((words[row] as number) >>> shift) & (DIGITS - 1)
      const target = counts[digit] as number
      to[target] = row
      counts[digit] = target + 1
      if ((at & (PASS_PAUSE_ROWS - 1)) === PASS_PAUSE_ROWS - 1) yield null
    }
    from = to
    yield null
  }
  return from
}

/** Gives the words of each row, the least one first, whose order is the key's; `null` for a column that has none. */
function normalisedWords(key: SortKey, column: Column): readonly Uint32Array[] | null {
  const words = valueWords(key, column)
  if (words === null) return null
  if (key.descending)
    for (const word of words)
      for (let row = 0; row < word.length; row += 1) word[row] = ~(word[row] as number)
  if (column.layout === 'boxed' || column.validity === null) return words
  const nulls = new Uint32Array(column.length)
  for (let row = 0; row < column.length; row += 1) {
    const isNull = isNullAt(column, row)
    nulls[row] = isNull === key.nullsFirst ? 0 : 1
    if (isNull) for (const word of words) word[row] = 0
  }
  return [...words, nulls]
}

function valueWords(key: SortKey, column: Column): Uint32Array[] | null {
  if (column.layout === 'dictionary') {
    const ranks = ranksOf(key, column)
    return [Uint32Array.from(column.codes, (code) => ranks[code] ?? 0)]
  }
  if (column.layout === 'bit') {
    const { values } = column
    return [
      Uint32Array.from(
        { length: column.length },
        (_, row) => ((values[row >> 3] as number) >> (row & 7)) & 1,
      ),
    ]
  }
  if (column.layout !== 'flat') return null
  const { values } = column
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return wideWords(values, values instanceof BigInt64Array)
  }
  return isDoubles(values)
    ? floatWords(Float64Array.from(values), key.nansLast)
    : [Uint32Array.from(values, (value) => value + (SIGNED.has(values.constructor) ? 2 ** 31 : 0))]
}

const SIGNED: ReadonlySet<unknown> = new Set([Int8Array, Int16Array, Int32Array])

/** Negative doubles sort backwards by their bits: these are turned around; -0 is 0, NaN stands before or after all. */
function floatWords(values: Float64Array, nansLast: boolean): Uint32Array[] {
  const bits = new Uint32Array(values.buffer)
  const low = new Uint32Array(values.length)
  const high = new Uint32Array(values.length)
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number
    if (Number.isNaN(value)) {
      if (nansLast) high[row] = 0xffffffff
      continue
    }
    if (value === 0) {
      high[row] = 0x80000000
      continue
    }
    const isNegative = value < 0
    low[row] = isNegative ? ~(bits[2 * row] as number) : (bits[2 * row] as number)
    high[row] = isNegative ? ~(bits[2 * row + 1] as number) : (bits[2 * row + 1] as number) | 0x80000000
  }
  return [low, high]
}

function wideWords(values: BigInt64Array | BigUint64Array, isSigned: boolean): Uint32Array[] {
  const bits = new Uint32Array(values.slice().buffer)
  const low = new Uint32Array(values.length)
  const high = new Uint32Array(values.length)
  for (let row = 0; row < values.length; row += 1) {
    low[row] = bits[2 * row] as number
    high[row] = isSigned ? (bits[2 * row + 1] as number) ^ 0x80000000 : (bits[2 * row + 1] as number)
  }
  return [low, high]
}

/** Gives the rows of a batch in their order. */
export function allRows(length: number): Uint32Array {
  const rows = new Uint32Array(length)
  for (let row = 0; row < length; row += 1) rows[row] = row
  return rows
}
