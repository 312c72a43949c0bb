import { buildCsr, type CsrIndex, denseSlots, fitsUint32, isDense } from './csr.ts'
import { IdTable } from './id-table.ts'

/** Is edges that one direction of a partition gains and loses; `from` is the end that they are sorted by. */
export type CsrChange = {
  readonly from: Float64Array
  readonly to: Float64Array
  readonly edges: Float64Array
  /** The node under which each of `removed` stands. */
  readonly removedFrom: Float64Array
  readonly removed: Float64Array
}

type Edge = { readonly from: number; readonly to: number; readonly edge: number }

/** Past this share of the edges, building anew costs no more than putting the changes in. */
const LARGEST_SHARE = 0.25

/** Puts changes into an index: runs of edges between the nodes concerned are copied as they are. */
export function changeCsr(before: CsrIndex, changes: readonly CsrChange[]): CsrIndex {
  const { added, removed, nodes } = netChange(changes)
  if (nodes.length === 0) return before
  const largest = added.reduce((most, { from }) => Math.max(most, from), 0)
  const fits = before.nodes !== null || isDense(largest, before.edgeCount + added.length)
  if (!fits || nodes.length > before.edgeCount * LARGEST_SHARE) return rebuilt(before, added, removed)
  const slots = slotsAfter(before, nodes, largest)
  const narrow =
    before.neighbours instanceof Uint32Array && fitsUint32(Float64Array.from(added, ({ to }) => to))
  const narrowEdges =
    before.edges instanceof Uint32Array && fitsUint32(Float64Array.from(added, ({ edge }) => edge))
  const target = new Target(before.edgeCount + added.length, slots.slotCount, narrow, narrowEdges)
  const bySlot = groupBySlot(added, slots.slotOf)
  let copied = 0
  const touched = Float64Array.from(nodes, slots.slotOf).sort()
  for (const slot of touched) {
    const isOld = slot < before.slotCount
    const start = isOld ? (before.offsets[slot] as number) : before.edgeCount
    const end = isOld ? (before.offsets[slot + 1] as number) : before.edgeCount
    target.copy(before, copied, start)
    const length = target.mergeSlot(before, { start, end }, { added: bySlot.get(slot) ?? [], removed })
    target.growth[slot] = length - (end - start)
    copied = end
  }
  target.copy(before, copied, before.edgeCount)
  return target.finish(before, slots)
}

/** Puts changes together that were made one after the other. */
function netChange(changes: readonly CsrChange[]): {
  readonly added: readonly Edge[]
  readonly removed: ReadonlySet<number>
  /** The nodes that gain or lose an edge. */
  readonly nodes: readonly number[]
} {
  const added = new Map<number, Edge>()
  const removed = new Set<number>()
  const nodes = new Set<number>()
  for (const change of changes) {
    for (let at = 0; at < change.removed.length; at += 1) {
      const edge = change.removed[at] as number
      nodes.add(change.removedFrom[at] as number)
      // What is still in the index under this id is older than what was added, and goes in any case.
      added.delete(edge)
      removed.add(edge)
    }
    for (let at = 0; at < change.edges.length; at += 1) {
      const edge = change.edges[at] as number
      const from = change.from[at] as number
      nodes.add(from)
      added.set(edge, { from, to: change.to[at] as number, edge })
    }
  }
  const sorted = [...added.values()].sort(
    (left, right) => left.from - right.from || left.to - right.to || left.edge - right.edge,
  )
  return { added: sorted, removed, nodes: [...nodes] }
}

function groupBySlot(added: readonly Edge[], slotOf: (node: number) => number): Map<number, Edge[]> {
  return Map.groupBy(added, ({ from }) => slotOf(from))
}

type Slots = {
  readonly slotCount: number
  readonly slotOf: (node: number) => number
  readonly nodes: Float64Array | null
}

/** Gives slots to nodes that had no edge before: behind the others. */
function slotsAfter(before: CsrIndex, touched: readonly number[], largest: number): Slots {
  if (before.nodes === null) {
    const slotCount = Math.max(before.slotCount, largest + 1)
    return { slotCount, slotOf: denseSlots(slotCount - 1), nodes: null }
  }
  const fresh = touched.filter((node) => before.slotOf(node) < 0)
  if (fresh.length === 0) return before
  const nodes = new Float64Array(before.slotCount + fresh.length)
  nodes.set(before.nodes)
  nodes.set(fresh, before.slotCount)
  const { slotOf } =
    slotLayers.get(before.slotOf)?.with(fresh, before) ?? new SlotLayer(before.slotOf, fresh, before)
  return { slotCount: nodes.length, slotOf, nodes }
}

/** Finds the layer that a slot function belongs to, so that layers do not pile up. */
const slotLayers = new WeakMap<(node: number) => number, SlotLayer>()
/** Past this many nodes, a layer is made part of the table under it. */
const LARGEST_LAYER = 4096

/** Is slots of nodes that came after a table of slots was made. */
class SlotLayer {
  readonly slotOf: (node: number) => number
  readonly #under: (node: number) => number
  readonly #fresh: ReadonlyMap<number, number>

  constructor(
    under: (node: number) => number,
    fresh: readonly number[],
    before: CsrIndex,
    earlier: ReadonlyMap<number, number> = new Map(),
  ) {
    const slots = new Map(earlier)
    for (let at = 0; at < fresh.length; at += 1) slots.set(fresh[at] as number, before.slotCount + at)
    this.#under = slots.size > LARGEST_LAYER ? tableOf(before, slots) : under
    this.#fresh = slots.size > LARGEST_LAYER ? new Map() : slots
    const own = this.#fresh
    const below = this.#under
    this.slotOf = (node) => {
      const slot = below(node)
      return slot >= 0 ? slot : (own.get(node) ?? -1)
    }
    slotLayers.set(this.slotOf, this)
  }

  with(fresh: readonly number[], before: CsrIndex): SlotLayer {
    return new SlotLayer(this.#under, fresh, before, this.#fresh)
  }
}

function tableOf(before: CsrIndex, fresh: ReadonlyMap<number, number>): (node: number) => number {
  const nodes = before.nodes as Float64Array
  const table = new IdTable(nodes.length + fresh.size)
  for (let slot = 0; slot < nodes.length; slot += 1) table.add(nodes[slot] as number, slot)
  for (const [node, slot] of fresh) if (slot >= nodes.length) table.add(node, slot)
  return (node) => table.find(node)
}

/** Collects the edges of the index that is made. */
class Target {
  readonly growth: Int32Array
  #count = 0
  readonly #neighbours: Uint32Array | Float64Array
  readonly #edges: Uint32Array | Float64Array

  constructor(edgeCount: number, slotCount: number, narrow: boolean, narrowEdges: boolean) {
    this.growth = new Int32Array(slotCount)
    this.#neighbours = narrow ? new Uint32Array(edgeCount) : new Float64Array(edgeCount)
    this.#edges = narrowEdges ? new Uint32Array(edgeCount) : new Float64Array(edgeCount)
  }

  /** Takes a run of edges over as it is. */
  copy(before: CsrIndex, start: number, end: number): void {
    if (end <= start) return
    this.#neighbours.set(before.neighbours.subarray(start, end), this.#count)
    this.#edges.set(before.edges.subarray(start, end), this.#count)
    this.#count += end - start
  }

  /** Merges the edges of a node with those that it gains, by neighbour; gives how many it has then. */
  mergeSlot(
    before: CsrIndex,
    { start, end }: { readonly start: number; readonly end: number },
    { added, removed }: { readonly added: readonly Edge[]; readonly removed: ReadonlySet<number> },
  ): number {
    const first = this.#count
    let next = 0
    for (let at = start; at < end; at += 1) {
      const edge = before.edges[at] as number
      if (removed.has(edge)) continue
      const to = before.neighbours[at] as number
      for (; next < added.length && (added[next] as Edge).to < to; next += 1) this.#push(added[next] as Edge)
      this.#push({ from: 0, to, edge })
    }
    for (; next < added.length; next += 1) this.#push(added[next] as Edge)
    return this.#count - first
  }

  #push({ to, edge }: Edge): void {
    this.#neighbours[this.#count] = to
    this.#edges[this.#count] = edge
    this.#count += 1
  }

  finish(before: CsrIndex, { slotCount, slotOf, nodes }: Slots): CsrIndex {
    const offsets = new Uint32Array(slotCount + 1)
    let shift = 0
    for (let slot = 0; slot < slotCount; slot += 1) {
      shift += this.growth[slot] as number
      const end = slot < before.slotCount ? (before.offsets[slot + 1] as number) : before.edgeCount
      offsets[slot + 1] = end + shift
    }
    return {
      edgeCount: this.#count,
      slotCount,
      slotOf,
      nodes,
      offsets,
      neighbours: this.#neighbours.subarray(0, this.#count),
      edges: this.#edges.subarray(0, this.#count),
    }
  }
}

/** Builds an index anew from another and changes. */
function rebuilt(before: CsrIndex, added: readonly Edge[], removed: ReadonlySet<number>): CsrIndex {
  const size = before.edgeCount + added.length
  const [from, to, edges] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  let count = 0
  const push = (edge: Edge): void => {
    from[count] = edge.from
    to[count] = edge.to
    edges[count] = edge.edge
    count += 1
  }
  for (let slot = 0; slot < before.slotCount; slot += 1) {
    const node = before.nodes === null ? slot : (before.nodes[slot] as number)
    for (let at = before.offsets[slot] as number; at < (before.offsets[slot + 1] as number); at += 1) {
      const edge = before.edges[at] as number
      if (!removed.has(edge)) push({ from: node, to: before.neighbours[at] as number, edge })
    }
  }
  for (const edge of added) push(edge)
  return buildCsr(from.subarray(0, count), to.subarray(0, count), edges.subarray(0, count))
}
