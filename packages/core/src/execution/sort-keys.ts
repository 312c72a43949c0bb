import type { SortKey } from '../plan/logical-plan.ts'
import { compareValues, type Value } from '../types/value.ts'

/** Compares two rows by the values of their sort keys. */
export function compareBySortKeys(
  keys: readonly SortKey[],
  left: readonly Value[],
  right: readonly Value[],
): number {
  for (let at = 0; at < keys.length; at += 1) {
    const order = compareByKey(keys[at] as SortKey, left[at], right[at])
    if (order !== 0) return order
  }
  return 0
}

/** Compares two values by a sort key: nulls first or last whatever the direction. */
export function compareByKey(key: SortKey, left: Value, right: Value): number {
  const leftNull = left === null || left === undefined
  const rightNull = right === null || right === undefined
  if (leftNull || rightNull) {
    if (leftNull && rightNull) return 0
    return leftNull === key.nullsFirst ? -1 : 1
  }
  const order = key.nansLast ? compareNansLast(left, right) : compareValues(left, right)
  return key.descending ? -order : order
}

function compareNansLast(left: Value, right: Value): number {
  const leftNan = typeof left === 'number' && Number.isNaN(left)
  const rightNan = typeof right === 'number' && Number.isNaN(right)
  return leftNan || rightNan ? Number(leftNan) - Number(rightNan) : compareValues(left, right)
}
