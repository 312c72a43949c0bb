import type { DataType } from 'apache-arrow'
import type { Batch, Column } from '../types/column.ts'
import type { Value } from '../types/value.ts'
import type { Adjacency } from './adjacency.ts'
import type { AdjacencyDefinition, TableDefinition } from './definition.ts'

/** Asks a scan for a column: a field whole, or the value under a path inside it. */
export type ScanColumnRequest = {
  readonly field: string
  readonly type: DataType
  readonly access?: {
    readonly path: readonly (string | number)[]
    /** Reads the path from a value, for rows where no typed child answers it whole. */
    readonly read: (root: Value, path: readonly (string | number)[]) => Value
    /** Names `read`: equal names read alike. */
    readonly reader?: string
  }
  /** True where the column need not be read with its batch: {@link ScanBatch.readLate} reads it of the rows that are left. */
  readonly late?: true
}

/** Is a batch of a scan. Columns asked for late hold nothing where `readLate` is there. */
export type ScanBatch = Batch & {
  /** Reads a late column, by its place, of some rows of the batch. */
  readonly readLate?: (place: number, rows: Uint32Array | null) => Column
}

/** Compares a field (or a path in it) with a constant, in the one total order. Nulls never match. */
export type ScanPredicate = {
  /** Index into the requested columns. */
  readonly column: number
  readonly operator: 'eq' | 'lt' | 'le' | 'gt' | 'ge' | 'in' | 'is-not-null'
  /** One value; for `in` a list of values. */
  readonly value: Value
}

/** Says how far a source applies a predicate: `exact`, `inexact` (skips some rows that do not match), or not at all. */
export type Pushdown = 'exact' | 'inexact' | 'unsupported'

/** Asks a table for rows. */
export type ScanRequest = {
  readonly columns: readonly ScanColumnRequest[]
  /** Used to skip data by zone maps, key order and indexes. The caller filters again where the answer is inexact. */
  readonly predicates: readonly ScanPredicate[]
  /** Batches of at most this many rows; a hint. */
  readonly batchSize?: number
}

/** Is one end of a range of an index's keys. */
export type IndexBound = { readonly value: Value; readonly inclusive: boolean }

/** Asks an index for the rows whose first parts equal values, and whose next part lies in a range. */
export type IndexRange = {
  readonly equal: readonly Value[]
  readonly lower?: IndexBound
  readonly upper?: IndexBound
}

/** Describes the values of a column as far as it is known without reading them. */
export type ColumnStatistics = {
  readonly minimum: Value
  readonly maximum: Value
  readonly nullCount: number | null
  readonly distinctCount: number | null
}

/** Describes a table at a snapshot. */
export type TableStatistics = {
  /** Rows that the snapshot sees. */
  readonly rowCount: number
  readonly column: (field: string) => ColumnStatistics | null
}

/** Counts what a source has read, for tests and `explain({ analyze: true })`. */
export type ScanCounters = {
  segmentsRead: number
  segmentsSkipped: number
  rowsRead: number
  bytesRead: number
}

/**
 * Is one table at one snapshot: where execution meets storage. All methods are synchronous: segments are mapped or
 * read in place, and a query yields to the event loop between batches.
 */
export type TableSource = {
  readonly definition: TableDefinition
  /** Changes whenever the rows that this source gives may have changed: the key of caches. */
  readonly version: string
  statistics(): TableStatistics
  /** Says how far a predicate over a field is applied by `scan`. */
  pushdown(predicate: ScanPredicate, request: ScanRequest): Pushdown
  /** Gives batches whose columns are those requested, with a selection where rows are deleted or not matching. */
  scan(request: ScanRequest, counters?: ScanCounters): Iterable<ScanBatch>
  /**
   * Finds rows by key: `keys[i]` holds the values of the key's fields. Gives the rows found, with `index` telling
   * which of the keys each row answers.
   */
  lookup(
    keys: readonly (readonly Value[])[],
    columns: readonly ScanColumnRequest[],
  ): { readonly batch: Batch; readonly index: Uint32Array }
  /**
   * Counts the entries of an index in some ranges: at least as many as the rows that a scan of it gives. `null` where
   * the index cannot tell, since a value is of another kind than the index's.
   */
  indexCount(index: string, ranges: readonly IndexRange[]): number | null
  /**
   * Gives the rows that an index has in some ranges, each row once, in no order. Rows that do not match may be among
   * them where a value equals a longer one in part: the caller filters again.
   */
  indexScan(
    index: string,
    ranges: readonly IndexRange[],
    columns: readonly ScanColumnRequest[],
    counters?: ScanCounters,
  ): Iterable<Batch>
  /**
   * Finds rows by the first parts of an index: `keys[i]` holds their values. Gives all rows found, with `index`
   * telling which of the keys each row answers. A null in a key finds nothing.
   */
  indexLookup(
    index: string,
    keys: readonly (readonly Value[])[],
    columns: readonly ScanColumnRequest[],
  ): { readonly batch: Batch; readonly index: Uint32Array }
  /** Reads rows by row id, in the order asked; `found[i]` is 0 where there is no such row (its columns are null). */
  gather(
    rowIds: ArrayLike<number>,
    columns: readonly ScanColumnRequest[],
  ): { readonly columns: readonly Column[]; readonly found: Uint8Array }
  /** Gives the adjacency over two columns, built on first use and kept while the rows stay the same. */
  adjacency(definition: AdjacencyDefinition): Adjacency
}
