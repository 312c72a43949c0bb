import type { KeyedReader, KeyedRow, Snapshot, WriteTransaction } from '@sheafdb/core'
import { currentTimeMs } from '../layout/clock.ts'
import { decodeValue } from '../layout/value-encoding.ts'
import { EntryBatch, type NewEntry } from './entry-batch.ts'

/** Is an entry as it is stored. */
export type StoredEntry = {
  readonly rowId: number
  readonly tag: number
  readonly bytes: Uint8Array
  readonly version: number
  readonly expiry: number | null
}

/** Names the fields that entries are read by, in the order in which `KeyedRow.value` gives them. */
export const ENTRY_FIELDS = ['value', 'tag', 'expiry', 'version'] as const
const [VALUE, TAG, EXPIRY, VERSION] = [0, 1, 2, 3] as const

/** Reads the value of an entry; `undefined` where it has expired. */
export function readValue(row: Pick<KeyedRow, 'value'>): unknown {
  const expiry = row.value(EXPIRY) as number | null
  if (expiry !== null && expiry <= currentTimeMs()) return undefined
  return decodeValue(row.value(TAG) as number, row.value(VALUE) as Uint8Array)
}

/** Reads entries whole, also those that have expired; `null` where there is none. */
export function readEntries(
  snapshot: Snapshot,
  table: string,
  keys: readonly Uint8Array[],
): (StoredEntry | null)[] {
  if (snapshot.catalog.table(table) === undefined) return keys.map(() => null)
  const reader = snapshot.keyed(table, ENTRY_FIELDS)
  return keys.map((key) => readEntry(reader, key))
}

/** Reads an entry whole, also where it has expired. */
export function readEntry(reader: KeyedReader, key: Uint8Array): StoredEntry | null {
  const row = reader.find(key)
  if (row === null) return null
  return {
    rowId: row.rowId,
    tag: row.value(TAG) as number,
    bytes: row.value(VALUE) as Uint8Array,
    version: row.value(VERSION) as number,
    expiry: row.value(EXPIRY) as number | null,
  }
}

/** Tells whether an entry is there at a time. */
export function isAlive(entry: StoredEntry | null, nowMs: number): entry is StoredEntry {
  return entry !== null && (entry.expiry === null || entry.expiry > nowMs)
}

/**
 * Writes entries, replacing those of the same keys. Their version is one above the commit that the transaction reads:
 * of two writes of a key the later reads a commit not below the version of the earlier, so versions of a key grow.
 */
export function writeEntries(
  transaction: WriteTransaction,
  table: string,
  entries: readonly NewEntry[],
): number {
  const batch = new EntryBatch()
  for (const entry of entries) batch.addEncoded(entry)
  return writeBatch(transaction, table, batch)
}

/** Writes a batch of entries, as {@link writeEntries}. */
export function writeBatch(transaction: WriteTransaction, table: string, batch: EntryBatch): number {
  const version = transaction.snapshot.commit + 1
  transaction.insert(table, batch.rows(version), 'replace')
  return version
}

/** Deletes the entries of keys; gives how many were there at a time. */
export function deleteEntries(
  transaction: WriteTransaction,
  table: string,
  keys: readonly Uint8Array[],
  nowMs: number,
): number {
  const stored = readEntries(transaction.snapshot, table, keys).filter((entry) => entry !== null)
  transaction.delete(table, Float64Array.from(new Set(stored.map((entry) => entry.rowId))))
  return stored.filter((entry) => isAlive(entry, nowMs)).length
}
