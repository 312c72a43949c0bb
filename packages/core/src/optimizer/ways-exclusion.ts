import type { ColumnId } from '../expression/expression.ts'
import type { AdjacencyReference, ExpandPlan, LogicalPlan } from '../plan/logical-plan.ts'
import { visitPlan } from '../plan/traverse.ts'

/**
 * Says what a hop that must not repeat edges comes to: nothing is left out; `edges`: just so many of the edges that it
 * could follow, whichever they are; `loops`: the edge it came by, where that leads from its node to itself; `other`:
 * it has to look at the edges.
 */
export type Exclusion =
  | { readonly kind: 'none' }
  | { readonly kind: 'edges'; readonly count: number }
  | { readonly kind: 'loops'; readonly edge: ColumnId }
  | { readonly kind: 'other' }

const OTHER: Exclusion = { kind: 'other' }

/** Finds out what the edges that a hop must not repeat come to, from the hops that followed them. */
export function exclusionOf(plan: ExpandPlan): Exclusion {
  if (plan.exclude.length === 0) return { kind: 'none' }
  const hops = plan.exclude.map(({ id }) => hopOfEdge(plan.input, id))
  const relations = hops.map((hop) => (hop === null ? 'unknown' : relationOf(hop, plan)))
  if (relations.every((relation) => relation === 'own') && areDistinct(hops as readonly ExpandPlan[]))
    return { kind: 'edges', count: hops.length }
  const [only] = hops
  if (hops.length === 1 && relations[0] === 'loop' && only?.edge) return { kind: 'loops', edge: only.edge.id }
  return OTHER
}

function hopOfEdge(plan: LogicalPlan, edge: ColumnId): ExpandPlan | null {
  let found: ExpandPlan | null = null
  visitPlan(plan, (node) => {
    if (node.kind === 'expand' && node.edge?.id === edge) found = node
  })
  return found
}

/**
 * Tells how an edge followed before relates to the edges that a hop could follow: it is one of them (`own`), it is one
 * of them only if it leads from a node to itself (`loop`), or that cannot be told.
 */
function relationOf(before: ExpandPlan, hop: ExpandPlan): 'own' | 'loop' | 'unknown' {
  if (!sameAdjacency(before.adjacency, hop.adjacency)) return 'unknown'
  const arrives = before.target.id === hop.from.id && before.closes === null
  const leaves = before.from.id === hop.from.id
  if (arrives === leaves) return 'unknown'
  if (before.direction === 'both' || hop.direction === 'both')
    return before.direction === hop.direction ? 'own' : 'unknown'
  const same = before.direction === hop.direction
  if (arrives) return same ? 'loop' : 'own'
  return same ? 'own' : 'unknown'
}

function sameAdjacency(left: AdjacencyReference, right: AdjacencyReference): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right)
}

function areDistinct(hops: readonly ExpandPlan[]): boolean {
  return hops.every((hop, at) =>
    hops.slice(at + 1).every((other) => excludes(hop, other) || excludes(other, hop)),
  )
}

function excludes(hop: ExpandPlan, other: ExpandPlan): boolean {
  return hop.exclude.some(({ id }) => id === other.edge?.id)
}
