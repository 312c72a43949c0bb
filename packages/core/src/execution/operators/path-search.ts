import type { Side } from './adjacency-access.ts'
import { neighbourBound } from './index-nodes.ts'

/** Is a path found: its nodes, both ends included, and its edges; or the ends alone of several paths. */
export type Found =
  | {
      readonly kind: 'path'
      readonly end: number
      readonly nodes: readonly number[]
      readonly edges: readonly number[]
    }
  | { readonly kind: 'ends'; readonly ends: readonly number[] }

/** Is a search for paths from one node. */
export type Search = {
  readonly sides: readonly Side[]
  /** The sides that lead the other way, for searches from the end. */
  readonly reverse: () => readonly Side[]
  readonly both: boolean
  readonly minimum: number
  readonly maximum: number
  /** The node that paths must end at, `null` for any. */
  readonly to: number | null
  /** Tells edges that must not be followed; `null` for none. */
  readonly excluded: ((edge: number) => boolean) | null
  /** How many paths to each end are asked for, or of how many lengths. */
  readonly limit: { readonly count: number; readonly groups: boolean }
  /** True where nobody asks for the nodes and edges of a path. */
  readonly endsOnly: boolean
}

/** Gives what a search finds; `null` lets the event loop run. */
export type Finder = (search: Search, start: number) => Iterable<Found | null>

/** The event loop runs again after this many edges. */
export const EDGES_PER_PAUSE = 65_536

/** Calls back for each edge of a node; loops of a two-way search once. */
export function eachEdge(
  { sides, both, excluded }: Pick<Search, 'sides' | 'both' | 'excluded'>,
  node: number,
  visit: (next: number, edge: number) => void,
): void {
  for (const { index, backward } of sides) {
    const slot = index.slotOf(node)
    if (slot < 0) continue
    const { neighbours, edges } = index
    const end = index.offsets[slot + 1] as number
    for (let at = index.offsets[slot] as number; at < end; at += 1) {
      const next = neighbours[at] as number
      if (both && backward && next === node) continue
      const edge = edges[at] as number
      if (excluded === null || !excluded(edge)) visit(next, edge)
    }
  }
}

/** Arrays over all nodes are taken up to this many. */
const MAXIMUM_DENSE = 2 ** 27

/** Holds a number for each node that was met: in an array where ids are dense, else in a map. 0 is for none. */
export class NodeMarks {
  readonly #dense: Int32Array | null
  readonly #sparse = new Map<number, number>()

  constructor(sides: readonly Side[]) {
    const size = sides.reduce((most, { index }) => Math.max(most, neighbourBound(index)), 0)
    this.#dense = size <= MAXIMUM_DENSE ? new Int32Array(size) : null
  }

  get(node: number): number {
    const dense = this.#dense
    if (dense !== null && node < dense.length) return dense[node] as number
    return this.#sparse.get(node) ?? 0
  }

  set(node: number, mark: number): void {
    const dense = this.#dense
    if (dense !== null && node < dense.length) dense[node] = mark
    else this.#sparse.set(node, mark)
  }
}

/** Keeps marks from one search to the next, so that a search of few nodes does not clear an array over all. */
export class MarkPool {
  readonly #sides: readonly Side[]
  #marks: NodeMarks | null = null
  #round = 0

  constructor(sides: readonly Side[]) {
    this.#sides = sides
  }

  /** Gives a fresh set of nodes; the one given before must not be used any more. */
  take(): NodeSet {
    if (this.#marks === null || this.#round === 2 ** 31 - 1) {
      this.#marks = new NodeMarks(this.#sides)
      this.#round = 0
    }
    this.#round += 1
    return new NodeSet(this.#marks, this.#round)
  }
}

/** Is a set of nodes. */
export class NodeSet {
  readonly #marks: NodeMarks
  readonly #round: number

  constructor(marks: NodeMarks, round: number) {
    this.#marks = marks
    this.#round = round
  }

  has(node: number): boolean {
    return this.#marks.get(node) === this.#round
  }

  /** Adds a node; false where it was there. */
  add(node: number): boolean {
    if (this.#marks.get(node) === this.#round) return false
    this.#marks.set(node, this.#round)
    return true
  }
}
