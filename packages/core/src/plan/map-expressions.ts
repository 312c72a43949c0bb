import type { ColumnExpression, Expression } from '../expression/expression.ts'
import { assert } from '../types/errors.ts'
import type { FrameBound, LogicalPlan, PlanKind, SortKey } from './logical-plan.ts'
import { mapPlan } from './traverse.ts'

type Change = (expression: Expression) => Expression
type PlanOf<Kind extends PlanKind> = Extract<LogicalPlan, { kind: Kind }>
type Changed<Kind extends PlanKind> = Partial<PlanOf<Kind>>

const keys = (list: readonly SortKey[], change: Change): SortKey[] =>
  list.map((key) => ({ ...key, expression: change(key.expression) }))
const bound = (frameBound: FrameBound, change: Change): FrameBound =>
  'value' in frameBound ? { ...frameBound, value: change(frameBound.value) } : frameBound
const optional = (expression: Expression | null, change: Change): Expression | null =>
  expression === null ? null : change(expression)

function columnOnly(expression: ColumnExpression, change: Change): ColumnExpression {
  const changed = change(expression)
  assert(changed.kind === 'column', 'a step over an adjacency needs a column')
  return changed
}

const optionalColumn = (expression: ColumnExpression | null, change: Change): ColumnExpression | null =>
  expression === null ? null : columnOnly(expression, change)

const CHANGES: { readonly [Kind in PlanKind]: (plan: PlanOf<Kind>, change: Change) => Changed<Kind> } = {
  scan: (plan, change) => ({ filters: plan.filters.map(change) }),
  values: () => ({}),
  'recursive-input': () => ({}),
  filter: (plan, change) => ({ predicate: change(plan.predicate) }),
  project: (plan, change) => ({
    expressions: plan.expressions.map((item) => ({ ...item, expression: change(item.expression) })),
  }),
  aggregate: (plan, change) => ({
    groups: plan.groups.map((group) => ({ ...group, expression: change(group.expression) })),
    aggregates: plan.aggregates.map((item) => ({
      ...item,
      args: item.args.map(change),
      filter: optional(item.filter, change),
      order: keys(item.order, change),
    })),
  }),
  window: (plan, change) => ({
    partition: plan.partition.map(change),
    order: keys(plan.order, change),
    functions: plan.functions.map((item) => ({
      ...item,
      args: item.args.map(change),
      filter: optional(item.filter, change),
      order: keys(item.order, change),
      frame: { ...item.frame, start: bound(item.frame.start, change), end: bound(item.frame.end, change) },
    })),
  }),
  sort: (plan, change) => ({ keys: keys(plan.keys, change) }),
  limit: (plan, change) => ({ count: optional(plan.count, change), offset: optional(plan.offset, change) }),
  distinct: () => ({}),
  unnest: (plan, change) => ({ list: change(plan.list) }),
  expand: (plan, change) => ({
    from: columnOnly(plan.from, change),
    exclude: plan.exclude.map((item) => columnOnly(item, change)),
    closes: optionalColumn(plan.closes, change),
  }),
  degree: (plan, change) => ({
    from: columnOnly(plan.from, change),
    exclude: plan.exclude.map((item) => columnOnly(item, change)),
  }),
  frontier: (plan, change) => ({
    from: columnOnly(plan.from, change),
    weight: optionalColumn(plan.weight, change),
    looped: optionalColumn(plan.looped, change),
  }),
  'multiway-join': (plan, change) => ({
    legs: plan.legs.map((leg) => ({
      ...leg,
      from: columnOnly(leg.from, change),
      exclude: leg.exclude.map(({ edge, ends }) => ({
        edge: columnOnly(edge, change),
        ends: ends === null ? null : ends.map((end) => columnOnly(end, change)),
      })),
    })),
  }),
  path: (plan, change) => ({
    from: columnOnly(plan.from, change),
    to: optionalColumn(plan.to, change),
    exclude: plan.exclude.map((item) => columnOnly(item, change)),
  }),
  nearest: (plan, change) => ({
    vector: columnOnly(plan.vector, change),
    query: change(plan.query),
    k: change(plan.k),
  }),
  join: (plan, change) => ({
    keys: plan.keys.map((key) => ({ ...key, left: change(key.left), right: change(key.right) })),
    residual: optional(plan.residual, change),
  }),
  apply: () => ({}),
  union: () => ({}),
  intersect: () => ({}),
  except: () => ({}),
  recursive: () => ({}),
  foreign: (plan, change) => ({ parameters: plan.parameters.map(change) }),
  extension: (plan, change) => ({ expressions: plan.expressions.map(change) }),
}

/** Changes the expressions of one node. Output fields keep their ids and types. */
export function mapNodeExpressions(plan: LogicalPlan, change: Change): LogicalPlan {
  const changed = (CHANGES[plan.kind] as (plan: LogicalPlan, change: Change) => object)(plan, change)
  return Object.freeze({ ...plan, ...changed }) as LogicalPlan
}

/** Changes the expressions of every node of a plan. */
export function mapPlanExpressions(plan: LogicalPlan, change: Change): LogicalPlan {
  return mapPlan(plan, (node) => mapNodeExpressions(node, change))
}
