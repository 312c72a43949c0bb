import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { SortKey, SortPlan } from '../../plan/logical-plan.ts'
import {
  type Batch,
  batchRowCount,
  type Column,
  columnReader,
  columnValues,
  isNullAt,
  makeBatch,
} from '../../types/column.ts'
import { concatColumns } from '../../types/concat.ts'
import { isFloat } from '../../types/data-type.ts'
import { compareValues, type Value } from '../../types/value.ts'
import { columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { placesOf } from '../expression/interpret.ts'
import { compareByKey } from '../sort-keys.ts'
import { collect, compactBatch, isBatch, takeRows } from './steps.ts'

const OUTPUT_ROWS = 65_536

/** Compares two rows of a batch. */
type RowOrder = (left: number, right: number) => number

/** Sorts all rows; rows with equal keys keep their order. */
export function* runSort(
  plan: SortPlan,
  input: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  const gathered = yield* collect(
    input,
    plan.output.map((field) => field.type),
    context,
  )
  const { batch } = gathered
  const order = sortedRows(batch, plan, context, mode)
  for (let start = 0; start < batch.length; start += OUTPUT_ROWS) {
    const rows = order.subarray(start, start + OUTPUT_ROWS)
    yield makeBatch(takeRows(batch, rows), rows.length)
  }
  gathered.release()
}

function sortedRows(
  batch: Batch,
  plan: SortPlan,
  context: ExecutionContext,
  mode: EvaluationMode,
): Uint32Array {
  const compare = rowOrder(batch, plan, context, mode)
  const rows = new Uint32Array(batch.length)
  for (let row = 0; row < rows.length; row += 1) rows[row] = row
  return rows.sort((left, right) => compare(left, right) || left - right)
}

function rowOrder(batch: Batch, plan: SortPlan, context: ExecutionContext, mode: EvaluationMode): RowOrder {
  const setting = { places: placesOf(plan.output), parameters: context.parameters, mode }
  const orders = plan.keys.map((key) => keyOrder(key, columnEvaluator(key.expression, setting)(batch)))
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
  const values = column.layout === 'boxed' ? column.values : materialised(column)
  return (left, right) => compareByKey(key, values[left], values[right])
}

function materialised(column: Column): readonly Value[] {
  const read = columnReader(column)
  return Array.from({ length: column.length }, (_, index) => read(index))
}

/** Ranks the distinct values once, then compares ranks. */
function dictionaryOrder(
  key: SortKey,
  column: Extract<Column, { layout: 'dictionary' }>,
  sign: number,
): RowOrder {
  const values = columnValues(column.dictionary)
  const byValue = Array.from(values, (_, code) => code).sort((left, right) =>
    compareValues(values[left], values[right]),
  )
  const ranks = new Int32Array(values.length)
  let rank = -1
  byValue.forEach((code, at) => {
    // A dictionary may hold a value twice: both stand in the same place.
    if (at === 0 || compareValues(values[byValue[at - 1] as number], values[code]) !== 0) rank += 1
    ranks[code] = rank
  })
  const { codes } = column
  const nullRank = (key.nullsFirst ? -1 : 1) * (values.length + 1) * sign
  const rankOf = (row: number): number =>
    isNullAt(column, row) ? nullRank : (ranks[codes[row] as number] as number)
  return (left, right) => (rankOf(left) - rankOf(right)) * sign
}

/**
 * Gives the first rows in sort order without sorting the rest: keeps a buffer of candidates and cuts it back when it
 * has doubled.
 */
export function* runTopK(
  plan: SortPlan,
  count: number,
  input: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  if (count === 0) return
  let kept: Batch | null = null
  let pending: Batch[] = []
  let pendingCount = 0
  const types = plan.output.map((field) => field.type)
  const cut = (): void => {
    const parts = kept === null ? pending : [kept, ...pending]
    if (parts.length === 0) return
    const columns = types.map((type, at) =>
      concatColumns(
        type,
        parts.map((part) => part.columns[at] as Column),
      ),
    )
    const all = makeBatch(
      columns,
      parts.reduce((total, part) => total + part.length, 0),
    )
    const rows = sortedRows(all, plan, context, mode).subarray(0, count)
    kept = makeBatch(takeRows(all, rows), rows.length)
    pending = []
    pendingCount = 0
  }
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const part = compactBatch(step)
    pending.push(part)
    pendingCount += batchRowCount(part)
    if (pendingCount > Math.max(4 * count, OUTPUT_ROWS)) cut()
    yield null
  }
  cut()
  if (kept !== null) yield kept
}
