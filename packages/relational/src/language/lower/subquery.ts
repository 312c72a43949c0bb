import {
  aggregate,
  aggregateExpression,
  apply,
  type ColumnId,
  call,
  column,
  columnsOf,
  conjunction,
  distinct,
  type Expression,
  filter,
  freeOuters,
  type JoinKey,
  join,
  type LogicalPlan,
  limit,
  literal,
  mapExpression,
  named,
  outer,
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
import { NotNative, notNative } from './native.ts'
import { compare } from './operators.ts'
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
  const [inner] = node.class === 'OPERATOR' && node.type === 'OPERATOR_NOT' ? node.children : []
  const subquery = node.class === 'SUBQUERY' ? node : inner?.class === 'SUBQUERY' ? inner : undefined
  if (subquery === undefined) return undefined
  try {
    return existential(subquery, plan, context, subquery !== node)
  } catch (error) {
    // As a value it may still be computed.
    if (error instanceof NotNative) return undefined
    throw error
  }
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
  const inWhole = (): LogicalPlan => {
    const inner = environment.lowerQuery(query, environment, null)
    const [field, ...more] = inner.output
    if (field === undefined || more.length > 0) return notNative('IN of a query of several columns')
    return membership(plan, inner, { value, item: column(field), negative, correlated: [] })
  }
  if (!isPlain(query) || aggregateCalls(query.select_list).length > 0 || query.select_list.length !== 1)
    return inWhole()
  const body = nativeOrNull(() => lowerBody(query, environment, context.scope))
  // Subqueries in its own condition are lowered with the query as a whole, where nothing of it looks outwards.
  if (body === null) return inWhole()
  const [itemNode] = query.select_list as [ExpressionNode]
  if (itemNode.class === 'STAR') return notNative('IN of a star')
  const item = lowerExpression(itemNode, { environment, scope: { columns: body.scope.columns, outer: null } })
  return membership(plan, body.plan, { value, item, negative, correlated: body.correlated })
}

/** Gives what a lowering makes, `null` where it cannot be lowered. */
function nativeOrNull<Result>(lower: () => Result): Result | null {
  try {
    return lower()
  } catch (error) {
    if (error instanceof NotNative) return null
    throw error
  }
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

/** Is a plan to which the result of a subquery was joined, and that result. */
type Attached = { readonly plan: LogicalPlan; readonly value: Expression }

/** Joins a subquery to a plan and gives the expression of its result. */
export function attachScalar(node: SubqueryNode, plan: LogicalPlan, context: ExpressionContext): Attached {
  const environment = deeper(context.environment)
  if (node.subquery_type === 'ANY') return attachAny(node, plan, { ...context, environment })
  if (node.subquery_type !== 'SCALAR') return attachExists(node, plan, { ...context, environment })
  try {
    return attachJoined(node, plan, { ...context, environment })
  } catch (error) {
    if (!(error instanceof NotNative)) throw error
  }
  const inner = environment.lowerQuery(node.subquery.node, environment, context.scope)
  return single(plan, oneColumn(inner))
}

function oneColumn(inner: LogicalPlan): LogicalPlan {
  return inner.output.length === 1 ? inner : notNative('a subquery of several columns')
}

/** Runs a plan of one row for each row of another, or once where it names none of its columns. */
function single(plan: LogicalPlan, inner: LogicalPlan): Attached {
  const fresh = freeOuters(inner).size === 0 ? withFreshIds(inner) : inner
  const joined = apply('single', plan, fresh)
  return { plan: joined, value: column(joined.output[joined.output.length - 1] as PlanField) }
}

/** EXISTS as a value: whether there is a row. */
function attachExists(node: SubqueryNode, plan: LogicalPlan, context: ExpressionContext): Attached {
  const inner = context.environment.lowerQuery(node.subquery.node, context.environment, context.scope)
  const counted = aggregate(limit(inner, 1), [], [aggregateExpression('found', 'count', [])])
  const attached = single(plan, counted)
  const none = call('eq', call('coalesce', attached.value, literal(0, types.int64)), literal(0, types.int64))
  return { ...attached, value: node.subquery_type === 'NOT_EXISTS' ? none : call('not', none) }
}

/**
 * IN and ANY as a value: true where a comparison is, else unknown where one is, else false. Equality with a query that
 * names no column around is one hash join.
 */
function attachAny(node: SubqueryNode, plan: LogicalPlan, context: ExpressionContext): Attached {
  const { environment, scope } = context
  const value = lowerExpression(node.child as ExpressionNode, context)
  const inner = oneColumn(environment.lowerQuery(node.subquery.node, environment, scope))
  const item = column(inner.output[0] as PlanField)
  if (freeOuters(inner).size === 0 && node.comparison_type === 'COMPARE_EQUAL' && columnsOf(value).size > 0)
    return attachMember(plan, inner, value)
  const ids = new Set(plan.output.map((field) => field.id))
  const around = mapExpression(value, (part) =>
    part.kind === 'column' && ids.has(part.id) ? outer(part) : part,
  )
  const test = compare(node.comparison_type, around, item)
  const tested = project(inner, [named('test', test)])
  const result = column(tested.output[0] as PlanField)
  const counted = aggregate(
    tested,
    [],
    [
      aggregateExpression('any', 'bool_or', [result]),
      aggregateExpression('rows', 'count', []),
      aggregateExpression('known', 'count', [result]),
    ],
  )
  const joined = apply('single', plan, freeOuters(counted).size === 0 ? withFreshIds(counted) : counted)
  const [any, rows, known] = joined.output.slice(-3).map((field) => column(field)) as [
    Expression,
    Expression,
    Expression,
  ]
  return { plan: joined, value: threeValued(any, rows, known) }
}

function threeValued(any: Expression, rows: Expression, known: Expression): Expression {
  return call(
    'case',
    call('coalesce', any, literal(false, types.bool)),
    literal(true, types.bool),
    call('gt', rows, known),
    literal(null, types.bool),
    literal(false, types.bool),
  )
}

function attachMember(plan: LogicalPlan, inner: LogicalPlan, value: Expression): Attached {
  const fresh = withFreshIds(inner)
  const field = fresh.output[0] as PlanField
  const [left, right] = comparable(value, column(field))
  const present = distinct(project(fresh, [named('item', right)]))
  const kept = filter(present, call('is_not_null', column(present.output[0] as PlanField)))
  const joined = join(plan, kept, {
    how: 'left',
    keys: [{ left, right: column(kept.output[0] as PlanField) }],
  })
  const match = column(joined.output[joined.output.length - 1] as PlanField)
  const again = withFreshIds(inner)
  const counted = aggregate(
    again,
    [],
    [
      aggregateExpression('rows', 'count', []),
      aggregateExpression('known', 'count', [column(again.output[0] as PlanField)]),
    ],
  )
  const all = join(joined, counted, { how: 'cross' })
  const [rows, known] = all.output.slice(-2).map((item) => column(item)) as [Expression, Expression]
  const none = call('eq', rows, literal(0, types.int64))
  return {
    plan: all,
    value: call(
      'case',
      none,
      literal(false, types.bool),
      call('is_null', left),
      literal(null, types.bool),
      call('is_not_null', match),
      literal(true, types.bool),
      call('gt', rows, known),
      literal(null, types.bool),
      literal(false, types.bool),
    ),
  }
}

/** Joins a scalar subquery: one that names columns around by equality becomes a left join with its groups. */
function attachJoined(node: SubqueryNode, plan: LogicalPlan, context: ExpressionContext): Attached {
  const query = node.subquery.node
  const { environment } = context
  if (isPlain(query) && query.select_list.length === 1) {
    const calls = aggregateCalls(query.select_list)
    if (calls.length > 0) return attachAggregate(query, calls, plan, context)
  }
  const inner = oneColumn(environment.lowerQuery(query, environment, null))
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
): Attached {
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
