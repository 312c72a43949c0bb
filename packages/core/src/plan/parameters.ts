import { literal, mapExpression } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import { isVariant } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import type { LogicalPlan } from './logical-plan.ts'
import { mapPlanExpressions } from './map-expressions.ts'

/** Replaces parameters by their values, so that plans with parameters of their own can be joined into one. @throws `ARGUMENT` */
export function bindParameters(plan: LogicalPlan, values: ReadonlyMap<string, Value>): LogicalPlan {
  return mapPlanExpressions(plan, (expression) => bindExpressionParameters(expression, values))
}

/** Replaces the parameters of one expression. @throws `ARGUMENT` */
export function bindExpressionParameters(
  expression: Expression,
  values: ReadonlyMap<string, Value>,
): Expression {
  return mapExpression(expression, (node) => {
    if (node.kind !== 'parameter') return node
    if (!values.has(node.name))
      throw new SheafError('ARGUMENT', `A parameter has no value. Pass one for $${node.name}.`)
    const value = values.get(node.name)
    // A parameter without a type of its own takes that of its value.
    return isVariant(node.type) ? literal(value) : literal(value, node.type)
  })
}
