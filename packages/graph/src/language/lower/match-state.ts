import { type ColumnExpression, call } from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { unsupported } from './entities.ts'
import { type Frame, filterFrame, type LowerContext } from './frame.ts'
import type { ViewStep } from './view.ts'

/** Is an edge, or a stretch of edges, that other edges of the same MATCH must differ from. */
type BoundEdges = {
  readonly column: ColumnExpression
  readonly isList: boolean
  readonly types: ReadonlySet<number> | null
}

/** Is what one MATCH has bound so far. */
export type MatchState = {
  readonly repeatable: boolean
  /** Whether it matters only which nodes its one relationship of variable length reaches, not how often or which way. */
  readonly endsOnly: boolean
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
  /** Only the end is known: nobody asks which way it was reached. */
  | { readonly kind: 'reached' }
  | { readonly kind: 'edge'; readonly edge: ColumnExpression }
  | { readonly kind: 'stretch'; readonly edges: ColumnExpression; readonly nodes: ColumnExpression | null }

/** Gives a binding the label or type that a view knows it by. */
export function of(name: string | undefined): { readonly of?: string } {
  return name === undefined ? {} : { of: name }
}

/** Finds the label of a node in a view. @throws `UNSUPPORTED` where several are possible */
export function viewLabel(
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
export function viewStep(
  context: LowerContext,
  pattern: syntax.RelationshipPattern,
  state: MatchState,
): ViewStep | undefined {
  if (context.schema?.view === undefined) return undefined
  const step = state.view.get(pattern)
  if (typeof step === 'object') return step
  throw unsupported(context, pattern, 'In a graph view each relationship needs one type. Write -[:TYPE]->')
}

/** Finds the edges found before that edges of some types must differ from. */
export function conflicting(state: MatchState, ids: readonly number[] | null): readonly BoundEdges[] {
  return state.edges.filter(
    ({ types: other }) => ids === null || other === null || ids.some((id) => other.has(id)),
  )
}

/** Asks that a bound edge differs from the edges found before. */
export function addUniqueness(frame: Frame, state: MatchState, added: BoundEdges): void {
  if (state.repeatable) return
  for (const { column: other, isList } of state.edges) {
    filterFrame(
      frame,
      isList ? call('not', call('cypher.in_edges', other, added.column)) : call('ne', other, added.column),
    )
  }
  state.edges.push(added)
}
