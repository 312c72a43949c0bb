import { buildCsr, type CsrIndex } from './csr.ts'
import { type CsrChange, changeCsr } from './csr-change.ts'
import type { AdjacencyDefinition } from './definition.ts'
import { IdTable } from './id-table.ts'

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
  const parts = new Map<number, PartitionEdges>()
  for (const [partition, part] of splitPartitions(list)) {
    parts.set(partition, {
      edgeCount: part.edges.length,
      forward: new LazyCsr(() => buildCsr(part.sources, part.targets, part.edges)),
      backward: new LazyCsr(() => buildCsr(part.targets, part.sources, part.edges)),
    })
  }
  return new PartitionedAdjacency(definition, parts)
}

/**
 * Gives an adjacency with edges taken away and others added; what does not change is shared with the one before, and
 * what does is put together when it is first asked for. An edge that is taken away and added again is moved.
 */
export function changeAdjacency(before: Adjacency, change: AdjacencyChange): Adjacency {
  const parts = new Map((before as PartitionedAdjacency).parts)
  const added = splitPartitions(change.added)
  const removed = splitPartitions(change.removed)
  for (const partition of new Set([...added.keys(), ...removed.keys()])) {
    const plus = added.get(partition) ?? NO_EDGES
    const minus = removed.get(partition) ?? NO_EDGES
    const known = parts.get(partition) ?? NO_PARTITION
    const edgeCount = known.edgeCount + plus.edges.length - minus.edges.length
    if (edgeCount === 0) {
      parts.delete(partition)
      continue
    }
    parts.set(partition, {
      edgeCount,
      forward: known.forward.after({
        from: plus.sources,
        to: plus.targets,
        edges: plus.edges,
        removedFrom: minus.sources,
        removed: minus.edges,
      }),
      backward: known.backward.after({
        from: plus.targets,
        to: plus.sources,
        edges: plus.edges,
        removedFrom: minus.targets,
        removed: minus.edges,
      }),
    })
  }
  return new PartitionedAdjacency(before.definition, parts)
}

/** Is edges that a table lost and gained between two of its states. */
export type AdjacencyChange = { readonly added: EdgeList; readonly removed: EdgeList }

/** Is one direction of a partition, built when it is first asked for. */
class LazyCsr {
  #index: CsrIndex | undefined
  #build: (() => CsrIndex) | undefined
  readonly #base: LazyCsr | undefined
  #changes: readonly CsrChange[]

  constructor(build: (() => CsrIndex) | undefined, base?: LazyCsr, changes: readonly CsrChange[] = []) {
    this.#build = build
    this.#base = base
    this.#changes = changes
  }

  /** Gives the same with one more change. Changes wait until someone asks, and are then made at once. */
  after(change: CsrChange): LazyCsr {
    const waits = this.#index === undefined && this.#base !== undefined
    return waits
      ? new LazyCsr(undefined, this.#base, [...this.#changes, change])
      : new LazyCsr(undefined, this, [change])
  }

  get(): CsrIndex {
    if (this.#index === undefined) {
      this.#index = this.#build?.() ?? changeCsr((this.#base as LazyCsr).get(), this.#changes)
      this.#build = undefined
      this.#changes = []
    }
    return this.#index
  }
}

type PartitionEdges = { readonly edgeCount: number; readonly forward: LazyCsr; readonly backward: LazyCsr }

const NO_IDS = new Float64Array(0)
const NO_EDGES: Part = { sources: NO_IDS, targets: NO_IDS, edges: NO_IDS }
const emptyCsr = (): CsrIndex => buildCsr(NO_IDS, NO_IDS, NO_IDS)
const NO_PARTITION: PartitionEdges = {
  edgeCount: 0,
  forward: new LazyCsr(emptyCsr),
  backward: new LazyCsr(emptyCsr),
}

class PartitionedAdjacency implements Adjacency {
  readonly definition: AdjacencyDefinition
  readonly parts: ReadonlyMap<number, PartitionEdges>

  constructor(definition: AdjacencyDefinition, parts: ReadonlyMap<number, PartitionEdges>) {
    this.definition = definition
    this.parts = parts
  }

  get partitions(): readonly number[] {
    return [...this.parts.keys()]
  }

  forward(partition: number): CsrIndex | undefined {
    return this.parts.get(partition)?.forward.get()
  }

  backward(partition: number): CsrIndex | undefined {
    return this.parts.get(partition)?.backward.get()
  }
}

type Part = { readonly sources: Float64Array; readonly targets: Float64Array; readonly edges: Float64Array }

const FEW_PARTITIONS = 64

/** Parts edges by their partition, in their order. */
function splitPartitions(list: EdgeList): Map<number, Part> {
  const parts = new Map<number, Part>()
  const { count, partitions } = list
  if (count === 0) return parts
  const whole = {
    sources: list.sources.subarray(0, count),
    targets: list.targets.subarray(0, count),
    edges: list.edges.subarray(0, count),
  }
  if (partitions === null) return parts.set(0, whole)
  const numbers = new IdTable(FEW_PARTITIONS)
  const counts: number[] = []
  const names: number[] = []
  const numberOf = new Uint32Array(count)
  let last = Number.NaN
  let number = -1
  for (let index = 0; index < count; index += 1) {
    const partition = partitions[index] as number
    // Rows are often sorted by partition, or all in one.
    if (partition !== last) {
      last = partition
      number = numbers.find(partition)
      if (number < 0) {
        number = counts.push(0) - 1
        names.push(partition)
        numbers.add(partition, number)
      }
    }
    numberOf[index] = number
    counts[number] = (counts[number] as number) + 1
  }
  if (counts.length === 1) return parts.set(last, whole)
  const split = counts.map((size) => ({
    sources: new Float64Array(size),
    targets: new Float64Array(size),
    edges: new Float64Array(size),
    filled: 0,
  }))
  for (let index = 0; index < count; index += 1) {
    const part = split[numberOf[index] as number] as (typeof split)[number]
    part.sources[part.filled] = whole.sources[index] as number
    part.targets[part.filled] = whole.targets[index] as number
    part.edges[part.filled] = whole.edges[index] as number
    part.filled += 1
  }
  for (let at = 0; at < names.length; at += 1) parts.set(names[at] as number, split[at] as Part)
  return parts
}
