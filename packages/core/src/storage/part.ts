import type { DataType } from 'apache-arrow'
import type { Column } from '../types/column.ts'
import type { Value } from '../types/value.ts'

/** Is the count of rows of a chunk: of a segment's record batch, and of a scan's largest batch. */
export const CHUNK_ROWS = 65_536

/** Identifies a column of a part, and says what stands for it in a part that was written before there was one. */
export type PartField = {
  readonly fieldId: number
  readonly type: DataType
  /** The field whose values it took over with another type. */
  readonly former?: PartField
  /** The value of rows that are older than the field; null where it is left out. */
  readonly missing?: Value
}

/** Asks for the values under a path of a column; `read` gives them for a value that is at hand whole. */
export type PathAccess = {
  readonly path: readonly (string | number)[]
  /** True where int64 and timestamps are wanted as columns of those types, not as `bigint` and `Date`. */
  readonly typed?: boolean
  readonly read: (root: Value, path: readonly (string | number)[]) => Value
  /** Names `read`: equal names read alike, so that what was read may be kept. Without it nothing is kept. */
  readonly reader?: string
}

/** Describes the values of a column in a chunk. A bound of `undefined` is not known; all null has both `null`. */
export type ZoneMap = {
  readonly minimum: Value | undefined
  readonly maximum: Value | undefined
  readonly nullCount: number
}

/**
 * Is a part of a table's row versions: a memtable or a segment. A row version has a position in its part; versions
 * are hidden from a commit number when they were created after it or deleted at or before it. Of one row id, and of
 * one key, at most one version in all parts is visible at a commit.
 */
export type Part = {
  readonly rowCount: number
  /** Counts the first positions that may be visible at a commit: later ones were created after it. */
  rowCountAt(commit: number): number
  /** Counts the versions that were ended, at whatever commit. */
  readonly deletedCount: number
  /** Counts the rows that are visible at a commit. */
  visibleCount(commit: number): number
  /** Gives positions `chunk * CHUNK_ROWS` up to `+ length` of a column. */
  column(field: PartField, chunk: number, length: number): Column
  /** Reads the values under a path of a column in a chunk, `null` where they are not kept apart. */
  access(field: PartField, chunk: number, access: PathAccess): Column | null
  /** Reads one value. */
  read(field: PartField, position: number): Value
  /** True where `read` makes each value anew, so that its reader may change it. */
  readonly makesValues: boolean
  /** Gives the indexes within a chunk of the rows visible at a commit, `null` where all its `length` rows are. */
  selection(chunk: number, length: number, commit: number): Uint32Array | null
  isVisible(position: number, commit: number): boolean
  /** The row ids are this and the numbers after it, in the order of the positions; `null` where they are not. */
  readonly firstRowId: number | null
  rowIdAt(position: number): number
  createdAt(position: number): number
  /** Gives the commit that deleted a version, infinite where it lives. */
  deletedAt(position: number): number
  /** Finds the position of the version of a row id that is visible at a commit, or -1. */
  findRow(rowId: number, commit: number): number
  /** Finds the position of the version of a key that is visible at a commit, or -1. */
  findKey(key: SearchKey, commit: number): number
  /** Ends a version. */
  markDeleted(position: number, commit: number): void
  /** Counts the first positions that were all created up to a commit. */
  createdUpTo(commit: number): number
  /** Lists the positions that were deleted after one commit, up to another. */
  deletedBetween(after: number, upTo: number): Iterable<number>
  /** Describes a column in a chunk, `null` where nothing is known. */
  zoneMap(field: PartField, chunk: number): ZoneMap | null
  /** Estimates the count of distinct values, `null` where nothing is known. */
  distinctCount(field: PartField): number | null
  /** Gives the least and the greatest value of the key's first field, `null` where they are not known. */
  keyBounds(): readonly [Value, Value] | null
  /**
   * Finds the rows whose value of the key's first field lies from a lower to an upper bound, both included: a range
   * of positions where rows are sorted by key, else the positions, ascending. `null` where this is not known.
   */
  keyRange(lower: Value | undefined, upper: Value | undefined): KeyRange | null
}

/** Is where a range of keys lies in a part. */
export type KeyRange = { readonly start: number; readonly end: number } | { readonly positions: Uint32Array }

/** Is a key to search: the values of its fields, and the text or number that stands for them in a map. */
export type SearchKey = {
  readonly values: readonly Value[]
  readonly token: KeyToken
}

/** Is a primitive that is equal for equal keys. */
export type KeyToken = string | number | bigint | boolean | null
