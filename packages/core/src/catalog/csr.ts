import { IdTable } from './id-table.ts'

/**
 * Is the edges of one partition in compressed sparse rows, sorted by (node, neighbour): the neighbours of the node
 * in slot s are `neighbours[offsets[s] .. offsets[s + 1])`, the edges' row ids stand at the same places in `edges`.
 */
export type CsrIndex = {
  readonly edgeCount: number
  /** Count of slots: of nodes with an entry in `offsets`. */
  readonly slotCount: number
  /** Gives a node's slot, or -1 for a node without edges here. */
  readonly slotOf: (node: number) => number
  /** The node of each slot, in no order; `null` where slot s is node s. */
  readonly nodes: Float64Array | null
  readonly offsets: Uint32Array
  readonly neighbours: Uint32Array | Float64Array
  readonly edges: Uint32Array | Float64Array
}

/** Past this ratio of the largest id to the count of edges, slots are looked up in a table instead of by the id. */
const SPARSE_FACTOR = 8
const MINIMUM_DENSE = 65_536

/** Builds compressed sparse rows by two stable counting passes: neighbours ascend within a node. Ids are not negative. */
export function buildCsr(from: Float64Array, to: Float64Array, edges: Float64Array): CsrIndex {
  const count = from.length
  const most = largest(from)
  const ranked = isDense(most, count) ? null : rankIds(from)
  const nodes = ranked === null ? null : ranked.distinct
  const slotOf = ranked === null ? denseSlots(most) : ranked.rankOf
  const slotCount = nodes === null ? most + 1 : nodes.length
  const slots = ranked === null ? from : ranked.ranks
  const offsets = countingOffsets(slots, slotCount)
  const order = orderByTarget(to)
  const cursor = offsets.slice(0, slotCount)
  const neighbours = fitsUint32(to) ? new Uint32Array(count) : new Float64Array(count)
  const edgeIds = fitsUint32(edges) ? new Uint32Array(count) : new Float64Array(count)
  for (let at = 0; at < count; at += 1) {
    const index = order[at] as number
    const slot = slots[index] as number
    const place = cursor[slot] as number
    cursor[slot] = place + 1
    neighbours[place] = to[index] as number
    edgeIds[place] = edges[index] as number
  }
  return { edgeCount: count, slotCount, slotOf, nodes, offsets, neighbours, edges: edgeIds }
}

/** Gives, for each of some numbers up to a count, where its entries begin when they are sorted by it. */
function countingOffsets(numbers: Float64Array | Uint32Array, count: number): Uint32Array {
  const offsets = new Uint32Array(count + 1)
  for (let index = 0; index < numbers.length; index += 1) {
    const number = numbers[index] as number
    offsets[number + 1] = (offsets[number + 1] as number) + 1
  }
  for (let number = 0; number < count; number += 1)
    offsets[number + 1] = (offsets[number + 1] as number) + (offsets[number] as number)
  return offsets
}

type Ranked = {
  /** The ids in ascending order, each once. */
  readonly distinct: Float64Array
  /** For each id its place in `distinct`. */
  readonly ranks: Uint32Array
  /** Finds the place of an id, -1 where it is none of them. */
  readonly rankOf: (id: number) => number
}

/** Numbers ids by their order: only the distinct ones are sorted. */
function rankIds(ids: Float64Array): Ranked {
  const seen = new IdTable(FIRST_DISTINCT)
  const ranks = new Uint32Array(ids.length)
  let found = new Float64Array(FIRST_DISTINCT)
  for (let index = 0; index < ids.length; index += 1) {
    const id = ids[index] as number
    let ordinal = seen.find(id)
    if (ordinal < 0) {
      ordinal = seen.size
      seen.add(id, ordinal)
      if (ordinal === found.length) found = grown(found)
      found[ordinal] = id
    }
    ranks[index] = ordinal
  }
  const distinct = found.slice(0, seen.size).sort()
  const table = new IdTable(distinct.length)
  const rankOfOrdinal = new Uint32Array(distinct.length)
  for (let rank = 0; rank < distinct.length; rank += 1) {
    const id = distinct[rank] as number
    table.add(id, rank)
    rankOfOrdinal[seen.find(id)] = rank
  }
  for (let index = 0; index < ranks.length; index += 1)
    ranks[index] = rankOfOrdinal[ranks[index] as number] as number
  return { distinct, ranks, rankOf: (id) => table.find(id) }
}

const FIRST_DISTINCT = 1024

function grown(ids: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(ids.length * 2)
  longer.set(ids)
  return longer
}

/** Tells whether slots are the ids themselves: whether a place for each up to the largest is not too many. */
export function isDense(maximum: number, edgeCount: number): boolean {
  return maximum < Math.max(MINIMUM_DENSE, edgeCount * SPARSE_FACTOR)
}

function largest(ids: Float64Array): number {
  let maximum = -1
  for (let index = 0; index < ids.length; index += 1) {
    const id = ids[index] as number
    if (id > maximum) maximum = id
  }
  return maximum
}

/** Tells whether all ids fit into 32 bits. */
export function fitsUint32(ids: Float64Array): boolean {
  return largest(ids) < 2 ** 32
}

/** Makes the slots of nodes whose ids go up to a maximum: the ids themselves. */
export function denseSlots(maximum: number): (node: number) => number {
  return (node) => (node >= 0 && node <= maximum ? node : -1)
}

/** Gives the indexes of ids in ascending order of id, equal ids in their own order, in linear time but for distinct ids. */
function orderByTarget(ids: Float64Array): Uint32Array {
  const most = largest(ids)
  const ranked = isDense(most, ids.length) ? null : rankIds(ids)
  const numbers = ranked === null ? ids : ranked.ranks
  const starts = countingOffsets(numbers, ranked === null ? most + 1 : ranked.distinct.length)
  const order = new Uint32Array(ids.length)
  for (let index = 0; index < ids.length; index += 1) {
    const number = numbers[index] as number
    const place = starts[number] as number
    starts[number] = place + 1
    order[place] = index
  }
  return order
}
