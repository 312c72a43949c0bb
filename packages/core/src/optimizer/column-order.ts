import { keepColumns } from '../plan/build.ts'
import type { LogicalPlan } from '../plan/logical-plan.ts'

/**
 * Gives a plan's columns in the order in which they stood in another: a rule may turn a join around, but recursions,
 * engines and whoever runs the plan go by position.
 */
export function inOrderOf(before: LogicalPlan, plan: LogicalPlan): LogicalPlan {
  const ids = before.output.map((field) => field.id)
  const same =
    plan.output.length === ids.length && plan.output.every((field, index) => field.id === ids[index])
  return same ? plan : keepColumns(plan, ids)
}
