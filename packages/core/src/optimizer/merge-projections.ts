import { substituteColumns } from '../expression/build.ts'
import type { ColumnId, Expression } from '../expression/expression.ts'
import type { LogicalPlan, ProjectPlan } from '../plan/logical-plan.ts'
import { mapPlan } from '../plan/traverse.ts'
import type { Rule } from './rule.ts'

/** Merges a projection into the one over it, where nothing would be computed twice, and drops those that do nothing. */
export const mergeProjections: Rule = {
  name: 'merge-projections',
  apply: (plan) => mapPlan(plan, (node) => (node.kind === 'project' ? mergeNode(node) : node)),
}

function mergeNode(plan: ProjectPlan): LogicalPlan {
  const { input } = plan
  if (input.kind === 'project' && canMerge(plan, input)) {
    const replacements = new Map<ColumnId, Expression>(
      input.expressions.map((item) => [item.id, item.expression]),
    )
    const expressions = plan.expressions.map((item) =>
      Object.freeze({ ...item, expression: substituteColumns(item.expression, replacements) }),
    )
    return mergeNode(Object.freeze({ ...plan, input: input.input, expressions }))
  }
  return isIdentity(plan) ? input : plan
}

function canMerge(outer: ProjectPlan, inner: ProjectPlan): boolean {
  const uses = new Map<ColumnId, number>()
  const visit = (expression: Expression): void => {
    if (expression.kind === 'column') uses.set(expression.id, (uses.get(expression.id) ?? 0) + 1)
    if (expression.kind === 'call') expression.args.forEach(visit)
    if (expression.kind === 'lambda') visit(expression.body)
  }
  for (const item of outer.expressions) visit(item.expression)
  return inner.expressions.every((item) => item.expression.kind !== 'call' || (uses.get(item.id) ?? 0) <= 1)
}

/** Tells whether a projection gives its input's columns, in order, under their own names. */
function isIdentity(plan: ProjectPlan): boolean {
  const { output } = plan.input
  return (
    plan.expressions.length === output.length &&
    plan.expressions.every((item, index) => {
      const field = output[index]
      return (
        item.expression.kind === 'column' &&
        item.id === field?.id &&
        item.expression.id === field.id &&
        item.name === field.name
      )
    })
  )
}
