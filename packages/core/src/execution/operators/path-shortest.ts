import { shortestBetween } from './path-between.ts'
import { eachEdge, type Found, type Search } from './path-search.ts'

type Arrival = { readonly node: number; readonly edge: number }

/** Finds shortest paths breadth first: to one node, or to every node; one path each or all of the same length. */
export function* shortest(search: Search, start: number, all: boolean): Iterable<Found | null> {
  if (search.minimum === 0 && (search.to === null || search.to === start)) {
    yield { kind: 'path', end: start, nodes: [start], edges: [] }
    if (search.to === start) return
  }
  if (!all && search.to !== null && search.to !== start && search.minimum <= 1) {
    yield* shortestBetween(search, start, search.to)
    return
  }
  const depths = new Map<number, number>([[start, 0]])
  const arrivals = new Map<number, Arrival[]>()
  let frontier = [start]
  for (let depth = 1; depth <= search.maximum && frontier.length > 0; depth += 1) {
    const next: number[] = []
    for (const node of frontier) {
      eachEdge(search, node, (other, edge) => {
        const known = depths.get(other)
        // A start that must be come back to (a minimum of one hop) is found again like any other node.
        if (known === undefined || (other === start && search.minimum > 0 && !arrivals.has(start))) {
          if (other !== start) depths.set(other, depth)
          arrivals.set(other, [{ node, edge }])
          next.push(other)
        } else if (
          all &&
          (other === start ? arrivalDepth(arrivals, depths, start) === depth : known === depth)
        ) {
          ;(arrivals.get(other) as Arrival[]).push({ node, edge })
        }
      })
    }
    yield null
    for (const node of next) {
      if (search.to !== null && node !== search.to) continue
      if (depth < search.minimum) continue
      if (search.endsOnly && !all) yield { kind: 'path', end: node, nodes: [], edges: [] }
      else yield* pathsTo(arrivals, start, node, depth, all)
    }
    if (search.to !== null && next.includes(search.to)) return
    frontier = next.filter((node) => node !== start)
  }
}

function arrivalDepth(arrivals: Map<number, Arrival[]>, depths: Map<number, number>, node: number): number {
  const [first] = arrivals.get(node) ?? []
  return first === undefined ? -1 : (depths.get(first.node) as number) + 1
}

/** Is a step of a path that is put together from its end: the links after it lead on to the end. */
type Link = {
  readonly node: number
  /** The edge to the node of the link after; -1 at the end. */
  readonly edge: number
  readonly after: Link | null
  readonly length: number
}

/** Follows arrivals back from an end; `depth` tells how many steps there are to go. */
function* pathsTo(
  arrivals: Map<number, Arrival[]>,
  start: number,
  end: number,
  depth: number,
  all: boolean,
): Iterable<Found> {
  const stack: Link[] = [{ node: end, edge: -1, after: null, length: 0 }]
  for (let link = stack.pop(); link !== undefined; link = stack.pop()) {
    if (link.length === depth) {
      if (link.node === start) yield pathOf(link, end)
      if (!all) return
      continue
    }
    const from = arrivals.get(link.node) ?? []
    for (const { node, edge } of all ? from : from.slice(0, 1))
      stack.push({ node, edge, after: link, length: link.length + 1 })
  }
}

function pathOf(first: Link, end: number): Found {
  const nodes: number[] = []
  const edges: number[] = []
  for (let link: Link | null = first; link !== null; link = link.after) {
    nodes.push(link.node)
    if (link.after !== null) edges.push(link.edge)
  }
  return { kind: 'path', end, nodes, edges }
}
