import { aggregateNamed } from '../expression/aggregates.ts'
import {
  call,
  column,
  columnsOf,
  conjunction,
  conjuncts,
  isDeterministic,
  literal,
  newColumnId,
  outersOf,
  substituteOuters,
} from '../expression/build.ts'
import type { ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import { aggregate, distinct, extend, filter, join, keepColumns, project, sort } from '../plan/build.ts'
import type {
  AggregateExpression,
  AggregatePlan,
  JoinKey,
  JoinPlan,
  LimitPlan,
  LogicalPlan,
  NamedExpression,
  PlanField,
  SetOperationPlan,
  SortKey,
  UnionPlan,
} from '../plan/logical-plan.ts'
import { mapNodeExpressions } from '../plan/map-expressions.ts'
import { freeOuters, planExpressions, visitPlan, withFreshIds, withInputs } from '../plan/traverse.ts'
import { window, windowExpression } from '../plan/window.ts'
import { isFloat, isVariant, typesEqual } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'

/** Is the column that stands for a column around; `isEqual` where the two were compared by `=`, so that null never matches. */
export type BoundColumn = { readonly column: ColumnExpression; readonly isEqual: boolean }

/**
 * Is a plan that refers to nothing around any more: it gives the rows for all values of the columns around at once,
 * which stand in columns of their own. Its output is that of the plan before, in any order, and those columns.
 */
export type Unnested = { readonly plan: LogicalPlan; readonly bound: ReadonlyMap<ColumnId, BoundColumn> }

/** Unnests plans that refer to columns of `left`. */
export type Unnester = {
  /** `null` for a plan that cannot be unnested. */
  unnest(plan: LogicalPlan): Unnested | null
  /** Binds ids that are not bound yet, to each of their values in the left. */
  bind(unnested: Unnested, ids: Iterable<ColumnId>): Unnested
}

const NOTHING: Unnested['bound'] = new Map()

/** Tells whether a plan may give other rows each time that it runs. */
export function isVolatile(plan: LogicalPlan): boolean {
  let found = false
  visitPlan(plan, (node) => {
    found ||=
      node.kind === 'foreign' || planExpressions(node).some((expression) => !isDeterministic(expression))
  })
  return found
}

/** Gives what an aggregate gives of no rows. */
export function emptyValue(item: AggregateExpression): Value {
  const definition = aggregateNamed(item.function)
  return definition.finish(definition.start(item.args.map((arg) => arg.type)) as never) ?? null
}

/** Makes what unnests plans that refer to columns of a left side. */
export function unnester(left: LogicalPlan): Unnester {
  const own = new Set(left.output.map((field) => field.id))
  const freeIn = (plan: LogicalPlan): ColumnId[] => [...freeOuters(plan)].filter((id) => own.has(id))
  const outers = (expressions: Iterable<Expression>): Set<ColumnId> => {
    const ids = new Set<ColumnId>()
    for (const expression of expressions) outersOf(expression, ids)
    return new Set([...ids].filter((id) => own.has(id)))
  }
  /** The distinct values of columns of the left, under new ids. */
  const domain = (ids: readonly ColumnId[]): Unnested => {
    const copy = withFreshIds(left)
    const columns = ids.map(
      (id) => copy.output[left.output.findIndex((field) => field.id === id)] as PlanField,
    )
    const plan = distinct(
      keepColumns(
        copy,
        columns.map((field) => field.id),
      ),
    )
    return {
      plan,
      bound: new Map(ids.map((id, at) => [id, { column: column(columns[at] as PlanField), isEqual: false }])),
    }
  }
  const bind = (unnested: Unnested, ids: Iterable<ColumnId>): Unnested => {
    const missing = [...new Set(ids)].filter((id) => !unnested.bound.has(id))
    if (missing.length === 0) return unnested
    const values = domain(missing)
    return {
      plan: join(values.plan, unnested.plan, { how: 'cross' }),
      bound: new Map([...unnested.bound, ...values.bound]),
    }
  }
  const tools: Tools = { unnest, bind, domain, outers, freeIn }
  function unnest(plan: LogicalPlan): Unnested | null {
    if (freeIn(plan).length === 0) return { plan, bound: NOTHING }
    const special = UNNEST[plan.kind] as ((plan: LogicalPlan, tools: Tools) => Unnested | null) | undefined
    return special === undefined ? null : special(plan, tools)
  }
  return { unnest, bind }
}

type Tools = Unnester & {
  domain(ids: readonly ColumnId[]): Unnested
  outers(expressions: Iterable<Expression>): Set<ColumnId>
  freeIn(plan: LogicalPlan): ColumnId[]
}

function bindIn(expression: Expression, bound: Unnested['bound']): Expression {
  return substituteOuters(expression, new Map([...bound].map(([id, { column: own }]) => [id, own])))
}

/** Names bound columns anew, so that they stand beside others in a projection or among groups. */
function carry(bound: Unnested['bound']): {
  readonly items: readonly NamedExpression[]
  readonly bound: Unnested['bound']
} {
  const items: NamedExpression[] = []
  const next = new Map<ColumnId, BoundColumn>()
  for (const [id, { column: own, isEqual }] of bound) {
    const item = { id: newColumnId(), name: own.name, expression: own }
    items.push(item)
    next.set(id, { column: column({ ...own, id: item.id }), isEqual })
  }
  return { items, bound: next }
}

function identities(fields: readonly PlanField[]): NamedExpression[] {
  return fields.map((field) => ({ id: field.id, name: field.name, expression: column(field) }))
}

type Unnest<Plan extends LogicalPlan> = (plan: Plan, tools: Tools) => Unnested | null

/** Unnests a node that hands its input's rows on, with other expressions. */
function passOn(plan: LogicalPlan & { readonly input: LogicalPlan }, tools: Tools): Unnested | null {
  const below = tools.unnest(plan.input)
  if (below === null) return null
  const { plan: input, bound } = tools.bind(below, tools.outers(planExpressions(plan)))
  const changed = mapNodeExpressions(plan, (expression) => bindIn(expression, bound))
  return { plan: withInputs(changed, [input]), bound }
}

/** Applies conditions. An equality with a column around binds it to the other side, so that its values need not be taken in. */
function restrict(unnested: Unnested, conditions: readonly Expression[], tools: Tools): Unnested {
  let { plan } = unnested
  const bound = new Map(unnested.bound)
  const rest: Expression[] = []
  for (const condition of conditions) {
    const found = equality(condition, plan, bound)
    if (found === null) rest.push(condition)
    else {
      const item = {
        id: newColumnId(),
        name: found.value.kind === 'column' ? found.value.name : 'key',
        expression: found.value,
      }
      plan = extend(plan, [item])
      bound.set(found.id, {
        column: column(plan.output[plan.output.length - 1] as PlanField),
        isEqual: found.isEqual,
      })
    }
  }
  const ready = tools.bind({ plan, bound }, tools.outers(rest))
  return {
    plan:
      rest.length === 0
        ? ready.plan
        : filter(ready.plan, conjunction(rest.map((test) => bindIn(test, ready.bound)))),
    bound: ready.bound,
  }
}

/** Reads a condition as `around = value` for a column around that is not bound yet. */
function equality(condition: Expression, plan: LogicalPlan, bound: Unnested['bound']) {
  if (condition.kind !== 'call') return null
  const isEqual = condition.function === 'eq'
  if (!isEqual && condition.function !== 'is_not_distinct_from') return null
  const ids = new Set(plan.output.map((field) => field.id))
  const [left, right] = condition.args as [Expression, Expression]
  for (const [around, value] of [
    [left, right],
    [right, left],
  ] as const) {
    const reads = columnsOf(value)
    if (around.kind !== 'outer' || bound.has(around.id) || outersOf(value).size > 0 || reads.size === 0)
      continue
    if (![...reads].every((id) => ids.has(id)) || !typesEqual(around.type, value.type)) continue
    // Equal floats may differ in the sign of zero, equal variants in their type.
    if (isFloat(value.type) || isVariant(value.type)) continue
    return { id: around.id, value, isEqual }
  }
  return null
}

function unnestAggregate(plan: AggregatePlan, tools: Tools): Unnested | null {
  const below = tools.unnest(plan.input)
  if (below === null || plan.sets?.indexes.some((set) => set.length === 0)) return null
  const input = tools.bind(below, tools.outers(planExpressions(plan)))
  if (plan.groups.length > 0) return carried.aggregate(plan, input, (item) => item.id)
  const grouped = carried.aggregate(plan, input, newColumnId)
  const marker: NamedExpression = { id: newColumnId(), name: 'matched', expression: literal(true) }
  const values = tools.domain([...grouped.bound.keys()])
  const keys = [...grouped.bound].map(([id, { column: right, isEqual }]) => ({
    left: (values.bound.get(id) as BoundColumn).column,
    right,
    ...(isEqual ? {} : { nullsEqual: true }),
  }))
  const found = join(values.plan, extend(grouped.plan, [marker]), { how: 'left', keys })
  const columnIn = (id: ColumnId): ColumnExpression =>
    column(found.output.find((field) => field.id === id) as PlanField)
  const next = carry(values.bound)
  const results = plan.aggregates.map((item, at) => {
    const made = columnIn(grouped.aggregates[at] as ColumnId)
    const empty = emptyValue(item)
    const expression =
      empty === null
        ? made
        : call('case', call('is_null', columnIn(marker.id)), literal(empty, item.type), made)
    return { id: item.id, name: item.name, expression }
  })
  return { plan: project(found, [...results, ...next.items]), bound: next.bound }
}

/** Holds what carries bound columns through nodes that would drop them. */
export const carried = {
  /** Groups by the bound columns too. `idOf` gives the ids of the aggregates. */
  aggregate(
    plan: AggregatePlan,
    input: Unnested,
    idOf: (item: AggregateExpression) => ColumnId,
  ): Unnested & { readonly aggregates: readonly ColumnId[] } {
    const next = carry(input.bound)
    const change = (expression: Expression): Expression => bindIn(expression, input.bound)
    const groups = [
      ...plan.groups.map((group) => ({ ...group, expression: change(group.expression) })),
      ...next.items,
    ]
    const aggregates = plan.aggregates.map((item) => ({
      ...item,
      id: idOf(item),
      args: item.args.map(change),
      filter: item.filter === null ? null : change(item.filter),
      order: item.order.map((key) => ({ ...key, expression: change(key.expression) })),
    }))
    const added = next.items.map((_, at) => plan.groups.length + at)
    const sets =
      plan.sets === null
        ? null
        : { ...plan.sets, indexes: plan.sets.indexes.map((set) => [...set, ...added]) }
    return {
      plan: aggregate(input.plan, groups, aggregates, sets),
      bound: next.bound,
      aggregates: aggregates.map((item) => item.id),
    }
  },
}

/** A limit counts the rows of each list of values apart: by their number in the order. */
function unnestLimit(plan: LimitPlan, tools: Tools): Unnested | null {
  const isFixed = [plan.count, plan.offset].every((part) => part === null || part.kind === 'literal')
  const source = plan.input.kind === 'sort' ? plan.input.input : plan.input
  const keys: readonly SortKey[] = plan.input.kind === 'sort' ? plan.input.keys : []
  const below = isFixed ? tools.unnest(source) : null
  if (below === null) return null
  const { plan: input, bound } = tools.bind(below, tools.outers(keys.map((key) => key.expression)))
  const number = windowExpression('number', 'row_number', [])
  const numbered = window(input, {
    partition: [...bound.values()].map((item) => item.column),
    order: keys.map((key) => ({ ...key, expression: bindIn(key.expression, bound) })),
    functions: [number],
  })
  const place = column(number)
  const skipped = plan.offset ?? literal(0)
  const tests = plan.offset === null ? [] : [call('gt', place, skipped)]
  if (plan.count !== null) tests.push(call('le', place, call('add', skipped, plan.count)))
  const kept = tests.length === 0 ? numbered : filter(numbered, conjunction(tests))
  return {
    plan: keepColumns(
      kept,
      input.output.map((field) => field.id),
    ),
    bound,
  }
}

function unnestJoin(plan: JoinPlan, tools: Tools): Unnested | null {
  const left = tools.unnest(plan.left)
  const right = tools.unnest(plan.right)
  if (left === null || right === null) return null
  const test = tools.outers(plan.residual === null ? [] : [plan.residual])
  let a = tools.bind(left, tools.outers(plan.keys.map((key) => key.left)))
  let b = tools.bind(right, tools.outers(plan.keys.map((key) => key.right)))
  const isInner = plan.how === 'inner' || plan.how === 'cross'
  // Rows of a side that is kept whole stand for each list of values that the other side is told apart by.
  if (plan.how === 'right') b = tools.bind(b, [...a.bound.keys(), ...test])
  else if (isInner)
    a = tools.bind(
      a,
      [...test].filter((id) => !b.bound.has(id)),
    )
  else a = tools.bind(a, [...b.bound.keys(), ...test])
  if (plan.how === 'full') {
    a = settled(a)
    b = settled(tools.bind(b, a.bound.keys()))
  }
  const both = new Map([...b.bound, ...a.bound])
  const keys: JoinKey[] = plan.keys.map((key) => ({
    ...key,
    left: bindIn(key.left, a.bound),
    right: bindIn(key.right, b.bound),
  }))
  for (const [id, { column: own, isEqual }] of a.bound) {
    const other = b.bound.get(id)
    if (other === undefined) continue
    keys.push({
      left: own,
      right: other.column,
      ...(isEqual || other.isEqual ? {} : { nullsEqual: true }),
    })
  }
  const residual = plan.residual === null ? null : bindIn(plan.residual, both)
  const how = plan.how === 'cross' && (keys.length > 0 || residual !== null) ? 'inner' : plan.how
  const found = join(a.plan, b.plan, { how, keys, residual })
  if (plan.how === 'full') return eitherSide(plan, found, a.bound, b.bound)
  return { plan: found, bound: plan.how === 'right' ? b.bound : isInner ? both : a.bound }
}

/** Leaves out the rows whose bound columns are null and would match no null: then null may match null. */
function settled({ plan, bound }: Unnested): Unnested {
  const tests = [...bound.values()]
    .filter((item) => item.isEqual)
    .map((item) => call('is_not_null', item.column))
  return {
    plan: tests.length === 0 ? plan : filter(plan, conjunction(tests)),
    bound: new Map([...bound].map(([id, item]) => [id, { ...item, isEqual: false }])),
  }
}

/** Of a full join, the values stand on the left, the right, or both. */
function eitherSide(
  plan: JoinPlan,
  found: LogicalPlan,
  left: Unnested['bound'],
  right: Unnested['bound'],
): Unnested {
  const next = carry(
    new Map([...left].map(([id, { column: own }]) => [id, { column: own, isEqual: false }] as const)),
  )
  const items = [...left.keys()].map((id, at) => ({
    ...(next.items[at] as NamedExpression),
    expression: call('coalesce', (left.get(id) as BoundColumn).column, (right.get(id) as BoundColumn).column),
  }))
  return { plan: project(found, [...identities(plan.output), ...items]), bound: next.bound }
}

/** The parts of a union or difference are told apart by the same values. */
function unnestParts(plan: UnionPlan | SetOperationPlan, tools: Tools): Unnested | null {
  const ids = tools.freeIn(plan)
  const parts: Unnested[] = []
  for (const input of plan.inputs) {
    const part = tools.unnest(input)
    if (part === null) return null
    parts.push(settled(tools.bind(part, ids)))
  }
  const fields = ids.map((id) => {
    const { column: own } = (parts[0] as Unnested).bound.get(id) as BoundColumn
    return Object.freeze({ id: newColumnId(), name: own.name, type: own.type, nullable: true })
  })
  const columns = parts.map((part, at) => [
    ...(plan.columns[at] as readonly ColumnId[]),
    ...ids.map((id) => (part.bound.get(id) as BoundColumn).column.id),
  ])
  const changed = {
    ...plan,
    inputs: parts.map((part) => part.plan),
    columns,
    output: [...plan.output, ...fields],
  }
  return {
    plan: Object.freeze(changed) as LogicalPlan,
    bound: new Map(
      ids.map((id, at) => [
        id,
        {
          column: column(fields[at] as PlanField),
          isEqual: false,
        },
      ]),
    ),
  }
}

const UNNEST: {
  readonly [Kind in LogicalPlan['kind']]?: Unnest<Extract<LogicalPlan, { kind: Kind }>>
} = {
  scan: (plan, tools) => {
    const isOuter = (test: Expression): boolean => outersOf(test).size > 0
    const bare = Object.freeze({ ...plan, filters: plan.filters.filter((test) => !isOuter(test)) })
    return restrict({ plan: bare, bound: NOTHING }, plan.filters.filter(isOuter), tools)
  },
  filter: (plan, tools) => {
    const below = tools.unnest(plan.input)
    return below === null ? null : restrict(below, conjuncts(plan.predicate), tools)
  },
  project: (plan, tools) => {
    const below = tools.unnest(plan.input)
    if (below === null) return null
    const input = tools.bind(below, tools.outers(planExpressions(plan)))
    const next = carry(input.bound)
    const items = plan.expressions.map((item) => ({
      ...item,
      expression: bindIn(item.expression, input.bound),
    }))
    return { plan: project(input.plan, [...items, ...next.items]), bound: next.bound }
  },
  aggregate: unnestAggregate,
  sort: (plan, tools) => {
    const below = tools.unnest(plan.input)
    if (below === null) return null
    const { plan: input, bound } = tools.bind(below, tools.outers(planExpressions(plan)))
    return {
      plan: sort(
        input,
        plan.keys.map((key) => ({ ...key, expression: bindIn(key.expression, bound) })),
      ),
      bound,
    }
  },
  limit: unnestLimit,
  distinct: (plan, tools) => {
    const below = tools.unnest(plan.input)
    if (below === null) return null
    const next = carry(below.bound)
    return {
      plan: distinct(project(below.plan, [...identities(plan.output), ...next.items])),
      bound: next.bound,
    }
  },
  window: (plan, tools) => {
    const below = tools.unnest(plan.input)
    if (below === null) return null
    const { plan: input, bound } = tools.bind(below, tools.outers(planExpressions(plan)))
    const changed = mapNodeExpressions(plan, (expression) => bindIn(expression, bound)) as typeof plan
    const partition = [...changed.partition, ...[...bound.values()].map((item) => item.column)]
    return { plan: window(input, { partition, order: changed.order, functions: changed.functions }), bound }
  },
  join: unnestJoin,
  union: unnestParts,
  intersect: unnestParts,
  except: unnestParts,
  unnest: passOn,
  expand: passOn,
  degree: passOn,
  path: passOn,
}
