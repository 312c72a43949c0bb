import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import { placesOf } from '../../expression/interpret.ts'
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
import { compareByKey } from '../sort-keys.ts'
import { sliceRows } from './limit.ts'
import { collect, compactBatch, isBatch, takeRows } from './steps.ts'

const OUTPUT_ROWS = 65_536

/** Compares two rows of a batch. */
export type RowOrder = (left: number, right: number) => number

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
  return orderByKeys(
    plan.keys,
    plan.keys.map((key) => columnEvaluator(key.expression, setting)(batch)),
  )
}

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
  if (column.layout === 'flat' && column.validity === null && column.values instanceof Float64Array) {
    const { values } = column
    return (left, right) => {
      const a = values[left] as number
      const b = values[right] as number
      // NaN stands before every other number.
      return (a < b ? -1 : a > b ? 1 : a === b ? 0 : Number(Number.isNaN(b)) - Number(Number.isNaN(a))) * sign
    }
  }
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

const SLICE_ROWS = 4096

/**
 * Gives the first rows in sort order without sorting the rest: keeps the best rows so far, and takes in only rows
 * whose first key is no worse than that of the last of them.
 */
export function* runTopK(
  plan: SortPlan,
  count: number,
  input: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  if (count === 0) return
  const best = new BestRows(plan, count, context, mode)
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const rowCount = batchRowCount(step)
    for (let start = 0; start < rowCount; start += SLICE_ROWS)
      best.add(sliceRows(step, start, Math.min(rowCount, start + SLICE_ROWS)))
    yield null
  }
  const kept = best.finish()
  if (kept !== null) yield kept
}

/** Holds the best rows so far, and candidates that were not compared with them yet. */
class BestRows {
  readonly #plan: SortPlan
  readonly #count: number
  readonly #context: ExecutionContext
  readonly #mode: EvaluationMode
  readonly #firstKey: (batch: Batch) => Column
  #kept: Batch | null = null
  #candidates: Batch[] = []
  #candidateCount = 0
  /** The first key of the worst row kept, once there are as many as wanted. */
  #bound: { readonly value: Value } | null = null

  constructor(plan: SortPlan, count: number, context: ExecutionContext, mode: EvaluationMode) {
    this.#plan = plan
    this.#count = count
    this.#context = context
    this.#mode = mode
    const [key] = plan.keys as [SortKey]
    this.#firstKey = columnEvaluator(key.expression, {
      places: placesOf(plan.output),
      parameters: context.parameters,
      mode,
    })
  }

  add(batch: Batch): void {
    const candidates =
      this.#bound === null
        ? batch
        : noWorse(batch, this.#firstKey(batch), this.#plan.keys[0] as SortKey, this.#bound.value)
    const part = compactBatch(candidates)
    if (part.length === 0) return
    this.#candidates.push(part)
    this.#candidateCount += part.length
    if (this.#candidateCount > Math.max(4 * this.#count, SLICE_ROWS - 1)) this.#cut()
  }

  finish(): Batch | null {
    this.#cut()
    return this.#kept
  }

  #cut(): void {
    if (this.#candidateCount === 0) return
    const parts = this.#kept === null ? this.#candidates : [this.#kept, ...this.#candidates]
    const columns = this.#plan.output.map((field, at) =>
      concatColumns(
        field.type,
        parts.map((part) => part.columns[at] as Column),
      ),
    )
    const all = makeBatch(
      columns,
      parts.reduce((total, part) => total + part.length, 0),
    )
    const rows = sortedRows(all, this.#plan, this.#context, this.#mode).subarray(0, this.#count)
    const kept = makeBatch(takeRows(all, rows), rows.length)
    this.#kept = kept
    this.#candidates = []
    this.#candidateCount = 0
    if (kept.length === this.#count)
      this.#bound = { value: columnReader(this.#firstKey(kept))(kept.length - 1) }
  }
}

/** Compares the values of a dictionary with a bound once each: 1 for those that do not stand after it; null comes last. */
function passingCodes(
  column: Extract<Column, { layout: 'dictionary' }>,
  key: SortKey,
  bound: Value,
): Uint8Array {
  const values = columnValues(column.dictionary)
  const passing = new Uint8Array(values.length + 1)
  for (let code = 0; code < values.length; code += 1)
    passing[code] = compareByKey(key, values[code], bound) > 0 ? 0 : 1
  passing[values.length] = compareByKey(key, null, bound) > 0 ? 0 : 1
  return passing
}

/** Keeps the rows of a batch whose key does not stand after a bound. */
function noWorse(batch: Batch, column: Column, key: SortKey, bound: Value): Batch {
  const count = batchRowCount(batch)
  const kept = new Uint32Array(count)
  const { selection } = batch
  let keptCount = 0
  const plain =
    column.layout === 'flat' && column.validity === null && !isFloat(column.type) && typeof bound === 'number'
  const values = plain ? (column.values as Float64Array) : null
  const codes =
    column.layout === 'dictionary' && column.dictionary.length < count
      ? passingCodes(column, key, bound)
      : null
  const read = columnReader(column)
  for (let at = 0; at < count; at += 1) {
    const row = selection === null ? at : (selection[at] as number)
    if (codes !== null && column.layout === 'dictionary') {
      const code = isNullAt(column, row) ? codes.length - 1 : (column.codes[row] as number)
      if (codes[code] === 0) continue
    } else if (values !== null) {
      const value = values[row] as number
      if (key.descending ? value < (bound as number) : value > (bound as number)) continue
    } else if (compareByKey(key, read(row), bound) > 0) continue
    kept[keptCount] = row
    keptCount += 1
  }
  return keptCount === count ? batch : { ...batch, selection: kept.subarray(0, keptCount) }
}
