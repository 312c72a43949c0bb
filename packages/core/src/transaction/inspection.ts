import { SYSTEM_TABLES } from '../catalog/catalog-tables.ts'
import type { StorageReport, TableReport } from '../catalog/table-store.ts'
import type { TableChange } from '../storage/commit-record.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { listLogs, logPath, readLog } from '../storage/log.ts'
import { checkManifestCopy, readManifest } from '../storage/manifest.ts'
import { Memtable } from '../storage/memtable.ts'
import { Segment } from '../storage/segment.ts'
import type { SegmentEntry } from '../storage/segment-writer.ts'
import { isSheafError } from '../types/errors.ts'
import type { TableSet } from './table-set.ts'

/** Tells about the rows, bytes and files of every table at a commit. */
export function reportTables(tables: TableSet, commit: number): readonly TableReport[] {
  const collections = tables.catalogAt(commit).collections()
  const definitions = [...SYSTEM_TABLES, ...collections.flatMap((each) => each.tables)]
  return definitions.map((definition) => {
    const parts = tables.all.get(definition.id)?.parts ?? []
    const segments = parts.filter((part) => part instanceof Segment)
    const memtables = parts.filter((part) => part instanceof Memtable)
    return {
      table: definition.name,
      rowCount: tables.source(tables.view(definition, commit)).statistics().rowCount,
      segmentCount: segments.length,
      segmentBytes: segments.reduce((sum, segment) => sum + segment.sizeBytes, 0),
      memtableBytes: memtables.reduce((sum, memtable) => sum + memtable.sizeBytes, 0),
    }
  })
}

/** Counts the bytes of a commit that its segments hold and not its record. */
export function directBytes(changes: readonly TableChange[]): number {
  const entries = changes.flatMap(({ segments }) => segments.map((text) => JSON.parse(text) as SegmentEntry))
  return entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
}

/** Tells what keeping the data costs. */
export function reportStorage(
  tables: TableSet,
  counted: {
    readonly written: StorageReport['written']
    readonly committedBytes: number
    readonly logBytes: number
  },
): StorageReport {
  const { written, committedBytes, logBytes } = counted
  let fileBytes = logBytes
  let liveBytes = 0
  let logged = 0
  let loggedLive = 0
  for (const { parts } of tables.all.values()) {
    for (const part of parts) {
      const alive = part.rowCount - part.deletedCount
      if (part instanceof Segment) {
        fileBytes += part.sizeBytes + part.deletionsWritten * DELETION_BYTES
        liveBytes += part.rowCount === 0 ? 0 : (part.sizeBytes * alive) / part.rowCount
      } else {
        logged += part.rowCount
        loggedLive += alive
      }
    }
  }
  if (logged > 0) liveBytes += (logBytes * loggedLive) / logged
  const writtenBytes = written.log + written.segments + written.deletions + written.manifests
  return {
    written: { ...written },
    committedBytes,
    writeAmplification: committedBytes === 0 ? 0 : writtenBytes / committedBytes,
    fileBytes,
    liveBytes,
    spaceAmplification: liveBytes === 0 ? 0 : fileBytes / liveBytes,
  }
}

/** A deleted position takes a commit and a position. */
const DELETION_BYTES = 12

/** Reads the manifest and the logs again and checks them; gives what is wrong. */
export function verifyFiles(fileSystem: FileSystem, folder: string): string[] {
  const problems: string[] = []
  const attempt = (check: () => void): void => {
    try {
      check()
    } catch (error) {
      if (!isSheafError(error)) throw error
      problems.push(error.message)
    }
  }
  attempt(() => void readManifest(fileSystem, folder))
  attempt(() => checkManifestCopy(fileSystem, folder))
  for (const number of listLogs(fileSystem, folder))
    attempt(() => void readLog(fileSystem, logPath(folder, number)))
  return problems
}

/** Reads every byte of the segments and checks it; gives what is wrong. */
export async function verifySegments(tables: TableSet, pause: () => Promise<void>): Promise<string[]> {
  const problems: string[] = []
  for (const table of tables.all.values()) {
    for (const part of table.parts) {
      if (part instanceof Segment) problems.push(...part.verify())
      await pause()
    }
  }
  return problems
}
