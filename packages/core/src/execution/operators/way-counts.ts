import type { CsrIndex } from '../../catalog/csr.ts'
import { SheafError } from '../../types/errors.ts'
import type { NodeIds } from './expand.ts'
import { lists, zeros } from './kept-arrays.ts'

/** A batch holds so many nodes. */
export const OUTPUT_ROWS = 65_536
/** Nodes are listed as they are found while fewer edges than this share of the nodes were followed. */
const LISTED_SHARE = 2
/** Arrays over all nodes are taken up to this many; past it the sums stand in a map. */
export const MAXIMUM_DENSE: number = 2 ** 27

/** Is nodes reached, and for each the ways to it and those of them that came by an edge from the node to itself. */
export type Counted = {
  readonly nodes: NodeIds
  readonly ways: Float64Array | null
  readonly loops: Float64Array | null
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
  #found: Uint32Array | null = null
  #foundCount = 0
  #edges = 0

  /** Takes a number past every node. */
  constructor(size: number) {
    this.#size = size
    this.#map = size > MAXIMUM_DENSE ? new Map() : null
    this.#ways = zeros.take(this.#map === null ? size : 0)
    if (this.#map === null) this.#found = lists.take(0)
  }

  /** Follows the edges of nodes, each weighing as much as its node. */
  follow(index: CsrIndex, from: NodeIds, weights: Float64Array | null): void {
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
    const longer = lists.take(Math.max(needed, this.#found.length * 2))
    longer.set(this.#found.subarray(0, this.#foundCount))
    this.#found = longer
  }

  /** Gives the nodes with ways to them, a batch at a time, with the counts that are wanted. */
  *drain(wanted: Wanted): Iterable<Counted> {
    if (this.#map !== null) yield* this.#drainMap(this.#map, wanted)
    else {
      if (this.#found !== null) yield* this.#drainList(this.#found, wanted)
      else yield* this.#drainArray(wanted)
      zeros.keep(this.#ways)
      if (this.#found !== null) lists.keep(this.#found)
    }
  }

  *#drainList(found: Uint32Array, wanted: Wanted): Iterable<Counted> {
    const ways = this.#ways
    for (let start = 0; start < this.#foundCount; start += OUTPUT_ROWS) {
      const end = Math.min(this.#foundCount, start + OUTPUT_ROWS)
      const nodes = new Uint32Array(end - start)
      const given = wanted.ways ? new Float64Array(end - start) : null
      let filled = 0
      for (let at = start; at < end; at += 1) {
        const node = found[at] as number
        const count = ways[node] as number
        ways[node] = 0
        if (count <= 0) continue
        checkCount(count)
        nodes[filled] = node
        if (given !== null) given[filled] = count
        filled += 1
      }
      yield* this.#counted(nodes, given, filled, wanted)
    }
  }

  *#drainArray(wanted: Wanted): Iterable<Counted> {
    const ways = this.#ways
    for (let node = 0; node < this.#size; ) {
      const most = Math.min(this.#size - node, OUTPUT_ROWS)
      const nodes = new Uint32Array(most)
      const given = wanted.ways ? new Float64Array(most) : null
      let filled = 0
      for (const end = node + most; node < end; node += 1) {
        const count = ways[node] as number
        if (count === 0) continue
        ways[node] = 0
        if (count < 0) continue
        checkCount(count)
        nodes[filled] = node
        if (given !== null) given[filled] = count
        filled += 1
      }
      yield* this.#counted(nodes, given, filled, wanted)
    }
  }

  *#drainMap(map: ReadonlyMap<number, number>, wanted: Wanted): Iterable<Counted> {
    const rest = [...map].filter(([, count]) => count > 0)
    for (let start = 0; start < rest.length; start += OUTPUT_ROWS) {
      const rows = rest.slice(start, start + OUTPUT_ROWS)
      for (const [, count] of rows) checkCount(count)
      const nodes = Float64Array.from(rows, ([node]) => node)
      const given = wanted.ways ? Float64Array.from(rows, ([, count]) => count) : null
      yield* this.#counted(nodes, given, rows.length, wanted)
    }
  }

  *#counted(all: NodeIds, ways: Float64Array | null, count: number, wanted: Wanted): Iterable<Counted> {
    if (count === 0) return
    const nodes = all.subarray(0, count)
    const loops = wanted.loops ? new Float64Array(count) : null
    if (loops !== null && this.#loops.size > 0)
      for (let at = 0; at < count; at += 1) loops[at] = this.#loops.get(nodes[at] as number) ?? 0
    yield { nodes, ways: ways?.subarray(0, count) ?? null, loops }
  }
}

/** Says which counts are wanted. */
type Wanted = { readonly ways: boolean; readonly loops: boolean }

function checkCount(count: number): void {
  if (count <= Number.MAX_SAFE_INTEGER) return
  throw new SheafError(
    'OVERFLOW',
    'There are more than 2^53 paths to a node, which cannot be counted exactly. Ask for fewer hops or for DISTINCT nodes.',
    { phase: 'runtime' },
  )
}

/** Counts the edges of nodes. */
export function edgeCount(index: CsrIndex, from: NodeIds): number {
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
  from: NodeIds,
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
  found: Uint32Array,
  foundBefore: number,
  { slotOf, offsets, neighbours }: CsrIndex,
  from: NodeIds,
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
  from: NodeIds,
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
