import {
  aggregate,
  aggregateExpression,
  call,
  column,
  distinct,
  type Expression,
  extend,
  filter,
  isList,
  type LogicalPlan,
  literal,
  project,
  types,
  unnest,
} from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { type Correlation, correlate, importsOf, joinBack, joinNew } from './correlation.ts'
import { unsupported } from './entities.ts'
import { wholeValue } from './facets.ts'
import {
  type Binding,
  type Frame,
  freshColumn,
  type Locals,
  type LowerContext,
  outputColumn,
  sourceOf,
} from './frame.ts'
import { namesIn } from './names.ts'
import { lowerReadQuery } from './query.ts'

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
