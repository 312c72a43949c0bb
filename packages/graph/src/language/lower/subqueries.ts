import {
  aggregate,
  aggregateExpression,
  type ColumnExpression,
  call,
  column,
  columnsOf,
  distinct,
  type Expression,
  extend,
  extension,
  filter,
  isList,
  type JoinKey,
  type JoinKind,
  join,
  keepColumns,
  type LogicalPlan,
  literal,
  newColumnId,
  parameter,
  parametersOf,
  planInputs,
  project,
  types,
  unnest,
} from '@sheafdb/core'
import { SHARE, type ShareSettings } from '../../layout/share.ts'
import type * as syntax from '../syntax.ts'
import { unsupported } from './entities.ts'
import { refreshFacets, wholeValue } from './facets.ts'
import {
  type Binding,
  bindingColumns,
  type Frame,
  freshColumn,
  type Locals,
  type LowerContext,
  makeFrame,
  mapBinding,
  outputColumn,
  sourceOf,
} from './frame.ts'
import { namesIn } from './names.ts'
import { lowerReadQuery } from './query.ts'

/** Is a subquery under construction: its frame, and how its rows are tied to those outside. */
export type Correlation = {
  readonly inner: Frame
  readonly keys: readonly (readonly [ColumnExpression, ColumnExpression])[]
}

/**
 * Starts a subquery for the distinct values of the outer variables that it reads. The subquery is computed for all of
 * them at once and joined back: it runs once, not once a row.
 */
export function correlate(
  frame: Frame,
  names: readonly string[],
  place: 'clause' | 'expression',
): Correlation {
  if (place === 'clause') dropFacets(frame)
  shareRows(frame)
  const columns = new Map<number, ReturnType<typeof freshColumn>>()
  for (const name of names) {
    for (const item of bindingColumns(frame.bindings.get(name) as Binding)) {
      if (!columns.has(item.id))
        columns.set(item.id, freshColumn(item.name, outputColumn(frame.plan, item.id)))
    }
  }
  const outer = [...columns.keys()]
  if (outer.length === 0) {
    const empty = unitFrame()
    return { inner: empty, keys: [] }
  }
  const plan = distinct(project(frame.plan, [...columns.values()]))
  const fresh = (id: number): ColumnExpression => outputColumn(plan, (columns.get(id) as { id: number }).id)
  const inner = makeFrame(plan, [], { plan, columns: outer.map(fresh) })
  for (const name of names)
    inner.bindings.set(
      name,
      mapBinding(frame.bindings.get(name) as Binding, ({ id }) => fresh(id)),
    )
  return { inner, keys: outer.map((id) => [outputColumn(frame.plan, id), fresh(id)] as const) }
}

/**
 * Leaves out what has been fetched of entities, so that rows to be shared are narrow; it is fetched again where it is
 * read. Only between clauses and conditions: a half-lowered expression may read it.
 */
function dropFacets(frame: Frame): void {
  if (isCheap(frame.plan) || isShared(frame.plan)) return
  const fetched = new Set(
    [...frame.facets.values()].flatMap((facets) =>
      Object.values(facets).flatMap((part: Expression) => [...columnsOf(part)]),
    ),
  )
  const kept = new Set(
    [...frame.bindings.values()]
      .flatMap(bindingColumns)
      .concat(frame.domain?.columns ?? [])
      .map(({ id }) => id),
  )
  const rest = frame.plan.output.filter(({ id }) => kept.has(id) || !fetched.has(id))
  frame.facets.clear()
  frame.plan = keepColumns(
    frame.plan,
    rest.map(({ id }) => id),
  )
}

const CHEAP: ReadonlySet<LogicalPlan['kind']> = new Set(['scan', 'values', 'filter', 'project', 'limit'])

/** Has the rows so far computed once, though the subquery and what it is joined to both read them. */
function shareRows(frame: Frame): void {
  if (isCheap(frame.plan) || isShared(frame.plan)) return
  const settings: ShareSettings = { key: newColumnId() }
  frame.plan = extension({
    operator: SHARE,
    inputs: [frame.plan],
    expressions: [...parametersOf(frame.plan)].map((name) => parameter(name)),
    settings,
    output: frame.plan.output,
  })
}

function isCheap(plan: LogicalPlan): boolean {
  return CHEAP.has(plan.kind) && planInputs(plan).every(isCheap)
}

function isShared(plan: LogicalPlan): boolean {
  return plan.kind === 'extension' && plan.operator === SHARE
}

function unitFrame(): Frame {
  const { plan } = makeUnit()
  return makeFrame(plan, [], { plan, columns: [] })
}

function makeUnit(): { readonly plan: LogicalPlan } {
  return { plan: { kind: 'values', columns: [], rowCount: 1, output: [] } }
}

/** Joins a subquery back to the rows outside. */
export function joinBack(frame: Frame, correlation: Correlation, inner: LogicalPlan, how: JoinKind): void {
  const keys: JoinKey[] = correlation.keys.map(([left, right]) => ({ left, right, nullsEqual: true }))
  if (keys.length === 0) keys.push({ left: literal(1), right: literal(1) })
  frame.plan = join(frame.plan, inner, { how, keys })
}

/** Finds the outer variables that a part of the query reads. */
function importsOf(frame: Frame, part: unknown): readonly string[] {
  return [...namesIn(part)].filter((name) => frame.bindings.has(name))
}

/**
 * Lowers a subquery that reads the variable of a lambda around it: it is computed for every element of the lambda's
 * list beforehand, and looked up by the element inside the lambda.
 */
function lowerInLambda(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression,
  { name, item, locals }: { readonly name: string; readonly item: Expression; readonly locals: Locals },
): Expression {
  const list = sourceOf(item)
  if (list === undefined || [...namesIn(list)].some((other) => locals.has(other))) {
    throw unsupported(
      context,
      expression,
      'A pattern inside nested list expressions cannot read their variables yet. Use UNWIND before.',
    )
  }
  const correlation = correlate(frame, importsOf(frame, [expression, list]), 'expression')
  const { inner } = correlation
  const items = context.rules.expression(context, inner, list)
  inner.plan = unnest(inner.plan, isList(items.type) ? items : call('cypher.as_list', items), {
    name,
    type: types.variant,
  })
  const element = column(inner.plan.output.at(-1) as LogicalPlan['output'][number])
  inner.bindings.set(name, { kind: 'value', value: element })
  const value = lowerSubquery(context, inner, expression, new Map())
  const pairs = collectBack(frame, correlation, inner, call('cypher.pair', element, value), 'list')
  return call('cypher.lookup', pairs, item)
}

/** Lowers an expression that holds a pattern or a query to a join with the rows it gives. */
export function lowerSubquery(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression,
  locals: Locals,
): Expression {
  const names = namesIn(expression)
  for (const [name, item] of locals)
    if (names.has(name)) return lowerInLambda(context, frame, expression, { name, item, locals })
  const correlation = correlate(frame, importsOf(frame, expression), 'expression')
  switch (expression.kind) {
    case 'pattern':
      return expression.pattern.selector === null
        ? lowerExists(context, frame, correlation, expression)
        : lowerShortest(context, frame, correlation, expression.pattern)
    case 'exists':
      return lowerExists(context, frame, correlation, expression)
    case 'count': {
      const inner = lowerReadQuery(context, correlation.inner, expression.query)
      const count = aggregateExpression('count', 'count', [])
      joinBack(frame, correlation, groupByDomain(inner, [count]), 'left')
      return call('coalesce', outputColumn(frame.plan, count.id), literal(0))
    }
    case 'collect': {
      const inner = lowerReadQuery(context, correlation.inner, expression.query)
      const [binding] = inner.bindings.values()
      return collectBack(frame, correlation, inner, wholeValue(context, inner, binding as Binding), 'list')
    }
    case 'patternComprehension': {
      const { inner } = correlation
      context.rules.match(context, inner, {
        patterns: [expression.pattern],
        where: expression.where,
        repeatable: false,
      })
      const value = context.rules.expression(context, inner, expression.projection)
      return collectBack(frame, correlation, inner, value, 'list')
    }
    default:
      throw unsupported(context, expression, 'This expression cannot stand here.')
  }
}

function groupByDomain(
  inner: Frame,
  aggregates: readonly ReturnType<typeof aggregateExpression>[],
): LogicalPlan {
  const groups = (inner.domain?.columns ?? []).map((item) => ({
    id: item.id,
    name: item.name,
    expression: outputColumn(inner.plan, item.id),
  }))
  return aggregate(inner.plan, groups, aggregates)
}

function collectBack(
  frame: Frame,
  correlation: Correlation,
  inner: Frame,
  value: Expression,
  fn: 'list' | 'collect',
): Expression {
  const list = aggregateExpression('list', fn, [value])
  joinBack(frame, correlation, groupByDomain(inner, [list]), 'left')
  const result = outputColumn(frame.plan, list.id)
  return call('coalesce', result, literal([], result.type))
}

/** Gives a subquery's rows, one for each outer row that has any. */
function existing(
  context: LowerContext,
  correlation: Correlation,
  expression: syntax.Expression,
): LogicalPlan {
  const inner = lowerInner(context, correlation.inner, expression)
  const columns = (inner.domain?.columns ?? []).map((item) => ({
    id: item.id,
    name: item.name,
    expression: outputColumn(inner.plan, item.id),
  }))
  return distinct(project(inner.plan, columns))
}

function lowerInner(context: LowerContext, inner: Frame, expression: syntax.Expression): Frame {
  if (expression.kind === 'pattern') {
    context.rules.match(context, inner, { patterns: [expression.pattern], where: null, repeatable: false })
    return inner
  }
  if (expression.kind === 'exists') return lowerReadQuery(context, inner, expression.query)
  throw unsupported(context, expression, 'This expression cannot stand here.')
}

function lowerExists(
  context: LowerContext,
  frame: Frame,
  correlation: Correlation,
  expression: syntax.Expression,
): Expression {
  const flag = freshColumn('exists', literal(true))
  joinBack(frame, correlation, extend(existing(context, correlation, expression), [flag]), 'left')
  return call('is_not_null', outputColumn(frame.plan, flag.id))
}

function lowerShortest(
  context: LowerContext,
  frame: Frame,
  correlation: Correlation,
  pattern: syntax.PathPattern,
): Expression {
  const { inner } = correlation
  const name = '@path'
  const named: syntax.PathPattern = { ...pattern, variable: { name, start: pattern.start, end: pattern.end } }
  context.rules.match(context, inner, { patterns: [named], where: null, repeatable: false })
  const value = wholeValue(context, inner, inner.bindings.get(name) as Binding)
  const list = collectBack(frame, correlation, inner, value, 'list')
  return pattern.selector?.kind === 'allShortest' ? list : call('cypher.head', list)
}

/** Keeps the rows of a frame for which a condition of WHERE is true; patterns and EXISTS become semi-joins. */
export function lowerFilter(context: LowerContext, frame: Frame, predicate: syntax.Expression): void {
  if (predicate.kind === 'and') {
    for (const operand of predicate.operands) lowerFilter(context, frame, operand)
    return
  }
  const negated = predicate.kind === 'not'
  const inner = negated ? predicate.operand : predicate
  if ((inner.kind === 'pattern' && inner.pattern.selector === null) || inner.kind === 'exists') {
    const correlation = correlate(frame, importsOf(frame, inner), 'clause')
    joinBack(frame, correlation, markEmpty(existing(context, correlation, inner)), negated ? 'anti' : 'semi')
    return
  }
  const condition = context.rules.expression(context, frame, predicate)
  frame.plan = filter(frame.plan, condition)
}

/** Gives a plan without columns one, so that a join has something to read. */
function markEmpty(plan: LogicalPlan): LogicalPlan {
  return plan.output.length === 0 ? extend(plan, [freshColumn('exists', literal(true))]) : plan
}

/** Lowers OPTIONAL MATCH: what the pattern gives is joined to the rows, which stay where it gives nothing. */
export function lowerOptionalMatch(context: LowerContext, frame: Frame, clause: syntax.MatchClause): void {
  const names = [...namesIn({ patterns: clause.patterns, where: clause.where })].filter((name) =>
    frame.bindings.has(name),
  )
  const correlation = correlate(frame, names, 'clause')
  const { inner } = correlation
  context.rules.match(context, inner, {
    patterns: clause.patterns,
    where: clause.where,
    repeatable: clause.repeatable,
  })
  joinNew(frame, correlation, inner, inner.bindings, 'left')
}

/** Joins a subquery back and binds what it bound anew. */
export function joinNew(
  frame: Frame,
  correlation: Correlation,
  inner: Frame,
  results: ReadonlyMap<string, Binding>,
  how: JoinKind,
): void {
  joinBack(frame, correlation, inner.plan, how)
  for (const [name, binding] of results) {
    if (frame.bindings.has(name)) continue
    frame.bindings.set(
      name,
      mapBinding(binding, ({ id }) => outputColumn(frame.plan, id)),
    )
  }
  for (const [id, facets] of inner.facets) {
    frame.facets.set(id, refreshFacets(frame.plan, facets))
  }
}

/** Lowers `CALL { … }` that only reads. */
export function lowerCallSubquery(context: LowerContext, frame: Frame, clause: syntax.SubqueryClause): void {
  const imports =
    clause.imports === '*' ? [...frame.bindings.keys()] : clause.imports?.map(({ name }) => name)
  const leads = clause.query.parts.some(({ clauses }) => clauses[0]?.kind === 'with')
  const names =
    imports ?? (leads ? [...namesIn(clause.query)].filter((name) => frame.bindings.has(name)) : [])
  const correlation = correlate(frame, names, 'clause')
  const inner = lowerReadQuery(context, correlation.inner, clause.query)
  joinNew(frame, correlation, inner, inner.bindings, clause.optional ? 'left' : 'inner')
}
