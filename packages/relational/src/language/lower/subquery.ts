import {
  aggregate,
  type ColumnId,
  call,
  column,
  columnsOf,
  conjunction,
  type Expression,
  filter,
  type JoinKey,
  join,
  type LogicalPlan,
  literal,
  named,
  type PlanField,
  project,
  types,
  withFreshIds,
} from '@sheafdb/core'
import type { ExpressionNode, FunctionNode, QueryNode, SelectNode, SubqueryNode } from '../syntax.ts'
import { aggregateCalls, lowerAggregate } from './aggregate.ts'
import { condition } from './condition.ts'
import { type ExpressionContext, lowerExpression } from './expression.ts'
import { lowerFrom, readsOnly, splitCondition } from './from.ts'
import { notNative } from './native.ts'
import { deeper, type Environment, type Scope } from './scope.ts'
import { comparable } from './types.ts'

/** Is the body of a subquery, and the conditions in it that name columns of the query around. */
type Body = { readonly plan: LogicalPlan; readonly scope: Scope; readonly correlated: readonly Expression[] }

/** Lowers FROM and WHERE of a subquery; conditions that name columns around are given apart. */
function lowerBody(node: SelectNode, environment: Environment, outer: Scope): Body {
  const around = withCtes(node, environment)
  const source = lowerFrom(node.from_table, around, null)
  const scope: Scope = { columns: source.columns, outer }
  let plan = source.plan
  const correlated: Expression[] = []
  for (const part of conjunctNodes(node.where_clause)) {
    const named = new Set<ColumnId>()
    const test = condition(lowerExpression(part, { environment: around, scope, outer: named }))
    if (named.size > 0) correlated.push(test)
    else plan = filter(plan, test)
  }
  return { plan, scope, correlated }
}

/** Adds the common table expressions of a query to what it sees. */
export function withCtes(node: QueryNode, environment: Environment): Environment {
  let current = environment
  for (const cte of node.cte_map?.map ?? []) {
    const around = current
    current = { ...current, ctes: [{ cte, environment: around }, ...current.ctes] }
  }
  return current
}

/** Splits a WHERE clause at its ANDs. */
export function conjunctNodes(node: ExpressionNode | undefined | null): ExpressionNode[] {
  if (node === undefined || node === null) return []
  return node.class === 'CONJUNCTION' && node.type === 'CONJUNCTION_AND'
    ? node.children.flatMap(conjunctNodes)
    : [node]
}

/** Tells whether a subquery is a plain SELECT … FROM … WHERE. */
function isPlain(node: QueryNode): node is SelectNode {
  return (
    node.type === 'SELECT_NODE' &&
    (node.modifiers ?? []).length === 0 &&
    (node.group_expressions ?? []).length === 0 &&
    !node.having &&
    !node.qualify &&
    !node.sample &&
    node.aggregate_handling !== 'FORCE_AGGREGATES'
  )
}

/**
 * Lowers a condition that is a subquery: EXISTS and IN become semi joins, their negations anti joins.
 *
 * @returns the plan with the condition applied, or `undefined` where it is no such condition
 */
export function lowerSubqueryCondition(
  node: ExpressionNode,
  plan: LogicalPlan,
  context: ExpressionContext,
): LogicalPlan | undefined {
  if (node.class === 'SUBQUERY') return existential(node, plan, context, false)
  const [inner] = node.class === 'OPERATOR' && node.type === 'OPERATOR_NOT' ? node.children : []
  return inner?.class === 'SUBQUERY' ? existential(inner, plan, context, true) : undefined
}

function existential(
  node: SubqueryNode,
  plan: LogicalPlan,
  context: ExpressionContext,
  negated: boolean,
): LogicalPlan | undefined {
  const negative = negated !== (node.subquery_type === 'NOT_EXISTS')
  if (node.subquery_type === 'EXISTS' || node.subquery_type === 'NOT_EXISTS')
    return exists(node, plan, context, negative)
  if (node.subquery_type !== 'ANY' || node.comparison_type !== 'COMPARE_EQUAL' || node.child === undefined)
    return undefined
  return isIn(node, plan, context, negative)
}

function exists(
  node: SubqueryNode,
  plan: LogicalPlan,
  context: ExpressionContext,
  negative: boolean,
): LogicalPlan {
  const query = node.subquery.node
  const how = negative ? 'anti' : 'semi'
  const environment = deeper(context.environment)
  if (!isPlain(query) || aggregateCalls(query.select_list).length > 0)
    return join(plan, environment.lowerQuery(query, environment, null), { how })
  const { plan: inner, correlated } = lowerBody(query, environment, context.scope)
  const { keys, residual } = splitCondition(conjunction(correlated), plan, inner)
  return join(plan, inner, { how, keys, residual })
}

function isIn(
  node: SubqueryNode,
  plan: LogicalPlan,
  context: ExpressionContext,
  negative: boolean,
): LogicalPlan {
  const query = node.subquery.node
  const { subquery: _, ...plainContext } = context
  const value = lowerExpression(node.child as ExpressionNode, plainContext)
  const environment = deeper(context.environment)
  if (!isPlain(query) || aggregateCalls(query.select_list).length > 0 || query.select_list.length !== 1) {
    const inner = environment.lowerQuery(query, environment, null)
    const [field, ...more] = inner.output
    if (field === undefined || more.length > 0) return notNative('IN of a query of several columns')
    return membership(plan, inner, { value, item: column(field), negative, correlated: [] })
  }
  const body = lowerBody(query, environment, context.scope)
  const [itemNode] = query.select_list as [ExpressionNode]
  if (itemNode.class === 'STAR') return notNative('IN of a star')
  const item = lowerExpression(itemNode, { environment, scope: { columns: body.scope.columns, outer: null } })
  return membership(plan, body.plan, { value, item, negative, correlated: body.correlated })
}

function membership(
  plan: LogicalPlan,
  inner: LogicalPlan,
  options: {
    readonly value: Expression
    readonly item: Expression
    readonly negative: boolean
    readonly correlated: readonly Expression[]
  },
): LogicalPlan {
  const { negative, correlated } = options
  const [left, right] = comparable(options.value, options.item)
  if (negative && (left.nullable || right.nullable)) return notNative('NOT IN where values may be null')
  if (columnsOf(left).size === 0 || columnsOf(right).size === 0) return notNative('IN of constants')
  const { keys, residual } = splitCondition(conjunction(correlated), plan, inner)
  const key: JoinKey = { left, right }
  return join(plan, inner, { how: negative ? 'anti' : 'semi', keys: [key, ...keys], residual })
}

/**
 * Joins a scalar subquery to a plan and gives the column that holds its result. One that names columns around by
 * equality becomes a left join with its groups.
 */
export function attachScalar(
  node: SubqueryNode,
  plan: LogicalPlan,
  context: ExpressionContext,
): { readonly plan: LogicalPlan; readonly value: Expression } {
  if (node.subquery_type !== 'SCALAR') return notNative('a subquery as a value')
  const query = node.subquery.node
  const environment = deeper(context.environment)
  if (isPlain(query) && query.select_list.length === 1) {
    const calls = aggregateCalls(query.select_list)
    if (calls.length > 0) return attachAggregate(query, calls, plan, { ...context, environment })
  }
  const inner = environment.lowerQuery(query, environment, null)
  const [field, ...more] = inner.output
  if (field === undefined || more.length > 0) return notNative('a subquery of several columns')
  if (!givesOneRowAtMost(inner)) return notNative('a subquery that may give several rows')
  const joined = join(plan, withFreshIds(inner), { how: 'left' })
  return { plan: joined, value: column(joined.output[joined.output.length - 1] as PlanField) }
}

function givesOneRowAtMost(plan: LogicalPlan): boolean {
  switch (plan.kind) {
    case 'aggregate':
      return plan.groups.length === 0
    case 'limit':
      return plan.count?.kind === 'literal' && (plan.count.value === 1 || plan.count.value === 0)
    case 'values':
      return plan.rowCount <= 1
    case 'project':
    case 'filter':
    case 'sort':
      return givesOneRowAtMost(plan.input)
    default:
      return false
  }
}

function attachAggregate(
  query: SelectNode,
  calls: readonly FunctionNode[],
  plan: LogicalPlan,
  context: ExpressionContext,
): { readonly plan: LogicalPlan; readonly value: Expression } {
  const body = lowerBody(query, context.environment, context.scope)
  const scope: Scope = { columns: body.scope.columns, outer: null }
  const { environment } = context
  const aggregates = calls.map((call) => lowerAggregate(call, { environment, scope }))
  const outerIds = new Set(plan.output.map((field) => field.id))
  const innerIds = new Set(body.plan.output.map((field) => field.id))
  const { keys, residual } = splitCondition(conjunction(body.correlated), plan, body.plan)
  if (residual !== null) return notNative('a correlated subquery without equality')
  const groups = keys.map((key, index) => named(`key${index}`, key.right))
  if (!keys.every((key) => readsOnly(key.left, outerIds) && readsOnly(key.right, innerIds)))
    return notNative('a correlated subquery')
  const grouped = aggregate(body.plan, groups, aggregates)
  const results = new Map(
    calls.map((call, index) => [call, grouped.output[groups.length + index] as PlanField]),
  )
  const item = lowerExpression(query.select_list[0] as ExpressionNode, {
    environment,
    scope: { columns: [], outer: null },
    aggregate: (call) => column(results.get(call) as PlanField),
  })
  if (keys.length > 0 && item.kind !== 'column') return notNative('a correlated subquery that computes')
  const shown = project(grouped, [
    ...groups.map((_, index) => {
      const field = grouped.output[index] as PlanField
      return named(field.name, column(field))
    }),
    named('value', item),
  ])
  const joined = join(plan, shown, {
    how: 'left',
    keys: keys.map((key, index) => ({ left: key.left, right: column(shown.output[index] as PlanField) })),
  })
  const value = column(joined.output[joined.output.length - 1] as PlanField)
  const counts = keys.length > 0 && aggregates.some((item) => item.function === 'count')
  return { plan: joined, value: counts ? call('coalesce', value, literal(0, types.int64)) : value }
}
