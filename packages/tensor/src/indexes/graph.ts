import { availableParallelism } from 'node:os'
import type { VectorIndex, VectorIndexSettings, VectorRows } from '@sheafdb/core'
import type { Index } from 'usearch'
import type { Usearch } from './usearch.ts'

/** Is told how far an index is. */
export type IndexProgress = (progress: { readonly done: number; readonly total: number }) => void

/** Rows that came since are taken in at once by a search up to this many; more of them in the background. */
const ROWS_AT_ONCE = 64
/** Rows that are taken in between two turns of the event loop. */
const ROWS_A_TURN = 128
/** Signs tell little of a distance: so many times more rows are looked at again exactly. */
const BITS_WIDENING = 8

/** Counts the bytes of a number in a graph. */
const NUMBER_BYTES: Readonly<Record<VectorIndexSettings['quantization'], number>> = {
  f32: 4,
  f16: 2,
  i8: 1,
  bits: 1 / 8,
}
/** A node takes its edges of 5 bytes, twice as many at the bottom, and what tells where it is. */
const EDGE_BYTES = 5
const NODE_BYTES = 64

/** Estimates the bytes that a graph takes. */
export function graphBytes(rowCount: number, size: number, settings: VectorIndexSettings): number {
  const vector = Math.ceil(size * NUMBER_BYTES[settings.quantization])
  return rowCount * (vector + 3 * settings.connectivity * EDGE_BYTES + NODE_BYTES)
}

/** Is what a graph holds, as it is kept: its bytes, and the rows of its keys by their ids and the commits that wrote them. */
export type KeptGraph = {
  readonly graph: Uint8Array
  readonly rowIds: Float64Array
  readonly created: Float64Array
}

/**
 * Keeps a graph of near vectors (HNSW) beside the rows of a table in memory. Rows never change and are never taken out:
 * what a snapshot does not see is left out of what is found, so that one graph serves all versions of the table.
 */
export class Graph implements VectorIndex {
  readonly #rows: VectorRows
  readonly #settings: VectorIndexSettings
  readonly #graph: Index
  /** The row of each key; -1 for one that is no more. */
  readonly #rowOfKey: number[] = []
  /** Rows below `#next` are held, but for those that a graph that was kept does not know. */
  #unknown: number[] = []
  #next = 0
  #held = 0
  #building: Promise<void> | null = null
  readonly #listeners = new Set<IndexProgress>()

  constructor(
    { Index: UsearchIndex, MetricKind, ScalarKind }: Usearch,
    rows: VectorRows,
    settings: VectorIndexSettings,
  ) {
    this.#rows = rows
    this.#settings = settings
    const metrics = {
      cosine: MetricKind.Cos,
      l2: MetricKind.L2sq,
      dot: MetricKind.IP,
      hamming: MetricKind.Hamming,
      jaccard: MetricKind.Tanimoto,
    }
    const kinds = { f32: ScalarKind.F32, f16: ScalarKind.F16, i8: ScalarKind.I8, bits: ScalarKind.B1 }
    const isBySigns = settings.quantization === 'bits' && settings.metric === 'cosine'
    this.#graph = new UsearchIndex({
      dimensions: rows.size,
      metric: isBySigns ? MetricKind.Hamming : metrics[settings.metric as keyof typeof metrics],
      quantization: kinds[settings.quantization],
      connectivity: settings.connectivity,
      expansion_add: settings.expansion,
      expansion_search: 1,
      multi: false,
    })
  }

  get rowCount(): number {
    return this.#held
  }

  *missingRows(): Generator<number> {
    yield* this.#unknown
    for (let row = this.#next; row < this.#rows.rowCount; row += 1) yield row
  }

  get #missingCount(): number {
    return this.#unknown.length + this.#rows.rowCount - this.#next
  }

  /** Takes over a graph that was kept. @throws where usearch does not know its form */
  restore(path: string, { rowIds, created }: Pick<KeptGraph, 'rowIds' | 'created'>): void {
    this.#graph.load(path)
    const keyOf = new Map(Array.from(rowIds, (id, key) => [id, key] as const))
    for (let key = 0; key < rowIds.length; key += 1) this.#rowOfKey.push(-1)
    for (let row = 0; row < this.#rows.rowCount; row += 1) {
      const key = keyOf.get(this.#rows.rowIds[row] as number)
      if (key === undefined || created[key] !== this.#rows.created[row]) this.#unknown.push(row)
      else {
        this.#rowOfKey[key] = row
        this.#held += 1
      }
    }
    this.#next = this.#rows.rowCount
  }

  /** Tells the rows of the keys, to be kept beside the graph's bytes. */
  save(path: string): Pick<KeptGraph, 'rowIds' | 'created'> {
    this.#graph.save(path)
    const read = (from: Float64Array) =>
      Float64Array.from(this.#rowOfKey, (row) => (row < 0 ? -1 : (from[row] as number)))
    return { rowIds: read(this.#rows.rowIds), created: read(this.#rows.created) }
  }

  /** Takes in rows that came since: a few at once, many in the background, which `whenBuilt` is told of. */
  catchUp(whenBuilt: () => void): void {
    const missing = this.#missingCount
    if (missing === 0 || this.#building !== null) return
    if (missing <= ROWS_AT_ONCE) this.#takeIn(missing)
    else
      this.#building = this.#build().then(() => {
        this.#building = null
        whenBuilt()
      })
  }

  async #build(): Promise<void> {
    while (this.#missingCount > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      this.#takeIn(ROWS_A_TURN)
      for (const listener of this.#listeners) listener({ done: this.#held, total: this.#rows.rowCount })
    }
  }

  #takeIn(count: number): void {
    const unknown = this.#unknown.splice(0, count)
    for (const row of unknown) this.#add(row, row + 1)
    const upTo = Math.min(this.#next + count - unknown.length, this.#rows.rowCount)
    if (upTo > this.#next) this.#add(this.#next, upTo)
    this.#next = Math.max(this.#next, upTo)
  }

  #add(from: number, upTo: number): void {
    const { size } = this.#rows
    const copied = this.#rows.copyRows(from, upTo)
    const keys: bigint[] = []
    for (let row = from; row < upTo; row += 1) {
      const vector = copied.subarray((row - from) * size, (row - from + 1) * size)
      // What has no distance is found by nobody.
      if (!vector.every(Number.isFinite)) continue
      copied.copyWithin(keys.length * size, (row - from) * size, (row - from + 1) * size)
      keys.push(BigInt(this.#rowOfKey.length))
      this.#rowOfKey.push(row)
    }
    if (keys.length > 0)
      this.#graph.add(
        BigUint64Array.from(keys),
        copied.subarray(0, keys.length * size),
        availableParallelism(),
      )
    this.#held += upTo - from
  }

  search(query: Float32Array, count: number, ef: number): Uint32Array {
    const known = this.#rowOfKey.length
    if (known === 0) return new Uint32Array(0)
    const isBySigns = this.#settings.quantization === 'bits' && this.#settings.metric === 'cosine'
    const wanted = Math.max(count, ef) * (isBySigns ? BITS_WIDENING : 1)
    const { keys } = this.#graph.search(query, Math.min(wanted, known), 1)
    const found = new Uint32Array(keys.length)
    let kept = 0
    for (const key of keys) {
      const row = this.#rowOfKey[Number(key)] as number
      if (row < 0) continue
      found[kept] = row
      kept += 1
    }
    return found.subarray(0, kept)
  }

  /** Waits until all rows are in. */
  async built(onProgress?: IndexProgress): Promise<void> {
    if (onProgress !== undefined) this.#listeners.add(onProgress)
    try {
      await this.#building
    } finally {
      if (onProgress !== undefined) this.#listeners.delete(onProgress)
    }
  }
}
