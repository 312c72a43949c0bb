/**
 * Flush and compaction: memtables become segments, segments are merged. Both work beside commits, one at a time:
 *
 * 1. at one instant, memtables are frozen and a new log file begins (flush only);
 * 2. step by step, new segments are written and synced, then the files of deleted positions;
 * 3. the manifest that names them is written: from then on they count;
 * 4. at one instant, the new parts take the places of the old in memory, with what was deleted meanwhile;
 * 5. files that nothing refers to any more are removed.
 *
 * A crash before 3 leaves the old manifest, the log and the old segments as they were, one after it the new ones.
 */
import type { TableDefinition } from '../catalog/definition.ts'
import { type CompactionLimits, decideCompaction, type SegmentFacts } from '../storage/compaction.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { listLogs, logPath } from '../storage/log.ts'
import { type Manifest, removeOldManifests, writeManifest } from '../storage/manifest.ts'
import { Memtable } from '../storage/memtable.ts'
import { type Merged, mergeParts } from '../storage/merge.ts'
import type { Part } from '../storage/part.ts'
import { Segment } from '../storage/segment.ts'
import { COLD_COMPRESSION_LEVEL, type SegmentFiles } from '../storage/segment-files.ts'
import { SheafError } from '../types/errors.ts'
import { bindIndex } from './index-entries.ts'
import type { PartIndexes } from './part-indexes.ts'
import type { TableData } from './table-data.ts'
import { mergeTable } from './table-view.ts'

/** Is what maintenance needs of the store. */
export type MaintenanceHost = {
  readonly fileSystem: FileSystem
  readonly folder: string
  readonly files: SegmentFiles
  readonly tables: ReadonlyMap<number, TableData>
  readonly indexes: PartIndexes
  /** Takes what was committed into the adjacencies of a table, before rows that are deleted are dropped. */
  bringForward(definition: TableDefinition): void
  /** Bounds what is merged at once. */
  readonly limits: CompactionLimits
  /** Tells whether segments are compressed when they grow cold. */
  readonly compress: boolean
  definition(tableId: number): TableDefinition | undefined
  /** Gives the oldest commit that a reader may still ask for. */
  oldestCommit(): number
  /** Gives when commits within the retention were made. */
  times(): NonNullable<Manifest['times']>
  /** Begins a new log file: later commits go there. Gives its number and the last commit before it. */
  rotateLog(): { readonly log: number; readonly commit: number }
  /** Resolves when all commits so far are on the disk. */
  syncLog(): Promise<void>
  /** Tells whether memtables are so large that they are to be flushed before anything else. */
  isFull(): boolean
  /** Lets other work run. */
  pause(): Promise<void>
}

/** Is parts that become one segment. */
type Rewrite = {
  readonly table: TableData
  readonly parts: readonly Part[]
  readonly merged: Merged | null
  readonly segment: Segment | null
  /** Rows that were deleted up to this commit are not in the segment. */
  readonly keepFrom: number
}

/** Past this size together, merged segments are cold: they are read seldom and kept small. */
const COLD_BYTES = 4 << 20

/** Flushes and compacts, one thing at a time. */
export class Maintenance {
  readonly #host: MaintenanceHost
  #manifest: Manifest = { number: 0, commit: 0, log: 1, oldest: 0, tables: [] }
  #running: Promise<void> = Promise.resolve()
  #state: 'open' | 'closing' | 'closed' = 'open'

  constructor(host: MaintenanceHost) {
    this.#host = host
  }

  /** Goes on from the manifest of a store that was opened. */
  resume(manifest: Manifest): void {
    this.#manifest = manifest
  }

  get manifest(): Manifest {
    return this.#manifest
  }

  /** Writes all memtables into segments. */
  flush(): Promise<void> {
    return this.#next(() => this.#flush())
  }

  /** Runs something while no file is merged, replaced or removed. */
  exclusively(run: () => Promise<void>): Promise<void> {
    return this.#next(run)
  }

  /** Merges segments where that pays, or with `full` as far as it can be done. */
  compact(options: { readonly full: boolean; readonly signal?: AbortSignal }): Promise<void> {
    return this.#next(() => this.#compact(options))
  }

  /**
   * Lets what runs come to an end, does what comes last, and begins nothing more: of a store that is closed, no file may
   * be touched.
   */
  async close(last: () => Promise<void>): Promise<void> {
    this.#state = 'closing'
    try {
      await last()
    } finally {
      this.#state = 'closed'
      await this.#running
    }
  }

  #next(run: () => Promise<void>): Promise<void> {
    const next = this.#running.then(() => {
      if (this.#state === 'closed') throw closed()
      return run()
    })
    this.#running = next.catch(() => {}) // Whoever asked for it sees the error; the next one starts all the same.
    return next
  }

  async #flush(): Promise<void> {
    const { tables } = this.#host
    for (const table of tables.values()) if (table.active.rowCount > 0) table.freeze()
    const { log, commit } = this.#host.rotateLog()
    await this.#host.syncLog()
    const rewrites: Rewrite[] = []
    try {
      for (const table of tables.values()) {
        const frozen = table.parts.filter((part) => part instanceof Memtable && part !== table.active)
        if (frozen.length > 0) rewrites.push(await this.#rewrite(table, frozen, commit, null))
      }
      await this.#writeDeletions(rewrites, commit)
    } catch (error) {
      this.#discard(rewrites)
      throw error
    }
    // From here on the new manifest may be on the disk even where an error says that it is not: files stay.
    await this.#install({ log, commit }, rewrites)
    this.#removeLogs()
  }

  async #rewrite(
    table: TableData,
    parts: readonly Part[],
    commit: number,
    compressionLevel: number | null,
  ): Promise<Rewrite> {
    const definition = this.#host.definition(table.id)
    if (definition === undefined) return { table, parts, merged: null, segment: null, keepFrom: commit }
    const keepFrom = Math.min(this.#host.oldestCommit(), commit)
    this.#host.bringForward(definition)
    const merged = await this.#steps(mergeParts(mergeTable(definition), parts, { keepFrom, upTo: commit }))
    if (merged === null) return { table, parts, merged, segment: null, keepFrom }
    const writing = this.#host.files.write(table.id, merged.content, compressionLevel)
    const segment = await this.#steps(writing)
    if (merged.content.created === null) segment.setCreated(merged.createdAt)
    await this.#host.files.sync(table.id, [segment])
    for (const index of definition.indexes)
      await this.#steps(this.#host.indexes.prepare(bindIndex(definition, index), segment))
    const rewrite = { table, parts, merged, segment, keepFrom }
    carryDeletions(rewrite)
    return rewrite
  }

  async #steps<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      await this.#host.pause()
    }
  }

  /** Writes what was deleted up to a commit in segments that stay and in new ones. */
  async #writeDeletions(rewrites: readonly Rewrite[], commit: number): Promise<void> {
    for (const table of this.#host.tables.values()) {
      const added = rewrites.flatMap((each) => (each.table === table ? (each.segment ?? []) : []))
      const replaced = new Set(rewrites.flatMap((each) => (each.table === table ? each.parts : [])))
      for (const part of [...table.parts, ...added]) {
        if (!(part instanceof Segment) || replaced.has(part) || part.createdLast > commit) continue
        if (part.deletions.countUpTo(commit) === part.deletionsWritten) continue
        await this.#host.files.writeDeletions(table.id, part, commit)
      }
    }
  }

  async #install(
    at: { readonly log: number; readonly commit: number },
    rewrites: readonly Rewrite[],
  ): Promise<void> {
    const manifest: Manifest = {
      number: this.#manifest.number + 1,
      commit: at.commit,
      log: at.log,
      oldest: Math.max(this.#manifest.oldest, Math.min(this.#host.oldestCommit(), at.commit)),
      tables: [...this.#host.tables.values()].flatMap((table) =>
        this.#manifestTable(table, at.commit, rewrites),
      ),
      times: this.#host.times(),
    }
    await writeManifest(this.#host.fileSystem, this.#host.folder, manifest)
    this.#manifest = manifest
    for (const rewrite of rewrites) {
      carryDeletions(rewrite)
      rewrite.table.adjacencies.loseBefore(rewrite.table.changeUpTo(rewrite.keepFrom))
      rewrite.table.replaceParts(rewrite.parts, rewrite.segment === null ? [] : [rewrite.segment])
    }
    for (const { table, parts } of rewrites)
      for (const part of parts) if (part instanceof Segment) this.#host.files.discard(table.id, part)
    for (const table of this.#host.tables.values()) table.forgetChanges(this.#host.oldestCommit())
    this.#discardDropped()
    removeOldManifests(this.#host.fileSystem, this.#host.folder, manifest.number)
    this.#host.files.collectGarbage()
  }

  /** Removes the files of tables that are no more; a snapshot that has them open keeps them. */
  #discardDropped(): void {
    for (const table of this.#host.tables.values()) {
      if (this.#host.definition(table.id) !== undefined) continue
      for (const part of table.parts) if (part instanceof Segment) this.#host.files.discard(table.id, part)
    }
  }

  #manifestTable(table: TableData, commit: number, rewrites: readonly Rewrite[]): Manifest['tables'] {
    if (this.#host.definition(table.id) === undefined) return []
    const mine = rewrites.filter((each) => each.table === table)
    const replaced = new Set(mine.flatMap((each) => each.parts))
    const segments = [
      ...table.parts.filter((part) => !replaced.has(part)),
      ...mine.map((each) => each.segment),
    ]
    const entries = segments.flatMap((part) =>
      part instanceof Segment && part.createdLast <= commit ? [part.currentEntry()] : [],
    )
    return [{ id: table.id, nextRowId: table.nextRowId, segments: entries }]
  }

  #discard(rewrites: readonly Rewrite[]): void {
    for (const { table, segment } of rewrites)
      if (segment !== null) this.#host.files.discard(table.id, segment)
  }

  #removeLogs(): void {
    const { fileSystem, folder } = this.#host
    for (const number of listLogs(fileSystem, folder))
      if (number < this.#manifest.log) fileSystem.remove(logPath(folder, number))
  }

  async #compact(options: { readonly full: boolean; readonly signal?: AbortSignal }): Promise<void> {
    for (const table of [...this.#host.tables.values()]) {
      for (const ids of decideCompaction(this.#facts(table), {
        full: options.full,
        limits: this.#host.limits,
      })) {
        if (options.signal?.aborted === true)
          throw new SheafError('ABORTED', 'The compaction was stopped. What it had finished stays.')
        if (this.#state !== 'open') throw closed()
        if (this.#host.isFull()) await this.#flush()
        await this.#mergeSegments(table, ids, options.full)
        await this.#host.pause()
      }
    }
  }

  /** Lists the segments of the manifest: others are still named by the log, and merging them would read them twice. */
  #compactable(table: TableData): readonly Segment[] {
    const known = new Set(
      this.#manifest.tables.find((each) => each.id === table.id)?.segments.map((entry) => entry.id) ?? [],
    )
    return table.parts.filter((part): part is Segment => part instanceof Segment && known.has(part.entry.id))
  }

  #facts(table: TableData): readonly SegmentFacts[] {
    const oldest = Math.min(this.#host.oldestCommit(), this.#manifest.commit)
    return this.#compactable(table).map((segment) => ({
      id: segment.entry.id,
      rowCount: segment.rowCount,
      sizeBytes: segment.rawBytes,
      deadCount: segment.deletions.countUpTo(oldest),
      compressed: segment.entry.compressed || !this.#host.compress,
    }))
  }

  async #mergeSegments(table: TableData, ids: readonly number[], full: boolean): Promise<void> {
    const { log, commit } = this.#manifest
    const parts = this.#compactable(table).filter((segment) => ids.includes(segment.entry.id))
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
    const cold =
      this.#host.compress && (full || sizeBytes >= COLD_BYTES || parts.some((part) => part.entry.compressed))
    const rewrites: Rewrite[] = []
    try {
      rewrites.push(await this.#rewrite(table, parts, commit, cold ? COLD_COMPRESSION_LEVEL : null))
      await this.#writeDeletions(rewrites, commit)
    } catch (error) {
      this.#discard(rewrites)
      throw error
    }
    // From here on the new manifest may be on the disk even where an error says that it is not: files stay.
    await this.#install({ log, commit }, rewrites)
  }
}

function closed(): SheafError {
  return new SheafError('CLOSED', 'The store is closed. Open it again.')
}

/** Marks, in the new segment of a rewrite, what is deleted in the parts that it replaces. */
function carryDeletions({ parts, merged, segment }: Rewrite): void {
  if (merged === null || segment === null) return
  parts.forEach((part, at) => {
    const positions = merged.positions[at] as Int32Array
    for (let position = 0; position < positions.length; position += 1) {
      const deleted = part.deletedAt(position)
      const target = positions[position] as number
      if (target >= 0 && deleted !== Number.POSITIVE_INFINITY) segment.markDeleted(target, deleted)
    }
  })
}
