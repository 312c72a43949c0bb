import { FIRST_USER_TABLE_ID, readCatalog, SYSTEM_TABLES, TABLES_TABLE } from '../catalog/catalog-tables.ts'
import type { TableDefinition } from '../catalog/definition.ts'
import type { KeyedReader } from '../catalog/keyed-reader.ts'
import type {
  Snapshot,
  StorageReport,
  TableChanges,
  TableReport,
  TableStore,
  WriteTransaction,
} from '../catalog/table-store.ts'
import { encodeCommit, type TableChange } from '../storage/commit-record.ts'
import { compactionLimits } from '../storage/compaction.ts'
import { countedFileSystem, type WrittenBytes } from '../storage/counted-file-system.ts'
import type { FileLock, FileSystem } from '../storage/file-system.ts'
import { type Durability, LogWriter, listLogs, logPath, noteClosed } from '../storage/log.ts'
import { manifestNumber, readManifest } from '../storage/manifest.ts'
import { MemoryAccount } from '../storage/memory-account.ts'
import { MemoryFileSystem } from '../storage/memory-file-system.ts'
import { realFileSystem } from '../storage/real-file-system.ts'
import type { Segment } from '../storage/segment.ts'
import { SegmentCache } from '../storage/segment-cache.ts'
import { SegmentFiles } from '../storage/segment-files.ts'
import type { SegmentContent } from '../storage/segment-writer.ts'
import { SpillFolder } from '../storage/spill-folder.ts'
import { isSheafError, SheafError } from '../types/errors.ts'
import { type BackupSource, liveFiles, writeBackup } from './backup.ts'
import { readChanges } from './changes.ts'
import { checkConflicts } from './conflicts.ts'
import { directBytes, reportStorage, reportTables, verifyFiles, verifySegments } from './inspection.ts'
import { keyedReader } from './keyed-reads.ts'
import { Maintenance, type MaintenanceHost } from './maintenance.ts'
import { REAL_TIMERS, type TableStoreOptions, type Timers } from './options.ts'
import { followLog, type LogEnd, type RecoveryTarget, recover } from './recovery.ts'
import { Retention } from './retention.ts'
import { type SequenceName, Sequences } from './sequences.ts'
import { TableSet } from './table-set.ts'
import { finish, type TableView } from './table-view.ts'
import { DIRECT_ROWS, type TableWrites } from './table-writes.ts'
import { OpenTransaction } from './write-transaction.ts'

export type { TableStoreOptions, Timers } from './options.ts'

/** Names the sequence that the ids of tables are taken from. */
const TABLE_IDS: SequenceName = [TABLES_TABLE.id, 'table_id']
const DEFAULT_MEMORY_LIMIT = 2 ** 30
const SYNC_INTERVAL_MS = 1000
const COMMITS_PER_BREATH = 32
const READ_ATTEMPTS = 5
/** How often a reader that follows looks for new commits. */
const FOLLOW_MS = 100
/** Past this size, the log is flushed into segments when the store closes, so that it opens quickly. */
const FLUSH_ON_CLOSE_BYTES = 1 << 20
const LARGEST_FLUSH_BYTES = 64 << 20
const LARGEST_SPILL_BYTES = 96 << 20
/** Is about what a byte of a commit takes in a memtable, and once more while it is flushed. */
const MEMTABLE_BYTES = 2
/** Are the most that columns of segments and that indexes are kept in, as parts of the memory limit. */
const CACHE_SHARE = 1 / 2
const INDEX_SHARE = 1 / 4

/** Is how hard rows are compressed that are loaded in bulk: the quickest level. */
const BULK_COMPRESSION_LEVEL = 1

/**
 * Opens the tables of a store, making the folder where there is none.
 *
 * @throws `LOCKED`, `CORRUPT`, `VERSION`, `IO`
 */
export async function openTableStore(options: TableStoreOptions): Promise<TableStore> {
  const inMemory = options.path === ':memory:'
  const fileSystem = options.fileSystem ?? (inMemory ? new MemoryFileSystem() : realFileSystem())
  return openWithRetries(fileSystem, {
    ...options,
    inMemory: inMemory && options.fileSystem === undefined,
  })
}

/** A writer beside a reader may replace files between the reading of the manifest and of what it names. */
function openWithRetries(
  fileSystem: FileSystem,
  options: TableStoreOptions & { readonly inMemory: boolean },
): StoredTables {
  for (let attempt = 1; ; attempt += 1) {
    const store = new StoredTables(fileSystem, options)
    try {
      store.open()
      return store
    } catch (error) {
      if (options.readOnly !== true || !isReplaced(error) || attempt === READ_ATTEMPTS) throw error
    }
  }
}

function isReplaced(error: unknown): boolean {
  return isSheafError(error, 'IO') && error.detail === 'ENOENT'
}

class StoredTables implements TableStore {
  readonly readOnly: boolean
  readonly spill: SpillFolder | null
  readonly #fileSystem: FileSystem
  readonly #folder: string
  readonly #inMemory: boolean
  readonly #durability: Durability
  readonly #clock: () => number
  // A store that is only read replaces these when it goes on to another manifest.
  #tables: TableSet
  #openSnapshots = new Map<number, number>()
  #sequences: Sequences
  #log: LogWriter | null = null
  #lock: FileLock | null = null
  #lastCommit = 0
  /** The last commit that was applied; commits after `#lastCommit` wait to be durable and are not seen yet. */
  #appliedCommit = 0
  #state: 'open' | 'closed' = 'open'
  #failure: unknown = undefined
  readonly memory: MemoryAccount
  #cache: SegmentCache
  #files: SegmentFiles
  /** Files that open snapshots of a former manifest still read. */
  readonly #formerFiles = new Set<SegmentFiles>()
  readonly #timers: Timers
  readonly #retention: Retention
  readonly #options: TableStoreOptions & { readonly inMemory: boolean }
  #logEnd: LogEnd | null = null
  #watching: (() => void)[] = []
  readonly #directRows: number
  readonly #flushBytes: number
  #maintenance: Maintenance
  /** Bytes of commits since the last flush began, about as many as the memtables hold. */
  #unflushedBytes = 0
  /** True while maintenance runs or is planned. */
  #maintaining = false
  /** Commits that wait for room in the memtables. */
  readonly #waiting: (() => void)[] = []
  readonly #written: WrittenBytes = { log: 0, segments: 0, deletions: 0, manifests: 0 }
  /** Bytes of the rows and deletions that were committed, as the log or a segment takes them once. */
  #committedBytes = 0
  #commitsSinceBreath = 0
  #syncPlanned = false

  constructor(fileSystem: FileSystem, options: TableStoreOptions & { readonly inMemory: boolean }) {
    this.#fileSystem = countedFileSystem(fileSystem, this.#written)
    this.#inMemory = options.inMemory
    this.#folder = options.inMemory ? 'memory' : options.path
    const memoryLimit = options.memoryLimit ?? DEFAULT_MEMORY_LIMIT
    this.#flushBytes = Math.min(LARGEST_FLUSH_BYTES, memoryLimit / 8)
    this.memory = new MemoryAccount(memoryLimit)
    this.#cache = new SegmentCache(memoryLimit * CACHE_SHARE)
    this.#files = new SegmentFiles(this.#fileSystem, this.#folder, this.#cache)
    this.#timers = options.timers ?? REAL_TIMERS
    this.#directRows = options.directRows ?? DIRECT_ROWS
    this.#retention = new Retention(options.retention ?? {})
    this.#options = options
    this.readOnly = options.readOnly ?? false
    this.spill = options.inMemory || this.readOnly ? null : new SpillFolder(fileSystem, this.#folder)
    this.#durability = options.durability ?? 'commit'
    this.#clock = options.clock ?? Date.now
    this.#tables = new TableSet(this.#files, memoryLimit * INDEX_SHARE)
    this.#sequences = new Sequences(this.#tables)
    this.#accountForMemory()
    this.#maintenance = new Maintenance(this.#maintenanceHost(!options.inMemory))
  }

  /** What can be read again goes first where queries need room. */
  #accountForMemory(): void {
    const store = this
    this.memory.add({
      get sizeBytes() {
        return store.#cache.sizeBytes
      },
      release: (bytes) => store.#cache.release(bytes),
    })
    this.memory.add({
      get sizeBytes() {
        return store.#tables.indexes.sizeBytes
      },
      release: (bytes) => store.#tables.indexes.release(bytes),
    })
    this.memory.add({
      get sizeBytes() {
        return store.#tables.adjacencyBytes
      },
      release: (bytes) => store.#tables.releaseAdjacencies(bytes),
    })
    this.memory.add({
      get sizeBytes() {
        return store.#unflushedBytes * MEMTABLE_BYTES
      },
      release() {},
    })
  }

  #maintenanceHost(compress: boolean): MaintenanceHost {
    return {
      fileSystem: this.#fileSystem,
      folder: this.#folder,
      files: this.#files,
      tables: this.#tables.all,
      indexes: this.#tables.indexes,
      bringForward: (definition) => this.#tables.bringForward(definition),
      compress,
      limits: compactionLimits(this.memory.limitBytes),
      definition: (tableId) => this.#tables.retainedDefinition(tableId, this.#oldestNeeded()),
      times: () => this.#retention.times,
      oldestCommit: () => this.#oldestNeeded(),
      rotateLog: () => this.#rotateLog(),
      syncLog: async () => this.#log?.sync(),
      isFull: () => this.#unflushedBytes >= this.#flushBytes,
      pause: () => this.#timers.pause(),
    }
  }

  /** Gives the oldest commit that a reader may ask for: of an open snapshot, or within the retention. */
  #oldestNeeded(): number {
    let oldest = this.#retention.oldest(this.#lastCommit, this.#clock())
    for (const commit of this.#openSnapshots.keys()) oldest = Math.min(oldest, commit)
    return Math.max(oldest, 0)
  }

  #rotateLog(): { readonly log: number; readonly commit: number } {
    const commit = this.#appliedCommit
    this.#unflushedBytes = 0
    this.#wakeWaiting()
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

  readonly #listeners = new Set<() => void>()

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
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
    } else if (this.#fileSystem.list(this.#folder).length === 0) {
      throw new SheafError(
        'NOT_FOUND',
        `There is no store in this folder. Correct the path, or open it without readOnly to make one: ${this.#folder}`,
        { path: this.#folder },
      )
    }
    try {
      this.spill?.clear()
      this.#recover()
    } catch (error) {
      this.#files.close()
      this.#lock?.release()
      throw error
    }
  }

  #recover(): void {
    const manifest = readManifest(this.#fileSystem, this.#folder)
    if (manifest !== null) {
      this.#maintenance.resume(manifest)
      this.#appliedCommit = manifest.commit
      this.#lastCommit = manifest.commit
      this.#retention.resume(manifest.times ?? [])
      this.#tables.load(manifest.tables, manifest.commit)
    }
    const { log, end } = recover(this.#recoveryTarget(manifest?.log ?? 1))
    this.#log = log
    this.#logEnd = end
    this.#sequences.load()
    if (!this.readOnly) this.#files.collectGarbage()
  }

  #recoveryTarget(firstLog: number): RecoveryTarget {
    return {
      fileSystem: this.#fileSystem,
      folder: this.#folder,
      readOnly: this.readOnly,
      durability: this.#durability,
      commit: this.#lastCommit,
      firstLog,
      withoutManifest: this.#maintenance.manifest.number === 0,
      fieldTypes: (tableId, fieldId) => this.#tables.fieldType(tableId, fieldId),
      apply: (change, commit) => this.#tables.apply(change, commit),
      applied: (commit, timeMs) => {
        this.#appliedCommit = commit
        this.#lastCommit = commit
        this.#retention.note(commit, timeMs)
      },
    }
  }

  refresh(): void {
    this.#checkOpen()
    if (!this.readOnly || this.#inMemory) return
    const number = manifestNumber(this.#fileSystem, this.#folder)
    if (number === this.#maintenance.manifest.number && this.#logEnd !== null) {
      try {
        this.#logEnd = followLog(this.#recoveryTarget(this.#logEnd.number), this.#logEnd)
        return
      } catch (error) {
        if (!isReplaced(error)) throw error
      }
    }
    this.#replace(openWithRetries(this.#fileSystem, this.#options))
  }

  /** Goes on with what was opened anew; snapshots of the state before keep its files. */
  #replace(fresh: StoredTables): void {
    if (this.#openSnapshots.size > 0) this.#formerFiles.add(this.#files)
    else this.#files.close()
    this.#tables = fresh.#tables
    this.#files = fresh.#files
    this.#cache = fresh.#cache
    this.#sequences = fresh.#sequences
    this.#maintenance = fresh.#maintenance
    this.#openSnapshots = fresh.#openSnapshots
    this.#logEnd = fresh.#logEnd
    this.#lastCommit = fresh.#lastCommit
    this.#appliedCommit = fresh.#appliedCommit
  }

  #checkOpen(): void {
    if (this.#state === 'closed') throw new SheafError('CLOSED', 'The store is closed. Open it again.')
  }

  snapshot(commit: number = this.#lastCommit): Snapshot {
    this.#checkOpen()
    const { oldest } = this.#maintenance.manifest
    if (commit > this.#lastCommit || commit < oldest)
      throw new SheafError(
        'NOT_FOUND',
        `There is no such version. They go from ${oldest} to ${this.#lastCommit}: ${commit}`,
      )
    const opened = this.#openSnapshots
    const tables = this.#tables
    const files = this.#files
    opened.set(commit, (opened.get(commit) ?? 0) + 1)
    let open = true
    const catalog = tables.catalogAt(commit)
    return {
      commit,
      catalog,
      source: (name) => {
        if (!open) throw new SheafError('CLOSED', 'The snapshot is closed. Open another one.')
        const definition = catalog.table(name)
        if (definition === undefined)
          throw new SheafError('NOT_FOUND', `There is no table of this name: ${name}`)
        return tables.source(tables.view(definition, commit))
      },
      keyed: (name, fields) => {
        if (!open) throw new SheafError('CLOSED', 'The snapshot is closed. Open another one.')
        const definition = catalog.table(name)
        if (definition === undefined)
          throw new SheafError('NOT_FOUND', `There is no table of this name: ${name}`)
        const view = tables.view(definition, commit)
        return keyedReader(definition, fields, () => view)
      },
      close: () => {
        if (!open) return
        open = false
        const count = (opened.get(commit) as number) - 1
        if (count === 0) opened.delete(commit)
        else opened.set(commit, count)
        if (opened.size === 0 && this.#formerFiles.delete(files)) files.close()
      },
    }
  }

  /** Reads at the last commit: nothing that a reader does at once can be cut short by a later one. */
  keyed(name: string, fields: readonly string[]): KeyedReader | undefined {
    this.#checkOpen()
    const definition = this.#tables.catalogAt(this.#lastCommit).table(name)
    if (definition === undefined) return undefined
    return keyedReader(definition, fields, () => {
      this.#checkOpen()
      const parts = this.#tables.all.get(definition.id)?.parts ?? []
      return { parts, commit: this.#lastCommit, hidden: NOTHING_HIDDEN }
    })
  }

  get catalogVersion(): number {
    // While a change of the catalog waits to be durable, what is seen of it changes without a further one.
    return this.#appliedCommit === this.#lastCommit ? this.#tables.catalogChanges : -this.#lastCommit - 1
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
        openVersion: (version) => this.snapshot(version),
        view: (definition, commit) => this.#tables.view(definition, commit),
        source: (view) => this.#tables.source(view),
        catalog: readCatalog,
        nextTableId: () => this.#sequences.take(TABLE_IDS, 1) + FIRST_USER_TABLE_ID,
        takeRowIds: (tableId, count) => this.#tables.takeRowIds(tableId, count),
        writeSegment: (tableId, content) => this.#writeSegment(tableId, content),
        indexes: this.#tables.indexes,
        spillBytes: Math.min(LARGEST_SPILL_BYTES, this.memory.limitBytes / 8),
        discardSegments: (tableId, segments) => {
          for (const segment of segments) this.#files.discard(tableId, segment)
        },
        takeSequence: (tableId, name, count) => this.#sequences.take([tableId, name], count),
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

  /** Writes rows of a transaction into a segment; they are loaded in bulk, so they are kept small at once. */
  #writeSegment(tableId: number, content: SegmentContent): Segment {
    const level = this.#inMemory ? null : BULK_COMPRESSION_LEVEL
    return finish(this.#files.write(tableId, content, level))
  }

  async #commit(transaction: OpenTransaction): Promise<number> {
    await this.#room()
    this.#checkOpen()
    this.#checkWritable()
    const written = [...transaction.writes.values()].filter((writes) => !writes.isEmpty)
    if (written.length === 0 && transaction.sequences.size === 0) return transaction.snapshot.commit
    try {
      await this.#prepare(written)
      this.#checkOpen()
      this.#checkWritable()
      checkConflicts(this.#tables, transaction, written)
    } catch (error) {
      for (const { definition, segments } of written)
        for (const segment of segments) this.#files.discard(definition.id, segment)
      throw error
    }
    const commit = this.#appliedCommit + 1
    const changes = this.#changesOf(transaction, written, commit)
    const log = this.#log
    if (log === null) {
      this.#unflushedBytes += estimateBytes(changes)
      this.#retention.note(commit, this.#clock())
    }
    if (log !== null) this.#append(log, commit, changes)
    for (const change of changes) this.#tables.apply(change, commit)
    this.#appliedCommit = commit
    if (log !== null) await this.#settled(log, commit)
    this.#lastCommit = Math.max(this.#lastCommit, commit)
    for (const listener of this.#listeners) listener()
    this.#wake()
    this.#planMaintenance()
    if (this.#durability !== 'commit' || log === null) await this.#breathe()
    return commit
  }

  /** Waits while memtables are full and their flush is under way: commits come no faster than the disk takes them. */
  async #room(): Promise<void> {
    if (!this.#maintaining || this.#unflushedBytes <= this.#flushBytes) return
    const release = this.#timers.keepAlive?.()
    try {
      while (this.#maintaining && this.#unflushedBytes > this.#flushBytes)
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } finally {
      release?.()
    }
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Lets timers and I/O run now and then: commits that wait for no disk would keep them waiting for ever. */
  async #breathe(): Promise<void> {
    this.#commitsSinceBreath += 1
    if (this.#commitsSinceBreath < COMMITS_PER_BREATH) return
    this.#commitsSinceBreath = 0
    await this.#timers.pause()
  }

  /** Gives what a commit does, the catalog's tables first. */
  #changesOf(
    transaction: OpenTransaction,
    written: readonly TableWrites[],
    commit: number,
  ): readonly TableChange[] {
    const sequences = [...transaction.sequences.values()]
    if (transaction.writes.has(TABLES_TABLE.id)) sequences.push(TABLE_IDS)
    const kept = this.#sequences.change(sequences)
    return written
      .map((writes) => changeOf(writes, commit))
      .concat(kept ?? [])
      .sort((left, right) => left.tableId - right.tableId)
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
    this.#maintaining = true
    this.#timers.later(() => void this.#maintain(), 0)
  }

  async #maintain(): Promise<void> {
    try {
      if (this.#state === 'closed') return
      await this.#flush()
      if (this.#state === 'open') await this.#maintenance.compact({ full: false })
    } catch (error) {
      // Commits go on: the log holds everything. The next attempt, or compact(), reports what still fails.
      if (!isSheafError(error)) throw error
    } finally {
      this.#maintaining = false
      this.#wakeWaiting()
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
      const timeMs = this.#clock()
      const payload = encodeCommit(timeMs, changes)
      this.#retention.note(commit, timeMs)
      log.append(commit, payload)
      this.#unflushedBytes += payload.length
      this.#committedBytes += payload.length + directBytes(changes)
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

  *changes(since: number, wanted: (definition: TableDefinition) => boolean): Generator<TableChanges, void> {
    // What the snapshot sees is kept as long as it is open, and with it all that came since.
    const snapshot = this.snapshot(since)
    try {
      yield* readChanges(this.#tables, { since, upTo: this.#lastCommit }, wanted)
    } finally {
      snapshot.close()
    }
  }

  changed(after: number): Promise<void> {
    if (this.#lastCommit > after || this.#state === 'closed') return Promise.resolve()
    return new Promise((resolve) => {
      this.#watching.push(resolve)
      if (this.readOnly) this.#timers.later(() => this.#lookForChanges(), FOLLOW_MS)
    })
  }

  /** A reader is not told of what another process writes. */
  #lookForChanges(): void {
    if (this.#state !== 'closed') this.refresh()
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#watching.splice(0)) resolve()
  }

  async backup(path: string): Promise<void> {
    this.#checkOpen()
    if (this.readOnly)
      throw new SheafError('READ_ONLY', 'Only the process that writes to a store can back it up.')
    if (this.#failure === undefined) await this.#flush()
    const target = this.#inMemory ? realFileSystem() : this.#fileSystem
    await this.#maintenance.exclusively(() => writeBackup(this.#backupSource(), target, path))
  }

  /** Gives what is live at this instant: commits come between its steps, but are not in it. */
  #backupSource(): BackupSource {
    const { manifest } = this.#maintenance
    const logs = listLogs(this.#fileSystem, this.#folder)
      .filter((number) => number >= manifest.log)
      .map((number) => ({ number, sizeBytes: this.#logSize(number) }))
    return {
      fileSystem: this.#fileSystem,
      folder: this.#folder,
      manifest,
      files: liveFiles(manifest, this.#tables.all),
      logs: this.#log === null ? [] : logs,
      pause: () => this.#timers.pause(),
    }
  }

  #logSize(number: number): number {
    if (this.#log?.number === number) return this.#log.sizeBytes
    const handle = this.#fileSystem.open(logPath(this.#folder, number), 'read')
    handle.close()
    return handle.sizeBytes
  }

  async verify(): Promise<{ readonly ok: boolean; readonly problems: readonly string[] }> {
    this.#checkOpen()
    const problems = this.#inMemory ? [] : verifyFiles(this.#fileSystem, this.#folder)
    problems.push(...(await verifySegments(this.#tables, () => this.#timers.pause())))
    return { ok: problems.length === 0, problems }
  }

  report(): readonly TableReport[] {
    this.#checkOpen()
    return reportTables(this.#tables, this.#lastCommit)
  }

  reportStorage(): StorageReport {
    this.#checkOpen()
    return reportStorage(this.#tables, {
      written: this.#written,
      committedBytes: this.#committedBytes,
      logBytes: this.#log?.sizeBytes ?? 0,
    })
  }

  #closing: Promise<void> | null = null

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#state = 'closed'
    for (const listener of this.#listeners) listener()
    try {
      await this.#maintenance.close(() => this.#flushBeforeClose())
      await this.#closeFormerLogs()
      await this.#log?.close()
      this.#noteClosed()
    } finally {
      for (const files of [this.#files, ...this.#formerFiles]) files.close()
      try {
        this.spill?.clear()
      } finally {
        this.#lock?.release()
        this.#wake()
      }
    }
  }

  /** What was acknowledged is on the disk; the note only tells of an end of the log that is lost later. */
  #noteClosed(): void {
    if (this.#log === null || this.#failure !== undefined) return
    try {
      noteClosed(this.#fileSystem, this.#folder, this.#lastCommit)
    } catch (error) {
      if (!isSheafError(error, 'IO', 'NO_SPACE')) throw error
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

const NOTHING_HIDDEN: TableView['hidden'] = new Map()

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
