import {
  type AggregateExpression,
  aggregate,
  aggregateExpression,
  type ColumnExpression,
  call,
  castTarget,
  childExpressions,
  column,
  distinct,
  type Expression,
  isFloat,
  isList,
  isVariant,
  join,
  limit,
  literal,
  type NamedExpression,
  named,
  project,
  type SortKey,
  sort,
  sortKey,
  types,
  unnest,
  withFreshIds,
} from '@sheafdb/core'
import { hasAggregate } from '../check/aggregation.ts'
import type * as syntax from '../syntax.ts'
import { evaluateCount } from './constants.ts'
import { entityKey, entityOf } from './entities.ts'
import { addColumn } from './facets.ts'
import {
  type Binding,
  bindingColumns,
  type Facets,
  type Frame,
  type LowerContext,
  makeFrame,
  mapBinding,
  NO_LOCALS,
  outputColumn,
} from './frame.ts'
import { lowerAggregate } from './functions.ts'
import { projectedAs, takeAggregates } from './substitute.ts'

/** Is an item of a projection, `*` written out. */
type Item = { readonly name: string; readonly expression: syntax.Expression }

/** Lowers WITH or RETURN; the frame that it gives binds the items, in order. */
export function lowerProjection(context: LowerContext, frame: Frame, clause: syntax.ProjectionClause): Frame {
  const items = itemsOf(frame, clause)
  if (items.some(({ expression }) => hasAggregate(expression))) {
    return finishGrouped(context, lowerGroups(context, frame, items), clause, items)
  }
  const outputs = bindItems(context, frame, items)
  if (clause.distinct) {
    const result = narrow(frame, outputs, false)
    result.plan = distinct(result.plan)
    return finishGrouped(context, result, clause, items)
  }
  const merged = makeMerged(frame, outputs)
  orderAndLimit(
    context,
    merged,
    clause,
    clause.orderBy.map(({ expression }) => expression),
  )
  if (clause.where !== null) context.rules.filter(context, merged, clause.where)
  return narrow(merged, outputs, true)
}

function itemsOf(frame: Frame, clause: syntax.ProjectionClause): readonly Item[] {
  const place = { start: clause.start, end: clause.end }
  const named = new Set(clause.items.map(({ name }) => name))
  const all = clause.star ? [...frame.bindings.keys()].filter((name) => !named.has(name)) : []
  return [
    ...all.map((name): Item => ({ name, expression: { kind: 'variable', name, ...place } })),
    ...clause.items.map(({ name, expression }): Item => ({ name, expression })),
  ]
}

function bindItems(
  context: LowerContext,
  frame: Frame,
  items: readonly Item[],
): ReadonlyMap<string, Binding> {
  return new Map(items.map(({ name, expression }) => [name, bindItem(context, frame, name, expression)]))
}

function bindItem(context: LowerContext, frame: Frame, name: string, expression: syntax.Expression): Binding {
  if (expression.kind === 'variable') {
    const binding = frame.bindings.get(expression.name)
    if (binding !== undefined) return binding
  }
  const entity = entityOf(context, frame, expression, NO_LOCALS)
  if (entity !== null) return entity
  const value = context.rules.expression(context, frame, expression)
  return { kind: 'value', value: addColumn(frame, name, value) }
}

/** Makes a frame that sees the items before the variables that they came from, over the same plan. */
function makeMerged(frame: Frame, outputs: ReadonlyMap<string, Binding>): Frame {
  const merged = makeFrame(frame.plan, [...frame.bindings, ...outputs], frame.domain)
  for (const [id, facets] of frame.facets) merged.facets.set(id, facets)
  for (const [key, value] of frame.values) merged.values.set(key, value)
  return merged
}

/** Keeps the columns of the items alone, and what has been fetched of them where the rows stay the same. */
function narrow(frame: Frame, outputs: ReadonlyMap<string, Binding>, keepsFacets: boolean): Frame {
  const columns = new Map<number, ColumnExpression>()
  const keep = (item: ColumnExpression): void => {
    if (!columns.has(item.id)) columns.set(item.id, outputColumn(frame.plan, item.id))
  }
  for (const binding of outputs.values()) bindingColumns(binding).forEach(keep)
  frame.domain?.columns.forEach(keep)
  const facets = keepsFacets ? [...frame.facets].filter(([id]) => columns.has(id)) : []
  for (const [, kept] of facets) facetColumns(kept).forEach(keep)
  const plan = project(
    frame.plan,
    [...columns.values()].map((item) => named(item.name, item)),
  )
  const result = makeFrame(plan, outputs, frame.domain)
  for (const [id, kept] of facets) result.facets.set(id, kept)
  return result
}

/** Gives the columns that facets read. */
function facetColumns(facets: Facets): readonly ColumnExpression[] {
  const columns: ColumnExpression[] = []
  const collect = (part: Expression): void => {
    if (part.kind === 'column') columns.push(part)
    else childExpressions(part).forEach(collect)
  }
  Object.values(facets).forEach(collect)
  return columns
}

function finishGrouped(
  context: LowerContext,
  frame: Frame,
  clause: syntax.ProjectionClause,
  items: readonly Item[],
): Frame {
  const outputs = new Map(frame.bindings)
  orderAndLimit(
    context,
    frame,
    clause,
    clause.orderBy.map(({ expression }) => projectedAs(expression, items)),
  )
  if (clause.where !== null) context.rules.filter(context, frame, projectedAs(clause.where, items))
  return narrow(frame, outputs, true)
}

function orderAndLimit(
  context: LowerContext,
  frame: Frame,
  clause: syntax.ProjectionClause,
  expressions: readonly syntax.Expression[],
): void {
  const keys = clause.orderBy.flatMap(({ descending }, at) =>
    sortKeys(context, frame, expressions[at] as syntax.Expression, descending),
  )
  frame.plan = sort(frame.plan, keys)
  if (clause.skip === null && clause.limit === null) return
  const skip = clause.skip === null ? null : evaluateCount(context, clause.skip)
  const count = clause.limit === null ? null : evaluateCount(context, clause.limit)
  if (frame.domain === null || frame.domain.columns.length === 0) frame.plan = limit(frame.plan, count, skip)
  else limitEach(frame, frame.domain.columns, { skip: skip ?? 0, count })
}

/** Limits the rows for each row outside a subquery: they are put into a list, which is cut and taken apart again. */
function limitEach(
  frame: Frame,
  groups: readonly ColumnExpression[],
  { skip, count }: { readonly skip: number; readonly count: number | null },
): void {
  const columns = frame.plan.output.filter(({ id }) => groups.every((group) => group.id !== id)).map(column)
  const row = call('cypher.row', ...columns)
  const rows = aggregateExpression('rows', 'list', [row])
  const keys = groups.map((group) => named(group.name, outputColumn(frame.plan, group.id)))
  const grouped = aggregate(frame.plan, keys, [rows])
  const end = count === null ? Number.MAX_SAFE_INTEGER : skip + count
  const cut = call('list.slice', outputColumn(grouped, rows.id), literal(skip), literal(end))
  const apart = unnest(grouped, cut, { name: 'row', type: types.variant })
  const element = column(apart.output.at(-1) as (typeof apart.output)[number])
  frame.plan = project(apart, [
    ...groups.map((group) => named(group.name, outputColumn(apart, group.id))),
    ...columns.map(({ id, name, type }, at) => ({
      id,
      name,
      expression: typedItem(call('cypher.index', element, literal(at)), type),
    })),
  ])
}

/** Gives a value taken out of a row the type that it had. */
function typedItem(value: Expression, type: Expression['type']): Expression {
  const target = castTarget(type)
  return target === undefined || target === 'variant' ? value : call(`cast.${target}`, value)
}

/** Sorts in openCypher's order, null last when ascending and first when descending. */
function sortKeys(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression,
  descending: boolean,
): readonly SortKey[] {
  const entity = entityOf(context, frame, expression, NO_LOCALS)
  const options = { descending, nullsFirst: descending }
  if (entity !== null && entity.kind !== 'path') return [sortKey(entityKey(entity), options)]
  const value = context.rules.expression(context, frame, expression)
  if (!isVariant(value.type) && !isFloat(value.type) && !isList(value.type)) return [sortKey(value, options)]
  return [
    sortKey(call('cypher.order_rank', value), options),
    sortKey(call('cypher.order_key', value), options),
  ]
}

/** Groups by the items without aggregates and computes the others. */
function lowerGroups(context: LowerContext, frame: Frame, items: readonly Item[]): Frame {
  const keys = items.filter(({ expression }) => !hasAggregate(expression))
  const keyBindings = bindItems(context, frame, keys)
  const taken: Item[] = []
  const rest = items
    .filter(({ expression }) => hasAggregate(expression))
    .map(
      ({ name, expression }): Item => ({
        name,
        expression: projectedKeys(takeAggregates(expression, taken), keys),
      }),
    )
  const aggregates = taken.map(({ name, expression }) => ({
    name,
    ...makeAggregate(context, frame, name, expression),
  }))
  const groups = groupColumns(frame, keyBindings)
  const grouped = makeFrame(
    aggregate(
      frame.plan,
      groups,
      aggregates.map(({ made }) => made),
    ),
    [],
    frame.domain,
  )
  if (keys.length === 0) fillEmptyGroups(grouped)
  for (const [name, binding] of keyBindings) {
    grouped.bindings.set(
      name,
      mapBinding(binding, ({ id }) => outputColumn(grouped.plan, id)),
    )
  }
  finishAggregates(grouped, aggregates)
  const outputs = new Map<string, Binding>()
  for (const { name } of items) {
    const item = rest.find((candidate) => candidate.name === name)
    outputs.set(
      name,
      item === undefined
        ? (grouped.bindings.get(name) as Binding)
        : bindItem(context, grouped, name, item.expression),
    )
  }
  grouped.bindings.clear()
  for (const [name, binding] of outputs) grouped.bindings.set(name, binding)
  return grouped
}

function projectedKeys(expression: syntax.Expression, keys: readonly Item[]): syntax.Expression {
  return projectedAs(
    expression,
    keys.filter((key) => key.expression.kind !== 'literal'),
  )
}

function groupColumns(frame: Frame, bindings: ReadonlyMap<string, Binding>): readonly NamedExpression[] {
  const groups = new Map<number, NamedExpression>()
  const add = (item: ColumnExpression): void => {
    groups.set(item.id, named(item.name, outputColumn(frame.plan, item.id)))
  }
  frame.domain?.columns.forEach(add)
  for (const binding of bindings.values()) bindingColumns(binding).forEach(add)
  return [...groups.values()]
}

type Aggregated = { readonly made: AggregateExpression; readonly finish: (result: Expression) => Expression }

function makeAggregate(
  context: LowerContext,
  frame: Frame,
  name: string,
  expression: syntax.Expression,
): Aggregated {
  const lowered = lowerAggregate(context, frame, expression)
  const made = aggregateExpression(name, lowered.function, lowered.args, { distinct: lowered.distinct })
  return { made, finish: lowered.finish }
}

/** Binds the results of aggregates, with what a group without rows gives in a subquery. */
function finishAggregates(
  frame: Frame,
  aggregates: readonly (Aggregated & { readonly name: string })[],
): void {
  for (const { name, made, finish } of aggregates) {
    const result = outputColumn(frame.plan, made.id)
    const whole = result.nullable ? withDefault(made.function, result) : result
    const finished = finish(whole)
    frame.bindings.set(name, {
      kind: 'value',
      value: finished.kind === 'column' ? finished : addColumn(frame, name, finished),
    })
  }
}

function withDefault(fn: string, result: ColumnExpression): Expression {
  if (fn === 'count') return call('coalesce', result, literal(0))
  return fn === 'collect' ? call('coalesce', result, literal([], result.type)) : result
}

/** Gives each row outside a subquery its group, also where the subquery found nothing for it. */
function fillEmptyGroups(frame: Frame): void {
  const { domain } = frame
  if (domain === null || domain.columns.length === 0) return
  const positions = domain.columns.map(({ id }) => domain.plan.output.findIndex((field) => field.id === id))
  const fresh = withFreshIds(domain.plan)
  const freshColumns = positions.map((at) => column(fresh.output[at] as (typeof fresh.output)[number]))
  const keys = domain.columns.map(({ id }, at) => ({
    left: freshColumns[at] as ColumnExpression,
    right: outputColumn(frame.plan, id),
    nullsEqual: true,
  }))
  const groupIds = new Set(domain.columns.map(({ id }) => id))
  const joined = join(fresh, frame.plan, { how: 'left', keys })
  frame.plan = project(joined, [
    ...domain.columns.map(({ id, name }, at) => ({
      id,
      name,
      expression: freshColumns[at] as ColumnExpression,
    })),
    ...frame.plan.output
      .filter(({ id }) => !groupIds.has(id))
      .map((field) => named(field.name, outputColumn(joined, field.id))),
  ])
}
