import type { LogicalPlan } from '../plan/logical-plan.ts'
import type { OptimizerContext, Rule } from './rule.ts'
import { ruleList } from './rules.ts'

/** Rewrites a plan by each rule of the list, in order. */
export function optimize(
  plan: LogicalPlan,
  context: OptimizerContext,
  rules: readonly Rule[] = ruleList,
): LogicalPlan {
  return rules.reduce((current, rule) => rule.apply(current, context), plan)
}
