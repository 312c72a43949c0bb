import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import { placesOf } from '../../expression/interpret.ts'
import type { UnnestPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, columnReader, type ListColumn, makeBatch } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import { types } from '../../types/data-type.ts'
import { SheafError } from '../../types/errors.ts'
import { takeColumn } from '../../types/take.ts'
import { type Value, ValueRank, valueRank } from '../../types/value.ts'
import { columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { isBatch, takeRows } from './steps.ts'

const OUTPUT_ROWS = 65_536

/** Gives a row for each element of a list. */
export function* runUnnest(
  plan: UnnestPlan,
  input: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
): Steps {
  const evaluate = columnEvaluator(plan.list, {
    places: placesOf(plan.input.output),
    parameters: context.parameters,
    mode,
  })
  for (const step of input) {
    if (!isBatch(step)) yield step
    else {
      const list = evaluate(step)
      const whole = list.layout === 'list' && !plan.outer && plan.ordinality === null
      if (whole) yield* unnestColumn(step, list)
      else yield* unnestBatch(plan, step, columnReader(list))
    }
  }
}

/** Unnests a column of lists: the elements are copied as a column. */
function* unnestColumn(batch: Batch, list: ListColumn): Iterable<Batch> {
  const { offsets, validity, child } = list
  const count = batchRowCount(batch)
  let at = 0
  while (at < count) {
    const rows: number[] = []
    const items: number[] = []
    for (; at < count && rows.length < OUTPUT_ROWS; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      if (validity !== null && (((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) continue
      const end = offsets[row + 1] as number
      for (let item = offsets[row] as number; item < end; item += 1) {
        rows.push(row)
        items.push(item)
      }
    }
    if (rows.length === 0) continue
    const columns = [...takeRows(batch, Uint32Array.from(rows)), takeColumn(child, Uint32Array.from(items))]
    yield makeBatch(columns, rows.length)
  }
}

function* unnestBatch(plan: UnnestPlan, batch: Batch, read: (index: number) => Value): Iterable<Batch> {
  const count = batchRowCount(batch)
  let rows: number[] = []
  let elements: Value[] = []
  let ordinals: (number | null)[] = []
  const flush = (): Batch => {
    const columns = [
      ...takeRows(batch, Uint32Array.from(rows)),
      columnFromValues(plan.element.type, elements),
    ]
    if (plan.ordinality !== null) columns.push(columnFromValues(types.int64, ordinals))
    const made = makeBatch(columns, rows.length)
    rows = []
    elements = []
    ordinals = []
    return made
  }
  for (let at = 0; at < count; at += 1) {
    const row = batch.selection === null ? at : (batch.selection[at] as number)
    const list = elementsOf(read(row))
    if (list.length === 0 && plan.outer) {
      rows.push(row)
      elements.push(null)
      ordinals.push(null)
    }
    for (let ordinal = 0; ordinal < list.length; ordinal += 1) {
      rows.push(row)
      elements.push(list[ordinal] ?? null)
      ordinals.push(ordinal)
      if (rows.length >= OUTPUT_ROWS) yield flush()
    }
  }
  if (rows.length > 0) yield flush()
}

function elementsOf(value: Value): ArrayLike<Value> {
  if (value === null || value === undefined) return []
  if (valueRank(value) === ValueRank.array) return value as ArrayLike<Value>
  throw new SheafError(
    'TYPE',
    `Only a list can be unnested. Wrap the value in a list first; it is a ${typeof value}.`,
  )
}
