import { literal, mapExpression } from '../expression/build.ts'
import type { CallExpression, Expression } from '../expression/expression.ts'
import { functionNamed } from '../expression/registry.ts'
import { values } from '../plan/build.ts'
import type { LogicalPlan } from '../plan/logical-plan.ts'
import { mapNodeExpressions } from '../plan/map-expressions.ts'
import { mapPlan } from '../plan/traverse.ts'
import { nullColumn } from '../types/column.ts'
import { isSheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'
import type { Rule } from './rule.ts'

/** Folds constants, and drops filters that are always or never true. */
export const simplify: Rule = {
  name: 'simplify',
  apply: (plan) => mapPlan(plan, (node) => simplifyNode(mapNodeExpressions(node, simplifyExpression))),
}

function simplifyNode(plan: LogicalPlan): LogicalPlan {
  if (plan.kind !== 'filter' || plan.predicate.kind !== 'literal') return plan
  if (plan.predicate.value === true) return plan.input
  return values(
    plan.output,
    plan.output.map((field) => nullColumn(field.type, 0)),
    0,
  )
}

/** Folds the constants of an expression. */
export function simplifyExpression(expression: Expression): Expression {
  return mapExpression(expression, (node) => (node.kind === 'call' ? simplifyCall(node) : node))
}

function simplifyCall(node: CallExpression): Expression {
  if (node.function === 'and' || node.function === 'or') return simplifyLogic(node)
  if (node.function === 'case') return simplifyCase(node)
  const definition = functionNamed(node.function)
  if (
    definition.volatile === true ||
    node.args.length === 0 ||
    !node.args.every((arg) => arg.kind === 'literal')
  )
    return node
  const args = node.args.map((arg) => (arg.kind === 'literal' ? arg.value : null))
  if (definition.nulls === 'strict' && args.some((value) => value === null)) return literal(null, node.type)
  return fold(node, args)
}

/** A constant that cannot be computed stays as it is: its error belongs to the run, if a row ever reaches it. */
function fold(node: CallExpression, args: readonly Value[]): Expression {
  const evaluate = functionNamed(node.function).evaluator(
    node.args.map((arg) => arg.type),
    node.type,
  )
  try {
    return literal(evaluate(...args), node.type)
  } catch (error) {
    if (isSheafError(error)) return node
    throw error
  }
}

function isLiteral(expression: Expression | undefined, value: Value): boolean {
  return expression?.kind === 'literal' && expression.value === value
}

function simplifyLogic(node: CallExpression): Expression {
  const [left, right] = node.args as [Expression, Expression]
  const decides = node.function === 'or'
  if (isLiteral(left, decides) || isLiteral(right, decides)) return literal(decides)
  if (isLiteral(left, !decides)) return right
  return isLiteral(right, !decides) ? left : node
}

function simplifyCase(node: CallExpression): Expression {
  const [condition, value] = node.args as [Expression, Expression]
  if (isLiteral(condition, true) && value.type === node.type) return value
  return node
}
