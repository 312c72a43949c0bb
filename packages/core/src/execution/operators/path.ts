import type { ExecutionContext, Steps } from '../../catalog/engine.ts'
import { placesOf } from '../../expression/interpret.ts'
import type { PathPlan } from '../../plan/logical-plan.ts'
import { type Batch, type Column, makeBatch } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import type { Value } from '../../types/value.ts'
import { type Side, sidesOf } from './adjacency-access.ts'
import { excludedEdges, nodeIds } from './expand.ts'
import { depthFirst } from './path-depth-first.ts'
import { reachable, trailEnds } from './path-reachable.ts'
import { type Finder, type Found, MarkPool, type Search } from './path-search.ts'
import { shortest } from './path-shortest.ts'
import { shortestTrails } from './path-shortest-trails.ts'
import { isBatch, takeRows } from './steps.ts'

const OUTPUT_ROWS = 16_384
/** The event loop runs again after this many starts. */
const STARTS_PER_PAUSE = 256

/** Gives a row for each path of each row's node, or for each node reached. */
export function* runPath(plan: PathPlan, input: Steps, context: ExecutionContext): Steps {
  const sides = sidesOf(plan.adjacency, plan.direction, context)
  let reversed: readonly Side[] | null = null
  const reverse = (): readonly Side[] => {
    reversed ??= sidesOf(plan.adjacency, OPPOSITE[plan.direction], context)
    return reversed
  }
  const find = SEARCHES[plan.semantics](new MarkPool(sides))
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
      if (at % STARTS_PER_PAUSE === STARTS_PER_PAUSE - 1) {
        context.check()
        yield null
      }
      if ((from[at] as number) < 0 || (to !== null && (to[at] as number) < 0)) continue
      const search: Search = {
        sides,
        limit: plan.limit ?? { count: 1, groups: false },
        reverse,
        both: plan.direction === 'both',
        minimum: plan.minimum,
        maximum: plan.maximum ?? Number.POSITIVE_INFINITY,
        to: to === null ? null : (to[at] as number),
        excluded: excluded === null ? null : (edge) => excluded(at, edge),
        endsOnly: plan.edges === null && plan.nodes === null,
      }
      for (const found of find(search, from[at] as number)) {
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

const OPPOSITE = { out: 'in', in: 'out', both: 'both' } as const

const SEARCHES: Record<PathPlan['semantics'], (marks: MarkPool) => Finder> = {
  walk: () => (search, start) => depthFirst(search, start, false),
  trail: () => (search, start) => depthFirst(search, start, true),
  reachability: (marks) => (search, start) => reachable(search, start, marks),
  'trail-ends': (marks) => (search, start) =>
    search.both ? trailEnds(search, start, marks) : reachable(search, start, marks),
  shortest: () => (search, start) => shortest(search, start, false),
  'all-shortest': () => (search, start) => shortest(search, start, true),
  'shortest-trails': (marks) => (search, start) => shortestTrails(search, start, marks),
}

/** Gathers the rows of a path search. */
class PathWriter {
  readonly #plan: PathPlan
  readonly #batch: Batch
  #rows: number[] = []
  #ends: number[] = []
  #nodes: Value[] = []
  #edges: Value[] = []

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
    const row = selection === null ? at : (selection[at] as number)
    if (found.kind === 'ends') {
      for (const end of found.ends) {
        this.#rows.push(row)
        this.#ends.push(end)
      }
      return
    }
    this.#rows.push(row)
    this.#ends.push(found.end)
    if (this.#plan.edges !== null) this.#edges.push(found.edges)
    if (this.#plan.nodes !== null) this.#nodes.push(found.nodes)
  }

  flush(): Batch {
    const { target, edges, nodes } = this.#plan
    const length = this.#rows.length
    const columns: Column[] = [
      ...takeRows(this.#batch, Uint32Array.from(this.#rows)),
      { layout: 'flat', type: target.type, length, validity: null, values: Float64Array.from(this.#ends) },
    ]
    if (edges !== null) columns.push(columnFromValues(edges.type, this.#edges))
    if (nodes !== null) columns.push(columnFromValues(nodes.type, this.#nodes))
    this.#rows = []
    this.#ends = []
    this.#nodes = []
    this.#edges = []
    return makeBatch(columns, length)
  }
}
