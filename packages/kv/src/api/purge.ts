import { batchRowCount, columnReader, type Snapshot, type WriteTransaction } from '@sheafdb/core'
import { fieldType, requestFields } from '../layout/table.ts'

/** Expired entries are looked for at most this often. */
export const PURGE_INTERVAL_MS = 30_000
const MAX_PURGED = 10_000

/** Deletes entries that have expired. They are invisible already: this gives their space back. */
export function purgeExpired(transaction: WriteTransaction, table: string, nowMs: number): void {
  const rowIds = expiredRows(transaction.snapshot, table, nowMs)
  if (rowIds.length > 0) transaction.delete(table, Float64Array.from(rowIds))
}

function expiredRows(snapshot: Snapshot, table: string, nowMs: number): number[] {
  const rowIds: number[] = []
  const batches = snapshot.source(table).scan({
    columns: [...requestFields(['expiry']), { field: '_row_id', type: fieldType('version') }],
    predicates: [{ column: 0, operator: 'le', value: nowMs }],
  })
  for (const batch of batches) {
    const [expiry, rowId] = batch.columns.map(columnReader)
    const count = batchRowCount(batch)
    for (let at = 0; at < count; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      const expires = expiry?.(row) as number | null
      if (expires !== null && expires <= nowMs) rowIds.push(rowId?.(row) as number)
      if (rowIds.length === MAX_PURGED) return rowIds
    }
  }
  return rowIds
}
