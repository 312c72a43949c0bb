import { openStore, type Store, type StoreSnapshot } from '@sheafdb/core'
import {
  type AbstractBatchOperation,
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractLevel,
  AbstractSnapshot,
} from 'abstract-level'
import type { KeyValueCollection } from '../api/collection.ts'
import type { RangeBounds } from '../api/range.ts'
import { kv } from '../model.ts'

type Bytes = Uint8Array
type Models = readonly [ReturnType<typeof kv>]
type Options = { readonly snapshot?: unknown }
type Range = RangeBounds & { readonly reverse?: boolean; readonly limit?: number }

const COLLECTION = 'level'

/** Tunes a database: what abstract-level takes, and how durable its writes are. */
export type SheafLevelOptions = {
  readonly keyEncoding?: string
  readonly valueEncoding?: string
  readonly durability?: 'commit' | 'interval' | 'none'
}

/**
 * Is a database of the Level ecosystem on a store of its own: `new SheafLevel<string, Row>('./rows.sheaf', { valueEncoding: 'json' })`.
 * Without a path, or with `':memory:'`, nothing is kept.
 */
export class SheafLevel<Key = string, Value = string> extends AbstractLevel<Bytes, Key, Value> {
  readonly #path: string
  readonly #durability: 'commit' | 'interval' | 'none'
  #store: Store<Models> | undefined

  constructor(path = ':memory:', options: SheafLevelOptions = {}) {
    const manifest = {
      encodings: { view: true },
      seek: true,
      has: true,
      getSync: true,
      implicitSnapshots: true,
      explicitSnapshots: true,
    }
    super(manifest as never, options as never)
    this.#path = path
    this.#durability = options.durability ?? 'commit'
  }

  get store(): Store<Models> {
    if (this.#store === undefined) throw new Error('The database is not open.')
    return this.#store
  }

  /** Gives the collection as a snapshot shows it, or as it is now. */
  entries(options: Options): KeyValueCollection<Bytes> {
    const { snapshot } = options
    return (snapshot instanceof KvSnapshot ? snapshot.session : this.store).kv(COLLECTION)
  }

  async _open(): Promise<void> {
    this.#store ??= await openStore(this.#path, { models: [kv()], durability: this.#durability })
  }

  /** What is in memory stays, so that it can be opened again. */
  async _close(): Promise<void> {
    if (this.#path === ':memory:') return
    await this.#store?.close()
    this.#store = undefined
  }

  async _put(key: Bytes, value: Bytes): Promise<void> {
    await this.entries({}).put(key, value)
  }

  async _get(key: Bytes, options: Options): Promise<Bytes | undefined> {
    return this.entries(options).get(key)
  }

  _getSync(key: Bytes, options: Options): Bytes | undefined {
    return this.entries(options).getSync(key)
  }

  async _getMany(keys: Bytes[], options: Options): Promise<(Bytes | undefined)[]> {
    return this.entries(options).getMany(keys)
  }

  async _has(key: Bytes, options: Options): Promise<boolean> {
    return this.entries(options).has(key)
  }

  async _hasMany(keys: Bytes[], options: Options): Promise<boolean[]> {
    return (await this.entries(options).getMany(keys)).map((value) => value !== undefined)
  }

  async _del(key: Bytes): Promise<void> {
    await this.entries({}).delete(key)
  }

  async _batch(operations: AbstractBatchOperation<this, Bytes, Bytes>[]): Promise<void> {
    await this.entries({}).batch(operations as never)
  }

  async _clear(options: Range & Options): Promise<void> {
    const { snapshot } = options
    if (snapshot === undefined) await this.entries({}).clear(options)
    else {
      const rows = await this.entries(options)
        .range({ ...options, values: false })
        .rows()
      await this.entries({}).batch(rows.map(({ key }) => ({ type: 'del', key })))
    }
  }

  _iterator(options: AbstractIteratorOptions<Bytes, Bytes>): AbstractIterator<this, Bytes, Bytes> {
    return new KvIterator(this as never, options) as never
  }

  _snapshot(options: object): AbstractSnapshot {
    return new KvSnapshot(this as never, options)
  }
}

class KvSnapshot extends AbstractSnapshot {
  readonly session: StoreSnapshot<Models>

  constructor(db: SheafLevel, options: object) {
    super(...([options] as unknown as []))
    this.session = db.store.snapshot()
  }

  async _close(): Promise<void> {
    this.session.close()
  }
}

class KvIterator extends AbstractIterator<SheafLevel, Bytes, Bytes> {
  readonly #entries: KeyValueCollection<Bytes>
  readonly #own: StoreSnapshot<Models> | null
  readonly #options: Range & { readonly keys?: boolean; readonly values?: boolean }
  #bounds: RangeBounds
  #isOver = false

  constructor(db: SheafLevel, options: AbstractIteratorOptions<Bytes, Bytes>) {
    super(db, options)
    const { snapshot } = options as Options
    this.#own = snapshot === undefined ? db.store.snapshot() : null
    this.#entries = this.#own === null ? db.entries(options as Options) : this.#own.kv(COLLECTION)
    this.#options = options as never
    const { gt, gte, lt, lte } = options as RangeBounds
    this.#bounds = boundsOf({ gt, gte, lt, lte })
  }

  async _next(): Promise<[Bytes, Bytes] | undefined> {
    return (await this._nextv(1))[0]
  }

  async _nextv(size: number): Promise<[Bytes, Bytes][]> {
    if (this.#isOver) return []
    const { reverse = false } = this.#options
    const rows = await this.#entries.range({ ...this.#bounds, reverse, limit: size }).rows()
    const last = rows.at(-1)?.key as Bytes | undefined
    if (last === undefined) this.#isOver = true
    else {
      const after = reverse ? { lt: last, lte: undefined } : { gt: last, gte: undefined }
      this.#bounds = boundsOf({ ...this.#bounds, ...after })
    }
    return rows.map(({ key, value }) => [key as Bytes, value])
  }

  async _all(options: { limit?: number }): Promise<[Bytes, Bytes][]> {
    const size = options.limit ?? this.limit - this.count
    return this._nextv(Number.isFinite(size) ? size : -1)
  }

  _seek(target: Bytes): void {
    const { gt, gte, lt, lte } = this.#options
    const outside = (bound: unknown, test: (order: number) => boolean) =>
      bound !== undefined && test(Buffer.compare(target, bound as Bytes))
    this.#isOver =
      outside(gt, (order) => order <= 0) ||
      outside(gte, (order) => order < 0) ||
      outside(lt, (order) => order >= 0) ||
      outside(lte, (order) => order > 0)
    const own = { gt, gte, lt, lte }
    this.#bounds =
      this.#options.reverse === true
        ? boundsOf({ ...own, lt: undefined, lte: target })
        : boundsOf({ ...own, gt: undefined, gte: target })
  }

  async _close(): Promise<void> {
    this.#own?.close()
  }
}

type OpenBounds = { readonly [Bound in keyof RangeBounds]: RangeBounds[Bound] | undefined }

function boundsOf(bounds: OpenBounds): RangeBounds {
  return Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined))
}
