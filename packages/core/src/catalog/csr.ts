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

/** Builds compressed sparse rows by two stable counting passes: neighbours ascend within a node. */
export function buildCsr(from: Float64Array, to: Float64Array, edges: Float64Array): CsrIndex {
  const count = from.length
  const range = largest(from)
  const dense = range.minimum >= 0 && isDense(range.maximum, count)
  const nodes = dense ? null : distinctSorted(from)
  const slotOf = nodes === null ? denseSlots(range.maximum) : sparseSlots(nodes)
  const slotCount = nodes === null ? range.maximum + 1 : nodes.length
  const offsets = new Uint32Array(slotCount + 1)
  const slots = new Uint32Array(count)
  for (let index = 0; index < count; index += 1) {
    const slot = slotOf(from[index] as number)
    slots[index] = slot
    offsets[slot + 1] = (offsets[slot + 1] as number) + 1
  }
  for (let slot = 0; slot < slotCount; slot += 1)
    offsets[slot + 1] = (offsets[slot + 1] as number) + (offsets[slot] as number)
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

/** Tells whether slots are the ids themselves: whether a place for each up to the largest is not too many. */
export function isDense(maximum: number, edgeCount: number): boolean {
  return maximum < Math.max(MINIMUM_DENSE, edgeCount * SPARSE_FACTOR)
}

function largest(ids: Float64Array): { readonly minimum: number; readonly maximum: number } {
  let minimum = Number.POSITIVE_INFINITY
  let maximum = -1
  for (let index = 0; index < ids.length; index += 1) {
    const id = ids[index] as number
    if (id > maximum) maximum = id
    if (id < minimum) minimum = id
  }
  return { minimum, maximum }
}

/** Tells whether all ids fit into 32 bits. */
export function fitsUint32(ids: Float64Array): boolean {
  const { minimum, maximum } = largest(ids)
  return minimum >= 0 && maximum < 2 ** 32
}

/** Makes the slots of nodes whose ids go up to a maximum: the ids themselves. */
export function denseSlots(maximum: number): (node: number) => number {
  return (node) => (node >= 0 && node <= maximum ? node : -1)
}

function sparseSlots(nodes: Float64Array): (node: number) => number {
  const table = new IdTable(nodes.length)
  for (let slot = 0; slot < nodes.length; slot += 1) table.add(nodes[slot] as number, slot)
  return (node) => table.find(node)
}

function distinctSorted(ids: Float64Array): Float64Array {
  const sorted = ids.slice().sort()
  let kept = 0
  for (let index = 0; index < sorted.length; index += 1) {
    if (index === 0 || sorted[index] !== sorted[index - 1]) {
      sorted[kept] = sorted[index] as number
      kept += 1
    }
  }
  return sorted.slice(0, kept)
}

/** Gives the indexes of ids in ascending order of id, equal ids in their own order; linear for dense ids. */
function orderByTarget(ids: Float64Array): Uint32Array {
  const { minimum, maximum } = largest(ids)
  const count = ids.length
  const order = new Uint32Array(count)
  if (minimum >= 0 && maximum < Math.max(MINIMUM_DENSE, count * SPARSE_FACTOR)) {
    const starts = new Uint32Array(maximum + 2)
    for (let index = 0; index < count; index += 1)
      starts[(ids[index] as number) + 1] = (starts[(ids[index] as number) + 1] as number) + 1
    for (let id = 0; id <= maximum; id += 1)
      starts[id + 1] = (starts[id + 1] as number) + (starts[id] as number)
    for (let index = 0; index < count; index += 1) {
      const id = ids[index] as number
      const place = starts[id] as number
      starts[id] = place + 1
      order[place] = index
    }
    return order
  }
  for (let index = 0; index < count; index += 1) order[index] = index
  return order.sort((left, right) => (ids[left] as number) - (ids[right] as number) || left - right)
}
