import type { AdjacencyDefinition } from './definition.ts'

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
  /** The node of each slot; `null` where slot s is node s. */
  readonly nodes: Float64Array | null
  readonly offsets: Uint32Array
  readonly neighbours: Uint32Array | Float64Array
  readonly edges: Uint32Array | Float64Array
}

/** Is the edges of a table both ways, by partition. */
export type Adjacency = {
  readonly definition: AdjacencyDefinition
  /** The partitions that hold edges; `[0]` where the adjacency is not parted. */
  readonly partitions: readonly number[]
  /** Gives the index of a partition, `undefined` where it holds no edge. Built on first use. */
  forward(partition: number): CsrIndex | undefined
  backward(partition: number): CsrIndex | undefined
}

/** Holds the edges of a table as three arrays of one length (and a fourth for the partition). */
export type EdgeList = {
  readonly count: number
  readonly sources: Float64Array
  readonly targets: Float64Array
  readonly edges: Float64Array
  /** `null` where the adjacency is not parted. */
  readonly partitions: Float64Array | null
}

/** Builds an adjacency from an edge list; each direction of each partition is sorted when it is first asked for. */
export function buildAdjacency(definition: AdjacencyDefinition, list: EdgeList): Adjacency {
  const parts = splitPartitions(list)
  const forward = new Map<number, CsrIndex>()
  const backward = new Map<number, CsrIndex>()
  const direction = (cache: Map<number, CsrIndex>, flip: boolean) => (partition: number) => {
    const part = parts.get(partition)
    if (part === undefined) return undefined
    let index = cache.get(partition)
    if (index === undefined) {
      index = buildCsr(flip ? part.targets : part.sources, flip ? part.sources : part.targets, part.edges)
      cache.set(partition, index)
    }
    return index
  }
  return {
    definition,
    partitions: [...parts.keys()],
    forward: direction(forward, false),
    backward: direction(backward, true),
  }
}

type Part = { readonly sources: Float64Array; readonly targets: Float64Array; readonly edges: Float64Array }

function splitPartitions(list: EdgeList): Map<number, Part> {
  const parts = new Map<number, Part>()
  if (list.count === 0) return parts
  if (list.partitions === null)
    return parts.set(0, { sources: list.sources, targets: list.targets, edges: list.edges })
  const counts = new Map<number, number>()
  for (let index = 0; index < list.count; index += 1) {
    const partition = list.partitions[index] as number
    counts.set(partition, (counts.get(partition) ?? 0) + 1)
  }
  const filled = new Map<number, number>()
  for (const [partition, count] of counts) {
    parts.set(partition, {
      sources: new Float64Array(count),
      targets: new Float64Array(count),
      edges: new Float64Array(count),
    })
    filled.set(partition, 0)
  }
  for (let index = 0; index < list.count; index += 1) {
    const partition = list.partitions[index] as number
    const part = parts.get(partition) as Part
    const at = filled.get(partition) as number
    part.sources[at] = list.sources[index] as number
    part.targets[at] = list.targets[index] as number
    part.edges[at] = list.edges[index] as number
    filled.set(partition, at + 1)
  }
  return parts
}

/** Past this ratio of the largest id to the count of edges, slots are looked up in a table instead of by the id. */
const SPARSE_FACTOR = 8
const MINIMUM_DENSE = 65_536

/** Builds compressed sparse rows by two stable counting passes: neighbours ascend within a node. */
export function buildCsr(from: Float64Array, to: Float64Array, edges: Float64Array): CsrIndex {
  const count = from.length
  const range = largest(from)
  const dense = range.minimum >= 0 && range.maximum < Math.max(MINIMUM_DENSE, count * SPARSE_FACTOR)
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

function fitsUint32(ids: Float64Array): boolean {
  const { minimum, maximum } = largest(ids)
  return minimum >= 0 && maximum < 2 ** 32
}

function denseSlots(maximum: number): (node: number) => number {
  return (node) => (node >= 0 && node <= maximum ? node : -1)
}

function sparseSlots(nodes: Float64Array): (node: number) => number {
  const slots = new Map<number, number>()
  for (let slot = 0; slot < nodes.length; slot += 1) slots.set(nodes[slot] as number, slot)
  return (node) => slots.get(node) ?? -1
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
