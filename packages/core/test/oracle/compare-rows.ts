import { compareValues, groupKey, type Value } from '../../src/types/value.ts'

/** Is a row of values. */
export type Row = readonly Value[]

/**
 * Tells how two bags of rows differ, `null` where they are equal: values compare in the one total order, floats that
 * were computed in another order of addition may differ in their last digits.
 */
export function differenceOf(expected: readonly Row[], actual: readonly Row[]): string | null {
  if (expected.length !== actual.length) return `${expected.length} rows expected, ${actual.length} given`
  const counts = new Map<unknown, number>()
  for (const row of expected) counts.set(groupKey(row), (counts.get(groupKey(row)) ?? 0) + 1)
  for (const row of actual) counts.set(groupKey(row), (counts.get(groupKey(row)) ?? 0) - 1)
  if ([...counts.values()].every((count) => count === 0)) return null
  const left = sorted(expected)
  const right = sorted(actual)
  const at = left.findIndex((row, index) => !rowsAlike(row, right[index] as Row))
  return at < 0 ? null : `expected ${show(left[at] as Row)}, given ${show(right[at] as Row)}`
}

function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((left, right) => compareValues(left.map(rounded), right.map(rounded)))
}

function rounded(value: Value): Value {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? Number(value.toPrecision(9)) : value
}

function rowsAlike(left: Row, right: Row): boolean {
  return left.every((value, at) => alike(value, right[at]))
}

const TOLERANCE = 1e-9

function alike(left: Value, right: Value): boolean {
  if (
    typeof left === 'number' &&
    typeof right === 'number' &&
    Number.isFinite(left) &&
    Number.isFinite(right)
  )
    return Math.abs(left - right) <= TOLERANCE * Math.max(1, Math.abs(left), Math.abs(right))
  return compareValues(left, right) === 0
}

/** Renders a row for a message. */
export function show(row: Row): string {
  return `[${row
    .map((value) =>
      typeof value === 'bigint'
        ? `${value}n`
        : Object.is(value, -0)
          ? '-0'
          : typeof value === 'number'
            ? String(value)
            : JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)),
    )
    .join(', ')}]`
}
