import type { DuckDBVector } from '@duckdb/node-api'
import type { Column, NumberArray } from '@sheafdb/core'

/** Is what DuckDB's vectors keep inside: read straight from there, a result costs no JavaScript value a cell. */
export type VectorBuffers = {
  readonly items?: NumberArray
  readonly dataView?: DataView
  readonly validity?: { readonly data: BigUint64Array | null }
}

/** Gives the buffers of a vector. */
export function buffersOf(vector: DuckDBVector): VectorBuffers {
  return vector as unknown as VectorBuffers
}

/** Collects the chunks of one result column into one column of the engine. */
export type ColumnReader = {
  /** Adds the rows of a chunk; what it needs is copied. */
  append(vector: DuckDBVector, count: number): void
  /** Gives the column and starts anew. */
  finish(): Column
}
