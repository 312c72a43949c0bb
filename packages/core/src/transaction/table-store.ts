import type { DataType } from 'apache-arrow'
import {
  FIRST_USER_TABLE_ID,
  readCatalog,
  SEQUENCES_TABLE,
  SYSTEM_TABLES,
  TABLES_TABLE,
} from '../catalog/catalog-tables.ts'
import type { TableDefinition } from '../catalog/definition.ts'
import type { TableSource } from '../catalog/table-source.ts'
import type {
  CatalogView,
  Snapshot,
  TableReport,
  TableStore,
  WriteTransaction,
} from '../catalog/table-store.ts'
import { encodeCommit, type TableChange } from '../storage/commit-record.ts'
import type { FileLock, FileSystem } from '../storage/file-system.ts'
import { searchKey } from '../storage/key-token.ts'
import { type Durability, LogWriter, listLogs, logPath, readLog } from '../storage/log.ts'
import { type Manifest, readManifest } from '../storage/manifest.ts'
import { MemoryFileSystem } from '../storage/memory-file-system.ts'
import { Memtable } from '../storage/memtable.ts'
import { realFileSystem } from '../storage/real-file-system.ts'
import { Segment } from '../storage/segment.ts'
import { SegmentCache } from '../storage/segment-cache.ts'
import { SegmentFiles } from '../storage/segment-files.ts'
import type { SegmentContent, SegmentEntry } from '../storage/segment-writer.ts'
import { columnReader } from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { isSheafError, SheafError } from '../types/errors.ts'
import { Maintenance, type MaintenanceHost } from './maintenance.ts'
import { recover } from './recovery.ts'
import { StoredTableSource } from './stored-table-source.ts'
import { TableData } from './table-data.ts'
import { findKey, findRow, finish, keyFields, partField, type TableView } from './table-view.ts'
import { DIRECT_ROWS, type TableWrites } from './table-writes.ts'
import { OpenTransaction } from './write-transaction.ts'

/** Says how to open the tables of a store. */
export type TableStoreOptions = {
  /** The store's folder, or `:memory:` for one that is not kept. */
  readonly path: string
  /** Where the folder is; the machine's file system unless given. */
  readonly fileSystem?: FileSystem
  readonly readOnly?: boolean
  readonly durability?: Durability
  /** Bytes that memtables and decoded segments may hold. */
  readonly memoryLimit?: number
  /** Gives the time in milliseconds since the epoch. */
  readonly clock?: () => number
  /** Gives a number from 0 up to 1. */
  readonly random?: () => number
  readonly timers?: Timers
  /** From how many rows on a commit's rows go into a segment at once, and not into the log. */
  readonly directRows?: number
  /** How many commits back snapshots can be opened. */
  readonly retainCommits?: number
}

/** Is how the store waits. */
export type Timers = {
  /** Runs something after some milliseconds, without keeping the process alive for it. */
  later(run: () => void, ms: number): void
  /** Lets other work run. */
  pause(): Promise<void>
}

const REAL_TIMERS: Timers = {
  later: (run, ms) => void setTimeout(run, ms).unref(),
  pause: () => new Promise((resolve) => setImmediate(resolve)),
}

const DEFAULT_MEMORY_LIMIT = 2 ** 30
const SYNC_INTERVAL_MS = 1000
const READ_ATTEMPTS = 5
/** Past this size, the log is flushed into segments when the store closes, so that it opens quickly. */
const FLUSH_ON_CLOSE_BYTES = 1 << 20
const LARGEST_FLUSH_BYTES = 64 << 20

/** Is how hard rows are compressed that are loaded in bulk: the quickest level. */
const BULK_COMPRESSION_LEVEL = 1
const LATEST = Number.MAX_SAFE_INTEGER

/**
 * Opens the tables of a store, making the folder where there is none.
 *
 * @throws `LOCKED`, `CORRUPT`, `VERSION`, `IO`
 */
export async function openTableStore(options: TableStoreOptions): Promise<TableStore> {
  const inMemory = options.path === ':memory:'
  const fileSystem = options.fileSystem ?? (inMemory ? new MemoryFileSystem() : realFileSystem())
  for (let attempt = 1; ; attempt += 1) {
    const store = new StoredTables(fileSystem, {
      ...options,
      inMemory: inMemory && options.fileSystem === undefined,
    })
    try {
      store.open()
      return store
    } catch (error) {
      // A writer beside a reader may replace files between the reading of the manifest and of what it names.
      const replaced = isSheafError(error, 'IO') && error.detail === 'ENOENT'
      if (options.readOnly !== true || !replaced || attempt === READ_ATTEMPTS) throw error
    }
  }
}

class StoredTables implements TableStore {
  readonly readOnly: boolean
  readonly #fileSystem: FileSystem
  readonly #folder: string
  readonly #inMemory: boolean
  readonly #durability: Durability
  readonly #clock: () => number
  readonly #tables = new Map<number, TableData>()
  readonly #openSnapshots = new Map<number, number>()
  readonly #sequences = new Map<string, number>()
  #catalog: { readonly commit: number; readonly view: CatalogView } | null = null
  #log: LogWriter | null = null
  #lock: FileLock | null = null
  #lastCommit = 0
  /** The last commit that was applied; commits after `#lastCommit` wait to be durable and are not seen yet. */
  #appliedCommit = 0
  #state: 'open' | 'closed' = 'open'
  #failure: unknown = undefined
  readonly #files: SegmentFiles
  readonly #timers: Timers
  readonly #retainCommits: number
  readonly #directRows: number
  readonly #flushBytes: number
  readonly #maintenance: Maintenance
  /** Bytes of commits since the last flush began, about as many as the memtables hold. */
  #unflushedBytes = 0
  #maintaining = false
  #syncPlanned = false

  constructor(fileSystem: FileSystem, options: TableStoreOptions & { readonly inMemory: boolean }) {
    this.#fileSystem = fileSystem
    this.#inMemory = options.inMemory
    this.#folder = options.inMemory ? 'memory' : options.path
    const memoryLimit = options.memoryLimit ?? DEFAULT_MEMORY_LIMIT
    this.#flushBytes = Math.min(LARGEST_FLUSH_BYTES, memoryLimit / 8)
    this.#files = new SegmentFiles(fileSystem, this.#folder, new SegmentCache(memoryLimit / 2))
    this.#timers = options.timers ?? REAL_TIMERS
    this.#directRows = options.directRows ?? DIRECT_ROWS
    this.#retainCommits = options.retainCommits ?? 0
    this.readOnly = options.readOnly ?? false
    this.#durability = options.durability ?? 'commit'
    this.#clock = options.clock ?? Date.now
    for (const definition of SYSTEM_TABLES)
      this.#tables.set(definition.id, new TableData(definition.id, keyFields(definition)))
    this.#maintenance = new Maintenance(this.#maintenanceHost(!options.inMemory))
  }

  #maintenanceHost(compress: boolean): MaintenanceHost {
    return {
      fileSystem: this.#fileSystem,
      folder: this.#folder,
      files: this.#files,
      tables: this.#tables,
      compress,
      definition: (tableId) =>
        SYSTEM_TABLES.find((table) => table.id === tableId) ?? this.#tableById(tableId),
      oldestCommit: () => this.#oldestNeeded(),
      rotateLog: () => this.#rotateLog(),
      syncLog: async () => this.#log?.sync(),
      pause: () => this.#timers.pause(),
    }
  }

  /** Gives the oldest commit that a reader may ask for: of an open snapshot, or within the retention. */
  #oldestNeeded(): number {
    let oldest = this.#lastCommit - this.#retainCommits
    for (const commit of this.#openSnapshots.keys()) oldest = Math.min(oldest, commit)
    return Math.max(oldest, 0)
  }

  #rotateLog(): { readonly log: number; readonly commit: number } {
    const commit = this.#appliedCommit
    if (this.#log === null) return { log: 0, commit }
    const before = this.#log
    this.#log = LogWriter.create(this.#fileSystem, this.#folder, {
      number: before.number + 1,
      base: commit,
      durability: this.#durability,
      before,
    })
    this.#formerLogs.push(before)
    return { log: this.#log.number, commit }
  }

  readonly #formerLogs: LogWriter[] = []

  /** Closes log files that no commit goes to any more. */
  async #closeFormerLogs(): Promise<void> {
    for (const log of this.#formerLogs.splice(0)) await log.close()
  }

  get lastCommit(): number {
    return this.#lastCommit
  }

  /** Locks and recovers. */
  open(): void {
    if (this.#inMemory) return
    if (!this.readOnly) {
      this.#fileSystem.makeFolder(this.#folder)
      this.#lock = this.#fileSystem.lock(`${this.#folder}/LOCK`)
    }
    try {
      this.#recover()
    } catch (error) {
      this.#files.close()
      this.#lock?.release()
      throw error
    }
  }

  #recover(): void {
    const manifest = readManifest(this.#fileSystem, this.#folder)
    if (manifest !== null) this.#load(manifest)
    this.#log = recover({
      fileSystem: this.#fileSystem,
      folder: this.#folder,
      readOnly: this.readOnly,
      durability: this.#durability,
      commit: this.#lastCommit,
      firstLog: manifest?.log ?? 1,
      fieldTypes: (tableId, fieldId) => this.#fieldType(tableId, fieldId),
      apply: (change, commit) => this.#apply(change, commit),
      applied: (commit) => {
        this.#appliedCommit = commit
        this.#lastCommit = commit
      },
    })
    this.#loadSequences()
    if (!this.readOnly) this.#files.collectGarbage()
  }

  #load(manifest: Manifest): void {
    this.#maintenance.resume(manifest)
    this.#appliedCommit = manifest.commit
    this.#lastCommit = manifest.commit
    const system = new Set(SYSTEM_TABLES.map((table) => table.id))
    // The catalog's own tables come first: they tell the keys of the others.
    const tables = [...manifest.tables].sort((left, right) => left.id - right.id)
    for (const { id, nextRowId, segments } of tables) {
      const table = system.has(id) ? this.#tables.get(id) : this.#tableData(id)
      if (table === undefined || table === null) continue
      for (const entry of segments) table.addPart(this.#files.open(id, entry))
      table.nextRowId = nextRowId
      table.noteChange(manifest.commit)
    }
  }

  #fieldType(tableId: number, fieldId: number): DataType | undefined {
    const system = SYSTEM_TABLES.find((table) => table.id === tableId)
    const definition = system ?? this.#tableById(tableId)
    return definition?.fields.map(partField).find((field) => field.fieldId === fieldId)?.type
  }

  #tableById(tableId: number): TableDefinition | undefined {
    const catalog = this.#catalogAt(LATEST)
    for (const collection of catalog.collections())
      for (const table of collection.tables) if (table.id === tableId) return table
    return undefined
  }

  #loadSequences(): void {
    const source = this.#sourceAt(SEQUENCES_TABLE, this.#lastCommit)
    const request = SEQUENCES_TABLE.fields.map((field) => ({ field: field.name, type: field.type }))
    for (const batch of source.scan({ columns: request, predicates: [] })) {
      const [table, name, next] = batch.columns.map(columnReader)
      for (let at = 0; at < (batch.selection?.length ?? batch.length); at += 1) {
        const row = batch.selection === null ? at : (batch.selection[at] as number)
        this.#sequences.set(`${table?.(row) as number}:${name?.(row) as string}`, next?.(row) as number)
      }
    }
  }

  #checkOpen(): void {
    if (this.#state === 'closed') throw new SheafError('CLOSED', 'The store is closed. Open it again.')
  }

  #view(definition: TableDefinition, commit: number): TableView {
    const table = this.#tables.get(definition.id)
    return {
      definition,
      parts: table?.parts ?? [],
      commit,
      hidden: new Map(),
      version: `${definition.id}@${table?.changeUpTo(commit) ?? 0}`,
    }
  }

  #source(view: TableView): TableSource {
    return new StoredTableSource(view, this.#tables.get(view.definition.id)?.adjacencies ?? new Map())
  }

  #sourceAt(definition: TableDefinition, commit: number): TableSource {
    return this.#source(this.#view(definition, commit))
  }

  #catalogAt(commit: number): CatalogView {
    const version = SYSTEM_TABLES.slice(0, 3).reduce(
      (latest, table) => Math.max(latest, this.#tables.get(table.id)?.changeUpTo(commit) ?? 0),
      0,
    )
    if (this.#catalog !== null && this.#catalog.commit === version) return this.#catalog.view
    const byName = new Map(SYSTEM_TABLES.map((table) => [table.name, table]))
    const view = readCatalog((name) => this.#sourceAt(byName.get(name) as TableDefinition, commit), version)
    if (this.#catalog === null || version > this.#catalog.commit) this.#catalog = { commit: version, view }
    return view
  }

  snapshot(commit: number = this.#lastCommit): Snapshot {
    this.#checkOpen()
    const { oldest } = this.#maintenance.manifest
    if (commit > this.#lastCommit || commit < oldest)
      throw new SheafError(
        'NOT_FOUND',
        `There is no such version. They go from ${oldest} to ${this.#lastCommit}: ${commit}`,
      )
    this.#openSnapshots.set(commit, (this.#openSnapshots.get(commit) ?? 0) + 1)
    let open = true
    const catalog = this.#catalogAt(commit)
    return {
      commit,
      catalog,
      source: (name) => {
        if (!open) throw new SheafError('CLOSED', 'The snapshot is closed. Open another one.')
        const definition = catalog.table(name)
        if (definition === undefined)
          throw new SheafError('NOT_FOUND', `There is no table of this name: ${name}`)
        return this.#sourceAt(definition, commit)
      },
      close: () => {
        if (!open) return
        open = false
        const count = (this.#openSnapshots.get(commit) as number) - 1
        if (count === 0) this.#openSnapshots.delete(commit)
        else this.#openSnapshots.set(commit, count)
      },
    }
  }

  begin(options: { readonly isolation?: 'snapshot' | 'serializable' } = {}): WriteTransaction {
    this.#checkOpen()
    if (this.readOnly)
      throw new SheafError(
        'READ_ONLY',
        'The store is open for reading only. Open it without readOnly to write.',
      )
    this.#checkWritable()
    return new OpenTransaction(
      {
        snapshot: this.snapshot(),
        view: (definition, commit) => this.#view(definition, commit),
        source: (view) => this.#source(view),
        catalog: readCatalog,
        nextTableId: () => this.#takeSequence(TABLES_TABLE.id, 'table_id', 1) + FIRST_USER_TABLE_ID,
        takeRowIds: (tableId, count) => this.#takeRowIds(tableId, count),
        writeSegment: (tableId, content) => this.#writeSegment(tableId, content),
        discardSegments: (tableId, segments) => {
          for (const segment of segments) this.#files.discard(tableId, segment)
        },
        takeSequence: (tableId, name, count) => this.#takeSequence(tableId, name, count),
        commit: (transaction) => this.#commit(transaction),
      },
      options.isolation === 'serializable',
    )
  }

  #checkWritable(): void {
    if (this.#failure === undefined) return
    if (isSheafError(this.#failure, 'NO_SPACE')) throw this.#failure
    throw new SheafError(
      'IO',
      'A write to the log failed before. Nothing acknowledged is lost; open the store again to write.',
      { cause: this.#failure },
    )
  }

  readonly #newTableRows = new Map<number, number>()

  /** Takes row ids; those of a transaction that rolls back are never used. */
  #takeRowIds(tableId: number, count: number): number {
    const table = this.#tables.get(tableId)
    if (table !== undefined) {
      const first = Math.max(table.nextRowId, this.#newTableRows.get(tableId) ?? 0)
      table.nextRowId = first + count
      return first
    }
    const first = this.#newTableRows.get(tableId) ?? 0
    this.#newTableRows.set(tableId, first + count)
    return first
  }

  #takeSequence(tableId: number, name: string, count: number): number {
    const key = `${tableId}:${name}`
    const first = this.#sequences.get(key) ?? 0
    this.#sequences.set(key, first + count)
    return first
  }

  /** Writes rows of a transaction into a segment; they are loaded in bulk, so they are kept small at once. */
  #writeSegment(tableId: number, content: SegmentContent): Segment {
    const level = this.#inMemory ? null : BULK_COMPRESSION_LEVEL
    return finish(this.#files.write(tableId, content, level))
  }

  async #commit(transaction: OpenTransaction): Promise<number> {
    this.#checkOpen()
    this.#checkWritable()
    const written = [...transaction.writes.values()].filter((writes) => !writes.isEmpty)
    if (written.length === 0 && transaction.sequences.size === 0) return transaction.snapshot.commit
    try {
      await this.#prepare(written)
      this.#checkOpen()
      this.#checkWritable()
      this.#checkConflicts(transaction, written)
    } catch (error) {
      for (const { definition, segments } of written)
        for (const segment of segments) this.#files.discard(definition.id, segment)
      throw error
    }
    const commit = this.#appliedCommit + 1
    const changes = written
      .map((writes) => changeOf(writes, commit))
      .concat(this.#sequenceChanges(transaction))
      .sort((left, right) => left.tableId - right.tableId)
    const log = this.#log
    if (log === null) this.#unflushedBytes += estimateBytes(changes)
    else this.#append(log, commit, changes)
    for (const change of changes) this.#apply(change, commit)
    this.#appliedCommit = commit
    if (log !== null) await this.#settled(log, commit)
    this.#lastCommit = Math.max(this.#lastCommit, commit)
    this.#planMaintenance()
    return commit
  }

  /** Makes durable what goes into segments, before the log names them. */
  async #prepare(written: readonly TableWrites[]): Promise<void> {
    for (const writes of written) {
      if (!SYSTEM_TABLES.some((table) => table.id === writes.definition.id)) writes.prepare(this.#directRows)
      const { segments, definition } = writes
      if (segments.length === 0) continue
      for (const segment of segments)
        if (segment.deletions.count > 0) await this.#files.writeDeletions(definition.id, segment, 0)
      await this.#files.sync(definition.id, segments)
    }
  }

  /** Starts a flush in the background where memtables or the log have grown large. */
  #planMaintenance(): void {
    if (this.#durability === 'interval') this.#planSync()
    if (this.#maintaining || this.#state === 'closed' || this.#failure !== undefined) return
    if (this.#unflushedBytes < this.#flushBytes) return
    this.#unflushedBytes = 0
    this.#maintaining = true
    this.#timers.later(() => void this.#maintain(), 0)
  }

  async #maintain(): Promise<void> {
    try {
      if (this.#state === 'closed') return
      await this.#flush()
      await this.#maintenance.compact({ full: false })
    } catch (error) {
      // Commits go on: the log holds everything. The next attempt, or compact(), reports what still fails.
      if (!isSheafError(error)) throw error
    } finally {
      this.#maintaining = false
    }
  }

  async #flush(): Promise<void> {
    await this.#maintenance.flush()
    await this.#closeFormerLogs()
  }

  #planSync(): void {
    if (this.#syncPlanned) return
    this.#syncPlanned = true
    this.#timers.later(() => {
      this.#syncPlanned = false
      this.#log?.sync().catch((error: unknown) => {
        this.#failure ??= error
      })
    }, SYNC_INTERVAL_MS)
  }

  #append(log: LogWriter, commit: number, changes: readonly TableChange[]): void {
    try {
      const payload = encodeCommit(this.#clock(), changes)
      log.append(commit, payload)
      this.#unflushedBytes += payload.length
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  async #settled(log: LogWriter, commit: number): Promise<void> {
    try {
      await log.settled(commit)
    } catch (error) {
      this.#failure ??= error
      throw error
    }
  }

  /** Finds rows and keys that others wrote since the snapshot. @throws `CONFLICT` */
  #checkConflicts(transaction: OpenTransaction, written: readonly TableWrites[]): void {
    const since = transaction.snapshot.commit
    if (transaction.serializable) {
      for (const tableId of transaction.readTables) {
        if ((this.#tables.get(tableId)?.lastChange ?? 0) > since)
          throw conflict('a table that it read', tableId)
      }
    }
    const catalog = this.#catalogAt(LATEST)
    for (const writes of written) {
      const { definition } = writes
      this.#checkTable(transaction, definition, catalog)
      const table = this.#tables.get(definition.id)
      if (table === undefined || table.lastChange <= since) continue
      const latest = this.#view(definition, LATEST)
      for (const rowId of writes.deletedRows) {
        const place = findRow(latest, rowId)
        if (place === null || place.part.createdAt(place.position) > since)
          throw conflict(`row ${rowId}`, definition.name)
      }
      if (definition.key.length === 0) continue
      for (const key of writes.committedKeys()) {
        const place = findKey(latest, key)
        if (place !== null && place.part.createdAt(place.position) > since)
          throw conflict('a key', definition.name)
      }
    }
  }

  /** A table that was dropped by another since the snapshot takes no rows. */
  #checkTable(transaction: OpenTransaction, definition: TableDefinition, catalog: CatalogView): void {
    if (SYSTEM_TABLES.some((table) => table.id === definition.id)) return
    if (transaction.createdTables.has(definition.id) || hasTable(catalog, definition.id)) return
    throw conflict('the table itself', definition.name)
  }

  #sequenceChanges(transaction: OpenTransaction): TableChange[] {
    const taken = [...transaction.sequences.values()]
    if (transaction.writes.has(TABLES_TABLE.id)) taken.push([TABLES_TABLE.id, 'table_id'])
    if (taken.length === 0) return []
    const view = this.#view(SEQUENCES_TABLE, LATEST)
    const deletes: number[] = []
    const rowIds = taken.map(([tableId, name]) => {
      const place = findKey(view, searchKey([tableId, name]))
      if (place === null) return this.#takeRowIds(SEQUENCES_TABLE.id, 1)
      const rowId = place.part.rowIdAt(place.position)
      deletes.push(rowId)
      return rowId
    })
    const values = [
      taken.map(([tableId]) => tableId),
      taken.map(([, name]) => name),
      taken.map(([tableId, name]) => this.#sequences.get(`${tableId}:${name}`) ?? 0),
    ]
    const columns = new Map(
      SEQUENCES_TABLE.fields.map((field, at) => [
        partField(field).fieldId,
        columnFromValues(field.type, values[at] as readonly unknown[]),
      ]),
    )
    return [
      {
        tableId: SEQUENCES_TABLE.id,
        deletes: Float64Array.from(deletes),
        rows: { rowIds: Float64Array.from(rowIds), columns },
        segments: [],
      },
    ]
  }

  /** Makes a change part of the tables; the same when it is committed and when it is read back from the log. */
  #apply(change: TableChange, commit: number): void {
    const table = this.#tableData(change.tableId)
    if (table === null) return
    for (const rowId of change.deletes) {
      for (let at = table.parts.length - 1; at >= 0; at -= 1) {
        const part = table.parts[at] as TableData['parts'][number]
        const position = part.findRow(rowId, LATEST)
        if (position < 0) continue
        part.markDeleted(position, commit)
        break
      }
    }
    const { rowIds } = change.rows
    if (rowIds.length > 0) table.active.append(change.rows, commit)
    let highest = this.#addSegments(table, change.segments, commit)
    for (let index = 0; index < rowIds.length; index += 1)
      highest = Math.max(highest, rowIds[index] as number)
    table.nextRowId = Math.max(table.nextRowId, highest + 1)
    table.noteChange(commit)
  }

  /** Adds segments that a commit names; gives their highest row id, or -1. */
  #addSegments(table: TableData, entries: readonly string[], commit: number): number {
    let highest = -1
    for (const text of entries) {
      const entry = JSON.parse(text) as SegmentEntry
      const segment = this.#files.open(table.id, entry)
      segment.setCreated(commit)
      table.addPart(segment)
      highest = Math.max(highest, entry.rowIds[1])
    }
    return highest
  }

  #tableData(tableId: number): TableData | null {
    let table = this.#tables.get(tableId)
    if (table === undefined) {
      const definition = this.#tableById(tableId)
      if (definition === undefined) return null
      table = new TableData(tableId, keyFields(definition))
      table.nextRowId = this.#newTableRows.get(tableId) ?? 0
      this.#newTableRows.delete(tableId)
      this.#tables.set(tableId, table)
    }
    return table
  }

  async compact(options: { readonly signal?: AbortSignal; readonly full?: boolean } = {}): Promise<void> {
    this.#checkOpen()
    if (this.readOnly)
      throw new SheafError(
        'READ_ONLY',
        'The store is open for reading only. Open it without readOnly to compact it.',
      )
    this.#checkWritable()
    await this.#flush()
    await this.#maintenance.compact({
      full: options.full ?? true,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
  }

  async verify(): Promise<{ readonly ok: boolean; readonly problems: readonly string[] }> {
    this.#checkOpen()
    const problems: string[] = []
    const attempt = (check: () => void): void => {
      try {
        check()
      } catch (error) {
        if (!isSheafError(error)) throw error
        problems.push(error.message)
      }
    }
    if (!this.#inMemory) {
      attempt(() => void readManifest(this.#fileSystem, this.#folder))
      for (const number of listLogs(this.#fileSystem, this.#folder))
        attempt(() => void readLog(this.#fileSystem, logPath(this.#folder, number)))
    }
    for (const table of this.#tables.values()) {
      for (const part of table.parts) {
        if (part instanceof Segment) problems.push(...part.verify())
        await this.#timers.pause()
      }
    }
    return { ok: problems.length === 0, problems }
  }

  report(): readonly TableReport[] {
    this.#checkOpen()
    const catalog = this.#catalogAt(this.#lastCommit)
    const definitions = [...SYSTEM_TABLES, ...catalog.collections().flatMap((each) => each.tables)]
    return definitions.map((definition) => {
      const parts = this.#tables.get(definition.id)?.parts ?? []
      const segments = parts.filter((part) => part instanceof Segment)
      const memtables = parts.filter((part) => part instanceof Memtable)
      return {
        table: definition.name,
        rowCount: this.#sourceAt(definition, this.#lastCommit).statistics().rowCount,
        segmentCount: segments.length,
        segmentBytes: segments.reduce((sum, segment) => sum + segment.sizeBytes, 0),
        memtableBytes: memtables.reduce((sum, memtable) => sum + memtable.sizeBytes, 0),
      }
    })
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    try {
      await this.#maintenance.idle()
      await this.#flushBeforeClose()
      await this.#closeFormerLogs()
      await this.#log?.close()
    } finally {
      this.#files.close()
      this.#lock?.release()
    }
  }

  /** The log holds everything anyway: a flush that fails now costs time at the next opening, nothing else. */
  async #flushBeforeClose(): Promise<void> {
    if (this.#log === null || this.#failure !== undefined || this.#log.sizeBytes < FLUSH_ON_CLOSE_BYTES)
      return
    try {
      await this.#maintenance.flush()
    } catch (error) {
      if (!isSheafError(error, 'IO', 'NO_SPACE')) throw error
    }
  }
}

function changeOf(writes: TableWrites, commit: number): TableChange {
  return {
    tableId: writes.definition.id,
    deletes: Float64Array.from(writes.deletedRows),
    rows: writes.committedRows(),
    segments: writes.segments.map((segment) => {
      segment.setCreated(commit)
      return JSON.stringify(segment.currentEntry())
    }),
  }
}

/** Is what a row of a store that keeps no log is taken to weigh. */
const ROW_BYTES = 128

function estimateBytes(changes: readonly TableChange[]): number {
  return changes.reduce(
    (sum, { rows, deletes }) => sum + (rows.rowIds.length + deletes.length) * ROW_BYTES,
    0,
  )
}

function hasTable(catalog: CatalogView, tableId: number): boolean {
  return catalog.collections().some((each) => each.tables.some((table) => table.id === tableId))
}

function conflict(what: string, table: string | number): SheafError {
  return new SheafError(
    'CONFLICT',
    `Another transaction wrote what this one also wrote. Run it again: ${what} of ${table}`,
  )
}
