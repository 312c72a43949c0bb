import {
  aggregate,
  call,
  column,
  distinct,
  type Expression,
  filter,
  type GroupingSets,
  groupingOf,
  groupingSets,
  type LogicalPlan,
  limit,
  literal,
  type NamedExpression,
  named,
  newColumnId,
  type PlanField,
  project,
  type SortKey,
  sort,
  types,
  window,
  windowExpression,
} from '@sheafdb/core'
import type {
  ExpressionNode,
  FunctionNode,
  ModifierNode,
  OrderNode,
  SelectNode,
  StarNode,
  WindowNode,
} from '../syntax.ts'
import { aggregateCalls, lowerAggregate, overGroups, sortKeysOf, structuralKey } from './aggregate.ts'
import { condition } from './condition.ts'
import { type ExpressionContext, lowerExpression } from './expression.ts'
import { lowerFrom, type Source } from './from.ts'
import { notNative } from './native.ts'
import { joinConditions } from './operators.ts'
import type { Environment, Scope, ScopeColumn } from './scope.ts'
import { referTo } from './scope.ts'
import { attachScalar, conjunctNodes, lowerSubqueryCondition, withCtes } from './subquery.ts'
import { familyOf } from './types.ts'
import { addWindow, windowNodes } from './window.ts'

/** Is the plan under a SELECT's list while it grows: subqueries in expressions are joined to it. */
type Stage = {
  plan: LogicalPlan
  readonly context: ExpressionContext
  readonly grouped: (expression: Expression) => Expression
  /** The windows that are computed. */
  readonly windows: Map<WindowNode, Expression>
}

/** Lowers a SELECT. */
export function lowerSelect(node: SelectNode, environment: Environment, outer: Scope | null): LogicalPlan {
  if (node.sample) return notNative('a sample')
  const around = withCtes(node, environment)
  const source = lowerFrom(node.from_table, around, outer)
  const scope: Scope = { columns: source.columns, outer }
  const aliases = aliasesOf(node.select_list)
  const base: ExpressionContext = { environment: around, scope, aliases }
  const filtered = lowerWhere(node.where_clause, source.plan, base)
  const items = expandStars(node.select_list, source, around)
  const orders = (node.modifiers ?? []).flatMap((modifier) =>
    modifier.type === 'ORDER_MODIFIER' ? modifier.orders : [],
  )
  const stage = lowerGroups(node, items, orders, filtered, base)
  if (node.having) {
    const test = inStage(stage, node.having)
    stage.plan = filter(stage.plan, condition(test))
  }
  lowerWindows(stage, [
    ...nodesOf(items),
    ...orders.map((order) => order.expression),
    ...(node.qualify ? [node.qualify] : []),
  ])
  if (node.qualify) {
    const test = condition(inStage(stage, node.qualify))
    stage.plan = filter(stage.plan, test)
  }
  return lowerList(items, node.modifiers ?? [], stage)
}

/** Computes the windows of a query, all of them before QUALIFY leaves rows out. */
function lowerWindows(stage: Stage, nodes: readonly ExpressionNode[]): void {
  for (const node of windowNodes(nodes)) {
    if (stage.windows.has(node)) continue
    const { window: _, ...context } = stage.context
    const added = addWindow(
      () => stage.plan,
      node,
      (part) => stage.grouped(lowerExpression(part, context)),
    )
    stage.plan = added.plan
    stage.windows.set(node, column(added.function))
  }
}

function aliasesOf(list: readonly ExpressionNode[]): Map<string, ExpressionNode> {
  const aliases = new Map<string, ExpressionNode>()
  for (const item of list) if (item.alias) aliases.set(item.alias.toLowerCase(), item)
  return aliases
}

function lowerWhere(
  node: ExpressionNode | undefined,
  plan: LogicalPlan,
  base: ExpressionContext,
): LogicalPlan {
  let current = plan
  const tests: Expression[] = []
  const context: ExpressionContext = {
    ...base,
    subquery: (subquery) => {
      const attached = attachScalar(subquery, current, base)
      current = attached.plan
      return attached.value
    },
  }
  for (const part of conjunctNodes(node)) {
    const joined = lowerSubqueryCondition(part, current, base)
    if (joined === undefined) tests.push(condition(lowerExpression(part, context)))
    else current = joined
  }
  if (tests.length > 0) current = filter(current, joinConditions('and', tests))
  return current.output.length === plan.output.length ? current : onlyColumns(current, plan.output)
}

function onlyColumns(plan: LogicalPlan, fields: readonly PlanField[]): LogicalPlan {
  return project(
    plan,
    fields.map((field) => named(field.name, column(field))),
  )
}

type Item =
  | { readonly node: ExpressionNode; readonly name: string }
  | { readonly column: ScopeColumn; readonly name: string }

function expandStars(list: readonly ExpressionNode[], source: Source, environment: Environment): Item[] {
  return list.flatMap((node): Item[] => {
    if (node.class !== 'STAR') return [{ node, name: node.alias || nameOf(node) }]
    return expandStar(node, source, environment)
  })
}

function expandStar(node: StarNode, source: Source, environment: Environment): Item[] {
  if (node.columns || node.expr || (node.rename_list ?? []).length > 0) return notNative('COLUMNS or RENAME')
  const relation = node.relation_name?.toLowerCase()
  const excluded = new Set(
    (node.exclude_list ?? []).map((name) =>
      typeof name === 'string' ? name.toLowerCase() : notNative('EXCLUDE'),
    ),
  )
  const replaced = new Map((node.replace_list ?? []).map(({ key, value }) => [key.toLowerCase(), value]))
  void environment
  return source.columns
    .filter(
      (item) =>
        (relation ? item.relation === relation : !item.hidden) && !excluded.has(item.name.toLowerCase()),
    )
    .map((item) => {
      const value = replaced.get(item.name.toLowerCase())
      return value === undefined ? { column: item, name: item.name } : { node: value, name: item.name }
    })
}

/** Gives the name that DuckDB gives an expression without an alias, where others may refer to it. */
function nameOf(node: ExpressionNode): string {
  if (node.class === 'COLUMN_REF') return node.column_names[node.column_names.length - 1] as string
  return node.class === 'FUNCTION' ? `${node.function_name}()` : 'expression'
}

function nodesOf(items: readonly Item[]): ExpressionNode[] {
  return items.flatMap((item) => ('node' in item ? [item.node] : []))
}

function lowerGroups(
  node: SelectNode,
  items: readonly Item[],
  orders: readonly OrderNode[],
  plan: LogicalPlan,
  base: ExpressionContext,
): Stage {
  const groupNodes = groupsAllOf(node, items) ?? node.group_expressions ?? []
  const calls = aggregateCalls([
    ...nodesOf(items),
    ...(node.having ? [node.having] : []),
    ...orders.map((order) => order.expression),
  ])
  if (groupNodes.length === 0 && calls.length === 0 && !node.having && (node.group_sets ?? []).length === 0)
    return plainStage(plan, base)
  const groups = groupNodes.map((group, index) => named(`group${index}`, lowerGroup(group, items, base)))
  const distinctGroups = uniqueGroups(groups)
  const aggregates = calls.map((call) => lowerAggregate(call, base))
  const sets = setsOf(node, groups, distinctGroups)
  const grouped = aggregate(plan, distinctGroups, aggregates, sets)
  const groupFields = grouped.output.slice(0, distinctGroups.length)
  const results = new Map<FunctionNode, PlanField>(
    calls.map((call, index) => [call, grouped.output[distinctGroups.length + index] as PlanField]),
  )
  const windows = new Map<WindowNode, Expression>()
  const stage: Stage = {
    plan: grouped,
    windows,
    grouped: (expression) => overGroups(expression, distinctGroups, [...groupFields, ...stage.plan.output]),
    context: {
      ...base,
      window: (window) => windows.get(window) ?? notNative('a window here'),
      grouping: (nodes) => {
        if (sets === null) return literal(0, types.int64)
        const keys = distinctGroups.map((group) => structuralKey(group.expression))
        const places = nodes.map((item) => keys.indexOf(structuralKey(lowerGroup(item, items, base))))
        return places.includes(-1) ? notNative('GROUPING of no group') : groupingOf(sets, places)
      },
      aggregate: (call) => {
        const field = results.get(call)
        return field === undefined ? notNative('an aggregate here') : column(field)
      },
      subquery: (subquery) => {
        const attached = attachScalar(subquery, stage.plan, { ...base, scope: { columns: [], outer: null } })
        stage.plan = attached.plan
        return attached.value
      },
    },
  }
  return stage
}

/** Gives what GROUP BY ALL groups by: the items without aggregates; `undefined` where it is not said. */
function groupsAllOf(node: SelectNode, items: readonly Item[]): ExpressionNode[] | undefined {
  if (node.aggregate_handling !== 'FORCE_AGGREGATES') return undefined
  return items.flatMap((item): ExpressionNode[] => {
    if ('node' in item) return aggregateCalls([item.node]).length > 0 ? [] : [item.node]
    const { relation, name } = item.column
    return [{ class: 'COLUMN_REF', column_names: relation === '' ? [name] : [relation, name] }]
  })
}

function plainStage(plan: LogicalPlan, base: ExpressionContext): Stage {
  const windows = new Map<WindowNode, Expression>()
  const stage: Stage = {
    plan,
    windows,
    grouped: (expression) => expression,
    context: {
      ...base,
      window: (window) => windows.get(window) ?? notNative('a window here'),
      subquery: (subquery) => {
        const attached = attachScalar(subquery, stage.plan, base)
        stage.plan = attached.plan
        return attached.value
      },
    },
  }
  return stage
}

/** Gives the grouping sets; `null` for plain GROUP BY, one set of all groups. */
function setsOf(
  node: SelectNode,
  groups: readonly NamedExpression[],
  distinctGroups: readonly NamedExpression[],
): GroupingSets | null {
  const sets = node.group_sets ?? []
  if (node.aggregate_handling === 'FORCE_AGGREGATES') return null
  if (sets.length === 0 || (sets.length === 1 && (sets[0] as readonly number[]).length === groups.length))
    return null
  const keys = distinctGroups.map((group) => structuralKey(group.expression))
  const placeOf = (index: number) =>
    keys.indexOf(structuralKey((groups[index] as NamedExpression).expression))
  return groupingSets(sets.map((set) => set.map(placeOf)))
}

function uniqueGroups(groups: readonly NamedExpression[]): NamedExpression[] {
  const seen = new Set<string>()
  return groups.filter((group) => {
    const key = structuralKey(group.expression)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function lowerGroup(node: ExpressionNode, items: readonly Item[], base: ExpressionContext): Expression {
  const item = node.class === 'CONSTANT' ? itemAt(node, items) : undefined
  const { aggregate: _, ...context } = base
  return item === undefined ? lowerExpression(node, context) : lowerItem(item, context)
}

function itemAt(node: ExpressionNode, items: readonly Item[]): Item | undefined {
  // A constant from the list, which GROUP BY ALL takes, is no place in it.
  if (items.some((item) => 'node' in item && item.node === node)) return undefined
  if (node.class !== 'CONSTANT' || node.value.type.id !== 'INTEGER' || node.value.is_null) return undefined
  return items[(node.value.value as number) - 1]
}

function lowerItem(item: Item, context: ExpressionContext): Expression {
  return 'node' in item
    ? lowerExpression(item.node, withoutAlias(context, item.name))
    : referTo(item.column.field)
}

/** Keeps an alias from naming itself. */
function withoutAlias(context: ExpressionContext, name: string): ExpressionContext {
  if (!context.aliases?.has(name.toLowerCase())) return context
  const aliases = new Map(context.aliases)
  aliases.delete(name.toLowerCase())
  return { ...context, aliases }
}

function inStage(stage: Stage, node: ExpressionNode): Expression {
  return stage.grouped(lowerExpression(node, stage.context))
}

function lowerList(items: readonly Item[], modifiers: readonly ModifierNode[], stage: Stage): LogicalPlan {
  const expressions = items.map((item) => {
    const expression = stage.grouped(lowerItem(item, stage.context))
    return Object.freeze({ id: newColumnId(), name: item.name, expression: settled(expression) })
  })
  const extra: NamedExpression[] = []
  const isDistinct = modifiers.some((modifier) => modifier.type === 'DISTINCT_MODIFIER')
  const keys = modifiers.flatMap((modifier) =>
    modifier.type === 'ORDER_MODIFIER'
      ? modifier.orders.flatMap((order) =>
          isAll(order.expression)
            ? items.map((_, index) => ({ order, index }))
            : [{ order, index: orderIndex(order.expression, items, expressions, extra, stage) }],
        )
      : [],
  )
  const on = modifiers.flatMap((modifier) =>
    modifier.type === 'DISTINCT_MODIFIER'
      ? (modifier.distinct_on_targets ?? []).map((target) =>
          orderIndex(target, items, expressions, extra, stage),
        )
      : [],
  )
  const orderedBy = (over: LogicalPlan) =>
    keys.flatMap(({ order, index }) => orderKeys(order, over.output[index] as PlanField))
  if (isDistinct && on.length === 0 && extra.length > 0)
    return notNative('DISTINCT ordered by what is not selected')
  let plan = project(stage.plan, [...expressions, ...extra])
  for (const modifier of modifiers) {
    if (modifier.type === 'DISTINCT_MODIFIER') {
      const targets = modifier.distinct_on_targets ?? []
      plan = targets.length === 0 ? distinct(plan) : firstOfEach(plan, on, orderedBy(plan))
    } else if (modifier.type === 'ORDER_MODIFIER') {
      const { output } = plan
      plan = sort(
        plan,
        keys.flatMap(({ order, index }) => orderKeys(order, output[index] as PlanField)),
      )
    } else if (modifier.type === 'LIMIT_MODIFIER') plan = lowerLimit(plan, modifier)
    else return notNative('LIMIT in percent')
  }
  return extra.length === 0 ? plan : onlyColumns(plan, plan.output.slice(0, items.length))
}

/** Keeps the first row, in an order, of those that are equal in some columns. */
function firstOfEach(plan: LogicalPlan, columns: readonly number[], order: readonly SortKey[]): LogicalPlan {
  const place = windowExpression('place', 'row_number', [])
  const numbered = window(plan, {
    partition: columns.map((index) => column(plan.output[index] as PlanField)),
    order,
    functions: [place],
  })
  const kept = filter(numbered, call('eq', column(place), literal(1, types.int64)))
  return onlyColumns(kept, plan.output)
}

/** Tells whether an order is by all columns: ORDER BY ALL. */
export function isAll(node: ExpressionNode): boolean {
  return node.class === 'STAR' && !node.expr && !node.relation_name && (node.exclude_list ?? []).length === 0
}

/** Gives constants a type that a column can have. */
function settled(expression: Expression): Expression {
  return familyOf(expression) === 'null' ? literal(null, types.int32) : expression
}

/** Makes the sort keys of a term over an output column. */
export function orderKeys(order: OrderNode, field: PlanField): SortKey[] {
  return sortKeysOf(order, column(field))
}

/** Finds the output column to sort by, adding one where the term is not selected. */
function orderIndex(
  node: ExpressionNode,
  items: readonly Item[],
  expressions: readonly NamedExpression[],
  extra: NamedExpression[],
  stage: Stage,
): number {
  if (node.class === 'CONSTANT') {
    const item = itemAt(node, items)
    return item === undefined ? notNative('an order by a constant') : items.indexOf(item)
  }
  if (node.class === 'STAR') return notNative('an order by columns of a pattern')
  if (node.class === 'COLUMN_REF' && node.column_names.length === 1) {
    const name = (node.column_names[0] as string).toLowerCase()
    const index = items.findIndex((item) => 'node' in item && item.node.alias?.toLowerCase() === name)
    if (index >= 0) return index
  }
  const expression = inStage(stage, node)
  const key = structuralKey(expression)
  const same = expressions.findIndex((item) => structuralKey(item.expression) === key)
  if (same >= 0) return same
  extra.push(
    Object.freeze({ id: newColumnId(), name: `order${extra.length}`, expression: settled(expression) }),
  )
  return expressions.length + extra.length - 1
}

/** Applies LIMIT and OFFSET of constants or parameters. */
export function lowerLimit(
  plan: LogicalPlan,
  modifier: Extract<ModifierNode, { type: 'LIMIT_MODIFIER' }>,
): LogicalPlan {
  return limit(plan, countOf(modifier.limit), countOf(modifier.offset))
}

function countOf(node: ExpressionNode | undefined | null): number | null {
  if (node === undefined || node === null) return null
  if (
    node.class === 'CONSTANT' &&
    ['INTEGER', 'BIGINT'].includes(node.value.type.id) &&
    Number(node.value.value) >= 0
  )
    return node.value.value as number
  return notNative('a limit that is no constant')
}
