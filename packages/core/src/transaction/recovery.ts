import { decodeCommit, type FieldTypes, type TableChange } from '../storage/commit-record.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { corruptLog, type Durability, LogWriter, listLogs, logPath, readLog } from '../storage/log.ts'

/** Is what recovery needs of the store that it brings back. */
export type RecoveryTarget = {
  readonly fileSystem: FileSystem
  readonly folder: string
  readonly readOnly: boolean
  readonly durability: Durability
  readonly fieldTypes: FieldTypes
  apply(change: TableChange, commit: number): void
  /** Called when all changes of a commit are applied. */
  applied(commit: number): void
}

/** Reads the log into the tables and gives the log to go on with, `null` for a store that is only read. */
export function recover(target: RecoveryTarget): { readonly log: LogWriter | null } {
  const { fileSystem, folder, durability } = target
  if (!target.readOnly) fileSystem.makeFolder(`${folder}/log`)
  const numbers = listLogs(fileSystem, folder)
  let last = 0
  let end: { readonly number: number; readonly offset: number; readonly torn: boolean } | null = null
  for (const number of numbers) {
    const path = logPath(folder, number)
    const content = readLog(fileSystem, path)
    if (content.endOffset > 0 && content.base > last) throw corruptLog(path, 0)
    for (const { sequence, payload } of content.commits) {
      if (sequence <= last) continue
      for (const change of decodeCommit(payload, target.fieldTypes)) target.apply(change, sequence)
      target.applied(sequence)
    }
    last = Math.max(last, content.last)
    end = { number, offset: content.endOffset, torn: content.torn }
  }
  if (target.readOnly) return { log: null }
  if (end === null || end.offset === 0) {
    return {
      log: LogWriter.create(fileSystem, folder, { number: end?.number ?? 1, synced: last, durability }),
    }
  }
  const handle = fileSystem.open(logPath(folder, end.number), 'update')
  if (end.torn) {
    handle.truncate(end.offset)
    handle.syncNow()
  }
  return { log: new LogWriter(handle, { number: end.number, synced: last, durability }) }
}
