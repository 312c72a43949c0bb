/** Tests a whole column of values at once, where it holds numbers, texts, or lists of those. */
import type { BitColumn, BoxedColumn, Column, DictionaryColumn, ListColumn, SplitValues } from '@sheafdb/core'
import { columnReader, types, type Value } from '@sheafdb/core'
import type { Comparison, Condition } from '../language/syntax.ts'
import type { Matcher } from '../semantics/match.ts'
import { isNumber } from '../semantics/value.ts'

/** Is a condition, where it is on the values themselves, with the function that tests one value. */
export type ColumnTest = { readonly condition: Condition | null; readonly matches: Matcher }

/** Gives for each row whether its value passes; `undefined` where rows must be tested one by one. */
export function testColumn(column: Column, test: ColumnTest): BitColumn | undefined {
  if (column.layout === 'list') return testLists(column, test)
  if (column.layout === 'boxed' && column.split !== undefined) return testSplit(column, column.split, test)
  return undefined
}

function bitColumn(bits: Uint8Array, length: number): BitColumn {
  return { layout: 'bit', type: types.bool, length, validity: null, values: bits }
}

function testSplit(
  column: BoxedColumn,
  { typed, oddRows, oddValues }: SplitValues,
  test: ColumnTest,
): BitColumn {
  const bits = testTyped(typed, test)
  const isOfNumbers = numberComparison(test.condition) !== null
  for (let at = 0; at < oddRows.length; at += 1) {
    const row = oddRows[at] as number
    const value = oddValues[at]
    // Neither texts nor objects compare with a number; their bits are not set, since those of nulls are not either.
    if (isOfNumbers && !isNumber(value) && !Array.isArray(value)) continue
    // An odd row is null among the typed values, which may have passed.
    if (test.matches(value)) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
    else bits[row >> 3] = (bits[row >> 3] as number) & ~(1 << (row & 7))
  }
  return bitColumn(bits, column.length)
}

type NumberComparison = { readonly kind: Comparison; readonly constant: number }

/** Gives the comparison of a number with a constant; null for any other condition. */
function numberComparison(condition: Condition | null): NumberComparison | null {
  if (condition === null || !('value' in condition) || !isNumber(condition.value)) return null
  const constant = Number(condition.value)
  if (Number.isNaN(constant) || (typeof condition.value === 'bigint' && !Number.isSafeInteger(constant)))
    return null
  return { kind: condition.kind, constant }
}

/** Compares numbers, eight to a byte: a loop for each comparison, since a call a number would cost ten times as much. */
function compareNumbers(
  values: ArrayLike<number>,
  bits: Uint8Array,
  { kind, constant }: NumberComparison,
): void {
  const { length } = values
  switch (kind) {
    case 'eq':
      for (let at = 0; at < length; at += 1)
        bits[at >> 3] = (bits[at >> 3] as number) | (Number(values[at] === constant) << (at & 7))
      break
    case 'gt':
      for (let at = 0; at < length; at += 1)
        bits[at >> 3] = (bits[at >> 3] as number) | (Number((values[at] as number) > constant) << (at & 7))
      break
    case 'gte':
      for (let at = 0; at < length; at += 1)
        bits[at >> 3] = (bits[at >> 3] as number) | (Number((values[at] as number) >= constant) << (at & 7))
      break
    case 'lt':
      for (let at = 0; at < length; at += 1)
        bits[at >> 3] = (bits[at >> 3] as number) | (Number((values[at] as number) < constant) << (at & 7))
      break
    case 'lte':
      for (let at = 0; at < length; at += 1)
        bits[at >> 3] = (bits[at >> 3] as number) | (Number((values[at] as number) <= constant) << (at & 7))
      break
  }
}

/** Gives a byte a value of a column: 1 where it passes. Null is tested like any value. */
function testTyped(column: Column, test: ColumnTest): Uint8Array {
  const bits = new Uint8Array((column.length + 7) >> 3)
  const comparison = numberComparison(test.condition)
  if (comparison !== null && column.layout === 'flat' && !isWide(column.values)) {
    compareNumbers(column.values.subarray(0, column.length) as Float64Array, bits, comparison)
    // No comparison with a number holds of null.
    const { validity } = column
    if (validity !== null)
      for (let at = 0; at < bits.length; at += 1) bits[at] = (bits[at] as number) & (validity[at] as number)
    return bits
  }
  if (column.layout === 'dictionary') {
    testCodes(column, test, bits)
    return bits
  }
  const read = columnReader(column)
  const holds = (row: number): boolean => test.matches(read(row))
  for (let start = 0; start < column.length; start += 8) {
    const end = Math.min(start + 8, column.length)
    let byte = 0
    for (let row = start; row < end; row += 1) if (holds(row)) byte |= 1 << (row - start)
    bits[start >> 3] = byte
  }
  return bits
}

/** Tests each value of a dictionary once, then looks up the codes, eight to a byte. */
function testCodes(
  { codes, dictionary, validity, length }: DictionaryColumn,
  { matches }: ColumnTest,
  bits: Uint8Array,
): void {
  const read = columnReader(dictionary)
  const table = Uint8Array.from({ length: dictionary.length }, (_, code) => Number(matches(read(code))))
  for (let row = 0; row < length; row += 1)
    bits[row >> 3] = (bits[row >> 3] as number) | ((table[codes[row] as number] as number) << (row & 7))
  if (validity === null) return
  // A null row has any code.
  const fill = matches(null) ? 255 : 0
  for (let at = 0; at < bits.length; at += 1) {
    const valid = validity[at] as number
    bits[at] = ((bits[at] as number) & valid) | (fill & ~valid)
  }
}

function isWide(values: ArrayBufferView): values is BigInt64Array | BigUint64Array {
  return values instanceof BigInt64Array || values instanceof BigUint64Array
}

function isValid(validity: Uint8Array, row: number): boolean {
  return (((validity[row >> 3] as number) >> (row & 7)) & 1) === 1
}

/** Tells whether a condition passes for a list of scalars exactly where it passes for one of them. */
function isOfElements(condition: Condition): boolean {
  switch (condition.kind) {
    case 'eq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return isScalar(condition.value)
    case 'in':
      return condition.values.every(isScalar)
    case 'regex':
    case 'modulo':
      return true
    default:
      return false
  }
}

function isScalar(value: Value): boolean {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
}

function testLists(column: ListColumn, test: ColumnTest): BitColumn | undefined {
  const { condition, matches } = test
  if (condition === null) return undefined
  if (condition.kind === 'not') {
    const [only, ...more] = condition.conditions
    if (only === undefined || more.length > 0) return undefined
    const inner = testLists(column, { condition: only, matches: (value) => !matches(value) })
    return inner === undefined
      ? undefined
      : bitColumn(
          inner.values.map((byte) => ~byte),
          column.length,
        )
  }
  const { child, offsets, validity, length } = column
  if (!isOfElements(condition) || child.layout === 'struct' || child.layout === 'list') return undefined
  const elements = testTyped(child, test)
  const bits = matches(null) && validity !== null ? nullBits(validity, length) : bytesFor(length)
  let row = 0
  for (let at = 0; at < elements.length; at += 1) {
    let byte = elements[at] as number
    for (; byte !== 0; byte &= byte - 1) {
      const element = at * 8 + (31 - Math.clz32(byte & -byte))
      if (element >= child.length) break
      while (row < length && (offsets[row + 1] as number) <= element) row += 1
      // Elements before the first row's or after the last's are of other columns; those of a null row count for nothing.
      if (row === length || element < (offsets[row] as number)) continue
      if (validity === null || isValid(validity, row))
        bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
    }
  }
  return bitColumn(bits, length)
}

function bytesFor(length: number): Uint8Array {
  return new Uint8Array((length + 7) >> 3)
}

function nullBits(validity: Uint8Array, length: number): Uint8Array {
  return bytesFor(length).map((_, at) => ~(validity[at] as number))
}
