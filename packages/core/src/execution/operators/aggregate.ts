import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { Expression } from '../../expression/expression.ts'
import type { Places } from '../../expression/interpret.ts'
import type { AggregateExpression, NamedExpression } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column, columnReader, makeBatch } from '../../types/column.ts'
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
  readonly places: Places
  readonly mode: EvaluationMode
}

const OUTPUT_ROWS = 65_536

/** Groups the rows of its input. The order of the groups is not defined. */
export function* runAggregate(input: Steps, pipeline: AggregatePipeline, context: ExecutionContext): Steps {
  const { groups, aggregates, places, mode } = pipeline
  const setting = { places, parameters: context.parameters, mode }
  const accumulators = makeAccumulators(pipeline, context.parameters)
  const grouping = groups.length === 0 ? null : makeGrouping(groups, setting)
  const filter = batchFilter(pipeline.predicates, setting)
  let reserved = 0
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    if (accumulators.fused(step)) accumulators.addFused(step)
    else {
      const batch = filter(step)
      const count = batchRowCount(batch)
      if (count > 0) {
        const ids =
          grouping === null || accumulators.groupsText ? new Int32Array(count) : grouping.idsOf(batch)
        accumulators.add(batch, ids, grouping === null ? 1 : grouping.count())
      }
    }
    const bytes = accumulators.bytes() + (grouping?.bytes() ?? 0)
    if (bytes > reserved) {
      context.reserve(bytes - reserved)
      reserved = bytes
    }
    yield null
  }
  yield* emit(accumulators.groupKeys() ?? grouping?.keys() ?? null, groups, aggregates, accumulators)
  context.release(reserved)
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
): Steps {
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
