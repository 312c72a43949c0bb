import {
  type AdjacencyReference,
  type Direction,
  type Expression,
  extend,
  literal,
  type PathSemantics,
} from '@sheafdb/core'
import { endLabels } from '../../layout/ends.ts'
import type * as syntax from '../syntax.ts'
import { constrainNode } from './anchors.ts'
import { facetsOf } from './facets.ts'
import { type Binding, type Frame, filterFrame, type LowerContext } from './frame.ts'
import { typeMatches } from './labels.ts'
import type { LoweredStep, MatchState } from './match-state.ts'
import { edgeTable, type ViewStep } from './view.ts'

/** Finds the ids of the edge types that a pattern may match; null for all. */
export function typeIds(
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

/** Names the adjacency that holds the edges of some types. */
export function adjacencyOf(
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
  /** Which of the paths are asked for, `null` for all. */
  readonly selector: syntax.PathSelector | null
}

/** Is where a step has come to: the node reached, and what was followed. */
export type Reached = { readonly node: Binding & { kind: 'node' }; readonly step: LoweredStep }

/** Says which way the adjacency is followed. */
export function directionOf({ pattern, reversed }: Step, view?: ViewStep): Direction {
  if (view !== undefined)
    return view.orientation === 'both' ? 'both' : (view.orientation === 'right') !== reversed ? 'out' : 'in'
  if (pattern.direction === 'both') return 'both'
  return (pattern.direction === 'right') !== reversed ? 'out' : 'in'
}

/** Tells whether the edges of a view join integers, which the adjacency can hold. */
export function hasAdjacency(context: LowerContext, view: ViewStep): boolean {
  const edges = context.schema?.view?.edges.get(view.type)
  return edges !== undefined && edgeTable(edges).isInteger
}

/** Adds columns to a graph that holds nothing: there are no rows to fill them in. */
export function emptyExtend(
  frame: Frame,
  fields: readonly { readonly id: number; readonly name: string; readonly type: Expression['type'] }[],
): void {
  frame.plan = extend(
    frame.plan,
    fields.map(({ id, name, type }) => ({ id, name, expression: literal(null, type) })),
  )
  filterFrame(frame, literal(false))
}

/** Finds the labels that a node surely has when edges of some types lead to it. */
export function reachedLabels(
  context: LowerContext,
  ids: readonly number[] | null,
  direction: Direction,
): readonly string[] {
  const { schema } = context
  if (schema === undefined || schema.view !== undefined) return []
  return endLabels(schema.ends, ids ?? schema.types.map((_, id) => id), direction)
}

/** Binds the node that a step reaches and applies what its pattern asks. */
export function bindNext(
  context: LowerContext,
  frame: Frame,
  step: Step,
  node: Binding & { kind: 'node' },
  state: MatchState,
  known: readonly string[] = [],
): void {
  if (step.next.variable !== null) frame.bindings.set(step.next.variable.name, node)
  // A key that no row of the view's table has leads to no node.
  if (context.schema?.view !== undefined) facetsOf(context, frame, node)
  constrainNode(context, frame, step.next, node, known)
  state.bound()
}
