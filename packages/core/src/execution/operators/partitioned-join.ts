import type { ExecutionContext, Step, Steps } from '../../catalog/engine.ts'
import type { SpillSpace } from '../../catalog/spill.ts'
import type { Expression } from '../../expression/expression.ts'
import { placesOf } from '../../expression/interpret.ts'
import type { JoinPlan, LogicalPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, type Column } from '../../types/column.ts'
import { concatColumns } from '../../types/concat.ts'
import { columnEvaluator, type EvaluationMode } from '../expression/evaluate.ts'
import { announceLeftKeys, gainsByLeftKeys, type RuntimeFilters } from '../runtime-filters.ts'
import { canSpill, Partitions } from '../spill/partitions.ts'
import { RowParts } from '../spill/row-parts.ts'
import { runJoin } from './join.ts'
import { isBatch } from './steps.ts'

type Running = {
  readonly context: ExecutionContext
  readonly mode: EvaluationMode
  readonly filters: RuntimeFilters
}

/**
 * Joins by hashing the right input. Where it does not fit the memory, both inputs are put aside on disk in parts by the
 * hash of their keys, and joined part by part.
 */
export function* runPartitionedJoin(
  plan: JoinPlan,
  leftInput: Steps,
  right: Steps,
  running: Running,
  depth = 0,
): Steps {
  const { context, mode } = running
  const left = depth === 0 && gainsByLeftKeys(plan) ? yield* leftFirst(plan, leftInput, running) : leftInput
  // What is put aside was scanned already: its keys tell the scans nothing.
  const filters: RuntimeFilters = depth === 0 ? running.filters : new Map()
  if (plan.keys.length === 0 || !canSpill(context, depth)) {
    yield* runJoin(plan, left, right, filters, context, mode)
    return
  }
  const parts = new RowParts(typesOf(plan.right), context)
  const keysOf = keyColumns(
    plan.right,
    plan.keys.map((key) => key.right),
    running,
  )
  let aside: Partitions | null = null
  try {
    for (const step of right) {
      if (!isBatch(step)) {
        yield step
        continue
      }
      if (aside !== null) aside.add(step, keysOf(step))
      else if (!parts.add(step)) {
        aside = new Partitions(context.spill as SpillSpace, typesOf(plan.right), depth)
        for (const batch of parts.batches()) aside.add(batch, keysOf(batch))
        parts.release()
        aside.add(step, keysOf(step))
      }
      yield null
    }
    if (aside === null) {
      const batches = [...parts.batches()]
      parts.release()
      yield* runJoin(plan, left, stepsOf(batches), filters, context, mode)
      return
    }
    yield* joinParts(plan, left, aside, running, depth)
  } finally {
    parts.release()
    aside?.remove()
  }
}

/** The left side is read before the right one as far as this many rows. */
const MOST_FIRST_ROWS = 1 << 17

/**
 * Reads the left side first, if its rows are not many, and tells its keys to the scans of the right side.
 *
 * @returns the left side as if nothing of it had been read
 */
function* leftFirst(plan: JoinPlan, left: Steps, running: Running): Generator<Step, Steps, undefined> {
  const parts = new RowParts(typesOf(plan.left), running.context)
  for (;;) {
    const { done, value } = left.next()
    if (done === true) break
    if (!isBatch(value)) {
      yield value
      continue
    }
    if (parts.rowCount + batchRowCount(value) > MOST_FIRST_ROWS || !parts.add(value))
      return resumed(parts, value, left)
    yield null
  }
  const keysOf = keyColumns(
    plan.left,
    plan.keys.map((key) => key.left),
    running,
  )
  const keys = parts.batches().map((batch) => keysOf(batch))
  const columns = plan.keys.map(({ left: key }, at) =>
    concatColumns(
      key.type,
      keys.map((each) => each[at] as Column),
    ),
  )
  announceLeftKeys(plan, columns, parts.rowCount, running.filters)
  return resumed(parts, null, left)
}

function* resumed(parts: RowParts, next: Batch | null, rest: Steps): Steps {
  try {
    yield* parts.batches()
    if (next !== null) yield next
  } finally {
    parts.release()
  }
  yield* rest
}

function* joinParts(plan: JoinPlan, left: Steps, right: Partitions, running: Running, depth: number): Steps {
  const leftParts = new Partitions(running.context.spill as SpillSpace, typesOf(plan.left), depth)
  const keysOf = keyColumns(
    plan.left,
    plan.keys.map((key) => key.left),
    running,
  )
  try {
    for (const step of left) {
      if (!isBatch(step)) {
        yield step
        continue
      }
      leftParts.add(step, keysOf(step))
      yield null
    }
    const rightFiles = right.finish()
    for (const [part, file] of leftParts.finish().entries()) {
      const other = rightFiles[part]
      if (other === undefined) continue
      yield* runPartitionedJoin(plan, file.read(), other.read(), running, depth + 1)
      file.remove()
      other.remove()
    }
  } finally {
    leftParts.remove()
  }
}

function* stepsOf(batches: readonly Batch[]): Steps {
  yield* batches
}

function typesOf(plan: LogicalPlan) {
  return plan.output.map((field) => field.type)
}

function keyColumns(
  plan: LogicalPlan,
  expressions: readonly Expression[],
  { context, mode }: Running,
): (batch: Batch) => readonly Column[] {
  const setting = { places: placesOf(plan.output), parameters: context.parameters, mode }
  const evaluators = expressions.map((expression) => columnEvaluator(expression, setting))
  return (batch) => evaluators.map((evaluate) => evaluate(batch))
}
