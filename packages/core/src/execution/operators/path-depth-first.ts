import { EDGES_PER_PAUSE, eachEdge, type Found, type Search } from './path-search.ts'

type Frame = {
  readonly node: number
  readonly edges: readonly { readonly next: number; readonly edge: number }[]
  at: number
}

/** Walks all paths depth first with a stack of its own, so that no length of path overflows the call stack. */
export function* depthFirst(search: Search, start: number, trail: boolean): Iterable<Found | null> {
  const used = new Set<number>()
  const nodes = [start]
  const edges: number[] = []
  if (search.minimum === 0 && (search.to === null || search.to === start))
    yield { kind: 'path', end: start, nodes: [start], edges: [] }
  if (search.maximum === 0) return
  const stack: Frame[] = [frameOf(search, start)]
  let steps = 0
  while (stack.length > 0) {
    const frame = stack[stack.length - 1] as Frame
    const candidate = frame.edges[frame.at]
    if (candidate === undefined) {
      stack.pop()
      nodes.pop()
      const edge = edges.pop()
      if (edge !== undefined) used.delete(edge)
      continue
    }
    frame.at += 1
    steps += 1
    if (steps % EDGES_PER_PAUSE === 0) yield null
    if (trail && used.has(candidate.edge)) continue
    nodes.push(candidate.next)
    edges.push(candidate.edge)
    if (edges.length >= search.minimum && (search.to === null || search.to === candidate.next)) {
      yield { kind: 'path', end: candidate.next, nodes: nodes.slice(), edges: edges.slice() }
    }
    if (edges.length < search.maximum) {
      used.add(candidate.edge)
      stack.push(frameOf(search, candidate.next))
    } else {
      nodes.pop()
      edges.pop()
    }
  }
}

function frameOf(search: Search, node: number): Frame {
  const edges: { next: number; edge: number }[] = []
  eachEdge(search, node, (next, edge) => edges.push({ next, edge }))
  return { node, edges, at: 0 }
}
