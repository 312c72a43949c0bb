import type { Expression, ProjectionClause, SortItem } from '../syntax.ts'
import {
  checkAggregates,
  checkGrouping,
  groupingKeys,
  hasAggregate,
  isAggregate,
  refuseAggregates,
} from './aggregation.ts'
import type { ExpressionChecker } from './expressions.ts'
import { type CheckContext, checkError, childrenOf, type Scope, sameExpression } from './scope.ts'
import { INTEGER, mayBe, type StaticType } from './static-type.ts'

/** Checks WITH or RETURN; gives the scope that it leaves. */
export function checkProjection(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: ProjectionClause,
  scope: Scope,
): Scope {
  if (clause.star && scope.size === 0 && clause.kind === 'return') {
    throw checkError(
      context,
      clause,
      'NoVariablesInScope',
      'RETURN * needs variables to return. Bind some before.',
    )
  }
  const result = projectedScope(context, checker, clause, scope)
  const aggregates = clause.items.some(({ expression }) => hasAggregate(expression))
  if (aggregates) checkGroups(context, clause, scope)
  checkOrder(context, checker, clause, { scope, result, aggregates })
  for (const bound of [clause.skip, clause.limit]) if (bound !== null) checkBound(context, checker, bound)
  if (clause.where !== null) {
    refuseAggregates(context, clause.where)
    if (aggregates || clause.distinct) {
      const projected = clause.items.map(({ expression }) => expression)
      checkProjected(context, checker, clause.where, projected, result)
    } else checker.predicate(clause.where, new Map([...scope, ...result]))
  }
  return result
}

function projectedScope(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: ProjectionClause,
  scope: Scope,
): Scope {
  const result = new Map<string, StaticType>(clause.star ? scope : [])
  const named = new Set<string>()
  for (const item of clause.items) {
    if (clause.kind === 'with' && item.alias === null && item.expression.kind !== 'variable') {
      throw checkError(
        context,
        item,
        'NoExpressionAlias',
        'An expression in WITH needs a name. Write … AS name',
      )
    }
    checkAggregates(context, item.expression)
    const type = checker.infer(item.expression, scope)
    if (named.has(item.name)) {
      throw checkError(
        context,
        item,
        'ColumnNameConflict',
        `Two columns have the same name. Give one of them another: ${item.name}`,
      )
    }
    named.add(item.name)
    result.set(item.name, type)
  }
  return result
}

function checkGroups(context: CheckContext, clause: ProjectionClause, scope: Scope): void {
  const keys: Expression[] = [...groupingKeys(clause.items)]
  if (clause.star) for (const name of scope.keys()) keys.push({ kind: 'variable', name, start: 0, end: 0 })
  for (const { expression } of clause.items) {
    if (hasAggregate(expression)) checkGrouping(context, expression, keys, scope)
  }
}

type OrderScopes = { readonly scope: Scope; readonly result: Scope; readonly aggregates: boolean }

function checkOrder(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: ProjectionClause,
  scopes: OrderScopes,
): void {
  for (const item of clause.orderBy) {
    if (!scopes.aggregates && !clause.distinct) {
      refuseAggregates(context, item.expression)
      checker.infer(item.expression, new Map([...scopes.scope, ...scopes.result]))
    } else checkGroupedOrder(context, checker, clause, item, scopes)
  }
}

/** Checks a sort key after grouping: it sees the projected columns, and expressions that are projected as they are. */
function checkGroupedOrder(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: ProjectionClause,
  item: SortItem,
  { scope, result, aggregates }: OrderScopes,
): void {
  if (!aggregates) refuseAggregates(context, item.expression)
  const projected = clause.items.map(({ expression }) => expression)
  if (
    hasAggregate(item.expression) &&
    !projected.some((expression) => sameExpression(expression, item.expression))
  ) {
    checkProjectedAggregates(context, item.expression, projected, result)
    const keys: Expression[] = [...groupingKeys(clause.items)]
    for (const name of result.keys()) keys.push({ kind: 'variable', name, start: 0, end: 0 })
    checkGrouping(context, item.expression, keys, new Map([...scope, ...result]))
    return
  }
  checkProjected(context, checker, item.expression, projected, result)
}

function checkProjectedAggregates(
  context: CheckContext,
  expression: Expression,
  projected: readonly Expression[],
  result: Scope,
): void {
  if (isAggregate(expression)) {
    if (projected.some((item) => sameExpression(item, expression))) return
    refuseVariables(context, expression, result)
    return
  }
  for (const child of childrenOf(expression)) checkProjectedAggregates(context, child, projected, result)
}

function refuseVariables(context: CheckContext, expression: Expression, result: Scope): void {
  if (expression.kind === 'variable' && !result.has(expression.name)) {
    throw checkError(
      context,
      expression,
      'UndefinedVariable',
      `A variable cannot be seen after grouping. Project it first: ${expression.name}`,
    )
  }
  for (const child of childrenOf(expression)) refuseVariables(context, child, result)
}

function checkProjected(
  context: CheckContext,
  checker: ExpressionChecker,
  expression: Expression,
  projected: readonly Expression[],
  result: Scope,
): void {
  if (projected.some((item) => sameExpression(item, expression))) return
  const children = childrenOf(expression)
  if (children.length === 0) checker.infer(expression, result)
  else for (const child of children) checkProjected(context, checker, child, projected, result)
}

/** Checks SKIP or LIMIT: an expression without variables, a whole number that is not negative. */
function checkBound(context: CheckContext, checker: ExpressionChecker, bound: Expression): void {
  refuseAggregates(context, bound)
  if (readsVariables(bound)) {
    throw checkError(
      context,
      bound,
      'NonConstantExpression',
      'SKIP and LIMIT take a constant. Use a number or a parameter.',
    )
  }
  const type = checker.infer(bound, new Map())
  if (bound.kind === 'literal' && isNegative(bound.value)) {
    throw checkError(
      context,
      bound,
      'NegativeIntegerArgument',
      'SKIP and LIMIT take a number that is not negative.',
    )
  }
  if (!mayBe(type, INTEGER.kind)) {
    throw checkError(
      context,
      bound,
      'InvalidArgumentType',
      `SKIP and LIMIT take a whole number, not a ${type.kind}.`,
    )
  }
}

function readsVariables(expression: Expression): boolean {
  return expression.kind === 'variable' || childrenOf(expression).some(readsVariables)
}

function isNegative(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'bigint') && value < 0
}
