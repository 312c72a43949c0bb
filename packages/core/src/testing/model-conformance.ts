import assert from 'node:assert/strict'
import type { CollectionMethods } from '../model/collections.ts'
import type { Model, ModelApi } from '../model/model.ts'
import type { Query } from '../model/query.ts'
import type { OpenOptions, Store } from '../model/store-api.ts'
import { MemoryFileSystem } from '../storage/memory-file-system.ts'
import { openStore } from '../store.ts'
import { type ErrorCode, isSheafError } from '../types/errors.ts'

/** Is how a suite names its tests: `describe` and `test` of the runner. */
export type TestRunner = {
  readonly describe: (name: string, body: () => void) => void
  readonly test: (name: string, body: () => Promise<void>) => void
}

/** Says how entries, told apart by a number, are written and read through a model's API. */
export type ModelSubject<M extends Model> = {
  readonly model: () => M
  /** Writes an entry, creating the collection where it is not there. */
  write(api: ModelApi<M>, collection: string, entry: number): Promise<unknown>
  /** Changes an entry that is there in a way that leaves its number. */
  overwrite(api: ModelApi<M>, collection: string, entry: number): Promise<unknown>
  /** Gives a query with a row for each entry. */
  query(api: ModelApi<M>, collection: string): Query<never> | Query
  /** Gives the numbers of the entries, in any order; none where the collection is not there. */
  read(api: ModelApi<M>, collection: string): Promise<number[]>
}

type Api<M extends Model> = ModelApi<M> & CollectionMethods

/** Names that must be ordinary: of members of objects, of paths, and past the basic plane. */
const HOSTILE_NAMES = [
  '__proto__',
  'constructor',
  'a/../b',
  '..',
  'C:\\x',
  'emoji 😀',
  'quote " \' `',
  'a.b',
  '%00',
]

/**
 * Holds a model to what every model does: collections that appear on first write, transactions, snapshots, reopening,
 * read-only and closed stores, explain, abort. Run it from the tests of the model.
 */
export function modelConformanceSuite<M extends Model>(runner: TestRunner, subject: ModelSubject<M>): void {
  const { describe, test } = runner
  const check = new Checks(subject)
  describe('every model', () => {
    for (const [name, body] of check.all()) test(name, body)
  })
}

class Checks<M extends Model> {
  readonly #subject: ModelSubject<M>

  constructor(subject: ModelSubject<M>) {
    this.#subject = subject
  }

  /** Gives each check with its name. */
  all(): [string, () => Promise<void>][] {
    return [
      ...this.#collections(),
      ...this.#names(),
      ...this.#transactions(),
      ...this.#conflicts(),
      ...this.#files(),
      ...this.#refusals(),
      ...this.#queries(),
    ]
  }

  #collections(): [string, () => Promise<void>][] {
    return [
      [
        'creates a collection on first write',
        this.#with(async ({ api }) => {
          assert.deepEqual(api.list(), [])
          await this.#subject.read(api, 'things')
          assert.deepEqual(api.list(), [])
          await this.#subject.write(api, 'things', 1)
          assert.deepEqual(api.list(), ['things'])
          await this.#subject.write(api, 'things', 2)
          assert.deepEqual(api.list(), ['things'])
          await this.#holds(api, 'things', [1, 2])
        }),
      ],
      [
        'keeps collections apart, and lists them in order',
        this.#with(async ({ api }) => {
          await this.#subject.write(api, 'b', 1)
          await this.#subject.write(api, 'a', 2)
          assert.deepEqual(api.list(), ['a', 'b'])
          await this.#holds(api, 'a', [2])
          await this.#holds(api, 'b', [1])
        }),
      ],
      [
        'drops a collection with all that it holds; written again, it starts empty',
        this.#with(async ({ api }) => {
          await this.#subject.write(api, 'things', 1)
          await api.drop('things')
          assert.deepEqual(api.list(), [])
          await this.#subject.write(api, 'things', 2)
          await this.#holds(api, 'things', [2])
          await rejects(() => api.drop('none'), 'NOT_FOUND')
        }),
      ],
      [
        'renames a collection, which keeps its entries',
        this.#with(async ({ api }) => {
          await this.#subject.write(api, 'old', 1)
          await api.rename('old', 'new')
          assert.deepEqual(api.list(), ['new'])
          await this.#holds(api, 'new', [1])
          await this.#subject.write(api, 'new', 2)
          await this.#holds(api, 'new', [1, 2])
          await rejects(() => api.rename('old', 'other'), 'NOT_FOUND')
        }),
      ],
      [
        'does not rename a collection to a name that is taken',
        this.#with(async ({ api }) => {
          await this.#subject.write(api, 'one', 1)
          await this.#subject.write(api, 'two', 2)
          await rejects(() => api.rename('one', 'two'), 'ALREADY_EXISTS')
          await this.#holds(api, 'one', [1])
          await this.#holds(api, 'two', [2])
        }),
      ],
    ]
  }

  #names(): [string, () => Promise<void>][] {
    return [
      [
        'takes any text for a name',
        this.#with(async ({ store, api, reopen }) => {
          for (const [at, name] of HOSTILE_NAMES.entries()) await this.#subject.write(api, name, at)
          assert.deepEqual(api.list(), [...HOSTILE_NAMES].sort())
          for (const [at, name] of HOSTILE_NAMES.entries()) await this.#holds(api, name, [at])
          await store.compact()
          const again = apiOf<M>(await reopen())
          for (const [at, name] of HOSTILE_NAMES.entries()) await this.#holds(again, name, [at])
        }),
      ],
      [
        'refuses names that are empty, too long or hold control characters',
        this.#with(async ({ api }) => {
          for (const name of ['', 'x'.repeat(256), 'a\0b', 'a\nb'])
            await rejects(async () => this.#subject.write(api, name, 1), 'ARGUMENT')
          assert.deepEqual(api.list(), [])
        }),
      ],
    ]
  }

  #transactions(): [string, () => Promise<void>][] {
    return [
      [
        'shows the writes of a transaction inside it at once, and outside when it has committed',
        this.#with(async ({ store, api }) => {
          await this.#subject.write(api, 'things', 1)
          await store.transaction(async (transaction) => {
            const inner = apiOf<M>(transaction)
            await this.#subject.write(inner, 'things', 2)
            await this.#subject.write(inner, 'others', 3)
            await this.#holds(inner, 'things', [1, 2])
            await this.#holds(inner, 'others', [3])
            await this.#holds(api, 'things', [1])
            assert.deepEqual(api.list(), ['things'])
          })
          await this.#holds(api, 'things', [1, 2])
          await this.#holds(api, 'others', [3])
        }),
      ],
      [
        'keeps nothing of a transaction that fails',
        this.#with(async ({ store, api }) => {
          await this.#subject.write(api, 'things', 1)
          const failure = new Error('stop')
          await assert.rejects(
            store.transaction(async (transaction) => {
              await this.#subject.write(apiOf<M>(transaction), 'things', 2)
              await this.#subject.write(apiOf<M>(transaction), 'others', 3)
              throw failure
            }),
            (error) => error === failure,
          )
          await this.#holds(api, 'things', [1])
          assert.deepEqual(api.list(), ['things'])
        }),
      ],
      [
        'shows a snapshot as it was, and does not write to it',
        this.#with(async ({ store, api }) => {
          await this.#subject.write(api, 'things', 1)
          const snapshot = store.snapshot()
          await this.#subject.write(api, 'things', 2)
          await this.#subject.overwrite(api, 'things', 1)
          await this.#holds(apiOf<M>(snapshot), 'things', [1])
          await rejects(async () => this.#subject.write(apiOf<M>(snapshot), 'things', 3), 'READ_ONLY')
          snapshot.close()
          await this.#holds(api, 'things', [1, 2])
        }),
      ],
    ]
  }

  #conflicts(): [string, () => Promise<void>][] {
    return [
      [
        'lets the first of two transactions that change an entry win',
        this.#with(async ({ store, api }) => {
          await this.#subject.write(api, 'things', 1)
          const late = store.transaction(async (transaction) => {
            await this.#subject.overwrite(apiOf<M>(transaction), 'things', 1)
            await store.transaction((other) => this.#subject.overwrite(apiOf<M>(other), 'things', 1))
            await this.#subject.write(apiOf<M>(transaction), 'things', 2)
          })
          await rejects(() => late, 'CONFLICT')
          await this.#holds(api, 'things', [1])
        }),
      ],
      [
        'runs writes outside of transactions at once, losing none',
        this.#with(async ({ api }) => {
          await this.#subject.write(api, 'things', 0)
          const entries = Array.from({ length: 12 }, (_, at) => at + 1)
          await Promise.all(entries.map((entry) => this.#subject.write(api, 'things', entry)))
          await this.#holds(api, 'things', [0, ...entries])
        }),
      ],
    ]
  }

  #files(): [string, () => Promise<void>][] {
    return [
      [
        'keeps entries when the store is closed and opened again',
        this.#with(async ({ api, reopen }) => {
          await this.#subject.write(api, 'things', 1)
          await this.#subject.write(api, 'things', 2)
          await this.#subject.overwrite(api, 'things', 2)
          const again = apiOf<M>(await reopen())
          assert.deepEqual(again.list(), ['things'])
          await this.#holds(again, 'things', [1, 2])
          await this.#subject.write(again, 'things', 3)
          await this.#holds(again, 'things', [1, 2, 3])
        }),
      ],
      [
        'keeps entries when the store is compacted, and all checksums hold',
        this.#with(async ({ store, api, reopen }) => {
          for (let entry = 0; entry < 5; entry += 1) await this.#subject.write(api, 'things', entry)
          await this.#subject.write(api, 'others', 9)
          await api.drop('others')
          await store.compact()
          await this.#subject.overwrite(api, 'things', 1)
          await this.#holds(api, 'things', [0, 1, 2, 3, 4])
          assert.deepEqual(await store.verify(), { ok: true, problems: [] })
          const again = await reopen()
          await this.#holds(apiOf<M>(again), 'things', [0, 1, 2, 3, 4])
          assert.deepEqual(await again.verify(), { ok: true, problems: [] })
        }),
      ],
      [
        'leaves its tables readable where the store is opened without the model',
        this.#with(async ({ store, api, reopen }) => {
          await this.#subject.write(api, 'things', 1)
          const tables = store.stats().tables.filter((table) => table.rowCount > 0)
          assert.ok(tables.length > 0)
          const without = await reopen({ models: [] })
          for (const { table, rowCount } of tables)
            assert.equal(await without.from(table).count(), rowCount, table)
        }),
      ],
      [
        'reads a store that is opened read-only, and does not write to it',
        this.#with(async ({ api, reopen }) => {
          await this.#subject.write(api, 'things', 1)
          const readOnly = apiOf<M>(await reopen({ readOnly: true }))
          await this.#holds(readOnly, 'things', [1])
          await rejects(async () => this.#subject.write(readOnly, 'things', 2), 'READ_ONLY')
          await rejects(() => readOnly.drop('things'), 'READ_ONLY')
          await this.#holds(readOnly, 'things', [1])
        }),
      ],
    ]
  }

  #refusals(): [string, () => Promise<void>][] {
    return [
      [
        'fails with CLOSED once the store is closed',
        this.#with(async ({ store, api }) => {
          await this.#subject.write(api, 'things', 1)
          const query = this.#subject.query(api, 'things')
          assert.equal(await query.count(), 1)
          await store.close()
          await rejects(async () => query.rows(), 'CLOSED')
          await rejects(async () => this.#subject.read(api, 'things'), 'CLOSED')
          await rejects(async () => this.#subject.write(api, 'things', 2), 'CLOSED')
          await rejects(async () => api.list(), 'CLOSED')
        }),
      ],
      [
        'stops a query that is aborted',
        this.#with(async ({ api }) => {
          await this.#subject.write(api, 'things', 1)
          const query = this.#subject.query(api, 'things')
          const signal = AbortSignal.abort()
          await rejects(async () => query.rows({ signal }), 'ABORTED')
          await rejects(async () => query.first({ signal }), 'ABORTED')
          await rejects(async () => query.count({ signal }), 'ABORTED')
          await rejects(async () => query.table({ signal }), 'ABORTED')
          assert.equal((await query.rows()).length, 1)
        }),
      ],
    ]
  }

  #queries(): [string, () => Promise<void>][] {
    return [
      [
        'gives the same rows in every form of a result',
        this.#with(async ({ api }) => {
          for (let entry = 0; entry < 3; entry += 1) await this.#subject.write(api, 'things', entry)
          const query = this.#subject.query(api, 'things')
          assert.equal((await query.rows()).length, 3)
          assert.equal(await query.count(), 3)
          assert.equal((await query.table()).numRows, 3)
          let streamed = 0
          for await (const batch of query) streamed += batch.numRows
          assert.equal(streamed, 3)
          assert.notEqual(await query.first(), undefined)
          assert.equal(await query.limit(2).count(), 2)
          assert.equal((await query.offset(2).rows()).length, 1)
          assert.deepEqual((await query.table()).schema.names, (await query.schema).names)
        }),
      ],
      [
        'explains a query in text, and shows rows and times where it is to run',
        this.#with(async ({ api }) => {
          await this.#subject.write(api, 'things', 1)
          const query = this.#subject.query(api, 'things')
          const text = await query.explain()
          assert.match(text, /logical plan\n[\s\S]*optimized plan\n/)
          assert.match(await query.explain({ analyze: true }), /1 rows in \d+\.\d+ ms/)
        }),
      ],
      [
        'sees in each run of a query the state at its start',
        this.#with(async ({ api }) => {
          await this.#subject.write(api, 'things', 1)
          const query = this.#subject.query(api, 'things')
          assert.equal((await query.rows()).length, 1)
          await this.#subject.write(api, 'things', 2)
          assert.equal((await query.rows()).length, 2)
        }),
      ],
    ]
  }

  async #holds(api: ModelApi<M>, collection: string, entries: readonly number[]): Promise<void> {
    const found = await this.#subject.read(api, collection)
    assert.deepEqual(
      found.sort((left, right) => left - right),
      entries,
    )
  }

  /** Opens a store in memory for a check and closes it; `reopen` opens the same files again. */
  #with(check: (opened: Opened<M>) => Promise<void>): () => Promise<void> {
    return async () => {
      const fileSystem = new MemoryFileSystem()
      const open = async (options: Partial<OpenOptions<readonly Model[]>> = {}): Promise<Store> =>
        openStore('store', { models: [this.#subject.model()], host: { fileSystem }, ...options })
      let store = await open()
      const reopen = async (options: Partial<OpenOptions<readonly Model[]>> = {}): Promise<Store> => {
        await store.close()
        store = await open(options)
        return store
      }
      try {
        await check({ store, api: apiOf<M>(store), reopen })
      } finally {
        await store.close()
      }
    }
  }
}

type Opened<M extends Model> = {
  readonly store: Store
  readonly api: Api<M>
  readonly reopen: (options?: Partial<OpenOptions<readonly Model[]>>) => Promise<Store>
}

const OWN_METHODS = new Set(['from', 'transaction', 'snapshot', 'version'])

/** Finds the API of the only model of a session. */
function apiOf<M extends Model>(session: object): Api<M> {
  const name = Object.keys(session).find((key) => !OWN_METHODS.has(key))
  assert.ok(name, 'the session shows no model')
  return (session as Record<string, unknown>)[name] as Api<M>
}

async function rejects(call: () => unknown, code: ErrorCode): Promise<void> {
  await assert.rejects(
    async () => call(),
    (error) => {
      assert.ok(isSheafError(error), `expected ${code}: ${error}`)
      assert.equal(error.code, code, error.message)
      return true
    },
  )
}
