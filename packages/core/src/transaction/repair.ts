/**
 * Repair: saves what can be read of a damaged store, and says what could not. Damaged files are moved to `damaged/`
 * in the store's folder before anything takes their place, so nothing is lost that was not lost before.
 *
 * - Of a damaged segment, the chunks of 65,536 rows that are sound are written into a new one.
 * - Where a file of deleted positions is damaged, its rows are there again.
 * - A damaged log is cut off before the first commit that cannot be read.
 * - A damaged or missing manifest is replaced by its copy. Where the copy is damaged too, nothing else says which files
 *   are live, and the store cannot be repaired.
 */

import { typeFromJson } from '../catalog/type-json.ts'
import { decodeCommit } from '../storage/commit-record.ts'
import { DeletionVector } from '../storage/deletion-vector.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { closedCommit, forgetClosed, listLogs, logPath, readLog } from '../storage/log.ts'
import {
  type Manifest,
  manifestNumber,
  readManifest,
  readManifestCopy,
  removeOldManifests,
  writeManifest,
} from '../storage/manifest.ts'
import { type MergeTable, mergeParts } from '../storage/merge.ts'
import { CHUNK_ROWS } from '../storage/part.ts'
import { realFileSystem } from '../storage/real-file-system.ts'
import { Segment } from '../storage/segment.ts'
import { SegmentCache } from '../storage/segment-cache.ts'
import { COLD_COMPRESSION_LEVEL, SegmentFiles } from '../storage/segment-files.ts'
import type { SegmentField } from '../storage/segment-index.ts'
import { deletionsPath, type SegmentEntry, segmentPath } from '../storage/segment-writer.ts'
import { makeField, types } from '../types/data-type.ts'
import { isSheafError, SheafError } from '../types/errors.ts'
import { openTableStore, type TableStoreOptions } from './table-store.ts'
import { finish } from './table-view.ts'

/** Tells what repair found and did. */
export type RepairReport = {
  /** False where something was damaged. */
  readonly ok: boolean
  /** What was damaged, and what became of it. */
  readonly problems: readonly string[]
  /** Rows that could not be saved. */
  readonly lostRowCount: number
}

const CACHE_BYTES = 64 << 20

/**
 * Repairs a store that is not open.
 *
 * @throws `LOCKED`, and `CORRUPT` where the manifest and its copy are damaged: restore the store from a backup then
 */
export async function repairStore(
  path: string,
  options: Pick<TableStoreOptions, 'fileSystem'> = {},
): Promise<RepairReport> {
  const fileSystem = options.fileSystem ?? realFileSystem()
  const lock = fileSystem.lock(`${path}/LOCK`)
  const repair = new Repair(fileSystem, path)
  try {
    const manifest = await repair.manifest()
    if (manifest !== null) await repair.segments(manifest)
    repair.logs(manifest)
    repair.closing(manifest)
  } finally {
    repair.close()
    lock.release()
  }
  await checkRepaired({ ...options, path })
  return repair.report()
}

/** Opens what was repaired and reads it once. */
async function checkRepaired(options: TableStoreOptions): Promise<void> {
  const store = await openTableStore(options)
  try {
    const { problems } = await store.verify()
    if (problems.length > 0)
      throw new SheafError(
        'CORRUPT',
        `The store cannot be repaired. Restore it from a backup: ${problems[0]}`,
      )
  } finally {
    await store.close()
  }
}

class Repair {
  readonly #fileSystem: FileSystem
  readonly #folder: string
  readonly #files: SegmentFiles
  readonly #problems: string[] = []
  #lostRowCount = 0

  constructor(fileSystem: FileSystem, folder: string) {
    this.#fileSystem = fileSystem
    this.#folder = folder
    this.#files = new SegmentFiles(fileSystem, folder, new SegmentCache(CACHE_BYTES))
  }

  report(): RepairReport {
    return { ok: this.#problems.length === 0, problems: this.#problems, lostRowCount: this.#lostRowCount }
  }

  close(): void {
    this.#files.close()
  }

  /** Reads the manifest, or puts its copy in its place. @throws `CORRUPT` where both are damaged */
  async manifest(): Promise<Manifest | null> {
    let damage = 'The manifest was missing.'
    try {
      const manifest = readManifest(this.#fileSystem, this.#folder)
      const [firstLog = 1] = listLogs(this.#fileSystem, this.#folder)
      if (manifest !== null || firstLog === 1) return manifest
    } catch (error) {
      if (!isSheafError(error, 'CORRUPT')) throw error
      damage = error.message
    }
    const copy = readManifestCopy(this.#fileSystem, this.#folder)
    if (copy === null)
      throw new SheafError(
        'CORRUPT',
        `The manifest and its copy are damaged, and nothing else says which files are live. Restore the store from a backup: ${this.#folder}`,
        { path: this.#folder },
      )
    this.#problems.push(`Its copy took the place of the manifest, and nothing is lost by it: ${damage}`)
    const manifest = {
      ...copy,
      number: Math.max(copy.number, manifestNumber(this.#fileSystem, this.#folder)) + 1,
    }
    for (const name of this.#fileSystem.list(this.#folder))
      if (/^MANIFEST-\d+$/.test(name)) this.#setAside(`${this.#folder}/${name}`)
    await writeManifest(this.#fileSystem, this.#folder, manifest)
    removeOldManifests(this.#fileSystem, this.#folder, manifest.number)
    return manifest
  }

  /** Replaces the damaged segments of a manifest. */
  async segments(manifest: Manifest): Promise<void> {
    const damaged: string[] = []
    this.#files.reserveIds()
    const tables: Manifest['tables'][number][] = []
    for (const table of manifest.tables) {
      const segments: SegmentEntry[] = []
      for (const entry of table.segments) {
        const before = this.#problems.length
        segments.push(...(await this.#segment(table.id, entry)))
        if (this.#problems.length > before) damaged.push(...this.#pathsOf(table.id, entry))
      }
      tables.push({ ...table, segments })
    }
    if (damaged.length === 0) return
    const number = manifest.number + 1
    await writeManifest(this.#fileSystem, this.#folder, { ...manifest, number, tables })
    for (const path of damaged) this.#setAside(path)
    removeOldManifests(this.#fileSystem, this.#folder, number)
  }

  #pathsOf(tableId: number, entry: SegmentEntry): readonly string[] {
    const path = segmentPath(this.#folder, tableId, entry.id)
    return entry.deletions === 0
      ? [path]
      : [path, deletionsPath(this.#folder, tableId, entry.id, entry.deletions)]
  }

  /** Moves a file out of the way. */
  #setAside(path: string): void {
    if (!this.#fileSystem.exists(path)) return
    this.#fileSystem.makeFolder(`${this.#folder}/damaged`)
    const name = path.slice(this.#folder.length + 1).replaceAll('/', '-')
    this.#fileSystem.rename(path, `${this.#folder}/damaged/${name}`)
  }

  /** Gives the entries that take a segment's place: itself where it is sound. */
  async #segment(tableId: number, entry: SegmentEntry): Promise<readonly SegmentEntry[]> {
    const path = segmentPath(this.#folder, tableId, entry.id)
    try {
      const deletions = this.#deletions(tableId, entry)
      const handle = this.#fileSystem.open(path, 'read')
      const open = (deleted: DeletionVector): Segment =>
        new Segment(entry, { path, handle, cache: new SegmentCache(CACHE_BYTES), deletions: deleted })
      try {
        const segment = open(deletions ?? new DeletionVector())
        const problems = segment.verify()
        if (problems.length === 0 && deletions !== null) return [entry]
        this.#problems.push(...problems)
        return await this.#salvage(tableId, open(this.#withoutDamaged(segment)))
      } finally {
        handle.close()
      }
    } catch (error) {
      if (!isSheafError(error, 'CORRUPT', 'IO')) throw error
      this.#problems.push(`All ${entry.rowCount} rows of a segment are lost: ${error.message}`)
      this.#lostRowCount += entry.rowCount
      return []
    }
  }

  /** Reads the deleted positions of a segment; `null` where they are damaged. */
  #deletions(tableId: number, entry: SegmentEntry): DeletionVector | null {
    try {
      return this.#files.readDeletions(tableId, entry)
    } catch (error) {
      if (!isSheafError(error, 'CORRUPT', 'IO')) throw error
      this.#problems.push(`Rows that were deleted are there again: ${error.message}`)
      return null
    }
  }

  /** Gives the deletions of a segment and, as if deleted before all commits, the rows of its damaged chunks. */
  #withoutDamaged(segment: Segment): DeletionVector {
    const deletions = new DeletionVector()
    for (const chunk of segment.damagedChunks()) {
      const end = Math.min((chunk + 1) * CHUNK_ROWS, segment.rowCount)
      for (let position = chunk * CHUNK_ROWS; position < end; position += 1) deletions.add(position, 0)
    }
    if (deletions.count > 0)
      this.#problems.push(`${deletions.count} of the ${segment.rowCount} rows are lost of ${segment.path}`)
    this.#lostRowCount += deletions.count
    segment.deletions.forEach((position, commit) => {
      deletions.add(position, commit)
    })
    return deletions
  }

  /** Writes the sound rows of a segment into a new one. */
  async #salvage(tableId: number, segment: Segment): Promise<readonly SegmentEntry[]> {
    const range = { keepFrom: 0, upTo: Number.MAX_SAFE_INTEGER }
    const merged = finish(mergeParts(tableOf(segment), [segment], range))
    if (merged === null) return []
    const written = finish(this.#files.write(tableId, merged.content, COLD_COMPRESSION_LEVEL))
    if (merged.content.created === null) written.setCreated(merged.createdAt)
    const positions = merged.positions[0] as Int32Array
    segment.deletions.forEach((position, commit) => {
      const target = positions[position] as number
      if (target >= 0) written.markDeleted(target, commit)
    })
    if (written.deletions.count > 0) await this.#files.writeDeletions(tableId, written, range.upTo)
    await this.#files.sync(tableId, [written])
    return [written.currentEntry()]
  }

  /** Cuts the log off where it cannot be read. */
  logs(manifest: Manifest | null): void {
    let cut = false
    for (const number of listLogs(this.#fileSystem, this.#folder)) {
      const path = logPath(this.#folder, number)
      if (number < (manifest?.log ?? 1)) continue
      if (cut) {
        this.#problems.push(`Commits after the damage are lost: ${path}`)
        this.#setAside(path)
        continue
      }
      try {
        for (const { payload } of readLog(this.#fileSystem, path).commits)
          for (const _ of decodeCommit(payload, () => undefined));
      } catch (error) {
        if (!isSheafError(error, 'CORRUPT')) throw error
        cut = true
        this.#problems.push(`Commits from the damage on are lost: ${error.message}`)
        this.#cutLog(path, error.offset ?? 0)
      }
    }
  }

  /** Tells of commits that a store had when it was closed in order, and that the log does not hold any more. */
  closing(manifest: Manifest | null): void {
    const closed = closedCommit(this.#fileSystem, this.#folder)
    let last = manifest?.commit ?? 0
    for (const number of listLogs(this.#fileSystem, this.#folder))
      if (number >= (manifest?.log ?? 1))
        last = Math.max(last, readLog(this.#fileSystem, logPath(this.#folder, number)).last)
    if (closed <= last) return
    this.#problems.push(`The end of the log is gone: commits after ${last} are lost, up to ${closed}`)
    forgetClosed(this.#fileSystem, this.#folder)
  }

  #cutLog(path: string, offset: number): void {
    const handle = this.#fileSystem.open(path, 'update')
    const whole = handle.read(0, handle.sizeBytes)
    handle.close()
    this.#setAside(path)
    const kept = this.#fileSystem.open(path, 'create')
    kept.write(0, whole.subarray(0, offset))
    kept.syncNow()
    kept.close()
    this.#fileSystem.syncFolder(`${this.#folder}/log`)
  }
}

/** Describes a table by what one of its segments says of itself. */
function tableOf(segment: Segment): MergeTable {
  const { fields, sortedBy } = segment.index.header
  return {
    fields: fields
      .filter((field) => field.fieldId >= 0)
      .map((field) => ({
        field: makeField(field.name, typeOf(field)),
        part: { fieldId: field.fieldId, type: typeOf(field) },
      })),
    key: sortedBy,
  }
}

function typeOf({ node }: SegmentField): ReturnType<typeof typeFromJson> {
  return node.encoding === 'variant' ? types.variant : typeFromJson(node.type)
}
