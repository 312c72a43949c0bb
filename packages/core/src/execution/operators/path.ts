import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import { placesOf } from '../../expression/interpret.ts'
import type { PathPlan } from '../../plan/logical-plan.ts'
import { type Batch, type Column, makeBatch } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import type { Value } from '../../types/value.ts'
import { type Side, sidesOf } from './adjacency-access.ts'
import { excludedEdges, nodeIds } from './expand.ts'
import { isBatch, takeRows } from './steps.ts'

const OUTPUT_ROWS = 16_384
/** The event loop runs again after this many edges. */
const EDGES_PER_PAUSE = 65_536

/** Is a path found: its nodes, both ends included, and its edges. `reachability` fills only the end. */
type Found = { readonly end: number; readonly nodes: readonly number[]; readonly edges: readonly number[] }

type Search = {
  readonly sides: readonly Side[]
  readonly both: boolean
  readonly minimum: number
  readonly maximum: number
  /** The node that paths must end at, `null` for any. */
  readonly to: number | null
  readonly excluded: (edge: number) => boolean
  /** True where nobody asks for the nodes and edges of a path. */
  readonly endsOnly: boolean
}

/** Calls back for each edge of a node; loops of a two-way search once. */
function eachEdge(search: Search, node: number, visit: (next: number, edge: number) => void): void {
  for (const { index, backward } of search.sides) {
    const slot = index.slotOf(node)
    if (slot < 0) continue
    const end = index.offsets[slot + 1] as number
    for (let at = index.offsets[slot] as number; at < end; at += 1) {
      const next = index.neighbours[at] as number
      if (search.both && backward && next === node) continue
      const edge = index.edges[at] as number
      if (!search.excluded(edge)) visit(next, edge)
    }
  }
}

/** Gives a row for each path of each row's node, or for each node reached. */
export function* runPath(plan: PathPlan, input: Steps, context: ExecutionContext): Steps {
  const sides = sidesOf(plan.adjacency, plan.direction, context)
  const places = placesOf(plan.input.output)
  for (const step of input) {
    if (!isBatch(step)) {
      yield step
      continue
    }
    const from = nodeIds(step, plan.from, places)
    const to = plan.to === null ? null : nodeIds(step, plan.to, places)
    const excluded = excludedEdges(step, plan.exclude, places)
    const writer = new PathWriter(plan, step)
    for (let at = 0; at < from.length; at += 1) {
      if ((from[at] as number) < 0 || (to !== null && (to[at] as number) < 0)) continue
      const search: Search = {
        sides,
        both: plan.direction === 'both',
        minimum: plan.minimum,
        maximum: plan.maximum ?? Number.POSITIVE_INFINITY,
        to: to === null ? null : (to[at] as number),
        excluded: excluded === null ? () => false : (edge) => excluded(at, edge),
        endsOnly: plan.edges === null && plan.nodes === null,
      }
      for (const found of SEARCHES[plan.semantics](search, from[at] as number)) {
        if (found === null) {
          context.check()
          yield null
        } else {
          writer.add(at, found)
          if (writer.isFull) yield writer.flush()
        }
      }
    }
    if (!writer.isEmpty) yield writer.flush()
    yield null
  }
}

type Finder = (search: Search, start: number) => Iterable<Found | null>

const SEARCHES: Record<PathPlan['semantics'], Finder> = {
  walk: (search, start) => depthFirst(search, start, false),
  trail: (search, start) => depthFirst(search, start, true),
  reachability,
  shortest: (search, start) => shortest(search, start, false),
  'all-shortest': (search, start) => shortest(search, start, true),
}

type Frame = {
  readonly node: number
  readonly edges: readonly { readonly next: number; readonly edge: number }[]
  at: number
}

/** Walks all paths depth first with a stack of its own, so that no length of path overflows the call stack. */
function* depthFirst(search: Search, start: number, trail: boolean): Iterable<Found | null> {
  const used = new Set<number>()
  const nodes = [start]
  const edges: number[] = []
  if (search.minimum === 0 && (search.to === null || search.to === start))
    yield { end: start, nodes: [start], edges: [] }
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
      yield { end: candidate.next, nodes: nodes.slice(), edges: edges.slice() }
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

/** Gives each node that can be reached in a count of hops within the bounds, once, breadth first. */
function* reachability(search: Search, start: number): Iterable<Found | null> {
  const given = new Set<number>()
  const give = function* (node: number): Iterable<Found> {
    if (given.has(node) || (search.to !== null && search.to !== node)) return
    given.add(node)
    yield { end: node, nodes: [], edges: [] }
  }
  let depth = 0
  let frontier = [start]
  // Up to the minimum a node may be come back to; from there on each node is visited once.
  while (depth < search.minimum && frontier.length > 0) {
    const next = new Set<number>()
    for (const node of frontier) eachEdge(search, node, (other) => next.add(other))
    frontier = [...next]
    depth += 1
    if (depth > 1) yield null
  }
  const seen = new Set(frontier)
  for (const node of frontier) yield* give(node)
  while (depth < search.maximum && frontier.length > 0) {
    const next: number[] = []
    for (const node of frontier) {
      eachEdge(search, node, (other) => {
        if (seen.has(other)) return
        seen.add(other)
        next.push(other)
      })
    }
    frontier = next
    depth += 1
    for (const node of frontier) yield* give(node)
    yield null
  }
}

type Arrival = { readonly node: number; readonly edge: number }

/** Finds shortest paths breadth first: to one node, or to every node; one path each or all of the same length. */
function* shortest(search: Search, start: number, all: boolean): Iterable<Found | null> {
  if (search.minimum === 0 && (search.to === null || search.to === start)) {
    yield { end: start, nodes: [start], edges: [] }
    if (search.to === start) return
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
      if (search.endsOnly && !all) yield { end: node, nodes: [], edges: [] }
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
  return { end, nodes, edges }
}

/** Gathers the rows of a path search. */
class PathWriter {
  readonly #plan: PathPlan
  readonly #batch: Batch
  #rows: number[] = []
  #found: Found[] = []

  constructor(plan: PathPlan, batch: Batch) {
    this.#plan = plan
    this.#batch = batch
  }

  get isFull(): boolean {
    return this.#rows.length >= OUTPUT_ROWS
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0
  }

  add(at: number, found: Found): void {
    const { selection } = this.#batch
    this.#rows.push(selection === null ? at : (selection[at] as number))
    this.#found.push(found)
  }

  flush(): Batch {
    const { target, edges, nodes } = this.#plan
    const found = this.#found
    const columns: Column[] = [
      ...takeRows(this.#batch, Uint32Array.from(this.#rows)),
      {
        layout: 'flat',
        type: target.type,
        length: found.length,
        validity: null,
        values: Float64Array.from(found, (path) => path.end),
      },
    ]
    if (edges !== null)
      columns.push(
        columnFromValues(
          edges.type,
          found.map((path): Value => path.edges),
        ),
      )
    if (nodes !== null)
      columns.push(
        columnFromValues(
          nodes.type,
          found.map((path): Value => path.nodes),
        ),
      )
    this.#rows = []
    this.#found = []
    return makeBatch(columns, found.length)
  }
}
