import {
  isSheafError,
  type ModelContext,
  type Snapshot,
  type TableDefinition,
  type VectorIndex,
  type VectorIndexProvider,
  type VectorIndexSettings,
  type VectorRows,
} from '@sheafdb/core'
import { Graph, graphBytes } from './graph.ts'
import { keepGraph, loadKept, readKept } from './kept-graph.ts'
import { loadUsearch, type Usearch } from './usearch.ts'

type Held = {
  readonly settings: string
  readonly graph: Graph
  /** How many rows the graph had when it was last kept in the store. */
  keptCount: number
  /** Writing the graph to the store, one after the other. */
  keeping: Promise<void>
  /** What went wrong while the graph was kept, for who waits for it. */
  failure: unknown
}

/** A graph is kept anew when it has grown by this part. */
const WORTH_KEEPING = 0.1

/**
 * Makes graphs by usearch, in the background, when they are first asked for, or reads those that were kept in the store;
 * each lives as long as its rows do.
 */
export class HnswIndexes implements VectorIndexProvider {
  readonly #graphs = new WeakMap<VectorRows, Held>()
  #latest: Held | null = null
  #context: ModelContext | null = null

  /** Keeps graphs in the store of a context from now on. */
  keepThrough(context: ModelContext): void {
    this.#context = context
  }

  sizeBytes(rows: VectorRows, settings: VectorIndexSettings): number {
    return graphBytes(rows.rowCount, rows.size, settings)
  }

  index(
    rows: VectorRows,
    settings: VectorIndexSettings,
    { snapshot, table }: { readonly snapshot: Snapshot; readonly table: string },
  ): VectorIndex | null {
    const usearch = loadUsearch()
    const definition = snapshot.catalog.table(table)
    if (usearch === null || definition === undefined) return null
    const { metric, connectivity, expansion, quantization } = settings
    const text = [metric, connectivity, expansion, quantization].join()
    let held = this.#graphs.get(rows)
    if (held?.settings !== text) {
      held = this.#make(usearch, rows, { settings, text, snapshot, definition })
      this.#graphs.set(rows, held)
    }
    const current = held
    held.graph.catchUp(() => this.#keep(current, definition))
    this.#latest = held
    return held.graph
  }

  #make(
    usearch: Usearch,
    rows: VectorRows,
    from: {
      readonly settings: VectorIndexSettings
      readonly text: string
      readonly snapshot: Snapshot
      readonly definition: TableDefinition
    },
  ): Held {
    const made = (graph: Graph, keptCount: number): Held => ({
      settings: from.text,
      graph,
      keptCount,
      keeping: Promise.resolve(),
      failure: null,
    })
    const kept = readKept(from.snapshot, from.definition, from.text)
    if (kept !== null) {
      try {
        const graph = new Graph(usearch, rows, from.settings)
        loadKept(graph, kept)
        // One that consists mostly of rows that are gone is slower than a new one.
        if (graph.rowCount * 2 >= kept.rowIds.length) return made(graph, graph.rowCount)
      } catch (error) {
        // Another version of usearch may not read it: it is built anew, as where there is none.
        if (isSheafError(error)) throw error
      }
    }
    return made(new Graph(usearch, rows, from.settings), 0)
  }

  #keep(held: Held, definition: TableDefinition): void {
    const context = this.#context
    if (context === null || held.graph.rowCount - held.keptCount <= held.keptCount * WORTH_KEEPING) return
    held.keptCount = held.graph.rowCount
    held.keeping = held.keeping
      .then(() => keepGraph(context, definition, held.settings, held.graph))
      .catch((error: unknown) => {
        // The index is in memory and can always be built anew: a store that is closed meanwhile loses nothing.
        if (!isSheafError(error, 'CLOSED', 'READ_ONLY', 'CONFLICT')) held.failure = error
      })
  }

  /** Waits until the index that a search asks for is built and kept; gives its rows, `null` where it asks for none. */
  async builtBy(
    search: () => Promise<unknown>,
    options: { readonly wait: boolean; readonly onProgress?: Parameters<Graph['built']>[0] },
  ): Promise<{ readonly rowCount: number } | null> {
    this.#latest = null
    await search()
    const held = this.#latest as Held | null
    if (held === null) return null
    if (options.wait) {
      await held.graph.built(options.onProgress)
      await held.keeping
      if (held.failure !== null) throw held.failure
    }
    return { rowCount: held.graph.rowCount }
  }
}
