import { List } from 'apache-arrow'
import type { TableDefinition } from '../../src/catalog/definition.ts'
import { call, column, literal } from '../../src/expression/build.ts'
import type { Expression } from '../../src/expression/expression.ts'
import {
  aggregate,
  aggregateExpression,
  degree,
  distinct,
  expand,
  filter,
  frontier,
  join,
  limit,
  named,
  nearest,
  path,
  planField,
  project,
  recursive,
  recursiveInput,
  scan,
  sort,
  sortKey,
  unnest,
  values,
} from '../../src/plan/build.ts'
import { groupingSets } from '../../src/plan/grouping.ts'
import type {
  AdjacencyReference,
  Direction,
  JoinKey,
  LogicalPlan,
  Metric,
  PathSemantics,
  PlanField,
} from '../../src/plan/logical-plan.ts'
import { except, intersect, union } from '../../src/plan/set-operations.ts'
import { withFreshIds } from '../../src/plan/traverse.ts'
import {
  commonType,
  isInteger,
  isList,
  isNumeric,
  isWideInteger,
  makeField,
  typeName,
  types,
  typesEqual,
} from '../../src/types/data-type.ts'
import { drawApply } from './random-apply.ts'
import { drawExpression, drawFallible, drawNumber, drawTruth } from './random-expression.ts'
import { capped, totalSort } from './random-order.ts'
import {
  type ColumnKind,
  columnKinds,
  type Draw,
  drawColumn,
  drawNodes,
  drawValues,
  oneIn,
  pick,
  upTo,
} from './random-table.ts'
import { drawWindow } from './random-window.ts'

/** Says what plans may be drawn over: tables of any columns, and tables of edges. */
export type Sources = {
  readonly draw: Draw
  readonly tables: readonly TableDefinition[]
  readonly edges: readonly TableDefinition[]
  /** True where tables are so short that joins may read them whole. */
  readonly short?: boolean
  /** The steps that plans are made of; all where none are given. */
  readonly steps?: readonly Step[]
  /** The kinds of columns of rows that plans carry; all where none are given. */
  readonly kinds?: readonly ColumnKind[]
}

const MAX_COLUMNS = 8

/** Draws a plan of a depth whose expressions cannot fail. */
export function drawPlan(sources: Sources, depth: number): LogicalPlan {
  if (depth <= 0) return drawSource(sources)
  return pick(sources.draw, sources.steps ?? STEPS)(sources, depth)
}

/** Draws a plan that fails where one of its expressions does: a source and a step over it. */
export function drawFalliblePlan(sources: Sources): LogicalPlan {
  const { draw } = sources
  const input = drawSource(sources)
  const setting = { draw, fields: input.output }
  const failing = drawFallible(setting)
  switch (upTo(draw, 3)) {
    case 0:
      return filter(input, call('is_not_null', failing))
    case 1:
      return sort(project(input, [named('failing', failing)]), [])
    case 2:
      return aggregate(input, [named('group', failing)], [aggregateExpression('rows', 'count', [])])
    default:
      return project(input, [named('failing', failing)])
  }
}

/** Draws a node over plans of less depth. */
export type Step = (sources: Sources, depth: number) => LogicalPlan

const STEPS: readonly Step[] = [
  drawFilter,
  drawProject,
  drawProject,
  drawJoin,
  drawJoin,
  drawAggregate,
  drawAggregate,
  drawSort,
  drawLimit,
  (sources, depth) => distinct(drawPlan(sources, depth - 1)),
  drawUnion,
  drawSetOperation,
  drawWindowStep,
  drawWindowStep,
  drawApplyStep,
  drawUnnest,
  drawExpand,
  drawDegree,
  drawFrontier,
  drawPath,
  drawNearest,
  drawRecursive,
]

/** Lists the steps that SQL knows and DuckDB means the same by. */
export const SQL_STEPS: readonly Step[] = [
  drawFilter,
  drawProject,
  drawJoin,
  drawJoin,
  drawAggregate,
  drawLimit,
  (sources, depth) => distinct(drawPlan(sources, depth - 1)),
  drawUnion,
  drawSetOperation,
  drawWindowStep,
  drawApplyStep,
]

const ROW_ID = makeField('_row_id', types.uint64, { nullable: false })

function drawSource({ draw, tables, kinds, steps }: Sources): LogicalPlan {
  if (tables.length === 0 || oneIn(draw, 5)) return drawRows(draw, kinds ?? columnKinds)
  const table = pick(draw, tables)
  const fields = table.fields.filter(() => !oneIn(draw, 4))
  const named = [...fields, ...(steps === undefined && oneIn(draw, 4) ? [ROW_ID] : [])]
  const columns = named.map((field) => ({
    ...planField(field.name, field.type, field.nullable),
    field: field.name,
  }))
  const filters = oneIn(draw, 2) || columns.length === 0 ? [] : [drawTruth({ draw, fields: columns }, 1)]
  return scan(table.name, columns, filters)
}

function drawRows(draw: Draw, from: readonly ColumnKind[]): LogicalPlan {
  const kinds = Array.from({ length: upTo(draw, 3) }, () => pick(draw, from))
  const count = upTo(draw, 4)
  return values(
    kinds.map((kind, at) => planField(`${kind.name}${at}`, kind.type)),
    kinds.map((kind) => drawColumn(draw, kind.type, drawValues(draw, kind, count))),
    count,
  )
}

function drawFilter(sources: Sources, depth: number): LogicalPlan {
  const input = drawPlan(sources, depth - 1)
  return filter(input, drawTruth({ draw: sources.draw, fields: input.output }, 2))
}

function drawProject(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  const input = drawPlan(sources, depth - 1)
  const setting = { draw, fields: input.output }
  const count = 1 + upTo(draw, 3)
  return project(
    input,
    Array.from({ length: count }, (_, at) => named(`p${at}`, drawExpression(setting, 2))),
  )
}

function drawJoin(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  const short = sources.short === true && oneIn(draw, 2)
  const plainLeft = short && oneIn(draw, 2)
  const left = plainLeft ? drawSource(sources) : narrow(drawPlan(sources, depth - 1))
  const right = short ? drawSource(sources) : narrow(drawPlan(sources, depth - 2))
  const how = pick(draw, ['inner', 'inner', 'left', 'right', 'full', 'semi', 'anti', 'cross'] as const)
  const keys = how === 'cross' ? [] : drawKeys(draw, left, right)
  const both = { draw, fields: [...left.output, ...right.output] }
  const residual = oneIn(draw, 2) || how === 'cross' ? null : drawTruth(both, 1)
  const whole = short && keys.length > 0
  return join(plainLeft && whole ? left : capped(left), whole ? right : capped(right), {
    how,
    keys,
    residual,
  })
}

function narrow(plan: LogicalPlan): LogicalPlan {
  if (plan.output.length <= MAX_COLUMNS) return plan
  return project(
    plan,
    plan.output.slice(0, MAX_COLUMNS).map((field) => named(field.name, column(field))),
  )
}

function drawKeys(draw: Draw, left: LogicalPlan, right: LogicalPlan): JoinKey[] {
  const pairs = left.output.flatMap((a) =>
    right.output
      .filter((b) => typesEqual(a.type, b.type) || (isNumeric(a.type) && isNumeric(b.type)))
      .map((b) => ({ left: column(a), right: column(b) })),
  )
  if (pairs.length === 0) return []
  const isDirect = (name: string) => name === '_row_id' || name === 'key'
  const direct = pairs.filter((pair) => isDirect(pair.right.name) || isDirect(pair.left.name))
  if (direct.length > 0 && oneIn(draw, 2)) return [pick(draw, direct)]
  const count = 1 + upTo(draw, 1)
  return Array.from({ length: count }, () => ({
    ...pick(draw, pairs),
    ...(oneIn(draw, 4) ? { nullsEqual: true } : {}),
  }))
}

function drawAggregate(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  const input = drawPlan(sources, depth - 1)
  const setting = { draw, fields: input.output }
  const groups = Array.from({ length: upTo(draw, 2) }, (_, at) => named(`g${at}`, drawExpression(setting, 1)))
  const unique = groups.filter((group, at) => groups.findIndex((other) => other.id === group.id) === at)
  const aggregates = Array.from({ length: upTo(draw, 2) + 1 }, (_, at) =>
    drawAggregateExpression(sources, input, `a${at}`),
  )
  return aggregate(input, unique, aggregates, oneIn(draw, 3) ? drawSets(draw, unique.length) : null)
}

function drawSets(draw: Draw, groupCount: number) {
  const places = Array.from({ length: groupCount }, (_, at) => at)
  const sets = Array.from({ length: 1 + upTo(draw, 2) }, () => places.filter(() => oneIn(draw, 2)))
  return { ...groupingSets(sets), ...(oneIn(draw, 2) ? {} : { set: null }) }
}

function drawAggregateExpression({ draw }: Sources, input: LogicalPlan, name: string) {
  const setting = { draw, fields: input.output }
  const options = {
    distinct: oneIn(draw, 4),
    filter: oneIn(draw, 4) ? drawTruth(setting, 1) : null,
  }
  const fn = pick(draw, [
    'count',
    'count',
    'sum',
    'avg',
    'min',
    'max',
    'min',
    'bool_or',
    'list',
    'collect',
    'var_pop',
  ])
  if (fn === 'count' && oneIn(draw, 2)) return aggregateExpression(name, fn, [], { filter: options.filter })
  if (fn === 'bool_or') return aggregateExpression(name, fn, [drawTruth(setting, 1)], options)
  if (fn === 'sum' || fn === 'avg' || fn === 'var_pop')
    return aggregateExpression(name, fn, [summable(drawNumber(setting, 1))], options)
  const argument = drawExpression(setting, 1)
  // A list stands in the order of its elements, so that it does not depend on the order of rows.
  const order = fn === 'list' || fn === 'collect' ? [sortKey(argument, { descending: oneIn(draw, 2) })] : []
  return aggregateExpression(name, fn, [argument], { ...options, order })
}

/** Sums of 64-bit integers may overflow and their floats lose digits by the order of addition: these are cut. */
function summable(argument: Expression): Expression {
  if (!isWideInteger(argument.type) && isInteger(argument.type)) return argument
  const safe = call('cast.float64', argument)
  const large = call('gt', call('abs', safe), literal(1e6))
  return call('case', large, literal(null, types.float64), safe)
}

function drawSort(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  const input = drawPlan(sources, depth - 1)
  const setting = { draw, fields: input.output }
  const keys = Array.from({ length: 1 + upTo(draw, 1) }, () =>
    sortKey(drawExpression(setting, 1), {
      descending: oneIn(draw, 2),
      nullsFirst: oneIn(draw, 2),
      nansLast: oneIn(draw, 2),
    }),
  )
  return sort(input, keys)
}

function drawLimit(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  const input = drawPlan(sources, depth - 1)
  const keys = input.output.map((field) =>
    sortKey(column(field), {
      descending: oneIn(draw, 2),
      nullsFirst: oneIn(draw, 2),
      nansLast: oneIn(draw, 2),
    }),
  )
  const count = oneIn(draw, 4) ? null : upTo(draw, 6)
  if (keys.length === 0) return input
  return limit(sort(input, keys), count, oneIn(draw, 2) ? null : upTo(draw, 4))
}

function drawUnion(sources: Sources, depth: number): LogicalPlan {
  const left = drawPlan(sources, depth - 1)
  const right = drawPlan(sources, depth - 2)
  const width = Math.min(left.output.length, right.output.length, 4)
  const pairs = left.output
    .slice(0, width)
    .map((field, at) => ({ a: field, b: right.output[at] as PlanField }))
  const alike = pairs.filter(({ a, b }) => isUnionable(a, b))
  const side = (plan: LogicalPlan, fields: readonly PlanField[]) =>
    project(
      plan,
      fields.map((field) => named(field.name, column(field))),
    )
  return union([
    side(
      left,
      alike.map(({ a }) => a),
    ),
    side(
      right,
      alike.map(({ b }) => b),
    ),
  ])
}

function isUnionable(a: PlanField, b: PlanField): boolean {
  // Their common type, int64, does not hold all unsigned integers: converting may fail.
  if (typeName(a.type) === 'uint64' || typeName(b.type) === 'uint64') return typesEqual(a.type, b.type)
  const joint = commonType(a.type, b.type)
  return typesEqual(a.type, b.type) || ['float64', 'int64', 'variant', 'utf8'].includes(typeName(joint))
}

function drawWindowStep(sources: Sources, depth: number): LogicalPlan {
  return drawWindow(sources.draw, drawPlan(sources, depth - 1), (input, name) =>
    drawAggregateExpression(sources, input, name),
  )
}

function drawApplyStep(sources: Sources, depth: number): LogicalPlan {
  return drawApply(sources.draw, capped(drawPlan(sources, depth - 1)), drawPlan(sources, depth - 1))
}

function drawSetOperation(sources: Sources, depth: number): LogicalPlan {
  const both = drawUnion(sources, depth)
  if (both.kind !== 'union') return both
  const [left, right] = both.inputs as [LogicalPlan, LogicalPlan]
  const { draw } = sources
  // What is in the second input is drawn from the first half of the time, so that something is left.
  const other = oneIn(draw, 2) ? withFreshIds(oneIn(draw, 2) ? left : capped(left)) : right
  return pick(draw, [intersect, except])(left, other, { all: oneIn(draw, 2) })
}

function drawUnnest(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  const input = drawPlan(sources, depth - 1)
  const lists = input.output.filter((field) => isList(field.type))
  if (lists.length === 0) return input
  return unnest(input, column(pick(draw, lists)), {
    name: 'element',
    outer: oneIn(draw, 2),
    ...(oneIn(draw, 2) ? { ordinality: 'at' } : {}),
  })
}

function drawAdjacency({ draw, edges }: Sources): AdjacencyReference | undefined {
  if (edges.length === 0) return undefined
  const parted = oneIn(draw, 2)
  const partition = parted ? { field: 'kind', values: [0, 1, 2].filter(() => oneIn(draw, 2)) } : null
  return { table: pick(draw, edges).name, source: 'source', target: 'target', partition }
}

const DIRECTIONS: readonly Direction[] = ['out', 'in', 'both']

function nodeSource(draw: Draw): LogicalPlan {
  const count = 1 + upTo(draw, 4)
  const columns = ['from', 'to'].map(() => drawColumn(draw, types.int64, drawNodes(draw, count)))
  return values([planField('from', types.int64), planField('to', types.int64)], columns, count)
}

function drawExpand(sources: Sources, _depth: number): LogicalPlan {
  const { draw } = sources
  let plan = nodeSource(draw)
  let from = plan.output[0] as PlanField
  const edges: PlanField[] = []
  for (let hop = upTo(draw, 2); hop >= 0; hop -= 1) {
    const adjacency = drawAdjacency(sources)
    if (adjacency === undefined) return plan
    const target = planField(`node${hop}`, types.int64, false)
    const edge = planField(`edge${hop}`, types.int64, false)
    plan = expand(plan, {
      from: column(from) as never,
      adjacency,
      direction: pick(draw, DIRECTIONS),
      target,
      edge,
      exclude: oneIn(draw, 2) ? [] : edges.map((field) => column(field)),
      closes: oneIn(draw, 5) ? column(plan.output[1] as PlanField) : null,
    })
    from = target
    edges.push(edge)
  }
  return plan
}

function drawDegree(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  const input = drawExpand(sources, depth)
  const adjacency = drawAdjacency(sources)
  if (adjacency === undefined) return input
  const edges = input.output.filter((field) => field.name.startsWith('edge'))
  return degree(input, {
    from: column(
      pick(
        draw,
        input.output.filter((field) => !field.name.startsWith('edge')),
      ),
    ),
    adjacency,
    direction: pick(draw, DIRECTIONS),
    count: planField('degree', types.int64, false),
    exclude: edges.filter(() => oneIn(draw, 2)).map((field) => column(field)),
  })
}

function drawFrontier(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  let plan = oneIn(draw, 3) ? drawExpand(sources, depth) : nodeSource(draw)
  let from = plan.output[0] as PlanField
  let counted: { readonly ways: PlanField; readonly loops: PlanField } | null = null
  const isSet = oneIn(draw, 2)
  const adjacency = drawAdjacency(sources)
  if (adjacency === undefined) return plan
  const direction = pick(draw, DIRECTIONS)
  for (let hop = upTo(draw, 2); hop >= 0; hop -= 1) {
    const target = planField(`node${hop}`, types.int64, false)
    const ways = planField(`ways${hop}`, types.int64, false)
    const loops = planField(`loops${hop}`, types.int64, false)
    const excludes = counted !== null && oneIn(draw, 2)
    plan = frontier(plan, {
      from: column(from),
      adjacency,
      direction,
      target,
      ways,
      loops,
      weight: counted === null ? null : column(counted.ways),
      looped: counted !== null && excludes ? column(counted.loops) : null,
      distinct: isSet,
    })
    counted = { ways, loops }
    from = target
  }
  return plan
}

const NUMBERS = new List(makeField('item', types.int64, { nullable: false }))
const SEMANTICS: readonly PathSemantics[] = [
  'walk',
  'trail',
  'reachability',
  'trail-ends',
  'shortest',
  'all-shortest',
]

function drawPath(sources: Sources, _depth: number): LogicalPlan {
  const { draw } = sources
  const input = oneIn(draw, 3) ? drawExpand(sources, 0) : nodeSource(draw)
  const adjacency = drawAdjacency(sources)
  if (adjacency === undefined) return input
  const semantics = pick(draw, SEMANTICS)
  const direction = pick(draw, DIRECTIONS)
  // A shortest cycle over one edge there and back is not defined.
  const least =
    semantics.endsWith('shortest') && direction === 'both'
      ? 0
      : upTo(draw, semantics === 'trail-ends' ? 1 : 2)
  const most = semantics === 'walk' || oneIn(draw, 2) ? least + upTo(draw, 2) : null
  // Which of the shortest paths is given is not defined, nor is the path by which a node is reached.
  const shown =
    (semantics === 'walk' || semantics === 'trail' || semantics === 'all-shortest') && oneIn(draw, 2)
  const edges = input.output.filter((field) => field.name.startsWith('edge'))
  return path(input, {
    from: column(input.output[0] as PlanField),
    to: oneIn(draw, 3) ? column(input.output[1] as PlanField) : null,
    adjacency,
    direction,
    semantics,
    minimum: least,
    maximum: most,
    target: planField('end', types.int64, false),
    edges: shown ? planField('path edges', NUMBERS, false) : null,
    nodes: shown ? planField('path nodes', NUMBERS, false) : null,
    exclude: edges.map((field) => column(field)),
  })
}

const METRICS: readonly Metric[] = ['l2', 'dot', 'cosine']

function drawNearest(sources: Sources, depth: number): LogicalPlan {
  const { draw } = sources
  const drawn = drawPlan(sources, depth - 1)
  const vectors = drawn.output.filter((field) => typeName(field.type) === 'list<float32, 2>')
  if (vectors.length === 0) return drawn
  const vector = pick(draw, vectors)
  // Rows at equal distances come in the order of the input: a total one. Only vector and distance are looked at.
  const found = nearest(totalSort(drawn), {
    vector: column(vector),
    query: literal(Float32Array.of(1, 0.5), vector.type),
    k: literal(upTo(draw, 5)),
    metric: pick(draw, METRICS),
  })
  return project(found, [named('distance', column(found.output[found.output.length - 1] as PlanField))])
}

/** Draws the closure of a table of edges, or a count up to a bound. */
function drawRecursive(sources: Sources, _depth: number): LogicalPlan {
  const { draw, edges } = sources
  const base = nodeSource(draw)
  const last = recursiveInput('closure', base)
  const [a, b] = last.output as [PlanField, PlanField]
  const table = edges[0]
  if (table === undefined || oneIn(draw, 3)) {
    const next = project(filter(last, call('lt', column(a), literal(9))), [
      named('from', call('add', column(a), literal(1))),
      named('to', column(b)),
    ])
    return recursive('closure', base, next, { distinct: oneIn(draw, 2) })
  }
  const rows = scan(
    table.name,
    ['source', 'target'].map((field) => ({ ...planField(field, types.int64), field })),
  )
  const [source, target] = rows.output as [PlanField, PlanField]
  const step = join(last, rows, { how: 'inner', keys: [{ left: column(b), right: column(source) }] })
  return recursive('closure', base, project(step, [named('from', column(a)), named('to', column(target))]), {
    distinct: true,
  })
}
