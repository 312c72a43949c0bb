import type { VectorIndexSettings } from '../plan/logical-plan.ts'

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
  /** Copies rows, one after the other. */
  copyRows(from: number, to: number): Float32Array
}

/** Finds rows that may be near. */
export type VectorIndex = {
  /** Counts the first rows that the index holds; later ones are searched by the engine. */
  readonly rowCount: number
  /** Gives up to `count` rows near to a vector, in any order, having looked at no fewer than `ef`. */
  search(query: Float32Array, count: number, ef: number): Uint32Array
}

/** Makes and keeps indexes over vectors. */
export type VectorIndexProvider = {
  /** Gives the index over rows; `null` while there is none. It may be made in the background meanwhile. */
  index(rows: VectorRows, settings: VectorIndexSettings): VectorIndex | null
}
