import type { DataType, Field } from 'apache-arrow'
import type { Batch } from '../types/column.ts'
import type { Value } from '../types/value.ts'
import type { CollectionDefinition, RowBatch, TableDefinition, TableSpecification } from './definition.ts'
import type { IndexSpecification } from './index-definition.ts'
import type { KeyedReader } from './keyed-reader.ts'
import type { QueryMemory } from './memory.ts'
import type { SpillSpace } from './spill.ts'
import type { TableSource } from './table-source.ts'

/** Looks up what a snapshot's catalog holds. */
export type CatalogView = {
  /** Changes with each change of a definition: the key of plan caches. */
  readonly version: number
  collections(model?: string): readonly CollectionDefinition[]
  collection(model: string, name: string): CollectionDefinition | undefined
  /** Finds a table by its full name. */
  table(name: string): TableDefinition | undefined
}

/** Is a consistent read-only view of every table: a commit number, and for a transaction its own writes on top. */
export type Snapshot = {
  readonly commit: number
  readonly catalog: CatalogView
  /** @throws `NOT_FOUND` */
  source(tableName: string): TableSource
  /** Reads a table whose key is one field of bytes by its key. @throws `NOT_FOUND` */
  keyed(tableName: string, fields: readonly string[]): KeyedReader
  close(): void
}

/**
 * Says what an insert does with a row whose key is taken: fail with CONSTRAINT, replace the row, or leave it. With
 * `unchecked` the caller knows that no key is taken, not in the table and not twice in the rows: nothing is looked up.
 */
export type OnKeyConflict = 'error' | 'replace' | 'ignore' | 'unchecked'

/** Is an open transaction. Its own writes are seen through its `snapshot`. Nothing is kept until `commit` resolves. */
export type WriteTransaction = {
  readonly snapshot: Snapshot
  createCollection(
    model: string,
    name: string,
    layout: {
      readonly version: number
      readonly tables: readonly TableSpecification[]
      readonly options?: Readonly<Record<string, unknown>>
    },
  ): CollectionDefinition
  dropCollection(model: string, name: string): void
  renameCollection(model: string, from: string, to: string): void
  /** Replaces a collection's options. */
  setOptions(model: string, name: string, options: Readonly<Record<string, unknown>>): void
  /**
   * Adds fields at the end. Rows that exist, and rows inserted without them, have the default of the field, or null.
   * Nothing is rewritten. @throws `ALREADY_EXISTS`, `CONSTRAINT` for a field that is neither nullable nor has a default
   */
  addFields(
    tableName: string,
    fields: readonly Field[],
    options?: { readonly defaults?: Readonly<Record<string, Value>> },
  ): TableDefinition
  dropField(tableName: string, field: string): TableDefinition
  renameField(tableName: string, from: string, to: string): TableDefinition
  /**
   * Changes the type of a field to one that holds all values of the former, or whether it may be null. Nothing is
   * rewritten. @throws `TYPE` where values could be lost, `CONSTRAINT` where rows have no value
   */
  changeField(
    tableName: string,
    field: string,
    change: { readonly type?: DataType; readonly nullable?: boolean },
  ): TableDefinition
  /**
   * Undoes changes of a collection's definition: brings its name, options and fields back to how a version within the
   * retention had them, also where it was dropped. Rows stay as they are now; a dropped collection has those that it was
   * dropped with.
   *
   * @throws `NOT_FOUND`, `ALREADY_EXISTS`, `CONSTRAINT`, `TYPE` where values are none of a field's former type
   */
  restoreCollection(model: string, name: string, version: number): void
  /**
   * Adds an index over the rows of a table; what it holds is built from the rows, now and after reopening.
   *
   * @throws `ALREADY_EXISTS`, `NOT_FOUND` for a field or function that is not there, `CONSTRAINT` where it is unique
   *   and two rows share a key
   */
  createIndex(tableName: string, index: IndexSpecification): TableDefinition
  /** @throws `NOT_FOUND` */
  dropIndex(tableName: string, name: string): TableDefinition
  /**
   * Writes the rows inserted into a table to a segment where they are many, so that the values that were given for
   * them are read no more.
   */
  settle(tableName: string): void
  /**
   * Inserts rows and gives each its row id.
   *
   * @throws `CONSTRAINT` where a key is taken (with `error`), a unique index has it, or a field that is not nullable is
   *   null; `TYPE`
   */
  insert(
    tableName: string,
    rows: RowBatch,
    onConflict?: OnKeyConflict,
  ): { readonly rowIds: Float64Array; readonly insertedCount: number }
  /** Replaces the named fields of rows; the others keep their values. Row ids stay. */
  update(tableName: string, rowIds: Float64Array, rows: RowBatch): number
  /** Deletes rows by row id; ids that do not exist are left out of the count. */
  delete(tableName: string, rowIds: Float64Array): number
  /** Takes the next `count` numbers of a sequence kept with a collection (node ids, term ids); gives the first. */
  allocate(tableName: string, sequence: string, count: number): number
  /** Sets a place that the transaction can go back to; one of the same name is hidden until this one is released. */
  savepoint(name: string): void
  /** Undoes what was written since a savepoint, which stays; those after it are gone. @throws `NOT_FOUND` */
  rollbackTo(name: string): void
  /** Lets go of a savepoint and of those after it; what was written stays. @throws `NOT_FOUND` */
  release(name: string): void
  /**
   * Runs work as one statement: where it fails, what it wrote is undone and the transaction goes on. Where statements
   * that ran at the same time wrote too, the transaction fails at its end instead.
   */
  statement<Result>(work: () => Result | Promise<Result>): Promise<Result>
  /** @throws `CONFLICT` where a row or key that this transaction wrote was written by another since its snapshot */
  commit(): Promise<number>
  rollback(): void
}

/** Tells about the rows, bytes and files of a table. */
export type TableReport = {
  readonly table: string
  readonly rowCount: number
  readonly segmentCount: number
  readonly segmentBytes: number
  readonly memtableBytes: number
}

/** Tells what keeping the data costs, since the store was opened and now. */
export type StorageReport = {
  /** Bytes written since the store was opened, by what they were written for. */
  readonly written: {
    readonly log: number
    readonly segments: number
    readonly deletions: number
    readonly manifests: number
  }
  /** Bytes of what was committed since the store was opened, each counted once. */
  readonly committedBytes: number
  /** All bytes written for each byte committed; 0 before the first commit. */
  readonly writeAmplification: number
  /** Bytes of the files of segments, deletions and the log. */
  readonly fileBytes: number
  /** The part of them that belongs to rows of now. */
  readonly liveBytes: number
  /** File bytes for each byte of rows of now; 0 where there are none. */
  readonly spaceAmplification: number
}

/** Is what one commit did to rows of one table. */
export type TableChanges = {
  readonly commit: number
  /** The table as the commit left it. */
  readonly definition: TableDefinition
  readonly rowIds: Float64Array
  readonly kinds: readonly ('insert' | 'update' | 'delete')[]
  /** The rows before and after, a column for each field; null where there was none. */
  readonly before: Batch
  readonly after: Batch
}

/** Is the storage and transaction layers as the store sees them. */
export type TableStore = {
  readonly readOnly: boolean
  /** Where queries put aside what they may not hold in memory; `null` for a store in memory or read only. */
  readonly spill: SpillSpace | null
  /** Accounts for `memoryLimit` over all that the store and its queries keep. */
  readonly memory: QueryMemory
  readonly lastCommit: number
  /** Calls a listener after each commit of this process, and when the store is closed; gives what ends that. */
  onCommit(listener: () => void): () => void
  /** Opens a snapshot of the last commit, or of an earlier one within the retention. */
  snapshot(commit?: number): Snapshot
  /** Reads a table by its key as of the last commit at each call; `undefined` where there is no such table now. */
  keyed(tableName: string, fields: readonly string[]): KeyedReader | undefined
  /** Changes when what `keyed` gave may no longer be what it would give. */
  readonly catalogVersion: number
  begin(options?: { readonly isolation?: 'snapshot' | 'serializable' }): WriteTransaction
  /** Writes memtables into segments and merges segments where that pays. */
  compact(options?: { readonly signal?: AbortSignal; readonly full?: boolean }): Promise<void>
  /**
   * Reads what commits after `since` changed, in their order, up to the last one.
   *
   * @throws `NOT_FOUND` where the retention does not go back so far
   */
  changes(since: number, wanted: (definition: TableDefinition) => boolean): Iterable<TableChanges>
  /** Resolves when there may be commits after the given one, or the store closes. */
  changed(after: number): Promise<void>
  /** Copies the store as of now into an empty or new folder, while writing goes on. @throws `ALREADY_EXISTS`, `IO` */
  backup(path: string): Promise<void>
  /** Goes on, in a store that is open for reading, to what its writer has written since. */
  refresh(): void
  verify(): Promise<{ readonly ok: boolean; readonly problems: readonly string[] }>
  report(): readonly TableReport[]
  reportStorage(): StorageReport
  close(): Promise<void>
}
