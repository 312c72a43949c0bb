/**
 * The log: every commit, in order, before it is anywhere else.
 *
 * File: `log/<number, ten digits>.log`. Header of 24 bytes: `SHEAFLOG`, u32 format version (1), u32 CRC32C of
 * the other 20 bytes, u64 base (the sequence before the file's first). It is synced before the first record is written:
 * a file whose header is bad holds nothing, or is damaged if a valid record is found in it.
 * Then records, each at a multiple of eight:
 *
 * | offset | size | field                                                                        |
 * |--------|------|------------------------------------------------------------------------------|
 * | 0      | 4    | size of the payload in bytes                                                 |
 * | 4      | 4    | CRC32C of the bytes from 8 to the payload's end                              |
 * | 8      | 8    | sequence: the commit number, one more than the record's before               |
 * | 16     | 8    | synced: the last sequence known to be on the disk when this was written      |
 * | 24     | 1    | type: 1 commit, 2 mark (no payload; says that all before it is on the disk)  |
 * | 25     | 7    | zero                                                                         |
 * | 32     |      | payload, then zeros up to a multiple of eight                                |
 *
 * A record is valid if its checksum is. At the first that is not, reading ends: a crash may tear whatever was not yet
 * synced, and nothing of that was acknowledged. Where a valid record further on has `synced` at or past the bad one,
 * the bad one had been on the disk: that is corruption, and reported.
 *
 * While a file is written to, zeros may follow its last record: space taken beforehand, so that a later record overwrites
 * what is there and its sync need not wait for the file system to note a new size. They are cut off when it is closed.
 */
import { SheafError } from '../types/errors.ts'
import { crc32c } from './checksum.ts'
import { type FileHandle, type FileSystem, readFile } from './file-system.ts'

const MAGIC = 'SHEAFLOG'
const FORMAT_VERSION = 1
/** Is the size of a log file's header: where its first record lies. */
export const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 32
const COMMIT = 1
const MARK = 2
/** Space is taken beforehand for records up to this size: for larger ones, the zeros would cost more than they save. */
const LARGEST_AHEAD_RECORD = 1 << 14
const LEAST_AHEAD_BYTES = 1 << 16
const MOST_AHEAD_BYTES = 1 << 20

/** Gives the path of a log file. */
export function logPath(folder: string, number: number): string {
  return `${folder}/log/${String(number).padStart(10, '0')}.log`
}

/** Lists the numbers of the log files of a store, ascending. */
export function listLogs(fileSystem: FileSystem, folder: string): readonly number[] {
  return fileSystem
    .list(`${folder}/log`)
    .filter((name) => /^\d{10}\.log$/.test(name))
    .map((name) => Number(name.slice(0, 10)))
}

/** Says when a commit counts as done: when it is synced, when it is written, or synced now and then. */
export type Durability = 'commit' | 'interval' | 'none'

/** Says where a log file stands among the others. */
export type LogWriterOptions = {
  readonly number: number
  /** The sequence before the file's first. */
  readonly base: number
  readonly durability: Durability
  /** Where the next record goes, for a file that is gone on with; behind the header for a new one. */
  readonly offset?: number
  /** The log file before, whose commits must be on the disk before those of this one count as being there. */
  readonly before?: LogWriter
}

type Waiting = { readonly sequence: number; resolve(): void; reject(error: unknown): void }

/** Appends records to one log file; commits that wait at the same time share one sync. */
export class LogWriter {
  readonly number: number
  readonly #handle: FileHandle
  readonly #durability: Durability
  #offset: number
  /** Where the file ends: past the last record, where space was taken beforehand. */
  #end: number
  #written = 0
  #synced: number
  #waiting: Waiting[] = []
  #syncing = false
  #failure: unknown = undefined

  #before: LogWriter | null

  constructor(handle: FileHandle, options: LogWriterOptions) {
    this.number = options.number
    this.#handle = handle
    this.#durability = options.durability
    this.#before = options.before ?? null
    this.#synced = this.#before === null ? options.base : this.#before.#synced
    this.#written = options.base
    // Not the size of the file: a crash may have left the last record without the zeros that end it.
    this.#offset = options.offset ?? FILE_HEADER_BYTES
    this.#end = this.#offset
  }

  /** Makes a new log file, durable in its folder. */
  static create(fileSystem: FileSystem, folder: string, options: LogWriterOptions): LogWriter {
    const handle = fileSystem.open(logPath(folder, options.number), 'create')
    const header = encodeHeader(options.base)
    handle.write(0, header)
    handle.syncNow()
    fileSystem.syncFolder(`${folder}/log`)
    return new LogWriter(handle, options)
  }

  get sizeBytes(): number {
    return this.#offset
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Writes a commit's record. After an error nothing more may be written. @throws `IO`, `NO_SPACE` */
  append(sequence: number, payload: Uint8Array): void {
    this.#write(sequence, COMMIT, payload)
    this.#written = sequence
  }

  #write(sequence: number, type: number, payload: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure
    const record = encodeRecord({ sequence, synced: this.#synced, type, payload })
    const end = this.#offset + record.length
    try {
      const ahead = end > this.#end && type === COMMIT ? this.#bytesAhead(record.length) : 0
      this.#handle.write(this.#offset, ahead === 0 ? record : followedByZeros(record, ahead))
      this.#end = Math.max(this.#end, end + ahead)
    } catch (error) {
      this.#failure = error
      throw error
    }
    this.#offset = end
  }

  /** Says how much space to take behind a record that ends the file. */
  #bytesAhead(recordBytes: number): number {
    if (this.#durability !== 'commit' || recordBytes > LARGEST_AHEAD_RECORD) return 0
    return Math.min(Math.max(this.#offset, LEAST_AHEAD_BYTES), MOST_AHEAD_BYTES)
  }

  /** Resolves when the record of a sequence is as durable as asked for. */
  settled(sequence: number): Promise<void> {
    if (this.#durability !== 'commit') return Promise.resolve()
    const promise = new Promise<void>((resolve, reject) => this.#waiting.push({ sequence, resolve, reject }))
    this.#startSync()
    return promise
  }

  /** Syncs what was written. */
  async sync(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#synced >= this.#written) return
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ sequence: this.#written, resolve, reject })
      this.#startSync()
    })
  }

  #startSync(): void {
    if (this.#syncing) return
    this.#syncing = true
    void this.#syncAll()
  }

  async #syncAll(): Promise<void> {
    // Commits of the same turn of the event loop gather before the first sync.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      const upTo = this.#written
      try {
        if (this.#failure !== undefined) throw this.#failure
        await this.#before?.sync()
        this.#before = null
        await this.#handle.sync(() => group.length === 1 && this.#waiting.length === 0)
        this.#synced = Math.max(this.#synced, upTo)
        for (const waiting of group) waiting.resolve()
      } catch (error) {
        this.#failure ??= error
        for (const waiting of group) waiting.reject(error)
      }
    }
    // In the same step as the last look at who waits: nobody can come between and be forgotten.
    this.#syncing = false
  }

  /** Syncs, marks that all is on the disk, and closes the file. */
  async close(): Promise<void> {
    try {
      if (this.#failure === undefined) {
        await this.sync()
        this.#write(this.#written, MARK, new Uint8Array(0))
        if (this.#end > this.#offset) this.#handle.truncate(this.#offset)
      }
    } finally {
      this.#handle.close()
    }
  }
}

function followedByZeros(record: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(record.length + count)
  bytes.set(record)
  return bytes
}

type LogRecord = {
  readonly sequence: number
  readonly synced: number
  readonly type: number
  readonly payload: Uint8Array
}

function encodeRecord(record: LogRecord): Uint8Array {
  const size = RECORD_HEADER_BYTES + record.payload.length
  const bytes = new Uint8Array(size + ((8 - (size % 8)) % 8))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, record.payload.length, true)
  view.setBigUint64(8, BigInt(record.sequence), true)
  view.setBigUint64(16, BigInt(record.synced), true)
  view.setUint8(24, record.type)
  bytes.set(record.payload, RECORD_HEADER_BYTES)
  view.setUint32(4, crc32c(bytes.subarray(8, size)), true)
  return bytes
}

/** Is what the reading of a log file found. */
export type LogContent = {
  readonly commits: readonly { readonly sequence: number; readonly payload: Uint8Array }[]
  /** The sequence before the file's first. */
  readonly base: number
  /** The last sequence read. */
  readonly last: number
  /** The last sequence that a record of the file says to be on the disk. */
  readonly synced: number
  /** Where the valid records end, and whether anything follows. */
  readonly endOffset: number
  readonly torn: boolean
}

/**
 * Reads the commits of a log file.
 *
 * @throws `CORRUPT` where a record is bad that was on the disk before later ones, `VERSION`
 */
export function readLog(fileSystem: FileSystem, path: string): LogContent {
  const bytes = readFile(fileSystem, path)
  const commits: { sequence: number; payload: Uint8Array }[] = []
  const base = readHeader(bytes, path)
  if (base === null) {
    if (firstRecord(bytes, FILE_HEADER_BYTES) !== null) throw corruptLog(path, 0)
    return { commits, base: 0, last: 0, synced: 0, endOffset: 0, torn: true }
  }
  let offset = FILE_HEADER_BYTES
  let last = base
  let synced = 0
  for (let record = decodeRecord(bytes, offset); record !== null; record = decodeRecord(bytes, offset)) {
    if (record.type === COMMIT) {
      if (record.sequence !== last + 1) throw corruptLog(path, offset)
      commits.push({ sequence: record.sequence, payload: record.payload })
      last = record.sequence
    }
    synced = Math.max(synced, record.synced)
    offset = nextOffset(offset, record.payload.length)
  }
  if (syncedAfter(bytes, offset) > last) throw corruptLog(path, offset)
  return { commits, base, last, synced, endOffset: offset, torn: offset < bytes.length }
}

/** Reads the commits that were added to a log file since it was read last, up to the first that is not there whole. */
export function readLogTail(
  fileSystem: FileSystem,
  path: string,
  from: { readonly offset: number; readonly last: number },
): Pick<LogContent, 'commits' | 'last' | 'endOffset'> {
  const handle = fileSystem.open(path, 'read')
  let bytes: Uint8Array
  try {
    bytes = handle.read(from.offset, Math.max(handle.sizeBytes - from.offset, 0))
  } finally {
    handle.close()
  }
  const commits: { sequence: number; payload: Uint8Array }[] = []
  let { last } = from
  let offset = 0
  for (let record = decodeRecord(bytes, offset); record !== null; record = decodeRecord(bytes, offset)) {
    if (record.type === COMMIT) {
      if (record.sequence !== last + 1) throw corruptLog(path, from.offset + offset)
      commits.push({ sequence: record.sequence, payload: record.payload })
      last = record.sequence
    }
    offset = nextOffset(offset, record.payload.length)
  }
  return { commits, last, endOffset: from.offset + offset }
}

/**
 * Notes that a store was closed in order, and with which commit, in `log/CLOSED`: `SHEAFEND`, u32 format version (1), u32
 * CRC32C of the 8 bytes that follow, u64 commit. The log must reach that far for ever after, so that an end that is cut
 * off later does not pass for one that a crash tore. An old note stays true, and a damaged one says nothing.
 */
export function noteClosed(fileSystem: FileSystem, folder: string, commit: number): void {
  const bytes = new Uint8Array(24)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode('SHEAFEND'))
  view.setUint32(8, FORMAT_VERSION, true)
  view.setBigUint64(16, BigInt(commit), true)
  view.setUint32(12, crc32c(bytes.subarray(16)), true)
  const handle = fileSystem.open(closedPath(folder), 'create')
  try {
    handle.write(0, bytes)
  } finally {
    handle.close()
  }
}

/** Gives the commit with which the store was last closed in order, 0 where that is not known. */
export function closedCommit(fileSystem: FileSystem, folder: string): number {
  if (!fileSystem.exists(closedPath(folder))) return 0
  const bytes = readFile(fileSystem, closedPath(folder))
  if (bytes.length !== 24) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(12, true) === crc32c(bytes.subarray(16)) ? Number(view.getBigUint64(16, true)) : 0
}

/** Forgets with which commit the store was closed: repair gives up what cannot be read. */
export function forgetClosed(fileSystem: FileSystem, folder: string): void {
  fileSystem.remove(closedPath(folder))
}

function closedPath(folder: string): string {
  return `${folder}/log/CLOSED`
}

/** Makes the error of a record of the log that is bad though it had been on the disk. */
export function corruptLog(path: string, offset: number): SheafError {
  return new SheafError(
    'CORRUPT',
    `The log is damaged: commits that were acknowledged cannot be read. Run repairStore(): ${path} at byte ${offset}`,
    { path, offset },
  )
}

function encodeHeader(base: number): Uint8Array {
  const header = new Uint8Array(FILE_HEADER_BYTES)
  header.set(new TextEncoder().encode(MAGIC))
  const view = new DataView(header.buffer)
  view.setUint32(8, FORMAT_VERSION, true)
  view.setBigUint64(16, BigInt(base), true)
  view.setUint32(12, headerChecksum(header), true)
  return header
}

function headerChecksum(bytes: Uint8Array): number {
  return crc32c(bytes.subarray(16, FILE_HEADER_BYTES), crc32c(bytes.subarray(0, 12)))
}

/** Gives the base of a log file, or `null` where it has no valid header. */
function readHeader(bytes: Uint8Array, path: string): number | null {
  if (bytes.length < FILE_HEADER_BYTES) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const magic = new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length))
  if (magic !== MAGIC || view.getUint32(12, true) !== headerChecksum(bytes)) return null
  if (view.getUint32(8, true) > FORMAT_VERSION) {
    throw new SheafError('VERSION', `A newer Sheaf wrote this log. Use it to open the store: ${path}`, {
      path,
    })
  }
  return Number(view.getBigUint64(16, true))
}

function nextOffset(offset: number, payloadBytes: number): number {
  const end = offset + RECORD_HEADER_BYTES + payloadBytes
  return end + ((8 - (end % 8)) % 8)
}

function decodeRecord(bytes: Uint8Array, offset: number): LogRecord | null {
  if (offset + RECORD_HEADER_BYTES > bytes.length) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset)
  const type = view.getUint8(24)
  if (type !== COMMIT && type !== MARK) return null
  const end = RECORD_HEADER_BYTES + view.getUint32(0, true)
  if (offset + end > bytes.length) return null
  if (crc32c(bytes.subarray(offset + 8, offset + end)) !== view.getUint32(4, true)) return null
  return {
    sequence: Number(view.getBigUint64(8, true)),
    synced: Number(view.getBigUint64(16, true)),
    type,
    payload: bytes.subarray(offset + RECORD_HEADER_BYTES, offset + end),
  }
}

/** Finds the highest `synced` of the valid records after an offset, 0 where there are none. */
function syncedAfter(bytes: Uint8Array, from: number): number {
  let promised = 0
  for (let found = firstRecord(bytes, from); found !== null; ) {
    promised = Math.max(promised, found.record.synced)
    found = firstRecord(bytes, nextOffset(found.offset, found.record.payload.length))
  }
  return promised
}

/** Finds the first valid record from an offset on. */
function firstRecord(
  bytes: Uint8Array,
  from: number,
): { readonly record: LogRecord; readonly offset: number } | null {
  for (let offset = from; offset + RECORD_HEADER_BYTES <= bytes.length; offset += 8) {
    if (!looksLikeRecord(bytes, offset)) continue
    const record = decodeRecord(bytes, offset)
    if (record !== null) return { record, offset }
  }
  return null
}

function looksLikeRecord(bytes: Uint8Array, offset: number): boolean {
  const type = bytes[offset + 24]
  if (type !== COMMIT && type !== MARK) return false
  for (let at = 25; at < RECORD_HEADER_BYTES; at += 1) if (bytes[offset + at] !== 0) return false
  return true
}
