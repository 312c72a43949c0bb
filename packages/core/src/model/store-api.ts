import type { StorageReport, TableReport } from '../catalog/table-store.ts'
import type { TableStoreOptions } from '../transaction/options.ts'
import type { RepairReport } from '../transaction/repair.ts'
import type { RetentionOptions } from '../transaction/retention.ts'
import type { FileOptions, Model, ModelApis } from './model.ts'
import type { Query } from './query.ts'
import type { TabularSource } from './tabular.ts'

/** Says how a commit is kept. See {@link OpenOptions.durability}. */
export type Durability = NonNullable<TableStoreOptions['durability']>

/** Says how to open a store. */
export type OpenOptions<Models extends readonly Model[]> = {
  /** The models whose collections the store shows. */
  readonly models: Models
  /**
   * What a commit survives: `commit` (the default) syncs the log before it resolves and survives a power cut;
   * `interval` syncs soon after and survives the end of the process; `none` leaves syncing to the system.
   */
  readonly durability?: Durability
  readonly readOnly?: boolean
  /** Bytes that memtables, caches and each query may hold; past it a query fails with MEMORY_LIMIT. */
  readonly memoryLimit?: number
  /**
   * How far back `asOf` and `changes` go, in commits, in milliseconds, or as far as either says. By default nothing is
   * kept for them: they reach back to the last time that the log was written into segments.
   */
  readonly retention?: RetentionOptions
  /** Replaces the file system, the clock and the randomness: for tests. */
  readonly host?: Pick<TableStoreOptions, 'fileSystem' | 'clock' | 'random'>
}

/** Is what a store, a transaction and a snapshot have in common. */
export type Session<Models extends readonly Model[]> = ModelApis<Models> & {
  /** Reads any table by name (`people`, `social.nodes`, `model:name` in full), or rows given as Arrow or as objects. */
  from(source: string | TabularSource): Query
}

/**
 * Is an open transaction: every model's calls, which take effect together when the callback resolves. A call that fails
 * has changed nothing: where its error is caught, the transaction goes on without it.
 */
export type Transaction<Models extends readonly Model[]> = Session<Models> & {
  /** Sets a place to go back to; one of the same name is hidden until this one is released. */
  savepoint(name: string): void
  /** Undoes what was written since a savepoint, which stays; those after it are gone. @throws `NOT_FOUND` */
  rollbackTo(name: string): void
  /** Lets go of a savepoint and of those after it; what was written stays. @throws `NOT_FOUND` */
  release(name: string): void
}

/** Is a consistent read-only view of every model. */
export type StoreSnapshot<Models extends readonly Model[]> = Session<Models> & {
  /** The commit that the snapshot shows. */
  readonly version: number
  close(): void
}

/** Says which changes to read. */
export type ChangesOptions = {
  /** The version after which to begin; 0, the beginning of the store, unless given. */
  readonly since?: number
  /** Names of tables, as in `store.from`; all tables unless given. */
  readonly tables?: readonly string[]
  /** Waits for further commits instead of ending at the last one. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

/** Is what a commit did to one row. */
export type Change = {
  /** The version that the commit made: the `since` to go on with when all of its changes were seen. */
  readonly version: number
  /** The full name of the table: `model:collection`, or `model:collection.part`. */
  readonly table: string
  readonly kind: 'insert' | 'update' | 'delete'
  readonly rowId: number
  /** The row before, not for an insert. */
  readonly before?: Readonly<Record<string, unknown>>
  /** The row after, not for a delete. */
  readonly after?: Readonly<Record<string, unknown>>
}

/** Tells about the data of a store. */
export type StoreStats = {
  readonly version: number
  readonly tables: readonly TableReport[]
  /** What keeping the data costs: bytes written and kept, against those of the rows. */
  readonly storage: StorageReport
}

/** Is an open store. */
export type Store<Models extends readonly Model[] = readonly Model[]> = Session<Models> & {
  /** The number of the last commit. */
  readonly version: number
  /**
   * Runs `work` as one transaction: all of its writes are kept, durably, or none. A call that fails has changed nothing;
   * where `work` catches its error, the rest of the transaction is kept. @throws `CONFLICT`
   */
  transaction<Result>(
    work: (transaction: Transaction<Models>) => Result | Promise<Result>,
    options?: { readonly isolation?: 'snapshot' | 'serializable' },
  ): Promise<Result>
  snapshot(): StoreSnapshot<Models>
  /** Shows the store as of an earlier commit within the retention. @throws `NOT_FOUND` */
  asOf(version: number): StoreSnapshot<Models>
  /** Reads a file (Arrow IPC, Parquet, CSV, NDJSON) into a table, in one transaction. @throws `MISSING_DEPENDENCY` */
  import(path: string, options: FileOptions): Promise<{ readonly rowsAffected: number }>
  /** Writes any table to a file. @throws `NOT_FOUND`, `MISSING_DEPENDENCY` */
  export(path: string, options: FileOptions): Promise<{ readonly rowsAffected: number }>
  /**
   * Reads what was committed after a version, in the order of the commits, up to now or for ever. The place in the feed is
   * the version alone, so it survives closing the store. @throws `NOT_FOUND` where the retention does not go back so far
   */
  changes(options?: ChangesOptions): AsyncIterable<Change>
  /**
   * Copies the store as it is now into an empty or new folder, while writing goes on. The copy is a store: restore it by
   * copying it back. @throws `ALREADY_EXISTS`, `IO`, `NO_SPACE`
   */
  backup(path: string): Promise<void>
  /**
   * Saves what can be saved of damaged files, and says what could not. The store is closed for it and opened again:
   * snapshots and transactions that were open end. @throws `CORRUPT` where nothing can be saved
   */
  repair(): Promise<RepairReport>
  /** Goes on, in a store that is open for reading, to what its writer has committed since. */
  refresh(): Promise<void>
  /** Walks every checksum and invariant. */
  verify(): Promise<{ readonly ok: boolean; readonly problems: readonly string[] }>
  /** Moves what is in memory and in the log into segments, and merges segments. */
  compact(options?: { readonly signal?: AbortSignal }): Promise<void>
  stats(): StoreStats
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
