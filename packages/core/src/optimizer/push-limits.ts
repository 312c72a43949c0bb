import type { LogicalPlan } from '../plan/logical-plan.ts'
import { mapPlan, withInputs } from '../plan/traverse.ts'
import type { Rule } from './rule.ts'

/** Moves limits below projections, so that what is cut off is not computed and a sort right under becomes a top-k. */
export const pushLimits: Rule = {
  name: 'push-limits',
  apply: (plan) => mapPlan(plan, pushNode),
}

function pushNode(node: LogicalPlan): LogicalPlan {
  if (node.kind !== 'limit' || node.input.kind !== 'project') return node
  const { input: project } = node
  const limited = pushNode(Object.freeze({ ...node, input: project.input, output: project.input.output }))
  return withInputs(project, [limited])
}
