import {
  type AdjacencyReference,
  type ColumnExpression,
  call,
  type Direction,
  type Expression,
  expand,
  extend,
  join,
  lambda,
  literal,
  makeField,
  named,
  type PathSemantics,
  path,
  planField,
  types,
  variable,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import type * as syntax from '../syntax.ts'
import { asBoolean, compare } from './comparison.ts'
import { unsupported } from './entities.ts'
import {
  addColumn,
  facetsOf,
  type PropertyOwner,
  propertyOf,
  scanEdges,
  scanNodes,
  wholeValue,
} from './facets.ts'
import {
  type Binding,
  type Frame,
  filterFrame,
  idField,
  isUnit,
  type LowerContext,
  outputColumn,
} from './frame.ts'
import { lowerLabels, lowerTypes, typeMatches } from './labels.ts'
import { edgeTable, type ViewStep } from './view.ts'

const ID_LIST = new List(makeField('item', types.int64))

/** Is an edge, or a stretch of edges, that other edges of the same MATCH must differ from. */
type BoundEdges = {
  readonly column: ColumnExpression
  readonly isList: boolean
  readonly types: ReadonlySet<number> | null
}

/** Is what one MATCH has bound so far. */
export type MatchState = {
  readonly repeatable: boolean
  readonly edges: BoundEdges[]
  /** Finds expressions that a property of the node to be scanned must equal, by the names already bound. */
  readonly equalities: (
    variable: string,
  ) => readonly { readonly key: string; readonly value: syntax.Expression }[]
  /** In a view: the label of each node of the path that is being lowered, and what each relationship stands for. */
  readonly view: Map<syntax.PathElement, string | ViewStep>
  /** Called after each variable is bound: applies conditions as soon as they can be. */
  readonly bound: () => void
}

/** Is an element of a path once it is in the plan. */
export type LoweredStep =
  | { readonly kind: 'edge'; readonly edge: ColumnExpression }
  | { readonly kind: 'stretch'; readonly edges: ColumnExpression; readonly nodes: ColumnExpression | null }

function boundNode(frame: Frame, pattern: syntax.NodePattern): (Binding & { kind: 'node' }) | null {
  const binding = pattern.variable === null ? undefined : frame.bindings.get(pattern.variable.name)
  if (binding === undefined) return null
  return binding.kind === 'node' ? { ...binding, kind: 'node' } : null
}

/** Turns a variable that holds a whole node as a value into one held by its id. */
function adoptNode(frame: Frame, pattern: syntax.NodePattern): void {
  const name = pattern.variable?.name
  const binding = name === undefined ? undefined : frame.bindings.get(name)
  if (name === undefined || binding?.kind !== 'value') return
  const id = addColumn(frame, name, call('cypher.node_id', binding.value))
  filterFrame(frame, call('is_not_null', id))
  frame.bindings.set(name, { kind: 'node', id })
}

/** Binds the node that a path is found from: one bound before, or a scan. */
export function lowerAnchor(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.NodePattern,
  state: MatchState,
): Binding & { kind: 'node' } {
  adoptNode(frame, pattern)
  const known = boundNode(frame, pattern)
  const binding = known ?? scanAnchor(context, frame, pattern, state)
  constrainNode(context, frame, pattern, binding)
  state.bound()
  return binding
}

function scanAnchor(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.NodePattern,
  state: MatchState,
): Binding & { kind: 'node' } {
  const label = viewLabel(context, pattern, state)
  const nodes = scanNodes(context, label)
  if (isUnit(frame)) frame.plan = nodes.plan
  else {
    const keys = joinKeys(context, frame, pattern, state).map(({ key, value }) => ({
      left: value,
      right: propertyOf(context, { kind: 'node', properties: nodes.facets.properties }, key),
    }))
    frame.plan = join(frame.plan, nodes.plan, keys.length === 0 ? { how: 'cross' } : { how: 'inner', keys })
  }
  frame.facets.set(nodes.id.id, nodes.facets)
  const binding = { kind: 'node', id: nodes.id, ...of(label) } as const
  if (pattern.variable !== null) frame.bindings.set(pattern.variable.name, binding)
  return binding
}

/** Gives a binding the label or type that a view knows it by. */
function of(name: string | undefined): { readonly of?: string } {
  return name === undefined ? {} : { of: name }
}

/** Finds the label of a node in a view. @throws `UNSUPPORTED` where several are possible */
function viewLabel(
  context: LowerContext,
  pattern: syntax.NodePattern,
  state: MatchState,
): string | undefined {
  if (context.schema?.view === undefined) return undefined
  const label = state.view.get(pattern)
  if (typeof label === 'string') return label
  throw unsupported(context, pattern, 'In a graph view each node needs one label. Write (variable:Label).')
}

/** Finds what a relationship stands for in a view. @throws `UNSUPPORTED` where several types are possible */
function viewStep(
  context: LowerContext,
  pattern: syntax.RelationshipPattern,
  state: MatchState,
): ViewStep | undefined {
  if (context.schema?.view === undefined) return undefined
  const step = state.view.get(pattern)
  if (typeof step === 'object') return step
  throw unsupported(context, pattern, 'In a graph view each relationship needs one type. Write -[:TYPE]->')
}

/** Finds properties of a node that must equal values of the rows so far, so that a join finds the node. */
function joinKeys(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.NodePattern,
  state: MatchState,
): readonly { readonly key: string; readonly value: Expression }[] {
  const entries =
    pattern.properties?.kind === 'map'
      ? pattern.properties.entries.map(({ key, value }) => ({ key: key.name, value }))
      : []
  const equal = pattern.variable === null ? [] : state.equalities(pattern.variable.name)
  return [...entries, ...equal]
    .map(({ key, value }) => ({ key, value: context.rules.expression(context, frame, value) }))
    .filter(({ value }) => value.kind !== 'literal' && value.kind !== 'parameter')
}

/** Applies the labels, properties and condition that stand in a node's pattern. */
export function constrainNode(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.NodePattern,
  binding: Binding & { kind: 'node' },
): void {
  const lower = (part: syntax.Expression): Expression => context.rules.expression(context, frame, part)
  if (pattern.labels !== null) {
    filterFrame(
      frame,
      lowerLabels(facetsOf(context, frame, binding).labels as Expression, pattern.labels, lower),
    )
  }
  if (pattern.properties !== null)
    constrainProperties(context, frame, pattern.properties, {
      kind: binding.kind,
      properties: facetsOf(context, frame, binding).properties,
    })
  if (pattern.where !== null) context.rules.filter(context, frame, pattern.where)
}

function constrainProperties(
  context: LowerContext,
  frame: Frame,
  properties: syntax.Expression,
  owner: PropertyOwner,
): void {
  if (properties.kind !== 'map')
    throw unsupported(context, properties, 'Only a map can stand for the properties of a pattern.')
  for (const { key, value } of properties.entries) {
    const wanted = context.rules.expression(context, frame, value)
    filterFrame(frame, compare('=', propertyOf(context, owner, key.name), wanted))
  }
}

/** Finds the ids of the edge types that a pattern may match; null for all. */
function typeIds(
  context: LowerContext,
  pattern: syntax.RelationshipPattern,
  view?: ViewStep,
): readonly number[] | null {
  if (view !== undefined) return [context.schema?.types.indexOf(view.type) ?? -1]
  const { types: condition } = pattern
  if (condition === null || condition.kind === 'labelAny') return null
  const known = context.schema?.types ?? []
  return known.flatMap((type, id) => (typeMatches(condition, type) === false ? [] : [id]))
}

function adjacencyOf(
  context: LowerContext,
  ids: readonly number[] | null,
  view?: ViewStep,
): AdjacencyReference {
  const edges = view === undefined ? undefined : context.schema?.view?.edges.get(view.type)
  if (edges !== undefined) {
    const { table, source, target } = edgeTable(edges)
    return { table, source, target, partition: null }
  }
  return {
    table: context.schema?.edges ?? '',
    source: 'source',
    target: 'target',
    partition: ids === null ? null : { field: 'type_id', values: ids },
  }
}

/** Says how a relationship is followed. */
export type Step = {
  readonly pattern: syntax.RelationshipPattern
  readonly from: Binding & { kind: 'node' }
  readonly next: syntax.NodePattern
  /** Whether the path is read from right to left here. */
  readonly reversed: boolean
  /** Whether the nodes on the way are asked for, by a path that has a name. */
  readonly needsNodes: boolean
  readonly semantics: PathSemantics
}

function directionOf({ pattern, reversed }: Step, view?: ViewStep): Direction {
  if (view !== undefined)
    return view.orientation === 'both' ? 'both' : (view.orientation === 'right') !== reversed ? 'out' : 'in'
  if (pattern.direction === 'both') return 'both'
  return (pattern.direction === 'right') !== reversed ? 'out' : 'in'
}

/** Follows a relationship of a pattern to the next node. */
export function lowerStep(
  context: LowerContext,
  frame: Frame,
  step: Step,
  state: MatchState,
): { readonly node: Binding & { kind: 'node' }; readonly step: LoweredStep } {
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
): ReturnType<typeof lowerStep> {
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

function followEdge(
  context: LowerContext,
  frame: Frame,
  step: Step,
  state: MatchState,
): ReturnType<typeof lowerStep> {
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
  bindNext(context, frame, step, node, state)
  return { node, step: { kind: 'edge', edge: edgeColumn } }
}

/** Tells whether the edges of a view join integers, which the adjacency can hold. */
function hasAdjacency(context: LowerContext, view: ViewStep): boolean {
  const edges = context.schema?.view?.edges.get(view.type)
  return edges !== undefined && edgeTable(edges).isInteger
}

/** Follows an edge of a view whose keys are no integers, by a join with the table of edges. */
function followJoin(
  context: LowerContext,
  frame: Frame,
  step: Step,
  view: ViewStep,
  state: MatchState,
): ReturnType<typeof lowerStep> {
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

/** Adds columns to a graph that holds nothing: there are no rows to fill them in. */
function emptyExtend(
  frame: Frame,
  fields: readonly { readonly id: number; readonly name: string; readonly type: Expression['type'] }[],
): void {
  frame.plan = extend(
    frame.plan,
    fields.map(({ id, name, type }) => ({ id, name, expression: literal(null, type) })),
  )
  filterFrame(frame, literal(false))
}

function conflicting(state: MatchState, ids: readonly number[] | null): readonly BoundEdges[] {
  return state.edges.filter(
    ({ types: other }) => ids === null || other === null || ids.some((id) => other.has(id)),
  )
}

/** Asks that a bound edge differs from the edges found before. */
function addUniqueness(frame: Frame, state: MatchState, added: BoundEdges): void {
  if (state.repeatable) return
  for (const { column: other, isList } of state.edges) {
    filterFrame(
      frame,
      isList ? call('not', call('cypher.in_edges', other, added.column)) : call('ne', other, added.column),
    )
  }
  state.edges.push(added)
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

function bindNext(
  context: LowerContext,
  frame: Frame,
  step: Step,
  node: Binding & { kind: 'node' },
  state: MatchState,
): void {
  if (step.next.variable !== null) frame.bindings.set(step.next.variable.name, node)
  constrainNode(context, frame, step.next, node)
  state.bound()
}

function followStretch(
  context: LowerContext,
  frame: Frame,
  step: Step,
  state: MatchState,
): ReturnType<typeof lowerStep> {
  const { pattern, from, next, semantics } = step
  const view = viewStep(context, pattern, state)
  if (view !== undefined && !hasAdjacency(context, view)) {
    throw unsupported(context, pattern, 'In a graph view paths of variable length need integer keys.')
  }
  const range = pattern.range ?? { min: 1, max: 1 }
  const ids = typeIds(context, pattern, view)
  const known = boundNode(frame, next)
  const before = pattern.variable === null ? undefined : frame.bindings.get(pattern.variable.name)
  const target = idField(next.variable?.name ?? 'node')
  const edges = planField(pattern.variable?.name ?? 'edges', ID_LIST, false)
  const nodes = step.needsNodes ? planField('nodes', ID_LIST, false) : null
  if (context.schema === undefined)
    emptyExtend(frame, nodes === null ? [target, edges] : [target, edges, nodes])
  else {
    frame.plan = path(frame.plan, {
      from: from.id,
      to: known === null ? null : known.id,
      adjacency: adjacencyOf(context, ids, view),
      direction: directionOf(step, view),
      semantics: semantics === 'trail' && state.repeatable ? 'walk' : semantics,
      minimum: range.min,
      maximum: range.max,
      target,
      edges,
      nodes,
      exclude: conflicting(state, ids).map((item) => item.column),
    })
  }
  const node =
    known ??
    ({
      kind: 'node',
      id: outputColumn(frame.plan, target.id),
      ...of(viewLabel(context, next, state)),
    } as const)
  const list = outputColumn(frame.plan, edges.id)
  if (!state.repeatable)
    state.edges.push({ column: list, isList: true, types: ids === null ? null : new Set(ids) })
  const ordered = step.reversed ? addColumn(frame, edges.name, call('cypher.reverse_ids', list)) : list
  bindStretch(context, frame, pattern, before, ordered)
  bindNext(context, frame, step, node, state)
  const nodeList = nodes === null ? null : outputColumn(frame.plan, nodes.id)
  const orderedNodes =
    nodeList !== null && step.reversed
      ? addColumn(frame, 'nodes', call('cypher.reverse_ids', nodeList))
      : nodeList
  return { node, step: { kind: 'stretch', edges: ordered, nodes: orderedNodes } }
}

function bindStretch(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.RelationshipPattern,
  before: Binding | undefined,
  edges: ColumnExpression,
): void {
  const binding = { kind: 'relationships', edges } as const
  if (before?.kind === 'relationships') filterFrame(frame, call('eq', before.edges, edges))
  else if (before?.kind === 'value')
    filterFrame(frame, call('eq', call('cypher.relationship_ids', before.value), edges))
  else if (pattern.variable !== null) frame.bindings.set(pattern.variable.name, binding)
  const dynamic = pattern.types !== null && typeMatches(pattern.types, '') === null
  if (pattern.properties === null && pattern.where === null && !dynamic) return
  const item = variable('relationship', types.variant)
  const tests = stretchTests(context, frame, pattern, item)
  const test = tests.reduce((left, right) => call('and', left, right))
  filterFrame(frame, call('cypher.all', wholeValue(context, frame, binding), lambda([item], asBoolean(test))))
}

function stretchTests(
  context: LowerContext,
  frame: Frame,
  pattern: syntax.RelationshipPattern,
  item: Expression,
): Expression[] {
  const tests: Expression[] = []
  if (pattern.properties !== null) {
    if (pattern.properties.kind !== 'map')
      throw unsupported(context, pattern, 'Only a map can stand for the properties of a pattern.')
    for (const { key, value } of pattern.properties.entries) {
      tests.push(
        compare(
          '=',
          call('cypher.property', item, literal(key.name)),
          context.rules.expression(context, frame, value),
        ),
      )
    }
  }
  if (pattern.where !== null) {
    const locals = new Map(pattern.variable === null ? [] : [[pattern.variable.name, item] as const])
    tests.push(asBoolean(context.rules.expression(context, frame, pattern.where, locals)))
  }
  if (pattern.types !== null && typeMatches(pattern.types, '') === null) {
    const lower = (part: syntax.Expression): Expression => context.rules.expression(context, frame, part)
    tests.push(lowerTypes(call('cypher.type', item), pattern.types, lower))
  }
  return tests.length === 0 ? [literal(true)] : tests
}

/** Adds the columns of a path that has a name: the ids of its nodes and of its edges. */
export function lowerPathVariable(
  frame: Frame,
  name: string,
  start: ColumnExpression,
  steps: readonly { readonly node: ColumnExpression; readonly step: LoweredStep }[],
): void {
  const nodeParts = steps.map(({ node, step }) =>
    step.kind === 'stretch' && step.nodes !== null ? step.nodes : node,
  )
  const edgeParts = steps.map(({ step }) => (step.kind === 'stretch' ? step.edges : step.edge))
  const nodes = named(`${name}.nodes`, call('cypher.path_nodes', start, ...nodeParts))
  const edges = named(`${name}.edges`, call('cypher.path_edges', ...edgeParts))
  frame.plan = extend(frame.plan, [nodes, edges])
  frame.bindings.set(name, {
    kind: 'path',
    nodes: outputColumn(frame.plan, nodes.id),
    edges: outputColumn(frame.plan, edges.id),
  })
}
