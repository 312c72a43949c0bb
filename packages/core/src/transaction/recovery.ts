import { decodeCommit, type FieldTypes, type TableChange } from '../storage/commit-record.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { corruptLog, type Durability, LogWriter, listLogs, logPath, readLog } from '../storage/log.ts'

/** Is what recovery needs of the store that it brings back. */
export type RecoveryTarget = {
  readonly fileSystem: FileSystem
  readonly folder: string
  readonly readOnly: boolean
  readonly durability: Durability
  /** The commit that the manifest holds, and the first log to be read after it. */
  readonly commit: number
  readonly firstLog: number
  readonly fieldTypes: FieldTypes
  apply(change: TableChange, commit: number): void
  /** Called when all changes of a commit are applied. */
  applied(commit: number): void
}

type LogEnd = {
  readonly number: number
  readonly offset: number
  readonly torn: boolean
  /** The last sequence of the file. */
  readonly last: number
}

/** Reads the log into the tables and gives the log to go on with, `null` for a store that is only read. */
export function recover(target: RecoveryTarget): LogWriter | null {
  const { fileSystem, folder } = target
  if (!target.readOnly) {
    fileSystem.makeFolder(`${folder}/log`)
    // A process that was killed may have left names that no power cut would: those that are read here must stay.
    fileSystem.syncFolder(folder)
    fileSystem.syncFolder(`${folder}/log`)
  }
  let last = target.commit
  let end: LogEnd | null = null
  const unused: number[] = []
  for (const number of listLogs(fileSystem, folder)) {
    const path = logPath(folder, number)
    if (number < target.firstLog) {
      unused.push(number)
      continue
    }
    const content = readLog(fileSystem, path)
    if (content.endOffset === 0 || content.base > last) {
      // The file before lost its end in a crash. Nothing of this one was acknowledged, or it would say so.
      if (content.synced > last) throw corruptLog(path, 0)
      unused.push(number)
      continue
    }
    for (const { sequence, payload } of content.commits) {
      if (sequence <= last) continue
      for (const change of decodeCommit(payload, target.fieldTypes)) target.apply(change, sequence)
      target.applied(sequence)
    }
    // What the process before wrote may be in the system's cache only: later commits count on it.
    if (!target.readOnly && content.synced < content.last) syncFile(fileSystem, path)
    last = Math.max(last, content.last)
    end = { number, offset: content.endOffset, torn: content.torn, last: content.last }
  }
  if (target.readOnly) return null
  for (const number of unused) fileSystem.remove(logPath(folder, number))
  return continueLog(target, end, last)
}

function syncFile(fileSystem: FileSystem, path: string): void {
  const handle = fileSystem.open(path, 'update')
  try {
    handle.syncNow()
  } finally {
    handle.close()
  }
}

function continueLog(target: RecoveryTarget, end: LogEnd | null, last: number): LogWriter {
  const { fileSystem, folder, durability } = target
  if (end === null)
    return LogWriter.create(fileSystem, folder, { number: target.firstLog, base: last, durability })
  // A file that was begun while the one before went on, since beginning it had failed, cannot be continued.
  if (end.last !== last)
    return LogWriter.create(fileSystem, folder, { number: end.number + 1, base: last, durability })
  const handle = fileSystem.open(logPath(folder, end.number), 'update')
  if (end.torn) {
    handle.truncate(end.offset)
    handle.syncNow()
  }
  return new LogWriter(handle, { number: end.number, base: last, durability, offset: end.offset })
}
