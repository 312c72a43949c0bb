import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { Expression } from '../../expression/expression.ts'
import type { Places } from '../../expression/interpret.ts'
import type { AggregateExpression, GroupingSets, NamedExpression } from '../../plan/logical-plan.ts'
import {
  type Batch,
  batchRowCount,
  type Column,
  columnReader,
  makeBatch,
  nullColumn,
} from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import type { Value } from '../../types/value.ts'
import { makeAccumulators } from '../accumulators.ts'
import { batchFilter, columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { KeyInterner } from '../key-interner.ts'
import { isBatch } from './steps.ts'

/** Is an aggregation with the filters and projections under it merged in: all expressions read the source's columns. */
export type AggregatePipeline = {
  readonly predicates: readonly Expression[]
  readonly groups: readonly NamedExpression[]
  readonly aggregates: readonly AggregateExpression[]
  readonly sets: GroupingSets | null
  readonly places: Places
  readonly mode: EvaluationMode
}

const OUTPUT_ROWS = 65_536

/**
 * Groups the rows of its input. The order of the groups is not defined. Grouping sets are grouped side by side, each
 * batch by all of them.
 */
export function* runAggregate(input: Steps, pipeline: AggregatePipeline, context: ExecutionContext): Steps {
  const sets = pipeline.sets?.indexes ?? [pipeline.groups.map((_, at) => at)]
  const running = sets.map((set, index) => makeRunning(pipeline, set, index, context))
  let reserved = 0
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    let bytes = 0
    for (const set of running) {
      set.add(step)
      bytes += set.bytes()
    }
    if (bytes > reserved) {
      context.reserve(bytes - reserved)
      reserved = bytes
    }
    yield null
  }
  for (const set of running) yield* set.emit()
  context.release(reserved)
}

/** Is the groups of one grouping set. */
type Running = {
  add(batch: Batch): void
  bytes(): number
  emit(): Steps
}

function makeRunning(
  pipeline: AggregatePipeline,
  set: readonly number[],
  index: number,
  context: ExecutionContext,
): Running {
  const groups = set.map((at) => pipeline.groups[at] as NamedExpression)
  const own = { ...pipeline, groups }
  const setting = { places: pipeline.places, parameters: context.parameters, mode: pipeline.mode }
  const accumulators = makeAccumulators(own, context.parameters)
  const grouping = groups.length === 0 ? null : makeGrouping(groups, setting)
  const filter = batchFilter(pipeline.predicates, setting)
  return {
    add(step) {
      if (accumulators.fused(step)) {
        accumulators.addFused(step)
        return
      }
      const batch = filter(step)
      const count = batchRowCount(batch)
      if (count === 0) return
      const ids = grouping === null || accumulators.groupsText ? new Int32Array(count) : grouping.idsOf(batch)
      accumulators.add(batch, ids, grouping === null ? 1 : grouping.count())
    },
    bytes: () => accumulators.bytes() + (grouping?.bytes() ?? 0),
    *emit() {
      const keys = accumulators.groupKeys() ?? grouping?.keys() ?? null
      for (const batch of emit(keys, groups, pipeline.aggregates, accumulators))
        yield pipeline.sets === null ? batch : withMissingGroups(batch, pipeline, set, index)
    },
  }
}

/** Puts the groups of a set in their places among all groups, nulls in those of the others, and the set's index last. */
function withMissingGroups(
  batch: Batch,
  { groups, sets }: AggregatePipeline,
  set: readonly number[],
  index: number,
): Batch {
  const columns = groups.map((group, at) => {
    const place = set.indexOf(at)
    return place < 0 ? nullColumn(group.expression.type, batch.length) : (batch.columns[place] as Column)
  })
  columns.push(...batch.columns.slice(set.length))
  if (sets?.set)
    columns.push({
      layout: 'flat',
      type: sets.set.type,
      length: batch.length,
      validity: null,
      values: new Int32Array(batch.length).fill(index),
    })
  return makeBatch(columns, batch.length)
}

type Grouping = {
  idsOf(batch: Batch): Int32Array
  count(): number
  /** The values of each group key, by group. */
  keys(): readonly (readonly Value[])[]
  bytes(): number
}

function makeGrouping(
  groups: readonly NamedExpression[],
  setting: Parameters<typeof columnEvaluator>[1],
): Grouping {
  const evaluators = groups.map((group) => columnEvaluator(group.expression, setting))
  const interner = new KeyInterner(groups.map(() => true))
  const keys: Value[][] = groups.map(() => [])
  return {
    idsOf(batch) {
      const columns = evaluators.map((evaluate) => evaluate(batch))
      const before = interner.count
      const ids = interner.intern(columns, batch)
      if (interner.count > before) recordKeys(keys, columns, batch, ids)
      return ids
    },
    count: () => interner.count,
    keys: () => keys,
    bytes: () => interner.count * (40 + 24 * groups.length),
  }
}

/** Keeps the key values of groups that a batch brought: new ids appear in ascending order. */
function recordKeys(
  keys: readonly Value[][],
  columns: readonly Column[],
  batch: Batch,
  ids: Int32Array,
): void {
  const readers = columns.map(columnReader)
  let next = (keys[0] as Value[]).length
  for (let at = 0; at < ids.length; at += 1) {
    if (ids[at] !== next) continue
    const index = batch.selection === null ? at : (batch.selection[at] as number)
    for (let key = 0; key < readers.length; key += 1)
      (keys[key] as Value[]).push((readers[key] as (index: number) => Value)(index))
    next += 1
  }
}

function* emit(
  keys: readonly (readonly Value[])[] | null,
  groups: readonly NamedExpression[],
  aggregates: readonly AggregateExpression[],
  accumulators: ReturnType<typeof makeAccumulators>,
): Generator<Batch, void, undefined> {
  const groupCount = keys === null ? 1 : (keys[0] as readonly Value[]).length
  const groupIds = accumulators.seenGroups()
  const total = groupIds === null ? groupCount : groupIds.length
  for (let start = 0; start < total; start += OUTPUT_ROWS) {
    const end = Math.min(total, start + OUTPUT_ROWS)
    const ids =
      groupIds === null
        ? Array.from({ length: end - start }, (_, at) => start + at)
        : Array.from(groupIds.subarray(start, end))
    const columns = [
      ...groups.map((group, at) =>
        columnFromValues(
          group.expression.type,
          ids.map((id) => (keys as readonly (readonly Value[])[])[at]?.[id] ?? null),
        ),
      ),
      ...aggregates.map((item, at) =>
        columnFromValues(
          item.type,
          ids.map((id) => accumulators.result(at, id)),
        ),
      ),
    ]
    yield makeBatch(columns, end - start)
  }
}
