import { commitTime, decodeCommit, type FieldTypes, type TableChange } from '../storage/commit-record.ts'
import type { FileSystem } from '../storage/file-system.ts'
import {
  closedCommit,
  corruptLog,
  type Durability,
  FILE_HEADER_BYTES,
  LogWriter,
  listLogs,
  logPath,
  readLog,
  readLogTail,
} from '../storage/log.ts'
import { SheafError } from '../types/errors.ts'

/** Is what recovery needs of the store that it brings back. */
export type RecoveryTarget = {
  readonly fileSystem: FileSystem
  readonly folder: string
  readonly readOnly: boolean
  readonly durability: Durability
  /** The commit that the manifest holds, and the first log to be read after it. */
  readonly commit: number
  readonly firstLog: number
  readonly withoutManifest: boolean
  readonly fieldTypes: FieldTypes
  apply(change: TableChange, commit: number): void
  /** Called when all changes of a commit are applied. */
  applied(commit: number, timeMs: number): void
}

/** Is where the reading of the log ended. */
export type LogEnd = {
  readonly number: number
  readonly offset: number
  readonly torn: boolean
  /** The last sequence of the file. */
  readonly last: number
}

/** Reads the log into the tables and gives the log to go on with, `null` for a store that is only read. */
export function recover(target: RecoveryTarget): {
  readonly log: LogWriter | null
  readonly end: LogEnd | null
} {
  const { fileSystem, folder } = target
  if (!target.readOnly) {
    fileSystem.makeFolder(`${folder}/log`)
    // A process that was killed may have left names that no power cut would: those that are read here must stay.
    fileSystem.syncFolder(folder)
    fileSystem.syncFolder(`${folder}/log`)
  }
  let last = target.commit
  let end: LogEnd | null = null
  const [first = 1] = listLogs(fileSystem, folder)
  // The first log goes only when a manifest holds what was in it.
  if (target.withoutManifest && first > 1)
    throw new SheafError('CORRUPT', `The manifest is missing. Run repairStore(): ${folder}`, { path: folder })
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
      target.applied(sequence, commitTime(payload))
    }
    // What the process before wrote may be in the system's cache only: later commits count on it.
    if (!target.readOnly && content.synced < content.last) syncFile(fileSystem, path)
    last = Math.max(last, content.last)
    end = { number, offset: content.endOffset, torn: content.torn, last: content.last }
  }
  if (closedCommit(fileSystem, folder) > last)
    throw corruptLog(logPath(folder, end?.number ?? target.firstLog), end?.offset ?? 0)
  if (target.readOnly) return { log: null, end }
  for (const number of unused) fileSystem.remove(logPath(folder, number))
  return { log: continueLog(target, end, last), end }
}

/** Applies what was added to the log since it was read last; gives where it ends now. */
export function followLog(target: RecoveryTarget, from: LogEnd): LogEnd {
  const { fileSystem, folder } = target
  let end = from
  for (const number of listLogs(fileSystem, folder)) {
    if (number < end.number) continue
    const path = logPath(folder, number)
    if (number > end.number) {
      const { base } = readLog(fileSystem, path)
      if (base !== end.last) break
      end = { number, offset: FILE_HEADER_BYTES, torn: false, last: base }
    }
    const { commits, last, endOffset } = readLogTail(fileSystem, path, end)
    for (const { sequence, payload } of commits) {
      for (const change of decodeCommit(payload, target.fieldTypes)) target.apply(change, sequence)
      target.applied(sequence, commitTime(payload))
    }
    end = { number, offset: endOffset, torn: false, last }
  }
  return end
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
