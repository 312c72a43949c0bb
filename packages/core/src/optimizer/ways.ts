import { call, column, columnsOf, isDeterministic, literal } from '../expression/build.ts'
import type { ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import { degree, extend, filter, frontier, multiwayJoin, named, planField } from '../plan/build.ts'
import type {
  ExpandPlan,
  JoinPlan,
  LogicalPlan,
  MultiwayJoinPlan,
  NamedExpression,
  PlanField,
  ProjectPlan,
} from '../plan/logical-plan.ts'
import { columnsRead, withInputs } from '../plan/traverse.ts'
import { types } from '../types/data-type.ts'
import { type Exclusion, exclusionOf } from './ways-exclusion.ts'

/** Says whether it matters how often a row comes (`count`) or only that it comes (`set`). */
export type Mode = 'count' | 'set'

type Live = ReadonlySet<ColumnId>

/** Is a plan with fewer rows, each standing for as many as `weight` says. */
export type Ways = {
  readonly plan: LogicalPlan
  /** How many rows each row stands for; `null` for itself alone. */
  readonly weight: ColumnExpression | null
  /** What the last hop came by, for the hop after it: only right above a frontier. */
  readonly arrivals: { readonly ways: ColumnExpression; readonly loops: ColumnExpression } | null
}

type Request = {
  readonly live: Live
  readonly mode: Mode
  /** The edge column of the hop whose loops the hop above must know; `null` where it need not. */
  readonly loopsOf: ColumnId | null
}

/** Rewrites the rows under an aggregation that reads the columns of `live`; `null` where nothing can be merged. */
export function walkWays(plan: LogicalPlan, live: Live, mode: Mode): Ways | null {
  const walked = walk(plan, { live, mode, loopsOf: null })
  return walked.plan === plan ? null : walked
}

function walk(plan: LogicalPlan, request: Request): Ways {
  switch (plan.kind) {
    case 'expand':
      return walkExpand(plan, request)
    case 'multiway-join':
      return walkMultiway(plan, request)
    case 'project':
      return walkProject(plan, request)
    case 'filter':
      return isDeterministic(plan.predicate) ? walkThrough(plan, request, true) : untouched(plan)
    case 'unnest':
      return isDeterministic(plan.list) ? walkThrough(plan, request, false) : untouched(plan)
    case 'path':
      return walkThrough(plan, request, false)
    case 'join':
      return walkJoin(plan, request)
    default:
      return untouched(plan)
  }
}

function untouched(plan: LogicalPlan): Ways {
  return { plan, weight: null, arrivals: null }
}

/** For nodes whose rows keep the columns of their input. */
function walkThrough(
  plan: Extract<LogicalPlan, { kind: 'filter' | 'unnest' | 'path' }>,
  request: Request,
  keepsArrivals: boolean,
): Ways {
  const live = new Set([...request.live, ...columnsRead(plan)])
  const below = walk(plan.input, { ...request, live })
  if (below.plan === plan.input) return untouched(plan)
  return {
    plan: withInputs(plan, [below.plan]),
    weight: below.weight,
    arrivals: keepsArrivals ? below.arrivals : null,
  }
}

function walkProject(plan: ProjectPlan, request: Request): Ways {
  const needed = plan.expressions.filter(({ id }) => request.live.has(id))
  if (!needed.every(({ expression }) => isDeterministic(expression))) return untouched(plan)
  const live = new Set<ColumnId>()
  for (const { expression } of needed) columnsOf(expression, live)
  const below = walk(plan.input, { ...request, live })
  if (below.plan === plan.input) return untouched(plan)
  const carried = new Map<ColumnId, NamedExpression>()
  for (const item of [below.weight, below.arrivals?.ways, below.arrivals?.loops])
    if (item !== null && item !== undefined)
      carried.set(item.id, { id: item.id, name: item.name, expression: item })
  const expressions = [...needed, ...carried.values()]
  const output = expressions.map(({ id, name, expression }) =>
    Object.freeze({ id, name, type: expression.type, nullable: expression.nullable }),
  )
  return { ...below, plan: Object.freeze({ ...plan, input: below.plan, expressions, output }) }
}

function walkJoin(plan: JoinPlan, request: Request): Ways {
  if (plan.how === 'right' || plan.how === 'full') return untouched(plan)
  const live = new Set([...request.live, ...columnsRead(plan)])
  const left = walk(plan.left, { ...request, live })
  const merges = plan.how === 'inner' || plan.how === 'cross' || plan.how === 'left'
  const right = merges ? walk(plan.right, { ...request, live, loopsOf: null }) : untouched(plan.right)
  if (left.plan === plan.left && right.plan === plan.right) return untouched(plan)
  const joined = withInputs(plan, [left.plan, right.plan])
  if (right.weight === null) return { plan: joined, weight: left.weight, arrivals: left.arrivals }
  // A row of the left that found nothing stands for itself.
  const found =
    plan.how === 'left'
      ? call('coalesce', column({ ...right.weight, nullable: true }), literal(1))
      : right.weight
  if (left.weight === null && found === right.weight)
    return { plan: joined, weight: right.weight, arrivals: left.arrivals }
  const product = named('ways', left.weight === null ? found : call('multiply', left.weight, found))
  return { plan: extend(joined, [product]), weight: columnOf(product), arrivals: null }
}

function columnOf({ id, name, expression }: NamedExpression): ColumnExpression {
  return column({ id, name, type: expression.type, nullable: expression.nullable })
}

function walkExpand(plan: ExpandPlan, request: Request): Ways {
  const { live } = request
  const edgeIsRead = plan.edge !== null && live.has(plan.edge.id)
  if (plan.closes !== null || edgeIsRead) return walkOver(plan, request)
  const readsInput = plan.input.output.some(({ id }) => live.has(id))
  if (!live.has(plan.target.id)) return countHop(plan, request, exclusionOf(plan))
  return readsInput ? walkOver(plan, request) : mergeHop(plan, request)
}

/** Leaves a hop as it is. */
function walkOver(plan: ExpandPlan, request: Request): Ways {
  const live = new Set([...request.live, ...columnsRead(plan)])
  const below = walk(plan.input, { live, mode: request.mode, loopsOf: null })
  if (below.plan === plan.input) return untouched(plan)
  return { plan: withInputs(plan, [below.plan]), weight: below.weight, arrivals: null }
}

/** Counts what closes a cycle where nothing of it is read. */
function walkMultiway(plan: MultiwayJoinPlan, request: Request): Ways {
  const live = new Set([...request.live, ...columnsRead(plan)])
  const below = walk(plan.input, { live, mode: request.mode, loopsOf: null })
  const made = plan.output.slice(plan.input.output.length)
  if (plan.count !== null || made.some(({ id }) => request.live.has(id))) {
    if (below.plan === plan.input) return untouched(plan)
    return { plan: withInputs(plan, [below.plan]), weight: below.weight, arrivals: null }
  }
  const count = int64('ways')
  const counted = filter(
    multiwayJoin(below.plan, { legs: plan.legs, count }),
    call('gt', column(count), literal(0)),
  )
  if (request.mode === 'set') return { plan: counted, weight: null, arrivals: null }
  if (below.weight === null) return { plan: counted, weight: column(count), arrivals: null }
  const ways = named('ways', call('multiply', below.weight, column(count)))
  return { plan: extend(counted, [ways]), weight: columnOf(ways), arrivals: null }
}

/** Follows a hop of which only the node reached is read. */
function mergeHop(plan: ExpandPlan, request: Request): Ways {
  const exclusion = exclusionOf(plan)
  if (exclusion.kind === 'edges' || exclusion.kind === 'other') return walkOver(plan, request)
  const { mode } = request
  const below = walk(plan.input, { live: new Set([plan.from.id]), mode, loopsOf: loopsOf(exclusion) })
  const arrivals = exclusion.kind === 'loops' ? below.arrivals : null
  if (exclusion.kind === 'loops' && arrivals === null) return walkOver(plan, request)
  const loops = request.loopsOf !== null && request.loopsOf === plan.edge?.id ? int64('loops') : null
  const ways = int64('ways')
  const merged = frontier(below.plan, {
    from: plan.from,
    adjacency: plan.adjacency,
    direction: plan.direction,
    target: plan.target,
    weight: arrivals === null ? below.weight : arrivals.ways,
    looped: arrivals === null ? null : arrivals.loops,
    distinct: mode === 'set',
    ways,
    loops,
  })
  return {
    plan: merged,
    weight: mode === 'set' ? null : column(ways),
    arrivals: loops === null ? null : { ways: column(ways), loops: column(loops) },
  }
}

/** Counts the edges of a hop of which nothing is read. */
function countHop(plan: ExpandPlan, request: Request, exclusion: Exclusion): Ways {
  const exclude = exclusion.kind === 'other' ? plan.exclude : []
  const below = walk(plan.input, {
    live: new Set([...request.live, plan.from.id, ...exclude.map(({ id }) => id)]),
    mode: request.mode,
    loopsOf: loopsOf(exclusion),
  })
  // Where the hop below cannot tell its loops, the edges themselves are looked at.
  if (exclusion.kind === 'loops' && below.arrivals === null) return countHop(plan, request, { kind: 'other' })
  const { from, adjacency, direction } = plan
  const count = int64('degree')
  const counted = degree(below.plan, { from, adjacency, direction, count, exclude })
  const ways = named('ways', waysOf(column(count), below, exclusion))
  const weight = columnOf(ways)
  return {
    plan: filter(extend(counted, [ways]), call('gt', weight, literal(0))),
    weight: request.mode === 'set' ? null : weight,
    arrivals: null,
  }
}

function loopsOf(exclusion: Exclusion): ColumnId | null {
  return exclusion.kind === 'loops' ? exclusion.edge : null
}

function waysOf(count: ColumnExpression, below: Ways, exclusion: Exclusion): Expression {
  if (exclusion.kind === 'loops' && below.arrivals !== null)
    return call('subtract', call('multiply', below.arrivals.ways, count), below.arrivals.loops)
  const left = exclusion.kind === 'edges' ? call('subtract', count, literal(exclusion.count)) : count
  return below.weight === null ? left : call('multiply', below.weight, left)
}

function int64(name: string): PlanField {
  return planField(name, types.int64, false)
}
