import type { DeleteClause, Expression, MergeClause, RemoveItem, SetItem } from '../syntax.ts'
import { refuseAggregates } from './aggregation.ts'
import type { ExpressionChecker } from './expressions.ts'
import { checkCreatePatterns } from './patterns.ts'
import { type CheckContext, checkError, type Scope } from './scope.ts'
import { mayBe, type StaticType } from './static-type.ts'

/** Checks a condition, in which no aggregate may stand. */
export function checkPredicate(
  context: CheckContext,
  checker: ExpressionChecker,
  where: Expression,
  scope: Scope,
): void {
  refuseAggregates(context, where)
  checker.predicate(where, scope)
}

/** Checks an expression in which no aggregate may stand. */
export function plain(
  context: CheckContext,
  checker: ExpressionChecker,
  expression: Expression,
  scope: Scope,
): StaticType {
  refuseAggregates(context, expression)
  return checker.infer(expression, scope)
}

/** Adds a variable to a scope. @throws `SYNTAX` where its name is taken */
export function bindNew(
  context: CheckContext,
  scope: Scope,
  variable: { name: string; start: number; end: number },
  type: StaticType,
): Scope {
  if (scope.has(variable.name)) {
    throw checkError(
      context,
      variable,
      'VariableAlreadyBound',
      `A variable is bound already. Use another name: ${variable.name}`,
    )
  }
  return new Map(scope).set(variable.name, type)
}

/** Checks MERGE; gives the scope with what it binds. */
export function checkMerge(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: MergeClause,
  scope: Scope,
): Scope {
  const inner = checkCreatePatterns(context, checker, [clause.pattern], scope, 'MERGE')
  for (const item of [...clause.onCreate, ...clause.onMatch]) checkSetItem(context, checker, item, inner)
  return inner
}

/** Checks an item of SET. */
export function checkSetItem(
  context: CheckContext,
  checker: ExpressionChecker,
  item: SetItem,
  scope: Scope,
): void {
  if (item.kind === 'setProperty') {
    plain(context, checker, item.target, scope)
    plain(context, checker, item.value, scope)
    return
  }
  expectEntity(context, checker, item.variable, scope, item.kind === 'setLabels')
  if (item.kind === 'setAll') plain(context, checker, item.value, scope)
}

/** Checks an item of REMOVE. */
export function checkRemoveItem(
  context: CheckContext,
  checker: ExpressionChecker,
  item: RemoveItem,
  scope: Scope,
): void {
  if (item.kind === 'removeProperty') plain(context, checker, item.target, scope)
  else expectEntity(context, checker, item.variable, scope, true)
}

function expectEntity(
  context: CheckContext,
  checker: ExpressionChecker,
  variable: { name: string; start: number; end: number },
  scope: Scope,
  nodesOnly: boolean,
): void {
  const type = checker.infer({ kind: 'variable', ...variable }, scope)
  if (mayBe(type, 'node') || (!nodesOnly && mayBe(type, 'relationship'))) return
  throw checkError(
    context,
    variable,
    'InvalidArgumentType',
    `Only ${nodesOnly ? 'nodes have labels' : 'nodes and relationships have properties'} to change: ${variable.name}`,
  )
}

/** Checks DELETE. */
export function checkDelete(
  context: CheckContext,
  checker: ExpressionChecker,
  clause: DeleteClause,
  scope: Scope,
): void {
  for (const expression of clause.expressions) {
    if (expression.kind === 'hasLabels') {
      throw checkError(
        context,
        expression,
        'InvalidDelete',
        'Labels and types are not deleted. Use REMOVE for labels.',
      )
    }
    const type = plain(context, checker, expression, scope)
    if (!mayBe(type, 'node', 'relationship', 'path')) {
      throw checkError(
        context,
        expression,
        'InvalidArgumentType',
        `Only nodes, relationships and paths are deleted, not a ${type.kind}.`,
      )
    }
  }
}
