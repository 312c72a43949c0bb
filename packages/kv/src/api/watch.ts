import { batchRowCount, columnReader, decodeKey, isSheafError, type ModelContext } from '@sheafdb/core'
import { currentTimeMs } from '../layout/clock.ts'
import type { Key } from '../layout/key.ts'
import type { KeySpace } from '../layout/key-space.ts'
import { requestFields } from '../layout/table.ts'
import { decodeValue } from '../layout/value-encoding.ts'
import type { KeyPredicates } from './range.ts'

/** Tells of a change of an entry. An entry that expires is deleted. */
export type Change<Value = unknown> =
  | { readonly type: 'put'; readonly key: Key; readonly value: Value; readonly version: number }
  | { readonly type: 'delete'; readonly key: Key }

/** What was seen of the keys watched: version by key, in base64. */
type Seen = ReadonlyMap<string, number>
type State = { readonly version: string; readonly seen: Seen; readonly nextExpiry: number }

/**
 * Gives the changes of a table's keys after its start, whoever commits them; of several changes of a key between two
 * looks the last one. Ends when the store is closed.
 */
export async function* watchEntries<Value>(
  context: ModelContext,
  table: string,
  predicates: KeyPredicates,
  options: { readonly signal?: AbortSignal; readonly space: KeySpace },
): AsyncGenerator<Change<Value>, void, undefined> {
  const commits = listen(context, options.signal)
  try {
    let state = look<Value>(context, table, predicates, null)?.state
    while (state !== undefined && options.signal?.aborted !== true) {
      const heard = commits.next()
      const next = look<Value>(context, table, predicates, state)
      if (next === undefined) return
      for (const change of next.changes) yield { ...change, key: options.space.unpack(change.key) }
      state = next.state
      if (next.changes.length === 0) await heard(state.nextExpiry)
    }
  } finally {
    commits.end()
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Hears of commits; each wait ends with the first since `next` was called, with the signal, or at a time. */
function listen(
  context: ModelContext,
  signal: AbortSignal | undefined,
): { next(): (untilMs: number) => Promise<void>; end(): void } {
  let count = 0
  let wake: (() => void) | null = null
  const hear = (): void => {
    count += 1
    wake?.()
  }
  const stop = context.onCommit(hear)
  signal?.addEventListener('abort', hear)
  return {
    next() {
      const before = count
      return (untilMs) =>
        new Promise((resolve) => {
          if (count !== before) return resolve()
          const timer = Number.isFinite(untilMs)
            ? setTimeout(hear, Math.min(Math.max(untilMs - currentTimeMs(), 0) + 1, LONGEST_TIMER_MS))
            : undefined
          wake = () => {
            clearTimeout(timer)
            wake = null
            resolve()
          }
        })
    },
    end() {
      stop()
      signal?.removeEventListener('abort', hear)
    },
  }
}

/** Looks at the table; `undefined` where the store was closed. */
function look<Value>(
  context: ModelContext,
  table: string,
  predicates: KeyPredicates,
  before: State | null,
): { readonly state: State; readonly changes: readonly Change<Value>[] } | undefined {
  try {
    return compare<Value>(context, table, predicates, before)
  } catch (error) {
    if (isSheafError(error, 'CLOSED')) return undefined
    throw error
  }
}

function compare<Value>(
  context: ModelContext,
  table: string,
  predicates: KeyPredicates,
  before: State | null,
): { readonly state: State; readonly changes: readonly Change<Value>[] } {
  const snapshot = context.snapshot()
  try {
    const nowMs = currentTimeMs()
    const source = snapshot.catalog.table(table) === undefined ? null : snapshot.source(table)
    const version = source?.version ?? ''
    if (before !== null && before.version === version && nowMs < before.nextExpiry)
      return { state: before, changes: [] }
    const changes: Change<Value>[] = []
    const seen = new Map<string, number>()
    let nextExpiry = Number.POSITIVE_INFINITY
    const batches =
      source?.scan({
        columns: requestFields(['key', 'value', 'tag', 'version', 'expiry']),
        predicates: predicates.map(([operator, value]) => ({ column: 0, operator, value })),
      }) ?? []
    for (const batch of batches) {
      const [readKey, readValue, readTag, readVersion, readExpiry] = batch.columns.map(columnReader)
      for (let at = 0; at < batchRowCount(batch); at += 1) {
        const row = batch.selection === null ? at : (batch.selection[at] as number)
        const key = readKey?.(row) as Uint8Array
        const expiry = readExpiry?.(row) as number | null
        if (!fulfils(key, predicates) || (expiry !== null && expiry <= nowMs)) continue
        nextExpiry = Math.min(nextExpiry, expiry ?? nextExpiry)
        const name = Buffer.from(key).toString('base64')
        const entryVersion = readVersion?.(row) as number
        seen.set(name, entryVersion)
        if (before === null || before.seen.get(name) === entryVersion) continue
        const value = decodeValue(readTag?.(row) as number, readValue?.(row) as Uint8Array) as Value
        changes.push({ type: 'put', key: decodeKey(key) as Key, value, version: entryVersion })
      }
    }
    for (const name of before?.seen.keys() ?? [])
      if (!seen.has(name))
        changes.push({ type: 'delete', key: decodeKey(Buffer.from(name, 'base64')) as Key })
    return { state: { version, seen, nextExpiry }, changes }
  } finally {
    snapshot.close()
  }
}

function fulfils(key: Uint8Array, predicates: KeyPredicates): boolean {
  return predicates.every(([operator, bound]) => {
    const order = Buffer.compare(key, bound)
    if (operator === 'ge') return order >= 0
    if (operator === 'gt') return order > 0
    return operator === 'le' ? order <= 0 : order < 0
  })
}
