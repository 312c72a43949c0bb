import { joinOutput } from './build.ts'
import { freeze } from './checks.ts'
import type { ApplyKind, LogicalPlan } from './logical-plan.ts'

/**
 * Runs the right side for each left row; it refers to the left's columns by `outer`. Semi and anti give the left
 * columns only, `left` and `single` nulls where the right side has no row.
 */
export function apply(how: ApplyKind, left: LogicalPlan, right: LogicalPlan): LogicalPlan {
  return freeze({ kind: 'apply', how, left, right, output: joinOutput(how, left, right) })
}
