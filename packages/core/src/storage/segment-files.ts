import { DeletionVector, decodeDeletions, encodeDeletions } from './deletion-vector.ts'
import { type FileHandle, type FileSystem, readFile } from './file-system.ts'
import { Segment } from './segment.ts'
import type { SegmentCache } from './segment-cache.ts'
import {
  deletionsPath,
  type SegmentContent,
  type SegmentEntry,
  segmentPath,
  writeSegment,
} from './segment-writer.ts'

/** Is how hard cold segments are compressed: past this level Zstandard gains little and takes much longer. */
export const COLD_COMPRESSION_LEVEL = 3

/** Writes, opens and removes the files of segments. */
export class SegmentFiles {
  readonly #fileSystem: FileSystem
  readonly #folder: string
  readonly #cache: SegmentCache
  /** Segments that are open, by table and id. */
  readonly #open = new Map<string, Segment>()
  readonly #unsynced = new Map<Segment, FileHandle>()
  readonly #retired: Segment[] = []
  #nextId = 1

  constructor(fileSystem: FileSystem, folder: string, cache: SegmentCache) {
    this.#fileSystem = fileSystem
    this.#folder = folder
    this.#cache = cache
  }

  /** Writes a segment; it is not on the disk before `sync`. */
  *write(
    tableId: number,
    content: SegmentContent,
    compressionLevel: number | null,
  ): Generator<void, Segment> {
    const id = this.#nextId
    this.#nextId += 1
    this.#fileSystem.makeFolder(`${this.#folder}/segments/${tableId}`)
    const path = segmentPath(this.#folder, tableId, id)
    let written: { readonly entry: SegmentEntry; readonly handle: FileHandle }
    try {
      written = yield* writeSegment(this.#fileSystem, path, content, { id, compressionLevel })
    } catch (error) {
      this.#tryRemove(path)
      throw error
    }
    const segment = new Segment(written.entry, { path, handle: written.handle, cache: this.#cache })
    this.#open.set(`${tableId}:${id}`, segment)
    this.#unsynced.set(segment, written.handle)
    return segment
  }

  /** What is left behind here is removed when the store is opened next. */
  #tryRemove(path: string): void {
    try {
      this.#fileSystem.remove(path)
    } catch {
      // The error that led here is the one to report.
    }
  }

  /** Makes segments and their names durable. */
  async sync(tableId: number, segments: readonly Segment[]): Promise<void> {
    const handles = segments.flatMap((segment) => this.#unsynced.get(segment) ?? [])
    if (handles.length === 0) return
    for (const handle of handles) await handle.sync()
    for (const segment of segments) this.#unsynced.delete(segment)
    this.#syncFolders(tableId)
  }

  #syncFolders(tableId: number): void {
    this.#fileSystem.syncFolder(`${this.#folder}/segments/${tableId}`)
    this.#fileSystem.syncFolder(`${this.#folder}/segments`)
    this.#fileSystem.syncFolder(this.#folder)
  }

  /** Opens a segment, or gives the one that is open. @throws `CORRUPT`, `IO` */
  open(tableId: number, entry: SegmentEntry): Segment {
    const key = `${tableId}:${entry.id}`
    const known = this.#open.get(key)
    if (known !== undefined) return known
    const path = segmentPath(this.#folder, tableId, entry.id)
    const segment = new Segment(entry, {
      path,
      handle: this.#fileSystem.open(path, 'read'),
      cache: this.#cache,
      deletions: this.readDeletions(tableId, entry),
    })
    this.#open.set(key, segment)
    this.#nextId = Math.max(this.#nextId, entry.id + 1)
    return segment
  }

  /** Reads the deleted positions that an entry names. @throws `CORRUPT`, `IO` */
  readDeletions(tableId: number, entry: SegmentEntry): DeletionVector {
    if (entry.deletions === 0) return new DeletionVector()
    const path = deletionsPath(this.#folder, tableId, entry.id, entry.deletions)
    return decodeDeletions(readFile(this.#fileSystem, path), path)
  }

  /** Writes the deletions of a segment up to a commit under a new name, and syncs them. */
  async writeDeletions(tableId: number, segment: Segment, upToCommit: number): Promise<void> {
    const version = segment.deletionsVersion + 1
    const path = deletionsPath(this.#folder, tableId, segment.entry.id, version)
    const handle = this.#fileSystem.open(path, 'create')
    try {
      handle.write(0, encodeDeletions(segment.deletions, upToCommit))
      await handle.sync()
    } finally {
      handle.close()
    }
    this.#syncFolders(tableId)
    segment.deletionsVersion = version
    segment.deletionsWritten = segment.deletions.countUpTo(upToCommit)
  }

  /** Forgets a segment and removes its file; readers that have it keep it. */
  discard(tableId: number, segment: Segment): void {
    this.#open.delete(`${tableId}:${segment.entry.id}`)
    this.#unsynced.delete(segment)
    // A map outlives its file; without one, readers that have the segment still need the open file.
    if (segment.isMapped) segment.close()
    else this.#retired.push(segment)
    this.#tryRemove(segment.path)
  }

  /** Numbers new segments after all that there are files of. */
  reserveIds(): void {
    const root = `${this.#folder}/segments`
    for (const table of this.#fileSystem.list(root))
      for (const file of this.#fileSystem.list(`${root}/${table}`))
        this.#nextId = Math.max(this.#nextId, Number.parseInt(file, 10) + 1)
  }

  /** Removes files of no segment that is open: left by a crash, or replaced. */
  collectGarbage(): void {
    this.reserveIds()
    const root = `${this.#folder}/segments`
    const live = new Set<string>()
    for (const [key, segment] of this.#open) {
      const tableId = Number(key.split(':')[0])
      live.add(segment.path)
      if (segment.deletionsVersion > 0)
        live.add(deletionsPath(this.#folder, tableId, segment.entry.id, segment.deletionsVersion))
    }
    for (const table of this.#fileSystem.list(root)) {
      for (const file of this.#fileSystem.list(`${root}/${table}`)) {
        if (!live.has(`${root}/${table}/${file}`)) this.#tryRemove(`${root}/${table}/${file}`)
      }
    }
  }

  close(): void {
    for (const segment of [...this.#open.values(), ...this.#retired]) segment.close()
    this.#open.clear()
    this.#retired.length = 0
  }
}
