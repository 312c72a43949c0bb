import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { SpillSpace } from '../../catalog/spill.ts'
import { literal } from '../../expression/build.ts'
import type { Expression } from '../../expression/expression.ts'
import { placesOf } from '../../expression/interpret.ts'
import { hasWindowFunction, type WindowRows, windowFunctionNamed } from '../../expression/window-functions.ts'
import { named } from '../../plan/build.ts'
import type { FrameBound, WindowExpression, WindowPlan } from '../../plan/logical-plan.ts'
import { type Batch, type Column, columnReader, isNullAt, makeBatch } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import { takeColumn } from '../../types/take.ts'
import type { Value } from '../../types/value.ts'
import { makeAccumulators } from '../accumulators.ts'
import { columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { orderByKeys } from '../sort-rows.ts'
import { canSpill, Partitions } from '../spill/partitions.ts'
import { RowParts } from '../spill/row-parts.ts'
import { frameAggregateColumn } from '../window/frame-aggregate.ts'
import { type Frames, framesOf, makeParts, partsOf } from '../window/frames.ts'
import { layOut, type WindowLayout } from '../window/layout.ts'
import { frameValueColumn, offsetColumn } from '../window/navigation.ts'
import { rankColumn } from '../window/ranking.ts'
import { slidingAggregateColumn } from '../window/sliding-aggregate.ts'

import { inBatches, isBatch } from './steps.ts'

/** Bytes that the order of the rows, their peers and their frames take. */
const BYTES_PER_ROW = 28

/**
 * Computes window functions over all rows of its input. What does not fit the memory is put aside on disk in parts of
 * whole partitions, which are computed one after the other.
 */
export function* runWindow(
  plan: WindowPlan,
  input: Steps,
  context: ExecutionContext,
  mode: EvaluationMode,
  depth = 0,
): Steps {
  const types = plan.input.output.map((field) => field.type)
  const parts = new RowParts(types, context)
  let aside: Partitions | null = null
  const setting = { places: placesOf(plan.input.output), parameters: context.parameters, mode }
  const keys = plan.partition.map((expression) => columnEvaluator(expression, setting))
  const putAside = (batch: Batch): void =>
    aside?.add(
      batch,
      keys.map((evaluate) => evaluate(batch)),
    )
  try {
    for (const step of input) {
      if (!isBatch(step)) {
        yield step
        continue
      }
      if (aside !== null) putAside(step)
      else if (!hasRoom(plan, parts, step, context, depth)) {
        aside = new Partitions(context.spill as SpillSpace, types, depth)
        for (const batch of parts.batches()) putAside(batch)
        parts.release()
        putAside(step)
      }
      yield null
    }
    if (aside === null) {
      const batch = parts.joined()
      context.reserve(batch.length * BYTES_PER_ROW)
      yield* inBatches(yield* windowBatch(plan, batch, context, mode))
      context.release(batch.length * BYTES_PER_ROW)
      return
    }
    for (const file of aside.finish()) {
      if (file.rowCount > 0) yield* runWindow(plan, file.read(), context, mode, depth + 1)
      file.remove()
    }
  } finally {
    parts.release()
    aside?.remove()
  }
}

/** Rows of a window without partitions belong together: these must fit. */
function hasRoom(
  plan: WindowPlan,
  parts: RowParts,
  batch: Batch,
  context: ExecutionContext,
  depth: number,
): boolean {
  if (plan.partition.length > 0 && canSpill(context, depth)) return parts.add(batch)
  parts.require(batch)
  return true
}

/** Adds the columns of the window functions to a batch that holds whole partitions. */
export function* windowBatch(
  plan: WindowPlan,
  batch: Batch,
  context: ExecutionContext,
  mode: EvaluationMode,
): Generator<null, Batch, undefined> {
  const setting = { places: placesOf(plan.input.output), parameters: context.parameters, mode }
  const compute = (expression: Expression): Column => columnEvaluator(expression, setting)(batch)
  const keys = plan.order.map((key) => compute(key.expression))
  const check = (): void => context.check()
  const layout = layOut(batch, plan.partition.map(compute), plan.order, keys, check)
  yield null
  const columns: Column[] = [...batch.columns]
  for (const item of plan.functions) {
    const value = (bound: FrameBound): Column | null => ('value' in bound ? compute(bound.value) : null)
    const frames = (): Frames =>
      framesOf(layout, {
        frame: item.frame,
        order: plan.order,
        keys,
        start: value(item.frame.start),
        end: value(item.frame.end),
      })
    const running = { item, layout, frames, compute }
    columns.push(
      hasWindowFunction(item.function)
        ? functionColumn(running)
        : yield* aggregateColumn(running, batch, plan, context, mode),
    )
    yield null
  }
  return makeBatch(columns, batch.length)
}

type Running = {
  readonly item: WindowExpression
  readonly layout: WindowLayout
  readonly frames: () => Frames
  readonly compute: (expression: Expression) => Column
}

function functionColumn({ item, layout, frames, compute }: Running): Column {
  const args = item.args.map(compute)
  if (item.function === 'lag' || item.function === 'lead') return offsetColumn(item, layout, args)
  if (item.order.length === 0) {
    const known = rankColumn(item, layout, args) ?? frameValueColumn(item, layout, frames(), args)
    if (known !== undefined) return known
  }
  return evaluatedColumn(
    item,
    layout,
    frames(),
    args,
    item.order.map((key) => compute(key.expression)),
  )
}

/** Computes a window function by its definition, a row at a time. */
function evaluatedColumn(
  item: WindowExpression,
  layout: WindowLayout,
  frames: Frames,
  args: readonly Column[],
  orderKeys: readonly Column[],
): Column {
  const { evaluate } = windowFunctionNamed(item.function)
  const read = args.map(columnReader)
  const values = new Array<Value>(layout.rows.length).fill(null)
  const placesOfFrame = framePlaces(item, layout, frames, args, orderKeys)
  for (let at = 0; at + 1 < layout.starts.length; at += 1) {
    const from = layout.starts[at] as number
    const to = layout.starts[at + 1] as number
    const rows: WindowRows = {
      count: to - from,
      ignoreNulls: item.ignoreNulls,
      value: (argument, place) => read[argument]?.(layout.rows[from + place] as number) ?? null,
      peers: (place) => [
        (layout.peers.starts[from + place] as number) - from,
        (layout.peers.ends[from + place] as number) - from,
      ],
      frame: (place) => placesOfFrame(from + place).map((other) => other - from),
    }
    for (let place = from; place < to; place += 1)
      values[layout.rows[place] as number] = evaluate(rows, place - from) ?? null
  }
  return columnFromValues(item.type, values)
}

function framePlaces(
  item: WindowExpression,
  layout: WindowLayout,
  frames: Frames,
  args: readonly Column[],
  orderKeys: readonly Column[],
): (place: number) => number[] {
  const parts = makeParts()
  const rowAt = (place: number): number => layout.rows[place] as number
  const compare = item.order.length === 0 ? null : orderByKeys(item.order, orderKeys)
  const isKept = (place: number): boolean =>
    !item.ignoreNulls || args[0] === undefined || !isNullAt(args[0], rowAt(place))
  return (place) => {
    partsOf(frames, layout, place, parts)
    const places: number[] = []
    for (let part = 0; part < parts.count; part += 1)
      for (let at = parts.bounds[2 * part] as number; at < (parts.bounds[2 * part + 1] as number); at += 1)
        if (isKept(at)) places.push(at)
    return compare === null ? places : places.sort((left, right) => compare(rowAt(left), rowAt(right)))
  }
}

function* aggregateColumn(
  { item, layout, frames, compute }: Running,
  batch: Batch,
  plan: WindowPlan,
  context: ExecutionContext,
  mode: EvaluationMode,
): Generator<null, Column, undefined> {
  if (isWholePartition(item, plan)) return wholePartitionColumn(item, layout, batch, plan, context, mode)
  const input = {
    args: item.args.map(compute),
    filter: item.filter === null ? null : compute(item.filter),
    order: item.order,
    orderKeys: item.order.map((key) => compute(key.expression)),
  }
  const placed = frames()
  return (
    slidingAggregateColumn(item, layout, placed, input) ??
    (yield* frameAggregateColumn(item, layout, placed, input))
  )
}

/** Aggregates that give the same whatever the order of their rows, but for the last digits of floats. */
const ORDERLESS: ReadonlySet<string> = new Set(['count', 'sum', 'avg', 'min', 'max', 'bool_and', 'bool_or'])

function isWholePartition(item: WindowExpression, plan: WindowPlan): boolean {
  const { start, end, exclude, unit } = item.frame
  const toEnd = end.kind === 'unbounded-following'
  const toPeers = end.kind === 'current-row' && unit !== 'rows' && plan.order.length === 0
  return (
    ORDERLESS.has(item.function) &&
    !item.ignoreNulls &&
    start.kind === 'unbounded-preceding' &&
    (toEnd || toPeers) &&
    exclude === 'none'
  )
}

/** Aggregates each partition once, as a group. */
function wholePartitionColumn(
  item: WindowExpression,
  layout: WindowLayout,
  batch: Batch,
  plan: WindowPlan,
  context: ExecutionContext,
  mode: EvaluationMode,
): Column {
  const accumulators = makeAccumulators(
    {
      predicates: [],
      groups: [named('partition', literal(0))],
      aggregates: [item],
      determined: [],
      places: placesOf(plan.input.output),
      mode,
    },
    context.parameters,
  )
  const count = layout.starts.length - 1
  if (batch.length > 0) accumulators.add(batch, layout.partitions, count)
  const results = accumulators.results(
    0,
    Int32Array.from({ length: count }, (_, partition) => partition),
  )
  return takeColumn(results, Uint32Array.from(layout.partitions))
}
