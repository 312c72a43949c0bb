/**
 * Backup: copies the files that are live, while commits go on. It runs where no merge does, so that no file that the
 * manifest names is removed meanwhile, and copies in this order:
 *
 * 1. segments and files of deleted positions, those of the manifest and those that the log names;
 * 2. the manifest, under its own number;
 * 3. the log files from the manifest's on, each up to a record's end that was there when the backup began.
 *
 * A backup that is broken off before 2 holds nothing, one broken off before 3 the state of the last flush.
 */
import type { FileHandle, FileSystem } from '../storage/file-system.ts'
import { logPath } from '../storage/log.ts'
import { type Manifest, writeManifest } from '../storage/manifest.ts'
import { Segment } from '../storage/segment.ts'
import { deletionsPath, type SegmentEntry, segmentPath } from '../storage/segment-writer.ts'
import { SheafError } from '../types/errors.ts'
import type { TableData } from './table-data.ts'

const COPY_BYTES = 1 << 20

/** Is a file of a segment or of its deleted positions, by its place in the store's folder. */
type LiveFile = { readonly tableId: number; readonly name: string }

/** Says what a backup holds. */
export type BackupSource = {
  readonly fileSystem: FileSystem
  readonly folder: string
  readonly manifest: Manifest
  readonly files: readonly LiveFile[]
  /** Log files, and how far each is copied. */
  readonly logs: readonly { readonly number: number; readonly sizeBytes: number }[]
  pause(): Promise<void>
}

/** Lists the files that a manifest names, and those of segments that only the log names yet. */
export function liveFiles(manifest: Manifest, tables: ReadonlyMap<number, TableData>): readonly LiveFile[] {
  const live = new Map<string, LiveFile>()
  const add = (tableId: number, entry: SegmentEntry): void => {
    for (const path of pathsOf(tableId, entry)) live.set(path, { tableId, name: path.slice(1) })
  }
  const known = new Set<string>()
  for (const { id, segments } of manifest.tables) {
    for (const entry of segments) {
      known.add(`${id}:${entry.id}`)
      add(id, entry)
    }
  }
  for (const [id, { parts }] of tables) {
    for (const part of parts)
      if (part instanceof Segment && !known.has(`${id}:${part.entry.id}`)) add(id, part.currentEntry())
  }
  return [...live.values()]
}

function pathsOf(tableId: number, entry: SegmentEntry): readonly string[] {
  const path = segmentPath('', tableId, entry.id)
  return entry.deletions === 0 ? [path] : [path, deletionsPath('', tableId, entry.id, entry.deletions)]
}

/** Copies a store into a folder. @throws `ALREADY_EXISTS`, `IO`, `NO_SPACE` */
export async function writeBackup(source: BackupSource, target: FileSystem, path: string): Promise<void> {
  if (target.list(path).length > 0)
    throw new SheafError(
      'ALREADY_EXISTS',
      `The folder for the backup is not empty. Name another one: ${path}`,
      {
        path,
      },
    )
  target.makeFolder(`${path}/segments`)
  target.makeFolder(`${path}/log`)
  const copier = new Copier(source, target)
  const folders = new Set(source.files.map(({ tableId }) => `${path}/segments/${tableId}`))
  for (const folder of folders) target.makeFolder(folder)
  for (const { name } of source.files) await copier.copy(`${source.folder}/${name}`, `${path}/${name}`)
  for (const folder of [...folders, `${path}/segments`]) target.syncFolder(folder)
  if (source.manifest.number > 0) await writeManifest(target, path, source.manifest)
  for (const { number, sizeBytes } of source.logs)
    await copier.copy(logPath(source.folder, number), logPath(path, number), sizeBytes)
  for (const folder of [`${path}/log`, path]) target.syncFolder(folder)
}

class Copier {
  readonly #source: BackupSource
  readonly #target: FileSystem

  constructor(source: BackupSource, target: FileSystem) {
    this.#source = source
    this.#target = target
  }

  async copy(from: string, to: string, sizeBytes?: number): Promise<void> {
    const read = this.#source.fileSystem.open(from, 'read')
    try {
      const write = this.#target.open(to, 'create')
      try {
        await this.#copyBytes(read, write, sizeBytes ?? read.sizeBytes)
        await write.sync()
      } finally {
        write.close()
      }
    } finally {
      read.close()
    }
  }

  async #copyBytes(from: FileHandle, to: FileHandle, sizeBytes: number): Promise<void> {
    for (let at = 0; at < sizeBytes; at += COPY_BYTES) {
      to.write(at, from.read(at, Math.min(COPY_BYTES, sizeBytes - at)))
      await this.#source.pause()
    }
  }
}
