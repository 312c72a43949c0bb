import {
  type ColumnExpression,
  call,
  type Expression,
  lambda,
  literal,
  makeField,
  path,
  planField,
  types,
  variable,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
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
import { boundNode } from './anchors.ts'
import { asBoolean, compare } from './comparison.ts'
import { unsupported } from './entities.ts'
import { addColumn, wholeValue } from './facets.ts'
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
import { conflicting, type MatchState, of, viewLabel, viewStep } from './match-state.ts'

const ID_LIST = new List(makeField('item', types.int64))

/** Follows a relationship of variable length, or searches the shortest paths of it. */
export function followStretch(context: LowerContext, frame: Frame, step: Step, state: MatchState): Reached {
  const { pattern, from, next } = step
  const semantics = step.semantics === 'trail' && state.repeatable ? 'walk' : step.semantics
  const endOnly = semantics === 'reachability' || semantics === 'trail-ends'
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
      semantics,
      ...(semantics === 'shortest-trails' && step.selector !== null
        ? { limit: { count: step.selector.count, groups: step.selector.kind === 'shortestGroups' } }
        : {}),
      minimum: range.min,
      maximum: range.max,
      target,
      edges: endOnly ? null : edges,
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
  const labels = range.min === 0 ? [] : reachedLabels(context, ids, directionOf(step, view))
  if (endOnly && context.schema !== undefined) {
    bindNext(context, frame, step, node, state, labels)
    return { node, step: { kind: 'reached' } }
  }
  const list = outputColumn(frame.plan, edges.id)
  if (!state.repeatable)
    state.edges.push({ column: list, isList: true, types: ids === null ? null : new Set(ids) })
  const ordered = step.reversed ? addColumn(frame, edges.name, call('cypher.reverse_ids', list)) : list
  const within = view === undefined ? undefined : { label: null, type: view.type }
  bindStretch(context, frame, pattern, before, {
    edges: ordered,
    ...(within === undefined ? {} : { within }),
  })
  bindNext(context, frame, step, node, state, labels)
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
  found: { readonly edges: ColumnExpression; readonly within?: Within },
): void {
  const { edges } = found
  const binding = { kind: 'relationships', ...found } as const
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
