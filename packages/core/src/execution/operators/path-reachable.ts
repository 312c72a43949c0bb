import {
  EDGES_PER_PAUSE,
  eachEdge,
  type Found,
  type MarkPool,
  type NodeSet,
  type Search,
} from './path-search.ts'

/** Gives each node that can be reached in a count of hops within the bounds, once, breadth first. */
export function* reachable(search: Search, start: number, marks: MarkPool): Iterable<Found | null> {
  let depth = 0
  let frontier = [start]
  // Up to the minimum a node may be come back to; from there on each node is visited once.
  while (depth < search.minimum && frontier.length > 0) {
    frontier = nextNodes(search, frontier, marks.take())
    depth += 1
    if (depth > 1) yield null
  }
  const seen = marks.take()
  for (const node of frontier) seen.add(node)
  // Nodes are handed on many at once: a pause at each hop of each search would take longer than the search.
  let reached = frontier
  while (depth < search.maximum && frontier.length > 0) {
    frontier = nextNodes(search, frontier, seen)
    depth += 1
    reached = reached.length === 0 ? frontier : appended(reached, frontier)
    if (reached.length < EDGES_PER_PAUSE) continue
    yield* ends(search, reached)
    yield null
    reached = []
  }
  yield* ends(search, reached)
}

function appended(nodes: number[], others: readonly number[]): number[] {
  for (const node of others) nodes.push(node)
  return nodes
}

function* ends(search: Search, nodes: readonly number[]): Iterable<Found> {
  const found = search.to === null ? nodes : nodes.filter((node) => node === search.to)
  if (found.length > 0) yield { kind: 'ends', ends: found }
}

function nextNodes(search: Search, frontier: readonly number[], seen: NodeSet): number[] {
  const next: number[] = []
  for (const node of frontier) {
    eachEdge(search, node, (other) => {
      if (seen.add(other)) next.push(other)
    })
  }
  return next
}

/**
 * Gives each node at the end of a trail, once: for bounds of at most one hop at least, as a shortest way repeats nothing.
 * The node searched from is at the end of a trail if it lies on a circle within the bounds; the shortest one is found by
 * the edges between what lies behind different first edges.
 */
export function* trailEnds(search: Search, start: number, marks: MarkPool): Iterable<Found | null> {
  if (search.minimum === 0) yield* ends(search, [start])
  const seen = marks.take()
  seen.add(start)
  const tree: Tree = { branches: new Map(), entries: new Map(), circle: Number.POSITIVE_INFINITY }
  let frontier = [start]
  for (let depth = 0; depth < search.maximum && frontier.length > 0; depth += 1) {
    const next: number[] = []
    let edges = 0
    for (const node of frontier) {
      eachEdge(search, node, (other, edge) => {
        edges += 1
        if (seen.add(other)) {
          next.push(other)
          tree.branches.set(other, node === start ? edge : (tree.branches.get(node) as number))
          tree.entries.set(other, { edge, depth: depth + 1 })
        } else closeCircle(tree, start, { node, other, edge, depth })
      })
      if (edges > EDGES_PER_PAUSE) {
        edges = 0
        yield null
      }
    }
    frontier = next
    yield* ends(search, frontier)
    yield null
  }
  const isOnCircle = tree.circle < Number.POSITIVE_INFINITY && tree.circle <= search.maximum
  if (search.minimum > 0 && isOnCircle) yield* ends(search, [start])
}

/** Is the nodes met: behind which first edge each lies, the edge that led to it and how far away it is. */
type Tree = {
  readonly branches: Map<number, number>
  readonly entries: Map<number, { readonly edge: number; readonly depth: number }>
  /** How long the shortest circle found is. */
  circle: number
}

type Meeting = {
  readonly node: number
  readonly other: number
  readonly edge: number
  readonly depth: number
}

function closeCircle(tree: Tree, start: number, { node, other, edge, depth }: Meeting): void {
  if (node === start && other === start) {
    tree.circle = 1
    return
  }
  if (tree.entries.get(node)?.edge === edge || tree.entries.get(other)?.edge === edge) return
  if (node === start || other === start) {
    // A second edge between the start and its neighbour.
    tree.circle = Math.min(tree.circle, (tree.entries.get(node === start ? other : node)?.depth ?? 1) + 1)
  } else if (tree.branches.get(node) !== tree.branches.get(other))
    tree.circle = Math.min(tree.circle, depth + (tree.entries.get(other)?.depth as number) + 1)
}
