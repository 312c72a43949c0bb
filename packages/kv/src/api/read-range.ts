import type { KeyedCursor, ModelContext } from '@sheafdb/core'
import { decodeEntryKey, type Key } from '../layout/key.ts'
import type { KeySpace } from '../layout/key-space.ts'
import { ENTRY_FIELDS, readValue } from './entries.ts'
import { type KeyPredicates, keyBounds, type RangeOptions } from './range.ts'

/** Entries are read in portions of at most this many; the first one is small, so that short ranges hold up nobody. */
const PORTION = 4096

type Row<Value> = { readonly key: Key; readonly value: Value }

/** Reads the entries of a range straight from the table, in the order of keys: what `rangePlan` gives, without a plan. */
export function* portionsOf<Value>(
  context: ModelContext,
  table: string,
  predicates: KeyPredicates,
  options: RangeOptions & { readonly space: KeySpace },
): Generator<Row<Value>[], void, undefined> {
  const snapshot = context.snapshot()
  try {
    if (snapshot.catalog.table(table) === undefined) return
    const cursor = snapshot.keyed(table, ENTRY_FIELDS).range(keyBounds(predicates, options.reverse))
    const wanted =
      options.limit === undefined || options.limit === -1 ? Number.POSITIVE_INFINITY : options.limit
    let left = wanted
    for (let skipped = options.offset ?? 0; left > 0; ) {
      const rows: Row<Value>[] = []
      while (rows.length < Math.min(left, PORTION) && cursor.next()) {
        const value = readValue(cursor)
        if (value === undefined) continue
        if (skipped > 0) skipped -= 1
        else rows.push(rowOf(cursor, value, options))
      }
      if (rows.length > 0) yield rows
      if (rows.length < PORTION) return
      left -= rows.length
    }
  } finally {
    snapshot.close()
  }
}

function rowOf<Value>(
  cursor: KeyedCursor,
  value: unknown,
  options: RangeOptions & { readonly space: KeySpace },
): Row<Value> {
  if (options.keys === false) return (options.values === false ? {} : { value }) as Row<Value>
  const key = options.space.unpack(decodeEntryKey(cursor.key()))
  return (options.values === false ? { key } : { key, value }) as Row<Value>
}
