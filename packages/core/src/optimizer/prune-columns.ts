import { columnsOf } from '../expression/build.ts'
import type { ColumnId, Expression } from '../expression/expression.ts'
import { keepColumns } from '../plan/build.ts'
import type { ExtensionPlan, LogicalPlan, PlanKind, ProjectPlan, ScanPlan } from '../plan/logical-plan.ts'
import { columnsRead, freeOuters, planInputs, withInputs } from '../plan/traverse.ts'
import { inOrderOf } from './column-order.ts'
import type { Rule } from './rule.ts'

/** Drops every column that nothing reads, down to the scans. The plan's own output stays as it is. */
export const pruneColumns: Rule = {
  name: 'prune-columns',
  apply: (plan) => {
    return inOrderOf(plan, prune(plan, new Set(plan.output.map((field) => field.id))))
  },
}

type PlanOf<Kind extends PlanKind> = Extract<LogicalPlan, { kind: Kind }>
type Needed = ReadonlySet<ColumnId>

function prune(plan: LogicalPlan, needed: Needed): LogicalPlan {
  const special = SPECIAL[plan.kind] as ((plan: LogicalPlan, needed: Needed) => LogicalPlan) | undefined
  if (special !== undefined) return special(plan, needed)
  const wanted = new Set([...needed, ...columnsRead(plan)])
  return withInputs(
    plan,
    planInputs(plan).map((input) => prune(input, wanted)),
  )
}

/** For nodes that need every column of their inputs, or match them by position. */
function keepAll(plan: LogicalPlan): LogicalPlan {
  return withInputs(
    plan,
    planInputs(plan).map((input) =>
      pruneTo(
        input,
        input.output.map((field) => field.id),
      ),
    ),
  )
}

/** Prunes a plan whose output must be just these columns, in this order. */
function pruneTo(plan: LogicalPlan, ids: readonly ColumnId[]): LogicalPlan {
  const pruned = prune(plan, new Set(ids))
  const same =
    pruned.output.length === ids.length && pruned.output.every((field, index) => field.id === ids[index])
  return same ? pruned : keepColumns(pruned, ids)
}

const SPECIAL: { readonly [Kind in PlanKind]?: (plan: PlanOf<Kind>, needed: Needed) => LogicalPlan } = {
  scan: pruneScan,
  values: (plan, needed) => {
    const kept = plan.output
      .map((field, index) => [field, plan.columns[index]] as const)
      .filter(([field]) => needed.has(field.id))
    if (kept.length === plan.output.length) return plan
    return Object.freeze({
      ...plan,
      output: kept.map(([field]) => field),
      columns: kept.map(([, column]) => column as (typeof plan.columns)[number]),
    })
  },
  project: pruneProject,
  aggregate: (plan, needed) => {
    const aggregates = plan.aggregates.filter((item) => needed.has(item.id))
    const output = plan.output.filter(
      (field) => plan.groups.some((group) => group.id === field.id) || needed.has(field.id),
    )
    const isSetRead = plan.sets?.set != null && needed.has(plan.sets.set.id)
    const sets = plan.sets === null || isSetRead ? plan.sets : { ...plan.sets, set: null }
    const kept = Object.freeze({ ...plan, aggregates, sets, output })
    return withInputs(kept, [prune(plan.input, columnsRead(kept))])
  },
  expand: (plan, needed) => {
    const edge = plan.edge !== null && needed.has(plan.edge.id) ? plan.edge : null
    const kept = Object.freeze({
      ...plan,
      edge,
      output: plan.output.filter((field) => field.id !== plan.edge?.id || edge !== null),
    })
    return withInputs(kept, [prune(plan.input, new Set([...needed, ...columnsRead(plan)]))])
  },
  frontier: (plan, needed) => {
    const ways = plan.ways !== null && needed.has(plan.ways.id) ? plan.ways : null
    const loops = plan.loops !== null && needed.has(plan.loops.id) ? plan.loops : null
    const output = [plan.target, ways, loops].filter((field) => field !== null)
    return withInputs(Object.freeze({ ...plan, ways, loops, output }), [prune(plan.input, columnsRead(plan))])
  },
  'multiway-join': (plan, needed) => {
    const dropped = new Set<ColumnId>()
    const legs = plan.legs.map((leg) => {
      if (leg.edge === null || needed.has(leg.edge.id)) return leg
      dropped.add(leg.edge.id)
      return { ...leg, edge: null }
    })
    const output = plan.output.filter((field) => !dropped.has(field.id))
    const kept = Object.freeze({ ...plan, legs, output })
    return withInputs(kept, [prune(plan.input, new Set([...needed, ...columnsRead(plan)]))])
  },
  path: (plan, needed) => {
    const edges = plan.edges !== null && needed.has(plan.edges.id) ? plan.edges : null
    const nodes = plan.nodes !== null && needed.has(plan.nodes.id) ? plan.nodes : null
    const dropped = new Set([
      ...(edges === null ? [plan.edges?.id] : []),
      ...(nodes === null ? [plan.nodes?.id] : []),
    ])
    const kept = Object.freeze({
      ...plan,
      edges,
      nodes,
      output: plan.output.filter((field) => !dropped.has(field.id)),
    })
    return withInputs(kept, [prune(plan.input, new Set([...needed, ...columnsRead(plan)]))])
  },
  join: (plan, needed) => {
    const wanted = new Set([...needed, ...columnsRead(plan)])
    return withInputs(plan, [prune(plan.left, wanted), prune(plan.right, wanted)])
  },
  window: (plan, needed) => {
    const functions = plan.functions.filter((item) => needed.has(item.id))
    if (functions.length === 0) return prune(plan.input, needed)
    const output = plan.output.filter(
      (field) =>
        !plan.functions.some((item) => item.id === field.id) || functions.some(({ id }) => id === field.id),
    )
    const kept = Object.freeze({ ...plan, functions, output })
    return withInputs(kept, [prune(plan.input, new Set([...needed, ...columnsRead(kept)]))])
  },
  apply: (plan, needed) =>
    withInputs(plan, [
      prune(plan.left, new Set([...needed, ...freeOuters(plan.right)])),
      prune(plan.right, needed),
    ]),
  distinct: keepAll,
  intersect: keepAll,
  except: keepAll,
  recursive: keepAll,
  foreign: keepAll,
  extension: (plan, needed) =>
    plan.settings.passThrough === true ? prunePassThrough(plan, needed) : keepAll(plan),
  union: (plan, needed) => {
    const places = plan.output
      .map((field, index) => (needed.has(field.id) ? index : -1))
      .filter((index) => index >= 0)
    const columns = plan.columns.map((ids) => places.map((place) => ids[place] as ColumnId))
    const kept = Object.freeze({
      ...plan,
      columns,
      output: places.map((place) => plan.output[place] as (typeof plan.output)[number]),
    })
    return withInputs(
      kept,
      plan.inputs.map((input, at) => prune(input, new Set(columns[at]))),
    )
  },
  'recursive-input': (plan) => plan,
}

/** An extension that hands its inputs' columns on, and says so, needs of them what it reads and what is read above. */
function prunePassThrough(plan: ExtensionPlan, needed: Needed): LogicalPlan {
  const given = new Set(plan.inputs.flatMap((input) => input.output.map((field) => field.id)))
  const output = plan.output.filter((field) => !given.has(field.id) || needed.has(field.id))
  const wanted = new Set([...needed, ...columnsRead(plan)])
  return withInputs(
    Object.freeze({ ...plan, output }),
    plan.inputs.map((input) => prune(input, wanted)),
  )
}

/** A scan keeps what is needed and what its own filters read; the latter need not be given on. */
function pruneScan(plan: ScanPlan, needed: Needed): LogicalPlan {
  const read = new Set<ColumnId>(needed)
  for (const filter of plan.filters) columnsOf(filter, read)
  const columns = plan.columns.filter((column) => read.has(column.id))
  const filterOnly = columns.filter((column) => !needed.has(column.id)).map(({ id }) => ({ id }))
  if (columns.length === plan.columns.length && filterOnly.length === 0) return plan
  const output = plan.output.filter((field) => read.has(field.id))
  const { filterOnly: _, ...rest } = plan
  return Object.freeze({ ...rest, columns, output, ...(filterOnly.length === 0 ? {} : { filterOnly }) })
}

function pruneProject(plan: ProjectPlan, needed: Needed): LogicalPlan {
  const expressions = plan.expressions.filter((item) => needed.has(item.id))
  const read = new Set<ColumnId>()
  for (const item of expressions) columnsOf(item.expression as Expression, read)
  const kept = Object.freeze({
    ...plan,
    expressions,
    output: plan.output.filter((field) => needed.has(field.id)),
  })
  return withInputs(kept, [prune(plan.input, read)])
}
