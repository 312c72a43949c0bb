import type { VectorIndexSettings } from '../plan/logical-plan.ts'
import type { Snapshot } from './table-store.ts'

/**
 * Where an index over vectors meets the engine. The engine keeps the vectors of a table in a matrix, whose rows are
 * appended and never change, and knows which of them a snapshot sees; an index answers which rows may be near.
 */

/** Is the rows that an index is over. */
export type VectorRows = {
  /** Counts the rows that there are now. */
  readonly rowCount: number
  /** Numbers in a row. */
  readonly size: number
  /** The id of each row of the table, and the commit that wrote it: together they name a row for ever. */
  readonly rowIds: Float64Array
  readonly created: Float64Array
  /** Copies rows, one after the other. */
  copyRows(from: number, to: number): Float32Array
}

/** Finds rows that may be near. */
export type VectorIndex = {
  /** Counts the rows that the index holds. */
  readonly rowCount: number
  /** Lists the rows that it does not hold yet; they are searched by the engine. */
  missingRows(): Iterable<number>
  /** Gives up to `count` rows near to a vector, in any order, having looked at no fewer than `ef`. */
  search(query: Float32Array, count: number, ef: number): Uint32Array
}

/** Makes and keeps indexes over vectors. */
export type VectorIndexProvider = {
  /** Estimates the bytes that an index over rows takes. */
  sizeBytes(rows: VectorRows, settings: VectorIndexSettings): number
  /**
   * Gives the index over the rows of a table; `null` while there is none. It may be made in the background meanwhile.
   * What was kept of it in the store is read through the snapshot.
   */
  index(
    rows: VectorRows,
    settings: VectorIndexSettings,
    place: { readonly snapshot: Snapshot; readonly table: string },
  ): VectorIndex | null
}
