import type { CsrIndex } from '../../catalog/csr.ts'
import { SheafError } from '../../types/errors.ts'

const OUTPUT_ROWS = 65_536
/** Nodes are listed as they are found while fewer edges than this share of the nodes were followed. */
const LISTED_SHARE = 2
/** Arrays over all nodes are taken up to this many; past it the sums stand in a map. */
const MAXIMUM_DENSE = 2 ** 27
/** Arrays up to this long are kept for the next query. */
const MOST_KEPT = 2 ** 20

/** Is nodes reached, and for each the ways to it and those of them that came by an edge from the node to itself. */
export type Counted = {
  readonly nodes: Float64Array
  readonly ways: Float64Array
  readonly loops: Float64Array
}

let kept: Float64Array | null = null

function takeZeros(length: number): Float64Array {
  if (kept === null || kept.length < length) return new Float64Array(length)
  const taken = kept
  kept = null
  return taken
}

function giveBackZeros(zeros: Float64Array): void {
  if (zeros.length <= MOST_KEPT && (kept === null || kept.length < zeros.length)) kept = zeros
}

/**
 * Sums the ways to each node, in an array over all nodes. While few nodes were reached they are also listed, so that
 * giving them costs no walk over the array. Where ids are too large for an array the sums stand in a map.
 */
export class WayCounts {
  readonly #size: number
  readonly #loops = new Map<number, number>()
  readonly #map: Map<number, number> | null
  readonly #ways: Float64Array
  #found: Float64Array | null = null
  #foundCount = 0
  #edges = 0

  /** Takes a number past every node. */
  constructor(size: number) {
    this.#size = size
    this.#map = size > MAXIMUM_DENSE ? new Map() : null
    this.#ways = takeZeros(this.#map === null ? size : 0)
    if (this.#map === null) this.#found = new Float64Array(Math.min(size, 256))
  }

  /** Follows the edges of nodes, each weighing as much as its node. */
  follow(index: CsrIndex, from: Float64Array, weights: Float64Array | null): void {
    const edges = edgeCount(index, from)
    this.#edges += edges
    if (this.#map !== null) addToMap(this.#map, index, from, weights)
    else {
      this.#makeRoom(edges)
      if (this.#found === null) addDense(this.#ways, index, from, weights)
      else this.#foundCount = addListed(this.#ways, this.#found, this.#foundCount, index, from, weights)
    }
  }

  /** Adds counts that stand at the places of their nodes. */
  addAll(counts: Uint32Array): void {
    if (this.#map !== null) {
      for (let node = 0; node < counts.length; node += 1)
        if (counts[node] !== 0) this.add(node, counts[node] as number)
      return
    }
    this.#found = null
    const ways = this.#ways
    for (let node = 0; node < counts.length; node += 1) (ways[node] as number) += counts[node] as number
  }

  add(node: number, count: number): void {
    if (this.#map !== null) {
      this.#map.set(node, (this.#map.get(node) ?? 0) + count)
      return
    }
    this.#makeRoom(1)
    if (this.#found !== null && this.#ways[node] === 0 && count !== 0) {
      this.#found[this.#foundCount] = node
      this.#foundCount += 1
    }
    ;(this.#ways[node] as number) += count
  }

  /** Says how many of the ways to a node came by an edge from it to itself. */
  noteLoops(node: number, count: number): void {
    this.#loops.set(node, (this.#loops.get(node) ?? 0) + count)
  }

  /** Makes the list long enough for so many more nodes, or gives it up where it would be long. */
  #makeRoom(more: number): void {
    if (this.#found === null) return
    if (this.#edges * LISTED_SHARE > this.#size) {
      this.#found = null
      return
    }
    const needed = Math.min(this.#size, this.#foundCount + more)
    if (needed <= this.#found.length) return
    const longer = new Float64Array(Math.max(needed, this.#found.length * 2))
    longer.set(this.#found.subarray(0, this.#foundCount))
    this.#found = longer
  }

  /** Gives the nodes with ways to them, a batch at a time. */
  *drain(): Iterable<Counted> {
    if (this.#map !== null) yield* this.#drainMap(this.#map)
    else if (this.#found !== null) yield* this.#drainList(this.#found)
    else yield* this.#drainArray()
    if (this.#map === null) giveBackZeros(this.#ways)
  }

  *#drainList(found: Float64Array): Iterable<Counted> {
    const ways = this.#ways
    for (let start = 0; start < this.#foundCount; start += OUTPUT_ROWS) {
      const nodes = found.subarray(start, Math.min(this.#foundCount, start + OUTPUT_ROWS))
      const given = new Float64Array(nodes.length)
      let filled = 0
      for (let at = 0; at < nodes.length; at += 1) {
        const node = nodes[at] as number
        const count = ways[node] as number
        ways[node] = 0
        if (count <= 0) continue
        nodes[filled] = node
        given[filled] = count
        filled += 1
      }
      yield* this.#counted(nodes, given, filled)
    }
  }

  *#drainArray(): Iterable<Counted> {
    const ways = this.#ways
    for (let node = 0; node < this.#size; ) {
      const most = Math.min(this.#size - node, OUTPUT_ROWS)
      const nodes = new Float64Array(most)
      const given = new Float64Array(most)
      let filled = 0
      for (const end = node + most; node < end; node += 1) {
        const count = ways[node] as number
        if (count === 0) continue
        ways[node] = 0
        if (count < 0) continue
        nodes[filled] = node
        given[filled] = count
        filled += 1
      }
      yield* this.#counted(nodes, given, filled)
    }
  }

  *#drainMap(map: ReadonlyMap<number, number>): Iterable<Counted> {
    let nodes = new Float64Array(Math.min(map.size, OUTPUT_ROWS))
    let given = new Float64Array(nodes.length)
    let filled = 0
    for (const [node, count] of map) {
      if (count <= 0) continue
      nodes[filled] = node
      given[filled] = count
      filled += 1
      if (filled < nodes.length) continue
      yield* this.#counted(nodes, given, filled)
      nodes = new Float64Array(nodes.length)
      given = new Float64Array(nodes.length)
      filled = 0
    }
    yield* this.#counted(nodes, given, filled)
  }

  *#counted(nodes: Float64Array, ways: Float64Array, count: number): Iterable<Counted> {
    if (count === 0) return
    const loops = new Float64Array(this.#loops.size === 0 ? 0 : count)
    for (let at = 0; at < count; at += 1) {
      if ((ways[at] as number) > Number.MAX_SAFE_INTEGER) {
        throw new SheafError(
          'OVERFLOW',
          'There are more than 2^53 paths to a node, which cannot be counted exactly. Ask for fewer hops or for DISTINCT nodes.',
          { phase: 'runtime' },
        )
      }
    }
    for (let at = 0; at < loops.length; at += 1) loops[at] = this.#loops.get(nodes[at] as number) ?? 0
    yield {
      nodes: nodes.subarray(0, count),
      ways: ways.subarray(0, count),
      loops: loops.length === count ? loops : new Float64Array(count),
    }
  }
}

/** Counts the edges of nodes. */
export function edgeCount(index: CsrIndex, from: Float64Array): number {
  let count = 0
  const { slotOf, offsets } = index
  for (let at = 0; at < from.length; at += 1) {
    const slot = slotOf(from[at] as number)
    if (slot >= 0) count += (offsets[slot + 1] as number) - (offsets[slot] as number)
  }
  return count
}

/** Is the hot loop: every edge of the nodes adds to a sum by node. */
function addDense(
  ways: Float64Array,
  { slotOf, offsets, neighbours }: CsrIndex,
  from: Float64Array,
  weights: Float64Array | null,
): void {
  for (let at = 0; at < from.length; at += 1) {
    const slot = slotOf(from[at] as number)
    if (slot < 0) continue
    const weight = weights === null ? 1 : (weights[at] as number)
    const end = offsets[slot + 1] as number
    for (let place = offsets[slot] as number; place < end; place += 1)
      (ways[neighbours[place] as number] as number) += weight
  }
}

/** The same where a node that is met first is listed; gives the length of the list. The list has room for each edge. */
function addListed(
  ways: Float64Array,
  found: Float64Array,
  foundBefore: number,
  { slotOf, offsets, neighbours }: CsrIndex,
  from: Float64Array,
  weights: Float64Array | null,
): number {
  let count = foundBefore
  for (let at = 0; at < from.length; at += 1) {
    const slot = slotOf(from[at] as number)
    if (slot < 0) continue
    const weight = weights === null ? 1 : (weights[at] as number)
    if (weight === 0) continue
    const end = offsets[slot + 1] as number
    for (let place = offsets[slot] as number; place < end; place += 1) {
      const node = neighbours[place] as number
      const before = ways[node] as number
      if (before === 0) {
        found[count] = node
        count += 1
      }
      ways[node] = before + weight
    }
  }
  return count
}

function addToMap(
  ways: Map<number, number>,
  { slotOf, offsets, neighbours }: CsrIndex,
  from: Float64Array,
  weights: Float64Array | null,
): void {
  for (let at = 0; at < from.length; at += 1) {
    const slot = slotOf(from[at] as number)
    if (slot < 0) continue
    const weight = weights === null ? 1 : (weights[at] as number)
    const end = offsets[slot + 1] as number
    for (let place = offsets[slot] as number; place < end; place += 1) {
      const node = neighbours[place] as number
      ways.set(node, (ways.get(node) ?? 0) + weight)
    }
  }
}
