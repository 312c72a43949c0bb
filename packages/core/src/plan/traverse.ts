import { columnsOf, mapExpression, newColumnId, outersOf } from '../expression/build.ts'
import type { ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import { joinOutput } from './build.ts'
import type {
  ApplyPlan,
  JoinPlan,
  LogicalPlan,
  PlanField,
  PlanKind,
  SetOperationPlan,
  SortKey,
  UnionPlan,
  WindowFrame,
} from './logical-plan.ts'

type PlanOf<Kind extends PlanKind> = Extract<LogicalPlan, { kind: Kind }>

const NO_PLANS: readonly LogicalPlan[] = []
const single = (plan: { readonly input: LogicalPlan }): readonly LogicalPlan[] => [plan.input]

const INPUTS: { readonly [Kind in PlanKind]: (plan: PlanOf<Kind>) => readonly LogicalPlan[] } = {
  scan: () => NO_PLANS,
  values: () => NO_PLANS,
  'recursive-input': () => NO_PLANS,
  filter: single,
  project: single,
  aggregate: single,
  window: single,
  sort: single,
  limit: single,
  distinct: single,
  unnest: single,
  expand: single,
  degree: single,
  frontier: single,
  'multiway-join': single,
  path: single,
  nearest: single,
  join: (plan) => [plan.left, plan.right],
  apply: (plan) => [plan.left, plan.right],
  union: (plan) => plan.inputs,
  intersect: (plan) => plan.inputs,
  except: (plan) => plan.inputs,
  recursive: (plan) => [plan.base, plan.step],
  foreign: (plan) => plan.inputs.map((input) => input.plan),
  extension: (plan) => plan.inputs,
}

/** Gives the plans directly under a plan. */
export function planInputs(plan: LogicalPlan): readonly LogicalPlan[] {
  return (INPUTS[plan.kind] as (plan: LogicalPlan) => readonly LogicalPlan[])(plan)
}

type Rebuild<Kind extends PlanKind> = (plan: PlanOf<Kind>, inputs: readonly LogicalPlan[]) => LogicalPlan

type Unary = LogicalPlan & { readonly input: LogicalPlan }

const rebuilt = (plan: object): LogicalPlan => Object.freeze(plan) as LogicalPlan
const keepOutput = (plan: Unary, [input]: readonly LogicalPlan[]): LogicalPlan => rebuilt({ ...plan, input })
const passThrough = (plan: Unary, [input]: readonly LogicalPlan[]): LogicalPlan =>
  rebuilt({ ...plan, input, output: (input as LogicalPlan).output })
/** For nodes whose output is the input's columns and then some of their own. */
const appended = (plan: Unary, [input]: readonly LogicalPlan[]): LogicalPlan => {
  const own = plan.output.slice(plan.input.output.length)
  return rebuilt({ ...plan, input, output: [...(input as LogicalPlan).output, ...own] })
}
const leaf = (plan: LogicalPlan): LogicalPlan => plan

const bothSides = (plan: JoinPlan | ApplyPlan, inputs: readonly LogicalPlan[]): LogicalPlan => {
  const [left, right] = inputs as [LogicalPlan, LogicalPlan]
  return rebuilt({ ...plan, left, right, output: joinOutput(plan.how, left, right) })
}

const REBUILD: { readonly [Kind in PlanKind]: Rebuild<Kind> } = {
  scan: leaf,
  values: leaf,
  'recursive-input': leaf,
  filter: passThrough,
  project: keepOutput,
  aggregate: keepOutput,
  window: appended,
  sort: passThrough,
  limit: passThrough,
  distinct: passThrough,
  unnest: appended,
  expand: appended,
  degree: appended,
  frontier: keepOutput,
  'multiway-join': appended,
  path: appended,
  nearest: appended,
  join: bothSides,
  apply: bothSides,
  union: (plan, inputs) => rebuilt({ ...plan, inputs }),
  intersect: (plan, inputs) => rebuilt({ ...plan, inputs }),
  except: (plan, inputs) => rebuilt({ ...plan, inputs }),
  recursive: (plan, inputs) =>
    Object.freeze({ ...plan, base: inputs[0] as LogicalPlan, step: inputs[1] as LogicalPlan }),
  foreign: (plan, inputs) =>
    Object.freeze({
      ...plan,
      inputs: plan.inputs.map((input, index) => ({ name: input.name, plan: inputs[index] as LogicalPlan })),
    }),
  extension: (plan, inputs) => Object.freeze({ ...plan, inputs }),
}

/** Rebuilds a node over other inputs; the node itself where they are the same. */
export function withInputs(plan: LogicalPlan, inputs: readonly LogicalPlan[]): LogicalPlan {
  const before = planInputs(plan)
  if (before.every((input, index) => input === inputs[index])) return plan
  return (REBUILD[plan.kind] as Rebuild<PlanKind>)(plan as never, inputs)
}

/** Rebuilds a plan bottom up; `change` gives the replacement of each node (or the node itself). */
export function mapPlan(plan: LogicalPlan, change: (node: LogicalPlan) => LogicalPlan): LogicalPlan {
  return change(
    withInputs(
      plan,
      planInputs(plan).map((input) => mapPlan(input, change)),
    ),
  )
}

/** Visits each node of a plan, parents first. */
export function visitPlan(plan: LogicalPlan, visit: (node: LogicalPlan) => void): void {
  visit(plan)
  for (const input of planInputs(plan)) visitPlan(input, visit)
}

const keysOf = (keys: readonly SortKey[]): Expression[] => keys.map((key) => key.expression)
const optional = (...expressions: (Expression | null)[]): Expression[] =>
  expressions.filter((expression) => expression !== null)

/** Gives the expressions of a frame's bounds. */
function boundsOf(frame: WindowFrame): Expression[] {
  return [frame.start, frame.end].flatMap((bound) => ('value' in bound ? [bound.value] : []))
}

const EXPRESSIONS: { readonly [Kind in PlanKind]: (plan: PlanOf<Kind>) => readonly Expression[] } = {
  scan: (plan) => plan.filters,
  values: () => [],
  'recursive-input': () => [],
  filter: (plan) => [plan.predicate],
  project: (plan) => plan.expressions.map((item) => item.expression),
  aggregate: (plan) => [
    ...plan.groups.map((group) => group.expression),
    ...plan.aggregates.flatMap((item) => [...item.args, ...optional(item.filter), ...keysOf(item.order)]),
  ],
  window: (plan) => [
    ...plan.partition,
    ...keysOf(plan.order),
    ...plan.functions.flatMap((item) => [
      ...item.args,
      ...optional(item.filter),
      ...keysOf(item.order),
      ...boundsOf(item.frame),
    ]),
  ],
  sort: (plan) => keysOf(plan.keys),
  limit: (plan) => optional(plan.count, plan.offset),
  distinct: (plan) => plan.output.map(columnOfField),
  unnest: (plan) => [plan.list],
  expand: (plan) => [plan.from, ...plan.exclude, ...optional(plan.closes)],
  degree: (plan) => [plan.from, ...plan.exclude],
  frontier: (plan) => [plan.from, ...optional(plan.weight, plan.looped)],
  'multiway-join': (plan) =>
    plan.legs.flatMap((leg) => [
      leg.from,
      ...leg.exclude.flatMap((excluded) => [excluded.edge, ...(excluded.ends ?? [])]),
    ]),
  path: (plan) => [plan.from, ...plan.exclude, ...optional(plan.to)],
  nearest: (plan) => [plan.vector, plan.query, plan.k],
  join: (plan) => [...plan.keys.flatMap((key) => [key.left, key.right]), ...optional(plan.residual)],
  apply: () => [],
  union: () => [],
  intersect: () => [],
  except: () => [],
  recursive: () => [],
  foreign: (plan) => plan.parameters,
  extension: (plan) => plan.expressions,
}

function columnOfField(field: PlanField): ColumnExpression {
  return Object.freeze({
    kind: 'column',
    id: field.id,
    name: field.name,
    type: field.type,
    nullable: field.nullable,
  })
}

/** Gives the expressions of a node itself, not of the nodes under it. */
export function planExpressions(plan: LogicalPlan): readonly Expression[] {
  return (EXPRESSIONS[plan.kind] as (plan: LogicalPlan) => readonly Expression[])(plan)
}

/** Collects the ids that a node's own expressions read. */
export function columnsRead(plan: LogicalPlan): Set<ColumnId> {
  const ids = new Set<ColumnId>()
  for (const expression of planExpressions(plan)) columnsOf(expression, ids)
  return ids
}

/** Collects the ids of columns around that a plan refers to and that none of its own applies gives. */
export function freeOuters(plan: LogicalPlan): Set<ColumnId> {
  const ids = new Set<ColumnId>()
  for (const expression of planExpressions(plan)) outersOf(expression, ids)
  for (const input of planInputs(plan)) {
    const bound = plan.kind === 'apply' && input === plan.right ? idsOf(plan.left) : NO_IDS
    for (const id of freeOuters(input)) if (!bound.has(id)) ids.add(id)
  }
  return ids
}

const NO_IDS: ReadonlySet<ColumnId> = new Set()

function idsOf(plan: LogicalPlan): ReadonlySet<ColumnId> {
  return new Set(plan.output.map((field) => field.id))
}

/** Names the parameters that a plan needs. */
export function parametersOf(plan: LogicalPlan): Set<string> {
  const names = new Set<string>()
  const visit = (expression: Expression): void => {
    if (expression.kind === 'parameter') names.add(expression.name)
    else if (expression.kind === 'call') expression.args.forEach(visit)
    else if (expression.kind === 'lambda') visit(expression.body)
  }
  visitPlan(plan, (node) => planExpressions(node).forEach(visit))
  return names
}

/** Rebuilds every object inside a node that is an expression or carries a column id. */
function mapDeep(
  value: unknown,
  ids: (id: ColumnId) => ColumnId,
  expressions: (expression: Expression) => Expression,
): unknown {
  if (Array.isArray(value)) return value.map((item) => mapDeep(item, ids, expressions))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  if ('kind' in value && 'type' in value && 'nullable' in value) return expressions(value as Expression)
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (key === 'id' && typeof item === 'number') copy[key] = ids(item)
    else if (OPAQUE_KEYS.has(key)) copy[key] = item
    else copy[key] = mapDeep(item, ids, expressions)
  }
  return Object.freeze(copy)
}

const OPAQUE_KEYS = new Set(['type', 'adjacency', 'settings', 'access'])

/**
 * Copies a plan with new column ids, so that it can stand twice in one plan.
 *
 * @returns the copy, whose output stands in the same order
 */
export function withFreshIds(plan: LogicalPlan): LogicalPlan {
  const fresh = new Map<ColumnId, ColumnId>()
  const idOf = (id: ColumnId): ColumnId => {
    let next = fresh.get(id)
    if (next === undefined) {
      next = newColumnId()
      fresh.set(id, next)
    }
    return next
  }
  // What refers to a column outside the copied plan goes on doing so.
  const free = freeOuters(plan)
  const renew = (expression: Expression): Expression =>
    mapExpression(expression, (node) =>
      node.kind === 'column' || (node.kind === 'outer' && !free.has(node.id))
        ? Object.freeze({ ...node, id: idOf(node.id) })
        : node,
    )
  return copyPlan(plan, idOf, renew)
}

function isSetOperation(plan: LogicalPlan): plan is UnionPlan | SetOperationPlan {
  return plan.kind === 'union' || plan.kind === 'intersect' || plan.kind === 'except'
}

function copyPlan(
  plan: LogicalPlan,
  ids: (id: ColumnId) => ColumnId,
  expressions: (expression: Expression) => Expression,
): LogicalPlan {
  const inputs = planInputs(plan).map((input) => copyPlan(input, ids, expressions))
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(plan)) {
    if (key === 'input') copy[key] = inputs[0]
    else if (key === 'left' || key === 'base') copy[key] = inputs[0]
    else if (key === 'right' || key === 'step') copy[key] = inputs[1]
    else if (key === 'inputs')
      copy[key] =
        plan.kind === 'foreign'
          ? plan.inputs.map((input, index) => ({ name: input.name, plan: inputs[index] }))
          : inputs
    else if (key === 'columns' && plan.kind === 'values') copy[key] = value
    else if (key === 'columns' && isSetOperation(plan)) copy[key] = plan.columns.map((list) => list.map(ids))
    else if (OPAQUE_KEYS.has(key)) copy[key] = value
    else copy[key] = mapDeep(value, ids, expressions)
  }
  return Object.freeze(copy) as unknown as LogicalPlan
}
