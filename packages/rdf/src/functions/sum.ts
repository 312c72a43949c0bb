import type { Value } from '@sheafdb/core'
import type { Term } from '../layout/term.ts'
import { type NumericValue, numericOf } from './literal-value.ts'
import { arithmetic, ZERO } from './numeric.ts'

const LARGEST_SUM = 2 ** 51
const MAX_PLACES = 6

/** Is a sum of numbers so far. Exact numbers of few places are summed as one safe integer first. */
export type Sum = {
  total: NumericValue
  count: number
  /** An error in one member of a group is an error of the whole. */
  isFailed: boolean
  /** The sum of the exact numbers not in the total yet, times 10 to the power of `places`. */
  units: number
  places: number
  hasDecimals: boolean
}

/** Starts a sum. */
export function startSum(): Sum {
  return { total: ZERO, count: 0, isFailed: false, units: 0, places: 0, hasDecimals: false }
}

/** Adds a term; what is no number, or not bound, makes the sum an error. */
export function addToSum(sum: Sum, term: Value): Sum {
  if (sum.isFailed) return sum
  const value = term === null || term === undefined ? null : numericOf(term as Term)
  if (value === null) sum.isFailed = true
  else {
    sum.count += 1
    if (!addSmall(sum, value)) add(sum, value)
  }
  return sum
}

function addSmall(sum: Sum, value: NumericValue): boolean {
  if (value.kind === 'integer') return typeof value.value === 'number' && addUnits(sum, value.value, 0)
  if (value.kind !== 'decimal') return false
  const { unscaled, scale } = value.value
  if (scale > MAX_PLACES || !addUnits(sum, Number(unscaled), scale)) return false
  sum.hasDecimals = true
  return true
}

function addUnits(sum: Sum, units: number, places: number): boolean {
  const wide = Math.max(places, sum.places)
  const next = sum.units * 10 ** (wide - sum.places) + units * 10 ** (wide - places)
  // Each part is a safe integer where their sum stays this far below the limit.
  if (
    Math.abs(sum.units) * 10 ** (wide - sum.places) > LARGEST_SUM ||
    Math.abs(units) * 10 ** (wide - places) > LARGEST_SUM
  ) {
    settle(sum)
    return false
  }
  sum.units = next
  sum.places = wide
  return true
}

/** Moves the small sum into the total. */
function settle(sum: Sum): void {
  if (sum.units === 0 && !sum.hasDecimals) return
  const { units, places } = sum
  const value: NumericValue = sum.hasDecimals
    ? { kind: 'decimal', value: { unscaled: BigInt(units), scale: places } }
    : { kind: 'integer', value: units }
  sum.units = 0
  sum.places = 0
  sum.hasDecimals = false
  add(sum, value)
}

function add(sum: Sum, value: NumericValue): void {
  const total = arithmetic('add', sum.total, value)
  if (total === null) sum.isFailed = true
  else sum.total = total
}

/** Gives the sum; `null` for an error. */
export function sumOf(sum: Sum): NumericValue | null {
  settle(sum)
  return sum.isFailed ? null : sum.total
}
