import {
  type Batch,
  batchRowCount,
  columnFromValues,
  columnReader,
  type RowBatch,
  type Snapshot,
  type WriteTransaction,
} from '@sheafdb/core'
import { FIELDS, fieldType, requestFields } from '../layout/table.ts'
import { decodeValue, type EncodedValue } from '../layout/value-encoding.ts'

/** Is an entry as it is stored. */
export type StoredEntry = {
  readonly rowId: number
  readonly tag: number
  readonly bytes: Uint8Array
  readonly version: number
  readonly expiry: number | null
}

/** Is an entry to be written. */
export type NewEntry = EncodedValue & { readonly key: Uint8Array; readonly expiry: number | null }

const VALUE_REQUEST = requestFields(['value', 'tag', 'expiry'])
const ENTRY_REQUEST = [
  ...requestFields(['value', 'tag', 'expiry', 'version']),
  { field: '_row_id', type: fieldType('version') },
]

/**
 * Reads the values of keys, in their order; `undefined` where there is no entry, or one that has expired. This is the
 * straight way for point reads: no plan, one look into the key index.
 */
export function readValues(
  snapshot: Snapshot,
  table: string,
  keys: readonly Uint8Array[],
  nowMs: number,
): unknown[] {
  const found = new Array<unknown>(keys.length).fill(undefined)
  if (snapshot.catalog.table(table) === undefined) return found
  const { batch, index } = snapshot.source(table).lookup(
    keys.map((key) => [key]),
    VALUE_REQUEST,
  )
  forEachRow(batch, (row, at, [value, tag, expiry]) => {
    const expires = expiry?.(row) as number | null
    if (expires !== null && expires <= nowMs) return
    found[index[at] as number] = decodeValue(tag?.(row) as number, value?.(row) as Uint8Array)
  })
  return found
}

/** Reads whole entries, also those that have expired; `null` where there is none. */
export function readEntries(
  snapshot: Snapshot,
  table: string,
  keys: readonly Uint8Array[],
): (StoredEntry | null)[] {
  const found = new Array<StoredEntry | null>(keys.length).fill(null)
  if (snapshot.catalog.table(table) === undefined) return found
  const { batch, index } = snapshot.source(table).lookup(
    keys.map((key) => [key]),
    ENTRY_REQUEST,
  )
  forEachRow(batch, (row, at, [value, tag, expiry, version, rowId]) => {
    found[index[at] as number] = {
      rowId: rowId?.(row) as number,
      tag: tag?.(row) as number,
      bytes: value?.(row) as Uint8Array,
      version: version?.(row) as number,
      expiry: expiry?.(row) as number | null,
    }
  })
  return found
}

function forEachRow(
  batch: Batch,
  visit: (row: number, at: number, readers: ReturnType<typeof columnReader>[]) => void,
): void {
  const readers = batch.columns.map(columnReader)
  const count = batchRowCount(batch)
  for (let at = 0; at < count; at += 1)
    visit(batch.selection === null ? at : (batch.selection[at] as number), at, readers)
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
  const version = transaction.snapshot.commit + 1
  const columns = [
    entries.map((entry) => entry.key),
    entries.map((entry) => entry.bytes),
    entries.map((entry) => entry.tag),
    entries.map(() => version),
    entries.map((entry) => entry.expiry),
  ]
  const rows: RowBatch = {
    fields: FIELDS,
    columns: FIELDS.map((name, at) => columnFromValues(fieldType(name), columns[at] as readonly unknown[])),
    length: entries.length,
  }
  transaction.insert(table, rows, 'replace')
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
