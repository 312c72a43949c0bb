import type { Side } from './adjacency-access.ts'
import { eachEdge, type Found, NodeMarks, type Search } from './path-search.ts'

/** Is one half of a search from both ends: the nodes met, in the order in which they were met, level by level. */
type Half = {
  readonly sides: readonly Side[]
  /** The place of a node in `nodes`, plus one. */
  readonly places: NodeMarks
  readonly nodes: number[]
  /** The edge by which a node was met, and the place of the node before it; -1 for the first. */
  readonly edges: number[]
  readonly before: number[]
  /** Where the last level starts in `nodes`. */
  level: number
  depth: number
}

function startHalf(sides: readonly Side[], node: number): Half {
  const places = new NodeMarks(sides)
  places.set(node, 1)
  return { sides, places, nodes: [node], edges: [-1], before: [-1], level: 0, depth: 0 }
}

/** Finds one shortest path between two different nodes, breadth first from both: the smaller side goes on. */
export function* shortestBetween(search: Search, start: number, end: number): Iterable<Found | null> {
  const there = startHalf(search.sides, start)
  const back = startHalf(search.reverse(), end)
  while (there.depth + back.depth < search.maximum) {
    const half = frontEdges(there) <= frontEdges(back) ? there : back
    const other = half === there ? back : there
    const met = nextLevel(search, half, other)
    if (met !== null) {
      yield joinHalves(there, back, met, search.endsOnly)
      return
    }
    if (half.level === half.nodes.length) return
    yield null
  }
}

/** Counts the edges that leave the last level. */
function frontEdges({ sides, nodes, level }: Half): number {
  let count = 0
  for (let at = level; at < nodes.length; at += 1) {
    for (const { index } of sides) {
      const slot = index.slotOf(nodes[at] as number)
      if (slot >= 0) count += (index.offsets[slot + 1] as number) - (index.offsets[slot] as number)
    }
  }
  return count
}

/** Goes a level on; gives the node where the halves meet, `null` where they do not yet. */
function nextLevel(search: Search, half: Half, other: Half): number | null {
  const { places, nodes, edges, before } = half
  const last = nodes.length
  let met: number | null = null
  for (let at = half.level; at < last && met === null; at += 1) {
    eachEdge(
      { sides: half.sides, both: search.both, excluded: search.excluded },
      nodes[at] as number,
      (next, edge) => {
        if (places.get(next) !== 0) return
        nodes.push(next)
        edges.push(edge)
        before.push(at)
        places.set(next, nodes.length)
        if (met === null && other.places.get(next) !== 0) met = next
      },
    )
  }
  half.level = last
  half.depth += 1
  return met
}

function joinHalves(there: Half, back: Half, met: number, endsOnly: boolean): Found {
  const end = back.nodes[0] as number
  if (endsOnly) return { kind: 'path', end, nodes: [], edges: [] }
  const nodes: number[] = []
  const edges: number[] = []
  for (let at = there.places.get(met) - 1; at >= 0; at = there.before[at] as number) {
    nodes.push(there.nodes[at] as number)
    if (there.before[at] !== -1) edges.push(there.edges[at] as number)
  }
  nodes.reverse()
  edges.reverse()
  let at = back.places.get(met) - 1
  while (back.before[at] !== -1) {
    edges.push(back.edges[at] as number)
    at = back.before[at] as number
    nodes.push(back.nodes[at] as number)
  }
  return { kind: 'path', end, nodes, edges }
}
