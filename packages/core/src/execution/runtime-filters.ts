import type { ColumnId } from '../expression/expression.ts'
import type { JoinPlan, LogicalPlan } from '../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column } from '../types/column.ts'
import { loopFor } from '../types/typed-loop.ts'
import { keyBounds, wholeNumbers } from './join-table.ts'

/** Is keys that a join has gathered on its right side: rows of the left side with other keys can be left out early. */
type RuntimeFilter = { readonly minimum: number; readonly size: number; readonly bits: Uint32Array }

/**
 * Holds the filters that joins have found while they ran: by the column of the scan that they apply to, and by the join,
 * since a join that runs again finds others.
 */
export type RuntimeFilters = Map<ColumnId, Map<object, RuntimeFilter>>

/** A filter that would keep more than this share of its range is not worth its test. */
const KEPT_SHARE = 0.7
const SMALL_RANGE = 65_536
const LARGEST_RANGE = 1 << 27
/** A filter may have this many bits a row, and a quarter of a megabyte in any case. */
const RANGE_FACTOR = 64
const RANGE_FOR_ANY = 1 << 21

/** Says which keys a join looks for, to the scans that its left side reads. */
export function announceKeys(
  plan: JoinPlan,
  columns: readonly Column[],
  rowCount: number,
  filters: RuntimeFilters,
): void {
  if (plan.how !== 'inner' && plan.how !== 'semi' && plan.how !== 'right') return
  announce({ join: plan, to: 'left' }, columns, rowCount, filters)
}

/** Says which keys the left side of a join has, to the scans that its right side reads. */
export function announceLeftKeys(
  plan: JoinPlan,
  columns: readonly Column[],
  rowCount: number,
  filters: RuntimeFilters,
): void {
  announce({ join: plan, to: 'right' }, columns, rowCount, filters)
}

function announce(
  { join, to }: { readonly join: JoinPlan; readonly to: 'left' | 'right' },
  columns: readonly Column[],
  rowCount: number,
  filters: RuntimeFilters,
): void {
  const side = join[to]
  for (const [at, key] of join.keys.entries()) {
    const expression = key[to]
    if (expression.kind !== 'column' || key.nullsEqual === true) continue
    const target = scanColumnOf(side, expression.id)
    if (target === null) continue
    const filter = runtimeFilter(columns[at] as Column, rowCount)
    const known = filters.get(target) ?? new Map<object, RuntimeFilter>()
    if (filter === null) known.delete(side)
    else known.set(side, filter)
    filters.set(target, known)
  }
}

/**
 * Tells whether a join gains by knowing the keys of its left side before its right side starts: that groups rows by
 * them, and rows of other groups, which match nothing, need not be grouped.
 */
export function gainsByLeftKeys(plan: JoinPlan): boolean {
  if (plan.how === 'right' || plan.how === 'full') return false
  return plan.keys.some(
    ({ right, nullsEqual }) =>
      right.kind === 'column' &&
      nullsEqual !== true &&
      groups(plan.right) &&
      scanColumnOf(plan.right, right.id) !== null,
  )
}

function groups(plan: LogicalPlan): boolean {
  if (plan.kind === 'project' || plan.kind === 'filter') return groups(plan.input)
  return plan.kind === 'aggregate' && plan.groups.length > 0
}

/** Makes a filter of keys; `null` where they are no whole numbers, or nearly all of their range is there. */
function runtimeFilter(column: Column, rowCount: number): RuntimeFilter | null {
  const numbers = wholeNumbers(column)
  if (numbers === null || rowCount === 0) return null
  const values = numbers.values as Int32Array
  const [minimum, maximum] = loopFor(keyBounds, values)(values, numbers.validity, rowCount)
  const size = maximum - minimum + 1
  if (!(size >= 1 && size <= LARGEST_RANGE && size <= Math.max(RANGE_FOR_ANY, rowCount * RANGE_FACTOR)))
    return null
  const bits = new Uint32Array((size + 31) >>> 5)
  const keyCount = loopFor(setBits, values)(values, numbers.validity, rowCount, minimum, bits)
  return keyCount > size * KEPT_SHARE && size > SMALL_RANGE ? null : { minimum, size, bits }
}

function setBits(
  values: Int32Array,
  validity: Uint8Array | null,
  count: number,
  minimum: number,
  bits: Uint32Array,
): number {
  let keyCount = 0
  for (let row = 0; row < count; row += 1) {
    if (validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) continue
    const place = (values[row] as number) - minimum
    const word = bits[place >>> 5] as number
    const bit = 1 << (place & 31)
    if ((word & bit) === 0) keyCount += 1
    bits[place >>> 5] = word | bit
  }
  return keyCount
}

/**
 * Finds the column of a scan whose rows a filter over a plan's column may drop: rows dropped there would not be in the
 * plan, or only with other values in that column. `null` where there is none.
 */
function scanColumnOf(plan: LogicalPlan, id: ColumnId): ColumnId | null {
  switch (plan.kind) {
    case 'scan':
      return plan.columns.some((column) => column.id === id) ? id : null
    case 'filter':
    case 'expand':
    case 'degree':
    case 'unnest':
      return plan.input.output.some((field) => field.id === id) ? scanColumnOf(plan.input, id) : null
    case 'project':
      return passed(plan.expressions, plan.input, id)
    case 'aggregate':
      return plan.sets === null ? passed(plan.groups, plan.input, id) : null
    case 'join': {
      const isLeft = plan.left.output.some((field) => field.id === id)
      if (isLeft) return plan.how === 'right' || plan.how === 'full' ? null : scanColumnOf(plan.left, id)
      return plan.how === 'inner' || plan.how === 'cross' ? scanColumnOf(plan.right, id) : null
    }
    default:
      return null
  }
}

function passed(
  items: Extract<LogicalPlan, { kind: 'project' }>['expressions'],
  input: LogicalPlan,
  id: ColumnId,
): ColumnId | null {
  const item = items.find((candidate) => candidate.id === id)
  return item?.expression.kind === 'column' ? scanColumnOf(input, item.expression.id) : null
}

/** Filters are dropped that keep more than this share of the rows that they are tried on. */
const USELESS_SHARE = 0.9
const TRIED_ROWS = 200_000

/** Makes what applies filters to the columns of a scan, and stops trying those that keep nearly all rows. */
export function applyRuntimeFilters(
  filters: readonly { readonly place: number; readonly filter: RuntimeFilter }[],
): (batch: Batch) => Batch {
  const active = filters.map((each) => ({ ...each, seen: 0, kept: 0 }))
  return (batch) => {
    let current = batch
    for (const each of active) {
      if (each.seen > TRIED_ROWS && each.kept > each.seen * USELESS_SHARE) continue
      const before = batchRowCount(current)
      current = keepKeys(current, current.columns[each.place] as Column, each.filter)
      each.seen += before
      each.kept += batchRowCount(current)
    }
    return current
  }
}

function keepKeys(batch: Batch, column: Column, filter: RuntimeFilter): Batch {
  if (
    column.layout !== 'flat' ||
    column.validity !== null ||
    column.values instanceof BigInt64Array ||
    column.values instanceof BigUint64Array
  )
    return batch
  const { minimum, size, bits } = filter
  const count = batchRowCount(batch)
  const kept = new Uint32Array(count)
  const values = column.values as Int32Array
  const keptCount =
    batch.selection === null
      ? loopFor(keepAll, values)(values, count, minimum, size, bits, kept)
      : loopFor(keepSelected, values)(values, batch.selection, minimum, size, bits, kept)
  return keptCount === count ? batch : { ...batch, selection: kept.subarray(0, keptCount) }
}

function keepAll(
  values: Int32Array,
  count: number,
  minimum: number,
  size: number,
  bits: Uint32Array,
  kept: Uint32Array,
): number {
  let keptCount = 0
  for (let row = 0; row < count; row += 1) {
    const place = (values[row] as number) - minimum
    if (place >= 0 && place < size && (((bits[place >>> 5] as number) >>> (place & 31)) & 1) === 1) {
      kept[keptCount] = row
      keptCount += 1
    }
  }
  return keptCount
}

function keepSelected(
  values: Int32Array,
  selection: Uint32Array,
  minimum: number,
  size: number,
  bits: Uint32Array,
  kept: Uint32Array,
): number {
  let keptCount = 0
  for (let at = 0; at < selection.length; at += 1) {
    const row = selection[at] as number
    const place = (values[row] as number) - minimum
    if (place >= 0 && place < size && (((bits[place >>> 5] as number) >>> (place & 31)) & 1) === 1) {
      kept[keptCount] = row
      keptCount += 1
    }
  }
  return keptCount
}
