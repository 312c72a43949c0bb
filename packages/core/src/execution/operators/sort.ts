import type { ExecutionContext, Step, Steps } from '../../catalog/engine.ts'
import type { SpillSpace } from '../../catalog/spill.ts'
import { placesOf } from '../../expression/interpret.ts'
import type { SortKey, SortPlan } from '../../plan/logical-plan.ts'
import {
  type Batch,
  batchRowCount,
  type Column,
  type ColumnReader,
  columnReader,
  columnValues,
  type FlatColumn,
  isNullAt,
  makeBatch,
} from '../../types/column.ts'
import { concatColumns } from '../../types/concat.ts'
import type { Value } from '../../types/value.ts'
import { columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { compareByKey } from '../sort-keys.ts'
import { allRows, sortRows } from '../sort-rows.ts'
import { mergeRuns } from '../spill/merge-runs.ts'
import { RowParts } from '../spill/row-parts.ts'
import { RowsFile } from '../spill/rows-file.ts'
import { sliceRows } from './limit.ts'
import { compactBatch, isBatch, takeRows } from './steps.ts'

/**
 * Sorts all rows; rows with equal keys keep their order. What does not fit the memory is sorted in runs that are put
 * aside on disk and merged.
 */
export function* runSort(
  plan: SortPlan,
  input: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  const types = plan.output.map((field) => field.type)
  const keysOf = keyColumns(plan, context, mode)
  const runs: RowsFile[] = []
  const parts = new RowParts(types, context)
  try {
    for (const step of input) {
      if (!isBatch(step)) {
        yield step
        continue
      }
      if (!parts.add(step)) {
        for (const slice of slicesOf(step)) {
          if (parts.add(slice)) continue
          if (parts.rowCount > 0)
            runs.push(yield* writtenRun(parts, plan, keysOf, context.spill as SpillSpace))
          parts.require(slice)
        }
      }
      yield null
    }
    if (runs.length === 0) yield* sortedBatches(parts.joined(), plan, keysOf)
    else {
      if (parts.rowCount > 0) runs.push(yield* writtenRun(parts, plan, keysOf, context.spill as SpillSpace))
      yield* mergeRuns(runs, plan.keys, keysOf, types)
    }
  } finally {
    parts.release()
    for (const run of runs) run.remove()
  }
}

/** A batch for which there is no room is taken in by so many rows. */
const SPILLED_ROWS = 1024
const OUTPUT_ROWS = 65_536

function* slicesOf(batch: Batch): Generator<Batch, void, undefined> {
  const count = batchRowCount(batch)
  for (let start = 0; start < count; start += SPILLED_ROWS)
    yield sliceRows(batch, start, Math.min(count, start + SPILLED_ROWS))
}

type KeysOf = (batch: Batch) => readonly Column[]

function keyColumns(plan: SortPlan, context: ExecutionContext, mode: EvaluationMode): KeysOf {
  const setting = { places: placesOf(plan.output), parameters: context.parameters, mode }
  const evaluators = plan.keys.map((key) => columnEvaluator(key.expression, setting))
  return (batch) => evaluators.map((evaluate) => evaluate(batch))
}

/** Gives the rows of a batch in order, copied together as many at a time as a batch has. */
function* sortedBatches(batch: Batch, plan: SortPlan, keysOf: KeysOf): Steps {
  const order = yield* sortRows(allRows(batch.length), plan.keys, keysOf(batch))
  for (let start = 0; start < batch.length; start += OUTPUT_ROWS) {
    const rows = order.subarray(start, start + OUTPUT_ROWS)
    yield makeBatch(takeRows(batch, rows), rows.length)
  }
}

function* writtenRun(
  parts: RowParts,
  plan: SortPlan,
  keysOf: KeysOf,
  space: SpillSpace,
): Generator<Step, RowsFile, undefined> {
  const run = new RowsFile(
    space,
    plan.output.map((field) => field.type),
  )
  for (const step of sortedBatches(parts.joined(), plan, keysOf)) {
    if (isBatch(step)) run.write(step)
    yield isBatch(step) ? null : step
  }
  parts.release()
  return run
}

function sortedRows(
  batch: Batch,
  plan: SortPlan,
  context: ExecutionContext,
  mode: EvaluationMode,
): Uint32Array {
  const sorting = sortRows(allRows(batch.length), plan.keys, keyColumns(plan, context, mode)(batch))
  for (;;) {
    const { done, value } = sorting.next()
    if (done === true) return value
  }
}

const SLICE_ROWS = 4096

/**
 * Gives the first rows in sort order without sorting the rest: keeps the best rows so far, and takes in only rows
 * whose keys are no worse than those of the last of them.
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
    let start = 0
    for (; start < rowCount && !best.isFull; start += SLICE_ROWS)
      best.add(sliceRows(step, start, Math.min(rowCount, start + SLICE_ROWS)))
    if (start < rowCount) best.add(sliceRows(step, start, rowCount))
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
  readonly #keys: readonly ((batch: Batch) => Column)[]
  #kept: Batch | null = null
  #candidates: Batch[] = []
  #candidateCount = 0
  /** The keys of the worst row kept, once there are as many as wanted. */
  #bound: readonly Value[] | null = null

  constructor(plan: SortPlan, count: number, context: ExecutionContext, mode: EvaluationMode) {
    this.#plan = plan
    this.#count = count
    this.#context = context
    this.#mode = mode
    const setting = { places: placesOf(plan.output), parameters: context.parameters, mode }
    this.#keys = plan.keys.map((key) => columnEvaluator(key.expression, setting))
  }

  /** Tells whether as many rows are kept as wanted: then most others are seen to be worse at a look. */
  get isFull(): boolean {
    return this.#bound !== null
  }

  add(batch: Batch): void {
    const candidates = this.#bound === null ? batch : this.#within(batch, this.#bound)
    const part = compactBatch(candidates)
    if (part.length === 0) return
    this.#candidates.push(part)
    this.#candidateCount += part.length
    if (this.#candidateCount > Math.max(4 * this.#count, SLICE_ROWS - 1)) this.#cut()
  }

  /** Keeps the rows that do not stand after the worst row kept: by the first key, then by all of them. */
  #within(batch: Batch, bound: readonly Value[]): Batch {
    const { keys } = this.#plan
    const [first, ...rest] = this.#keys as [(batch: Batch) => Column, ...((batch: Batch) => Column)[]]
    const column = first(batch)
    const kept = noWorse(batch, column, keys[0] as SortKey, bound[0])
    if (rest.length === 0 || batchRowCount(kept) === 0) return kept
    const readers = [column, ...rest.map((keyOf) => keyOf(kept))].map(columnReader)
    const count = batchRowCount(kept)
    const rows = new Uint32Array(count)
    let rowCount = 0
    for (let at = 0; at < count; at += 1) {
      const row = kept.selection === null ? at : (kept.selection[at] as number)
      let order = 0
      for (let key = 0; order === 0 && key < keys.length; key += 1)
        order = compareByKey(keys[key] as SortKey, (readers[key] as ColumnReader)(row), bound[key])
      if (order > 0) continue
      rows[rowCount] = row
      rowCount += 1
    }
    return { ...kept, selection: rows.subarray(0, rowCount) }
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
      this.#bound = this.#keys.map((keyOf) => columnReader(keyOf(kept))(kept.length - 1))
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

/** Keeps the rows of a batch whose key does not stand after a bound; of NaN, more may be kept. */
function noWorse(batch: Batch, column: Column, key: SortKey, bound: Value): Batch {
  const count = batchRowCount(batch)
  const kept = new Uint32Array(count)
  const keptCount =
    column.layout === 'flat' && typeof bound === 'number' && !isWide(column)
      ? keepNumbers(batch, column, { key, bound }, kept)
      : keepValues(batch, passing(column, key, bound, count), kept)
  return keptCount === count ? batch : { ...batch, selection: kept.subarray(0, keptCount) }
}

function isWide({ values }: FlatColumn): boolean {
  return values instanceof BigInt64Array || values instanceof BigUint64Array
}

function keepNumbers(
  batch: Batch,
  { values, validity }: FlatColumn,
  { key, bound }: { readonly key: SortKey; readonly bound: number },
  kept: Uint32Array,
): number {
  const numbers = values as Float64Array
  const { selection } = batch
  const count = batchRowCount(batch)
  const keepsNull = compareByKey(key, null, bound) <= 0
  let keptCount = 0
  for (let at = 0; at < count; at += 1) {
    const row = selection === null ? at : (selection[at] as number)
    if (validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) {
      if (!keepsNull) continue
    } else {
      const number = numbers[row] as number
      if (key.descending ? number < bound : number > bound) continue
    }
    kept[keptCount] = row
    keptCount += 1
  }
  return keptCount
}

/** Makes the test of rows of a column that is no plain numbers. */
function passing(column: Column, key: SortKey, bound: Value, count: number): (row: number) => boolean {
  if (column.layout === 'dictionary' && column.dictionary.length < count) {
    const codes = passingCodes(column, key, bound)
    return (row) => codes[isNullAt(column, row) ? codes.length - 1 : (column.codes[row] as number)] === 1
  }
  const read = columnReader(column)
  return (row) => compareByKey(key, read(row), bound) <= 0
}

function keepValues(batch: Batch, passes: (row: number) => boolean, kept: Uint32Array): number {
  const { selection } = batch
  const count = batchRowCount(batch)
  let keptCount = 0
  for (let at = 0; at < count; at += 1) {
    const row = selection === null ? at : (selection[at] as number)
    if (!passes(row)) continue
    kept[keptCount] = row
    keptCount += 1
  }
  return keptCount
}
