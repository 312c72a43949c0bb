import {
  isSheafError,
  type KeyedReader,
  type LogicalPlan,
  type ModelContext,
  type Query,
  SheafError,
  type WriteTransaction,
} from '@sheafdb/core'
import { currentTimeMs } from '../layout/clock.ts'
import { encodeEntryKey, encodeSearchedKey, type Key } from '../layout/key.ts'
import { KeySpace } from '../layout/key-space.ts'
import { entryTableName } from '../layout/table.ts'
import { decodeValue, encodeValue } from '../layout/value-encoding.ts'
import { added, appended, bits, extreme, type Numeric } from './atomic.ts'
import { expiryOf, type PutOptions, refusal } from './conditions.ts'
import {
  deleteEntries,
  ENTRY_FIELDS,
  isAlive,
  readEntries,
  readEntry,
  readValue,
  writeBatch,
  writeEntries,
} from './entries.ts'
import { EntryBatch, type NewEntry } from './entry-batch.ts'
import {
  checkRange,
  entryRowIds,
  type KeyPredicates,
  type RangeBounds,
  type RangeOptions,
  rangePlan,
} from './range.ts'
import { portionsOf } from './read-range.ts'
import { type Change, watchEntries } from './watch.ts'
import { WriteQueue } from './write-queue.ts'

/** Is a row of a range. */
export type Entry<Value = unknown> = { readonly key: Key; readonly value: Value }

/** Is an operation of a batch, as in Level. */
export type BatchOperation<Value = unknown> =
  | { readonly type: 'put'; readonly key: Key; readonly value: Value; readonly ttl?: number }
  | { readonly type: 'del'; readonly key: Key }

const WHOLE = new KeySpace([])
/** Says that a value stays as it is, and nothing is written. */
const UNCHANGED = Symbol('unchanged')

/** Holds entries of key and value, in the order of their keys. It is made with its first write. */
export class KeyValueCollection<Value = unknown> {
  readonly name: string
  readonly #context: ModelContext
  readonly #table: string
  readonly #writes: WriteQueue
  #reader: KeyedReader | undefined
  #readerVersion: number | undefined
  readonly #space: KeySpace

  constructor(
    context: ModelContext,
    name: string,
    within?: { readonly space: KeySpace; readonly writes: WriteQueue },
  ) {
    this.name = name
    this.#context = context
    this.#table = entryTableName(name)
    this.#space = within?.space ?? WHOLE
    this.#writes = within?.writes ?? new WriteQueue(context, name, this.#table)
  }

  /**
   * Gives a part of the collection: the entries whose keys are arrays that begin with the given key's elements. In it keys
   * are written without them; a key that is no array is one element more.
   *
   * @example store.kv('app').sub('user').put(7, user) // the entry ['user', 7]
   */
  sub<Part = Value>(path: Key): KeyValueCollection<Part> {
    return new KeyValueCollection<Part>(this.#context, this.name, {
      space: this.#space.below(path),
      writes: this.#writes,
    })
  }

  #encoded(key: Key): Uint8Array {
    return encodeEntryKey(this.#space.pack(key))
  }

  /** Gives the value of a key, `undefined` where there is none. */
  async get(key: Key): Promise<Value | undefined> {
    return this.getSync(key)
  }

  /** Gives the value of a key at once: reads never wait. */
  getSync(key: Key): Value | undefined {
    const row = this.#keyed()?.find(encodeSearchedKey(this.#space.pack(key))) ?? null
    return row === null ? undefined : (readValue(row) as Value | undefined)
  }

  /** Gives the reader of the collection's table, made anew where the catalog has changed. */
  #keyed(): KeyedReader | undefined {
    const version = this.#context.keyedVersion()
    if (this.#reader === undefined || this.#readerVersion !== version) {
      this.#reader = this.#context.keyed(this.#table, ENTRY_FIELDS)
      this.#readerVersion = version
    }
    return this.#reader
  }

  /** Gives the values of keys, in their order. */
  async getMany(keys: readonly Key[]): Promise<(Value | undefined)[]> {
    return keys.map((key) => this.getSync(key))
  }

  /** Tells whether there is an entry of a key. */
  async has(key: Key): Promise<boolean> {
    const reader = this.#keyed()
    return reader !== undefined && isAlive(readEntry(reader, this.#encoded(key)), currentTimeMs())
  }

  /** Gives the value of a key with its version, which grows with each write of the key: for `ifVersion`. */
  async getWithVersion(key: Key): Promise<{ readonly value: Value; readonly version: number } | undefined> {
    const encoded = this.#encoded(key)
    const reader = this.#keyed()
    const entry = reader === undefined ? null : readEntry(reader, encoded)
    if (!isAlive(entry, currentTimeMs())) return undefined
    return { value: decodeValue(entry.tag, entry.bytes) as Value, version: entry.version }
  }

  /**
   * Writes an entry and gives its version.
   *
   * @throws `CONFLICT` where `ifVersion` or `ifAbsent` does not hold, `TYPE` for what cannot be a key or a value
   */
  async put(key: Key, value: Value, options: PutOptions = {}): Promise<number> {
    const entry = this.#entry(key, value, options)
    if (options.ifAbsent !== true && options.ifVersion === undefined) return this.#writes.write(entry)
    return this.#writes.write((transaction, nowMs) => {
      const [stored = null] = readEntries(transaction.snapshot, this.#table, [entry.key])
      const refused = refusal(options, isAlive(stored, nowMs) ? stored.version : null)
      return refused ?? writeEntries(transaction, this.#table, [entry])
    })
  }

  /** Writes many entries in one transaction. Of two with one key the later wins. */
  async putMany(
    entries: Iterable<readonly [key: Key, value: Value] | Entry<Value>>,
    options: { readonly ttl?: number } = {},
  ): Promise<void> {
    const batch = new EntryBatch()
    const expiry = expiryOf(options, currentTimeMs())
    for (const entry of entries)
      if ('key' in entry) batch.add(this.#space.pack(entry.key), entry.value, expiry)
      else batch.add(this.#space.pack(entry[0]), entry[1], expiry)
    if (batch.count > 0)
      await this.#writes.write((transaction) => writeBatch(transaction, this.#table, batch))
  }

  #entry(key: Key, value: unknown, options: { readonly ttl?: number | undefined }): NewEntry {
    return { ...encodeValue(value), key: this.#encoded(key), expiry: expiryOf(options, currentTimeMs()) }
  }

  /** Deletes an entry; tells whether there was one. */
  async delete(key: Key): Promise<boolean> {
    const encoded = this.#encoded(key)
    const count = await this.#writes.write(
      (transaction, nowMs) => deleteEntries(transaction, this.#table, [encoded], nowMs),
      { creates: false },
    )
    return count > 0
  }

  /** Does several writes in one transaction, in order. */
  async batch(operations: readonly BatchOperation<Value>[]): Promise<void> {
    const puts = new Map<string, NewEntry>()
    const deletes = new Map<string, Uint8Array>()
    for (const operation of operations) {
      const key = this.#encoded(operation.key)
      const name = Buffer.from(key).toString('latin1')
      if (operation.type === 'put') {
        puts.set(name, this.#entry(operation.key, operation.value, { ttl: operation.ttl }))
        deletes.delete(name)
      } else if (operation.type === 'del') {
        deletes.set(name, key)
        puts.delete(name)
      } else {
        const { type } = operation as { type: unknown }
        throw new SheafError('ARGUMENT', `A batch takes operations of type 'put' and 'del': ${String(type)}`)
      }
    }
    if (puts.size + deletes.size === 0) return
    await this.#writes.write((transaction, nowMs) => {
      if (deletes.size > 0) deleteEntries(transaction, this.#table, [...deletes.values()], nowMs)
      if (puts.size > 0) writeEntries(transaction, this.#table, [...puts.values()])
      return 0
    })
  }

  /**
   * Changes a value by what it is, and gives the new one; `change` is given `undefined` where there is no entry, and gives
   * `undefined` for there to be none. The entry's time to live stays. No other write comes between.
   *
   * @throws what `change` throws, and changes nothing then
   */
  async update(
    key: Key,
    change: (value: Value | undefined) => Value | undefined,
  ): Promise<Value | undefined> {
    return this.#update(key, change)
  }

  async #update(key: Key, change: (value: Value | undefined) => unknown): Promise<Value | undefined> {
    const encoded = this.#encoded(key)
    let result: Value | undefined
    await this.#writes.write((transaction, nowMs) => {
      const [stored = null] = readEntries(transaction.snapshot, this.#table, [encoded])
      const entry = isAlive(stored, nowMs) ? stored : null
      const value = entry === null ? undefined : (decodeValue(entry.tag, entry.bytes) as Value)
      try {
        const changed = change(value)
        if (changed === UNCHANGED) return 0
        result = changed as Value | undefined
        if (result === undefined) return deleteEntries(transaction, this.#table, [encoded], nowMs)
        const row = { ...encodeValue(result), key: encoded, expiry: entry?.expiry ?? null }
        return writeEntries(transaction, this.#table, [row])
      } catch (error) {
        if (isSheafError(error)) return error
        throw error
      }
    })
    return result
  }

  #change<Result>(key: Key, change: (value: unknown) => Result): Promise<Result> {
    return this.#update(key, change) as Promise<never>
  }

  /**
   * Adds to a number and gives the sum; a key without entry counts from 0. The entry's time to live stays.
   *
   * @throws `TYPE` where the value is no number
   */
  async increment(key: Key, by = 1): Promise<number> {
    return this.#change(key, (value = 0) => added(value, by) as number)
  }

  /** Keeps the lesser of the number that is there and another. @throws `TYPE` */
  async min(key: Key, other: Numeric): Promise<Numeric> {
    return this.#change(key, (value) => extreme(value, other, true))
  }

  /** Keeps the greater of the number that is there and another. @throws `TYPE` */
  async max(key: Key, other: Numeric): Promise<Numeric> {
    return this.#change(key, (value) => extreme(value, other, false))
  }

  /** Combines an integer or bytes with others bit by bit; what is not there is zeros. @throws `TYPE`, `ARGUMENT` */
  async bitAnd(key: Key, other: Numeric | Uint8Array): Promise<Numeric | Uint8Array> {
    return this.#change(key, (value) => bits(value, other, 'and'))
  }

  /** Combines as {@link KeyValueCollection.bitAnd}, by or. */
  async bitOr(key: Key, other: Numeric | Uint8Array): Promise<Numeric | Uint8Array> {
    return this.#change(key, (value) => bits(value, other, 'or'))
  }

  /** Combines as {@link KeyValueCollection.bitAnd}, by exclusive or. */
  async bitXor(key: Key, other: Numeric | Uint8Array): Promise<Numeric | Uint8Array> {
    return this.#change(key, (value) => bits(value, other, 'xor'))
  }

  /** Puts text after text, bytes after bytes or items after those of an array. @throws `TYPE` */
  async append(key: Key, more: string | Uint8Array | readonly unknown[]): Promise<Value> {
    return this.#change(key, (value) => appended(value, more) as Value)
  }

  /**
   * Writes a value where the one that is there equals another, by the bytes that both are kept as; `undefined` stands for
   * no entry. Tells whether it did.
   */
  async compareAndSet(key: Key, expected: Value | undefined, value: Value | undefined): Promise<boolean> {
    let isEqual = false
    await this.#update(key, (found) => {
      isEqual = isSame(found, expected)
      return isEqual ? value : UNCHANGED
    })
    return isEqual
  }

  /** Deletes an entry where its value equals another. Tells whether it did. */
  async compareAndClear(key: Key, expected: Value): Promise<boolean> {
    return this.compareAndSet(key, expected, undefined)
  }

  /** Reads the entries between bounds, in the order of keys: rows of `key` and `value`. */
  range(options: RangeOptions = {}): Query<Entry<Value>> {
    return this.#query(this.#space.bounds(options), options)
  }

  /**
   * Reads the entries whose key begins with a text or with bytes, or with the elements of an array.
   *
   * @example store.kv('sessions').prefix(['user', 7])
   */
  prefix(prefix: Key, options: Omit<RangeOptions, keyof RangeBounds> = {}): Query<Entry<Value>> {
    return this.#query(this.#space.prefix(prefix), options)
  }

  #query(predicates: KeyPredicates, options: RangeOptions): Query<Entry<Value>> {
    checkRange(options)
    let made: { readonly exists: boolean; readonly plan: LogicalPlan } | undefined
    return this.#context.query<Entry<Value>>(
      () => {
        const exists = this.#context.catalog().table(this.#table) !== undefined
        if (made?.exists !== exists)
          made = {
            exists,
            plan: rangePlan(exists ? this.#table : null, predicates, options, this.#space.path.length),
          }
        return made.plan
      },
      { direct: (limit) => this.#portions(predicates, options, limit) },
    )
  }

  #portions(
    predicates: KeyPredicates,
    options: RangeOptions,
    limit: number | null,
  ): Iterable<Entry<Value>[]> {
    const count = options.limit === undefined || options.limit === -1 ? null : options.limit
    const most = count === null || (limit !== null && limit < count) ? limit : count
    return portionsOf<Value>(this.#context, this.#table, predicates, {
      ...options,
      limit: most ?? -1,
      space: this.#space,
    })
  }

  /** Reads the entries between bounds at once, in the order of keys, as the collection is when it is called. */
  *rangeSync(options: RangeOptions = {}): Generator<Entry<Value>, void, undefined> {
    checkRange(options)
    for (const portion of this.#portions(this.#space.bounds(options), options, null)) yield* portion
  }

  /** Counts the entries between bounds. */
  async count(bounds: RangeBounds = {}): Promise<number> {
    return this.#query(this.#space.bounds(bounds), { values: false }).count()
  }

  /** Deletes the entries between bounds and tells how many these were, as {@link KeyValueCollection.clear}. */
  async deleteRange(bounds: RangeBounds): Promise<number> {
    return this.clear(bounds)
  }

  /** Deletes the entries between bounds, all of them without any; with `limit` the first ones (see `range`). */
  async clear(options: Omit<RangeOptions, 'keys' | 'values'> = {}): Promise<number> {
    checkRange(options)
    const predicates = this.#space.bounds(options)
    return this.#remove(async (transaction) => {
      const plan = entryRowIds(this.#table, predicates, options)
      const rows = await this.#context.read(plan, { transaction })
      return transaction.delete(
        this.#table,
        Float64Array.from(rows, ([rowId]) => rowId as number),
      )
    })
  }

  /**
   * Follows changes of the entry of a key, or with `{ prefix }` of all keys that begin so, from now on.
   *
   * @example for await (const change of store.kv('sessions').watch({ prefix: 'user:' })) console.log(change)
   */
  watch(
    keyOrPrefix: Key | { readonly prefix: Key },
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Change<Value>, void, undefined> {
    return watchEntries<Value>(this.#context, this.#table, this.#watched(keyOrPrefix), {
      ...options,
      space: this.#space,
    })
  }

  #watched(keyOrPrefix: Key | { readonly prefix: Key }): KeyPredicates {
    if (isPrefix(keyOrPrefix)) return this.#space.prefix(keyOrPrefix.prefix)
    return this.#space.bounds({ gte: keyOrPrefix, lte: keyOrPrefix })
  }

  /** Runs deletions where there is a table. */
  async #remove(
    work: (transaction: WriteTransaction, nowMs: number) => number | Promise<number>,
  ): Promise<number> {
    return this.#context.write((transaction) => {
      if (transaction.snapshot.catalog.table(this.#table) === undefined) return 0
      return work(transaction, currentTimeMs())
    })
  }
}

/** Tells whether two values are kept as the same bytes. */
function isSame(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return left === right
  const [a, b] = [encodeValue(left), encodeValue(right)]
  return a.tag === b.tag && Buffer.compare(a.bytes, b.bytes) === 0
}

function isPrefix(value: Key | { readonly prefix: Key }): value is { readonly prefix: Key } {
  return typeof value === 'object' && 'prefix' in value
}
