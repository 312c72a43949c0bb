import {
  call,
  column,
  conjunction,
  conjuncts,
  literal,
  newColumnId,
  outersOf,
  substituteColumns,
  substituteOuters,
} from '../expression/build.ts'
import type { ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import { extend, join, keepColumns, named, project } from '../plan/build.ts'
import type { AggregatePlan, ApplyPlan, JoinKind, LogicalPlan, PlanField } from '../plan/logical-plan.ts'
import { freeOuters, mapPlan } from '../plan/traverse.ts'
import { carried, emptyValue, isVolatile, type Unnested, unnester } from './dependent.ts'
import type { Rule } from './rule.ts'

/**
 * Turns applies into joins, after Neumann and Kemper ("Unnesting Arbitrary Queries", 2015): the right side is computed
 * for all values of the left at once. A condition right under the apply becomes the join's own; an aggregate of one row
 * is grouped by what it was correlated by; anything else takes the distinct values of the left in and carries them
 * through its operators. What cannot be unnested (an engine's own part) stays an apply, run once for each list of values.
 */
export const decorrelate: Rule = {
  name: 'decorrelate',
  apply: (plan) => mapPlan(plan, (node) => (node.kind === 'apply' ? (joined(node) ?? node) : node)),
}

function joined(plan: ApplyPlan): LogicalPlan | null {
  const own = new Set(plan.left.output.map((field) => field.id))
  const ids = [...freeOuters(plan.right)].filter((id) => own.has(id))
  if (ids.length === 0) return join(plan.left, plan.right, { how: joinKind(plan, []) })
  if (isVolatile(plan.right) || isVolatile(plan.left)) return null
  return asCondition(plan, ids) ?? asGroups(plan, ids) ?? asDomain(plan)
}

function joinKind(plan: ApplyPlan, conditions: readonly unknown[]): JoinKind {
  return plan.how === 'inner' && conditions.length === 0 ? 'cross' : plan.how
}

function leftColumns(plan: ApplyPlan): ReadonlyMap<ColumnId, Expression> {
  return new Map(plan.left.output.map((field) => [field.id, column(field)]))
}

/** Is a plan under filters and projections, the filters' conditions, and the expressions of the columns above it. */
type Peeled = {
  readonly source: LogicalPlan
  readonly conditions: readonly Expression[]
  readonly columns: ReadonlyMap<ColumnId, Expression>
}

/** Takes off filters and projections (and, where only existence counts, what keeps it) down to another node. */
function peel(plan: LogicalPlan, isTest: boolean): Peeled {
  const columns = new Map<ColumnId, Expression>(plan.output.map((field) => [field.id, column(field)]))
  const conditions: Expression[] = []
  let source = plan
  for (;;) {
    if (source.kind === 'filter') {
      conditions.push(...conjuncts(source.predicate))
      source = source.input
    } else if (source.kind === 'scan' && source.filters.some((filter) => outersOf(filter).size > 0)) {
      conditions.push(...source.filters)
      source = Object.freeze({ ...source, filters: [] })
    } else if (source.kind === 'project') {
      const items = new Map(source.expressions.map((item) => [item.id, item.expression]))
      for (const [id, expression] of columns) columns.set(id, substituteColumns(expression, items))
      conditions.splice(0, conditions.length, ...conditions.map((test) => substituteColumns(test, items)))
      source = source.input
    } else if (isTest && (source.kind === 'sort' || source.kind === 'distinct')) source = source.input
    else return { source, conditions, columns }
  }
}

/** Joins with a right side that is correlated by its outermost conditions and columns alone. */
function asCondition(plan: ApplyPlan, ids: readonly ColumnId[]): LogicalPlan | null {
  const isTest = plan.how === 'semi' || plan.how === 'anti'
  const { source, conditions, columns } = peel(plan.right, isTest)
  const free = freeOuters(source)
  if (ids.some((id) => free.has(id))) return null
  const around = leftColumns(plan)
  const residual = conditions.map((test) => substituteOuters(test, around))
  const options = {
    how: joinKind(plan, residual),
    residual: residual.length === 0 ? null : conjunction(residual),
  }
  if (isTest) return join(plan.left, source, options)
  const isOuter = plan.how !== 'inner'
  const marker = named('matched', literal(true))
  const right = isOuter ? extend(source, [marker]) : source
  const found = join(plan.left, right, options)
  const items = plan.right.output.map((field) => {
    const value = substituteOuters(columns.get(field.id) as Expression, around)
    const isPlain = value.kind === 'column' && source.output.some(({ id }) => id === value.id)
    const expression =
      !isOuter || isPlain
        ? value
        : call('case', call('is_not_null', columnIn(found, marker.id)), value, literal(null, value.type))
    return { id: field.id, name: field.name, expression }
  })
  return project(found, [...passed(plan.left), ...items])
}

function columnIn(plan: LogicalPlan, id: ColumnId): ColumnExpression {
  return column(plan.output.find((field) => field.id === id) as PlanField)
}

function passed(plan: LogicalPlan) {
  return plan.output.map((field) => ({ id: field.id, name: field.name, expression: column(field) }))
}

/** Joins with an aggregate of one row, grouped by what it is correlated by; a left row without a group has the aggregate of no rows. */
function asGroups(plan: ApplyPlan, ids: readonly ColumnId[]): LogicalPlan | null {
  if (plan.how === 'semi' || plan.how === 'anti') return null
  const { source, conditions, columns } = peel(plan.right, false)
  if (
    source.kind !== 'aggregate' ||
    source.groups.length > 0 ||
    source.sets !== null ||
    conditions.length > 0
  )
    return null
  const { unnest, bind } = unnester(plan.left)
  const below = unnest(source.input)
  if (below === null) return null
  const inner = bind(
    below,
    ids.filter((id) => readsOuter(source, id)),
  )
  const grouped = groupedBy(source, inner)
  const keys = [...grouped.bound].map(([id, { column: right, isEqual }]) => ({
    left: columnIn(plan.left, id),
    right,
    ...(isEqual ? {} : { nullsEqual: true }),
  }))
  const found = join(plan.left, grouped.plan, { how: 'left', keys })
  const results = new Map<ColumnId, Expression>(
    source.aggregates.map((item, at) => {
      const made = columnIn(found, grouped.aggregates[at] as ColumnId)
      const empty = emptyValue(item)
      if (empty === null) return [item.id, made]
      const isMissing = call('is_null', columnIn(found, grouped.marker))
      return [item.id, call('case', isMissing, literal(empty, item.type), made)]
    }),
  )
  const around = leftColumns(plan)
  return project(found, [
    ...passed(plan.left),
    ...plan.right.output.map((field) => ({
      id: field.id,
      name: field.name,
      expression: substituteOuters(substituteColumns(columns.get(field.id) as Expression, results), around),
    })),
  ])
}

function readsOuter(plan: AggregatePlan, id: ColumnId): boolean {
  return plan.aggregates.some((item) =>
    [
      ...item.args,
      ...(item.filter === null ? [] : [item.filter]),
      ...item.order.map((key) => key.expression),
    ].some((expression) => outersOf(expression).has(id)),
  )
}

type Grouped = Unnested & { readonly aggregates: readonly ColumnId[]; readonly marker: ColumnId }

/** Groups by what an aggregate's input is bound to; the aggregates have new ids, and a marker tells that there is a group. */
function groupedBy(source: AggregatePlan, input: Unnested): Grouped {
  const grouped = carried.aggregate(source, input, newColumnId)
  const marker = named('matched', literal(true))
  return {
    ...grouped,
    plan: extend(grouped.plan, [marker]),
    marker: marker.id,
  }
}

/** Joins with the right side computed for all values of the left. */
function asDomain(plan: ApplyPlan): LogicalPlan | null {
  const right = unnester(plan.left).unnest(plan.right)
  if (right === null) return null
  const keys = [...right.bound].map(([id, { column: own, isEqual }]) => ({
    left: columnIn(plan.left, id),
    right: own,
    ...(isEqual ? {} : { nullsEqual: true }),
  }))
  const found = join(plan.left, right.plan, { how: joinKind(plan, keys), keys })
  return keepColumns(
    found,
    plan.output.map((field) => field.id),
  )
}
