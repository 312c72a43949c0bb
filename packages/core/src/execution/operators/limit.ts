import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import type { Expression } from '../../expression/expression.ts'
import { evaluateConstant } from '../../expression/interpret.ts'
import type { LimitPlan } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount } from '../../types/column.ts'
import { SheafError } from '../../types/errors.ts'
import { isBatch } from './steps.ts'

/** Computes a count of rows given as a constant or parameter. @throws `ARGUMENT` */
export function rowCountOf(expression: Expression | null, context: ExecutionContext, none: number): number {
  if (expression === null) return none
  const value = evaluateConstant(expression, context.parameters)
  const count = typeof value === 'bigint' ? Number(value) : value
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count
  throw new SheafError('ARGUMENT', `A limit or offset must be an integer of at least 0: ${String(value)}`)
}

/** Skips rows, then gives rows up to a count, and stops its input there. */
export function* runLimit(plan: LimitPlan, input: Steps, context: ExecutionContext): Steps {
  let toSkip = rowCountOf(plan.offset, context, 0)
  let toGive = rowCountOf(plan.count, context, Number.POSITIVE_INFINITY)
  if (toGive === 0) return
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const rowCount = batchRowCount(step)
    if (toSkip >= rowCount) {
      toSkip -= rowCount
      continue
    }
    const end = Math.min(rowCount, toSkip + toGive)
    yield sliceRows(step, toSkip, end)
    toGive -= end - toSkip
    toSkip = 0
    if (toGive <= 0) return
  }
}

/** Gives rows of a batch from one place among the selected rows up to another. */
export function sliceRows(batch: Batch, start: number, end: number): Batch {
  if (start === 0 && end === batchRowCount(batch)) return batch
  if (batch.selection !== null) return { ...batch, selection: batch.selection.subarray(start, end) }
  const selection = new Uint32Array(end - start)
  for (let at = 0; at < selection.length; at += 1) selection[at] = start + at
  return { ...batch, selection }
}
