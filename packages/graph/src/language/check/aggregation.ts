import type { Expression, ProjectionItem } from '../syntax.ts'
import { signatureOf } from './functions.ts'
import { type CheckContext, checkError, childrenOf, type Scope, sameExpression } from './scope.ts'

/** Tells whether an expression is itself a call of an aggregate. */
export function isAggregate(expression: Expression): boolean {
  if (expression.kind === 'countStar') return true
  return expression.kind === 'function' && signatureOf(expression.name)?.isAggregate === true
}

/** Tells whether an expression has an aggregate in it. */
export function hasAggregate(expression: Expression): boolean {
  return isAggregate(expression) || childrenOf(expression).some(hasAggregate)
}

/** Tells whether an expression calls a function whose results vary. */
function isVolatile(expression: Expression): boolean {
  if (expression.kind === 'function' && signatureOf(expression.name)?.isVolatile === true) return true
  return childrenOf(expression).some(isVolatile)
}

/** Refuses aggregates where none may stand. @throws `SYNTAX`, detail InvalidAggregation */
export function refuseAggregates(context: CheckContext, expression: Expression): void {
  if (isAggregate(expression)) {
    throw checkError(
      context,
      expression,
      'InvalidAggregation',
      'An aggregate cannot stand here. Compute it in WITH or RETURN first.',
    )
  }
  for (const child of childrenOf(expression)) refuseAggregates(context, child)
}

/** Checks the insides of aggregates: no aggregate in an aggregate, no random values. */
export function checkAggregates(context: CheckContext, expression: Expression): void {
  if (!isAggregate(expression)) {
    for (const child of childrenOf(expression)) checkAggregates(context, child)
    return
  }
  for (const child of childrenOf(expression)) {
    if (hasAggregate(child)) {
      throw checkError(
        context,
        child,
        'NestedAggregation',
        'An aggregate cannot stand inside an aggregate. Compute the inner one in WITH first.',
      )
    }
    if (isVolatile(child)) {
      throw checkError(
        context,
        child,
        'NonConstantExpression',
        'A random value cannot stand inside an aggregate. Compute it in WITH first.',
      )
    }
  }
}

/**
 * Checks that what stands beside an aggregate in one expression is constant or a grouping key: a variable or a
 * property of one that is projected by itself.
 *
 * @throws `SYNTAX`, detail AmbiguousAggregationExpression
 */
export function checkGrouping(
  context: CheckContext,
  expression: Expression,
  keys: readonly Expression[],
  scope: Scope,
): void {
  if (isAggregate(expression) || keys.some((key) => isSimple(key) && sameExpression(key, expression))) return
  if (expression.kind === 'variable' && scope.has(expression.name)) {
    throw checkError(
      context,
      expression,
      'AmbiguousAggregationExpression',
      `An expression mixes an aggregate with a value that is no grouping key. Project it by itself first: ${expression.name}`,
    )
  }
  for (const child of childrenOf(expression)) checkGrouping(context, child, keys, scope)
}

function isSimple(expression: Expression): boolean {
  return expression.kind === 'variable' || (expression.kind === 'property' && isSimple(expression.object))
}

/** Gives the expressions that a projection groups by. */
export function groupingKeys(items: readonly ProjectionItem[]): readonly Expression[] {
  return items.map((item) => item.expression).filter((expression) => !hasAggregate(expression))
}
