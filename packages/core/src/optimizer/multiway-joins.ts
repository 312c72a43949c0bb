import { column, isDeterministic } from '../expression/build.ts'
import type { ColumnExpression, ColumnId } from '../expression/expression.ts'
import { multiwayJoin, planField, project } from '../plan/build.ts'
import type {
  Direction,
  ExcludedEdge,
  ExpandPlan,
  LogicalPlan,
  MultiwayJoinPlan,
  MultiwayLeg,
  NamedExpression,
  PathPlan,
  PlanField,
} from '../plan/logical-plan.ts'
import { mapPlan, planExpressions, visitPlan, withInputs } from '../plan/traverse.ts'
import { types } from '../types/data-type.ts'
import type { Rule } from './rule.ts'

/**
 * Turns a step that closes a cycle, and the step that reached one of its two nodes, into one `multiway-join`: instead of
 * following all edges and then looking for those that lead back, the sorted neighbours of both ends are intersected.
 */
export const multiwayJoins: Rule = {
  name: 'multiway-joins',
  apply: (plan) =>
    mapPlan(plan, (node) =>
      node.kind === 'expand' && node.closes !== null ? (closeCycle(node) ?? node) : node,
    ),
}

const FLIPPED: Readonly<Record<Direction, Direction>> = { out: 'in', in: 'out', both: 'both' }

/** Is a closing step while it moves down to the step that it is merged with. */
type Closing = {
  readonly step: ExpandPlan
  readonly edge: PlanField
  readonly usesEdge: boolean
  /** Edges that the step must not use and that are not met yet on the way down. */
  readonly exclude: readonly ColumnExpression[]
}

function closeCycle(step: ExpandPlan): LogicalPlan | null {
  const closes = step.closes as ColumnExpression
  if (closes.id === step.from.id) return null
  const edge = step.edge ?? planField('edge', types.uint64, false)
  const merged = mergeBelow(step.input, { step, edge, usesEdge: step.edge !== null, exclude: step.exclude })
  if (merged === null) return null
  // The node that the step reaches is the one that it closes at.
  const expressions = step.output.map(
    (field): NamedExpression => ({
      id: field.id,
      name: field.name,
      expression: field.id === step.target.id ? closes : column(field),
    }),
  )
  return project(merged, expressions)
}

/** Finds, going down, the step that reached one end of a closing step, and merges the two; `null` where it cannot. */
function mergeBelow(plan: LogicalPlan, closing: Closing): LogicalPlan | null {
  switch (plan.kind) {
    case 'expand':
    case 'multiway-join':
      return mergeWith(plan, closing) ?? passStep(plan, closing)
    case 'path':
      return passStep(plan, closing)
    case 'filter':
      return isDeterministic(plan.predicate) ? passSingle(plan, closing) : null
    case 'project':
      return passProjection(plan, closing)
    case 'join': {
      if (plan.how === 'right' || plan.how === 'full' || !planExpressions(plan).every(isDeterministic))
        return null
      const left = mergeBelow(plan.left, closing)
      return left === null ? null : withInputs(plan, [left, plan.right])
    }
    default:
      return null
  }
}

function gives(plan: LogicalPlan, id: ColumnId): boolean {
  return plan.output.some((field) => field.id === id)
}

function passSingle(
  plan: LogicalPlan & { readonly input: LogicalPlan },
  closing: Closing,
): LogicalPlan | null {
  const input = mergeBelow(plan.input, closing)
  return input === null ? null : withInputs(plan, [input])
}

/** A projection that hands on what the closing step reads hands on its edge too. */
function passProjection(
  plan: Extract<LogicalPlan, { kind: 'project' }>,
  closing: Closing,
): LogicalPlan | null {
  const read = [closing.step.from, closing.step.closes as ColumnExpression, ...closing.exclude]
  const handsOn = read.every(({ id }) =>
    plan.expressions.some(
      (item) => item.id === id && item.expression.kind === 'column' && item.expression.id === id,
    ),
  )
  if (!handsOn || !plan.expressions.every((item) => isDeterministic(item.expression))) return null
  const input = mergeBelow(plan.input, closing)
  if (input === null) return null
  const { edge } = closing
  const kept: NamedExpression = { id: edge.id, name: edge.name, expression: column(edge) }
  return project(input, gives(input, edge.id) ? [...plan.expressions, kept] : plan.expressions)
}

/** Goes below a step: its edges, which the closing step had to leave out, now leave out the closing step's. */
function passStep(plan: ExpandPlan | MultiwayJoinPlan | PathPlan, closing: Closing): LogicalPlan | null {
  if (
    !gives(plan.input, closing.step.from.id) ||
    !gives(plan.input, (closing.step.closes as ColumnExpression).id)
  )
    return null
  const met = (field: PlanField | null): boolean =>
    field !== null && closing.exclude.some((excluded) => excluded.id === field.id)
  const rest = closing.exclude.filter((excluded) => gives(plan.input, excluded.id))
  const meets = closing.exclude.length > rest.length
  const input = mergeBelow(plan.input, { ...closing, usesEdge: closing.usesEdge || meets, exclude: rest })
  if (input === null) return null
  const moved = withInputs(plan, [input]) as typeof plan
  if (!meets) return moved
  const edge = column(closing.edge)
  if (moved.kind !== 'multiway-join') return Object.freeze({ ...moved, exclude: [...moved.exclude, edge] })
  const legs = moved.legs.map((leg) =>
    met(leg.edge) ? { ...leg, exclude: [...leg.exclude, { edge, ends: null }] } : leg,
  )
  return Object.freeze({ ...moved, legs })
}

/** Merges a closing step with the step that reached one of its ends. */
function mergeWith(plan: ExpandPlan | MultiwayJoinPlan, closing: Closing): LogicalPlan | null {
  const { step } = closing
  const closes = step.closes as ColumnExpression
  if (plan.target === null || (plan.kind === 'expand' && plan.closes !== null)) return null
  const target = plan.target.id
  const reaches = step.from.id === target ? closes : closes.id === target ? step.from : null
  if (reaches === null || !gives(plan.input, reaches.id)) return null
  const legs = plan.kind === 'expand' ? [legOf(plan)] : plan.legs
  const excluded = closing.exclude.filter(({ id }) => !legs.some((leg) => leg.edge?.id === id))
  if (!excluded.every(({ id }) => gives(plan.input, id))) return null
  const direction = reaches === closes ? FLIPPED[step.direction] : step.direction
  const added: MultiwayLeg = {
    from: reaches,
    adjacency: step.adjacency,
    direction,
    edge: closing.usesEdge ? closing.edge : null,
    exclude: excluded.map((edge) => excludedEdge(edge, direction, plan.input)),
    unlike: legs.flatMap((leg, at) => (closing.exclude.some(({ id }) => id === leg.edge?.id) ? [at] : [])),
  }
  return multiwayJoin(plan.input, { legs: [...legs, added], target: plan.target })
}

function legOf(plan: ExpandPlan): MultiwayLeg {
  const { from, adjacency, direction, edge } = plan
  const exclude = plan.exclude.map((excluded) => excludedEdge(excluded, direction, plan.input))
  return { from, adjacency, direction, edge, exclude, unlike: [] }
}

/** Finds out between which nodes an edge was followed: a leg that leaves none of them cannot meet it. */
function excludedEdge(edge: ColumnExpression, direction: Direction, input: LogicalPlan): ExcludedEdge {
  let ends: ColumnExpression[] | null = null
  visitPlan(input, (node) => {
    if (node.kind !== 'expand' || node.edge?.id !== edge.id) return
    const reached = node.closes ?? column(node.target)
    const [source, target] = node.direction === 'in' ? [reached, node.from] : [node.from, reached]
    ends =
      node.direction === 'both' || direction === 'both'
        ? [source, target]
        : [direction === 'out' ? source : target]
  })
  return {
    edge,
    ends: (ends as ColumnExpression[] | null)?.every(({ id }) => gives(input, id)) === true ? ends : null,
  }
}
