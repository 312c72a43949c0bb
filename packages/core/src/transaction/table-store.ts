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
import type { Durability, LogWriter } from '../storage/log.ts'
import { MemoryFileSystem } from '../storage/memory-file-system.ts'
import { realFileSystem } from '../storage/real-file-system.ts'
import { columnReader } from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { isSheafError, SheafError } from '../types/errors.ts'
import { recover } from './recovery.ts'
import { StoredTableSource } from './stored-table-source.ts'
import { TableData } from './table-data.ts'
import { findKey, findRow, keyFields, partField, type TableView } from './table-view.ts'
import type { TableWrites } from './table-writes.ts'
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
}

const LATEST = Number.MAX_SAFE_INTEGER

/**
 * Opens the tables of a store, making the folder where there is none.
 *
 * @throws `LOCKED`, `CORRUPT`, `VERSION`, `IO`
 */
export async function openTableStore(options: TableStoreOptions): Promise<TableStore> {
  const inMemory = options.path === ':memory:'
  const fileSystem = options.fileSystem ?? (inMemory ? new MemoryFileSystem() : realFileSystem())
  const store = new StoredTables(fileSystem, {
    ...options,
    inMemory: inMemory && options.fileSystem === undefined,
  })
  store.open()
  return store
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

  constructor(fileSystem: FileSystem, options: TableStoreOptions & { readonly inMemory: boolean }) {
    this.#fileSystem = fileSystem
    this.#folder = options.path
    this.#inMemory = options.inMemory
    this.readOnly = options.readOnly ?? false
    this.#durability = options.durability ?? 'commit'
    this.#clock = options.clock ?? Date.now
    for (const definition of SYSTEM_TABLES)
      this.#tables.set(definition.id, new TableData(definition.id, keyFields(definition)))
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
      this.#lock?.release()
      throw error
    }
  }

  #recover(): void {
    const found = recover({
      fileSystem: this.#fileSystem,
      folder: this.#folder,
      readOnly: this.readOnly,
      durability: this.#durability,
      fieldTypes: (tableId, fieldId) => this.#fieldType(tableId, fieldId),
      apply: (change, commit) => this.#apply(change, commit),
      applied: (commit) => {
        this.#appliedCommit = commit
        this.#lastCommit = commit
      },
    })
    this.#log = found.log
    this.#loadSequences()
  }

  #fieldType(tableId: number, fieldId: number): DataType | undefined {
    const system = SYSTEM_TABLES.find((table) => table.id === tableId)
    const definition = system ?? this.#tableById(tableId)
    return definition?.fields.map(partField).find((field) => field.fieldId === fieldId)?.type
  }

  #tableById(tableId: number): TableDefinition | undefined {
    const catalog = this.#catalogAt(this.#appliedCommit + 1)
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
    if (commit > this.#lastCommit || commit < 0)
      throw new SheafError(
        'NOT_FOUND',
        `There is no such version. The last is ${this.#lastCommit}: ${commit}`,
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

  async #commit(transaction: OpenTransaction): Promise<number> {
    this.#checkOpen()
    this.#checkWritable()
    const written = [...transaction.writes.values()].filter((writes) => !writes.isEmpty)
    if (written.length === 0 && transaction.sequences.size === 0) return transaction.snapshot.commit
    this.#checkConflicts(transaction, written)
    const changes = written
      .map((writes) => changeOf(writes))
      .concat(this.#sequenceChanges(transaction))
      .sort((left, right) => left.tableId - right.tableId)
    const commit = this.#appliedCommit + 1
    const log = this.#log
    if (log !== null) this.#append(log, commit, changes)
    for (const change of changes) this.#apply(change, commit)
    this.#appliedCommit = commit
    if (log !== null) await this.#settled(log, commit)
    this.#lastCommit = Math.max(this.#lastCommit, commit)
    return commit
  }

  #append(log: LogWriter, commit: number, changes: readonly TableChange[]): void {
    try {
      log.append(commit, encodeCommit(this.#clock(), changes))
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
    let highest = -1
    for (let index = 0; index < rowIds.length; index += 1)
      highest = Math.max(highest, rowIds[index] as number)
    table.nextRowId = Math.max(table.nextRowId, highest + 1)
    table.noteChange(commit)
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

  async compact(): Promise<void> {
    this.#checkOpen()
  }

  async verify(): Promise<{ readonly ok: boolean; readonly problems: readonly string[] }> {
    this.#checkOpen()
    return { ok: true, problems: [] }
  }

  report(): readonly TableReport[] {
    this.#checkOpen()
    const catalog = this.#catalogAt(this.#lastCommit)
    const definitions = [...SYSTEM_TABLES, ...catalog.collections().flatMap((each) => each.tables)]
    return definitions.map((definition) => ({
      table: definition.name,
      rowCount: this.#sourceAt(definition, this.#lastCommit).statistics().rowCount,
      segmentCount: 0,
      segmentBytes: 0,
      memtableBytes: this.#tables.get(definition.id)?.active.sizeBytes ?? 0,
    }))
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    try {
      await this.#log?.close()
    } finally {
      this.#lock?.release()
    }
  }
}

function changeOf(writes: TableWrites): TableChange {
  return {
    tableId: writes.definition.id,
    deletes: Float64Array.from(writes.deletedRows),
    rows: writes.committedRows(),
    segments: [],
  }
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
