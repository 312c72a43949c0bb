import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import {
  SheafError,
  type VectorIndex,
  type VectorIndexProvider,
  type VectorIndexSettings,
  type VectorRows,
} from '@sheafdb/core'
import type { Index } from 'usearch'

type Library = typeof import('usearch')

const require = createRequire(import.meta.url)
let library: Library | null | undefined

/** Loads usearch; `null` where it is not installed. */
function load(): Library | null {
  if (library !== undefined) return library
  try {
    library = require('usearch') as Library
  } catch {
    // An optional package: without it every vector is looked at.
    library = null
  }
  return library
}

/** Gives usearch. @throws `MISSING_DEPENDENCY` */
export function requireUsearch(): void {
  if (load() === null)
    throw new SheafError(
      'MISSING_DEPENDENCY',
      'An index over vectors is made by the package usearch. Install usearch.',
    )
}

/** Is told how far an index is. */
export type IndexProgress = (progress: { readonly done: number; readonly total: number }) => void

/** Rows that came since are taken in at once by a search up to this many; more of them in the background. */
const ROWS_AT_ONCE = 64
/** Rows that are taken in between two turns of the event loop. */
const ROWS_A_TURN = 128

/**
 * Keeps a graph of near vectors (HNSW) beside the rows of a table in memory. Rows never change and are never taken out:
 * what a snapshot does not see is left out of what is found, so that one graph serves all versions of the table.
 */
class Graph implements VectorIndex {
  rowCount = 0
  readonly #graph: Index
  #building: Promise<void> | null = null
  readonly #listeners = new Set<IndexProgress>()

  constructor(
    { Index: UsearchIndex, MetricKind, ScalarKind }: Library,
    size: number,
    settings: VectorIndexSettings,
  ) {
    const metrics = { cosine: MetricKind.Cos, l2: MetricKind.L2sq, dot: MetricKind.IP }
    const kinds = { f32: ScalarKind.F32, f16: ScalarKind.F16, i8: ScalarKind.I8 }
    this.#graph = new UsearchIndex({
      dimensions: size,
      metric: metrics[settings.metric as keyof typeof metrics],
      quantization: kinds[settings.quantization],
      connectivity: settings.connectivity,
      expansion_add: settings.expansion,
      expansion_search: 1,
      multi: false,
    })
  }

  /** Takes in rows that came since: a few at once, many in the background. */
  catchUp(rows: VectorRows): void {
    const missing = rows.rowCount - this.rowCount
    if (missing === 0 || this.#building !== null) return
    if (missing <= ROWS_AT_ONCE) this.#add(rows, rows.rowCount)
    else this.#building = this.#build(rows)
  }

  async #build(rows: VectorRows): Promise<void> {
    while (this.rowCount < rows.rowCount) {
      await new Promise((resolve) => setImmediate(resolve))
      this.#add(rows, Math.min(this.rowCount + ROWS_A_TURN, rows.rowCount))
      for (const listener of this.#listeners) listener({ done: this.rowCount, total: rows.rowCount })
    }
    this.#building = null
  }

  #add(rows: VectorRows, upTo: number): void {
    const from = this.rowCount
    const copied = rows.copyRows(from, upTo)
    const keys: bigint[] = []
    let kept = 0
    for (let row = from; row < upTo; row += 1) {
      const vector = copied.subarray((row - from) * rows.size, (row - from + 1) * rows.size)
      // What has no distance is found by nobody.
      if (!vector.every(Number.isFinite)) continue
      copied.copyWithin(kept * rows.size, (row - from) * rows.size, (row - from + 1) * rows.size)
      keys.push(BigInt(row))
      kept += 1
    }
    if (kept > 0)
      this.#graph.add(BigUint64Array.from(keys), copied.subarray(0, kept * rows.size), availableParallelism())
    this.rowCount = upTo
  }

  search(query: Float32Array, count: number, ef: number): Uint32Array {
    const { keys } = this.#graph.search(query, Math.min(Math.max(count, ef), this.rowCount), 1)
    return Uint32Array.from(keys, Number)
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

type Kept = { readonly settings: string; readonly graph: Graph }

/** Makes graphs by usearch, in the background, when they are first asked for; each lives as long as its rows do. */
export class HnswIndexes implements VectorIndexProvider {
  readonly #graphs = new WeakMap<VectorRows, Kept>()
  #latest: Graph | null = null

  index(rows: VectorRows, settings: VectorIndexSettings): VectorIndex | null {
    const usearch = load()
    if (usearch === null) return null
    const { metric, connectivity, expansion, quantization } = settings
    const text = [metric, connectivity, expansion, quantization].join()
    let kept = this.#graphs.get(rows)
    if (kept?.settings !== text) {
      kept = { settings: text, graph: new Graph(usearch, rows.size, settings) }
      this.#graphs.set(rows, kept)
    }
    kept.graph.catchUp(rows)
    this.#latest = kept.graph
    return kept.graph
  }

  /** Gives the graph that the given search asks for, `null` where it asks for none. */
  async askedBy(search: () => Promise<unknown>): Promise<Pick<Graph, 'built' | 'rowCount'> | null> {
    this.#latest = null
    await search()
    return this.#latest
  }
}
