import { literal, outersOf, substituteOuters } from '../expression/build.ts'
import type { ColumnId, Expression } from '../expression/expression.ts'
import type { Value } from '../types/value.ts'
import type { LogicalPlan } from './logical-plan.ts'
import { mapNodeExpressions } from './map-expressions.ts'
import { mapPlan } from './traverse.ts'

/** Puts constants in the place of references to columns around: the right side of an apply, for one row of its left. */
export function bindOuters(plan: LogicalPlan, values: ReadonlyMap<ColumnId, Value>): LogicalPlan {
  const bind = (expression: Expression): Expression => {
    const read = outersOf(expression)
    if (![...read].some((id) => values.has(id))) return expression
    return substituteOuters(expression, literals(expression, values))
  }
  return mapPlan(plan, (node) => mapNodeExpressions(node, bind))
}

function literals(
  expression: Expression,
  values: ReadonlyMap<ColumnId, Value>,
): ReadonlyMap<ColumnId, Expression> {
  const found = new Map<ColumnId, Expression>()
  const visit = (node: Expression): void => {
    if (node.kind === 'outer' && values.has(node.id))
      found.set(node.id, literal(values.get(node.id), node.type))
    if (node.kind === 'call') node.args.forEach(visit)
    if (node.kind === 'lambda') visit(node.body)
  }
  visit(expression)
  return found
}
