import {
  assert,
  type ColumnExpression,
  call,
  type Expression,
  expand,
  extend,
  join,
  named,
} from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import {
  adjacencyOf,
  bindNext,
  directionOf,
  emptyExtend,
  hasAdjacency,
  type Reached,
  reachedLabels,
  type Step,
  typeIds,
} from './adjacency.ts'
import { adoptNode, boundNode, constrainProperties } from './anchors.ts'
import { unsupported } from './entities.ts'
import { addColumn, facetsOf, scanEdges } from './facets.ts'
import {
  type Binding,
  type Frame,
  filterFrame,
  idField,
  type LowerContext,
  outputColumn,
  type Within,
} from './frame.ts'
import { lowerTypes, typeMatches } from './labels.ts'
import {
  addUniqueness,
  conflicting,
  type LoweredStep,
  type MatchState,
  of,
  viewLabel,
  viewStep,
} from './match-state.ts'
import { followStretch } from './stretches.ts'
import type { ViewStep } from './view.ts'

/** Follows a relationship of a pattern to the next node. */
export function lowerStep(context: LowerContext, frame: Frame, step: Step, state: MatchState): Reached {
  adoptNode(frame, step.next)
  const known = boundRelationship(frame, step.pattern)
  if (known !== null) return followBound(context, frame, step, known, state)
  if (step.pattern.range !== null) return followStretch(context, frame, step, state)
  return followEdge(context, frame, step, state)
}

function boundRelationship(frame: Frame, pattern: syntax.RelationshipPattern): ColumnExpression | null {
  const name = pattern.range === null ? pattern.variable?.name : undefined
  const binding = name === undefined ? undefined : frame.bindings.get(name)
  if (name === undefined || binding === undefined) return null
  if (binding.kind === 'relationship') return binding.id
  if (binding.kind !== 'value') return null
  const id = addColumn(frame, name, call('cypher.relationship_id', binding.value))
  filterFrame(frame, call('is_not_null', id))
  frame.bindings.set(name, { kind: 'relationship', id })
  return id
}

/** Reads the ends of a relationship that is bound already. */
function followBound(
  context: LowerContext,
  frame: Frame,
  step: Step,
  id: ColumnExpression,
  state: MatchState,
): Reached {
  const view = viewStep(context, step.pattern, state)
  const binding = { kind: 'relationship', id, ...of(view?.type) } as const
  const facets = facetsOf(context, frame, binding)
  const [source, target] = [facets.source as Expression, facets.target as Expression]
  const direction = directionOf(step, view)
  const from = step.from.id
  const starts = call('eq', source, from)
  const ends = call('eq', target, from)
  filterFrame(frame, direction === 'out' ? starts : direction === 'in' ? ends : call('or', starts, ends))
  const other =
    direction === 'out' ? target : direction === 'in' ? source : call('case', starts, target, source)
  const known = boundNode(frame, step.next)
  if (known !== null) filterFrame(frame, call('eq', other, known.id))
  const node: Binding & { kind: 'node' } = known ?? {
    kind: 'node',
    id: addColumn(frame, step.next.variable?.name ?? 'node', other),
    ...of(known === null ? viewLabel(context, step.next, state) : undefined),
  }
  addUniqueness(frame, state, { column: id, isList: false, types: null })
  constrainRelationship(context, frame, step.pattern, binding)
  bindNext(context, frame, step, node, state)
  return { node, step: { kind: 'edge', edge: id } }
}

function followEdge(context: LowerContext, frame: Frame, step: Step, state: MatchState): Reached {
  const { pattern, from, next } = step
  const view = viewStep(context, pattern, state)
  if (view !== undefined && !hasAdjacency(context, view)) return followJoin(context, frame, step, view, state)
  const ids = typeIds(context, pattern, view)
  const known = boundNode(frame, next)
  const target = idField(next.variable?.name ?? 'node')
  const edge = idField(pattern.variable?.name ?? 'edge')
  const others = conflicting(state, ids)
  const [singles, lists] = [others.filter(({ isList }) => !isList), others.filter(({ isList }) => isList)]
  if (context.schema === undefined) emptyExtend(frame, [target, edge])
  else {
    frame.plan = expand(frame.plan, {
      from: from.id,
      adjacency: adjacencyOf(context, ids, view),
      direction: directionOf(step, view),
      target,
      edge,
      exclude: singles.map((item) => item.column),
      closes: known === null ? null : known.id,
    })
  }
  const [nodeColumn, edgeColumn] = [outputColumn(frame.plan, target.id), outputColumn(frame.plan, edge.id)]
  for (const list of lists) filterFrame(frame, call('not', call('cypher.in_edges', list.column, edgeColumn)))
  if (!state.repeatable)
    state.edges.push({ column: edgeColumn, isList: false, types: ids === null ? null : new Set(ids) })
  const binding = { kind: 'relationship', id: edgeColumn, ...of(view?.type) } as const
  if (pattern.variable !== null) frame.bindings.set(pattern.variable.name, binding)
  constrainRelationship(context, frame, pattern, binding)
  const node = known ?? ({ kind: 'node', id: nodeColumn, ...of(viewLabel(context, next, state)) } as const)
  bindNext(context, frame, step, node, state, reachedLabels(context, ids, directionOf(step, view)))
  return { node, step: { kind: 'edge', edge: edgeColumn } }
}

/** Follows an edge of a view whose keys are no integers, by a join with the table of edges. */
function followJoin(
  context: LowerContext,
  frame: Frame,
  step: Step,
  view: ViewStep,
  state: MatchState,
): Reached {
  const direction = directionOf(step, view)
  if (direction === 'both')
    throw unsupported(
      context,
      step.pattern,
      'In a graph view without integer keys a relationship needs a direction. Write -[:TYPE]->',
    )
  const edges = scanEdges(context, view.type)
  const [near, far] =
    direction === 'out'
      ? [edges.facets.source, edges.facets.target]
      : [edges.facets.target, edges.facets.source]
  frame.plan = join(frame.plan, edges.plan, {
    how: 'inner',
    keys: [{ left: step.from.id, right: near as Expression }],
  })
  frame.facets.set(edges.id.id, edges.facets)
  const known = boundNode(frame, step.next)
  if (known !== null) filterFrame(frame, call('eq', far as Expression, known.id))
  const ids = typeIds(context, step.pattern, view)
  for (const other of conflicting(state, ids)) filterFrame(frame, call('ne', other.column, edges.id))
  if (!state.repeatable) state.edges.push({ column: edges.id, isList: false, types: new Set(ids) })
  const binding = { kind: 'relationship', id: edges.id, of: view.type } as const
  if (step.pattern.variable !== null) frame.bindings.set(step.pattern.variable.name, binding)
  constrainRelationship(context, frame, step.pattern, binding)
  const node =
    known ??
    ({
      kind: 'node',
      id: addColumn(frame, step.next.variable?.name ?? 'node', far as Expression),
      ...of(viewLabel(context, step.next, state)),
    } as const)
  bindNext(context, frame, step, node, state)
  return { node, step: { kind: 'edge', edge: edges.id } }
}

function constrainRelationship(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.RelationshipPattern,
  binding: Binding & { kind: 'relationship' },
): void {
  const lower = (part: syntax.Expression): Expression => context.rules.expression(context, frame, part)
  if (pattern.types !== null && needsTypeTest(frame, pattern, binding)) {
    filterFrame(frame, lowerTypes(facetsOf(context, frame, binding).type as Expression, pattern.types, lower))
  }
  if (pattern.properties !== null)
    constrainProperties(context, frame, pattern.properties, {
      kind: binding.kind,
      properties: facetsOf(context, frame, binding).properties,
    })
  if (pattern.where !== null) context.rules.filter(context, frame, pattern.where)
}

/** Tells whether the adjacency's partitions have not settled the type: of an edge bound before, or a dynamic type. */
function needsTypeTest(
  frame: Frame,
  pattern: syntax.RelationshipPattern,
  binding: Binding & { kind: 'relationship' },
): boolean {
  return frame.facets.has(binding.id.id) || typeMatches(pattern.types as syntax.LabelExpression, '') === null
}

/** Adds the columns of a path that has a name: the ids of its nodes and of its edges. */
export function lowerPathVariable(
  frame: Frame,
  name: string,
  start: ColumnExpression,
  steps: readonly { readonly node: ColumnExpression; readonly step: LoweredStep }[],
  within?: Within,
): void {
  const nodeParts = steps.map(({ node, step }) =>
    step.kind === 'stretch' && step.nodes !== null ? step.nodes : node,
  )
  const edgeParts = steps.map(({ step }) => edgesOf(step))
  const nodes = named(`${name}.nodes`, call('cypher.path_nodes', start, ...nodeParts))
  const edges = named(`${name}.edges`, call('cypher.path_edges', ...edgeParts))
  frame.plan = extend(frame.plan, [nodes, edges])
  frame.bindings.set(name, {
    kind: 'path',
    nodes: outputColumn(frame.plan, nodes.id),
    edges: outputColumn(frame.plan, edges.id),
    ...(within === undefined ? {} : { within }),
  })
}

function edgesOf(step: LoweredStep): ColumnExpression {
  assert(step.kind !== 'reached', 'a path that has a name knows its edges')
  return step.kind === 'stretch' ? step.edges : step.edge
}
