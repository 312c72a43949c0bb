/**
 * The scenarios of Hermitage, over transactions that are open at the same time, at both levels of isolation. What may
 * happen at a level is written down exactly; the matrix in `docs/reliability.md` says the same.
 *
 * @see https://github.com/ept/hermitage
 */
import { openStore, type Store, type Transaction } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

type Models = readonly [ReturnType<typeof relational>]
type Level = 'snapshot' | 'serializable'

const rolledBack = new Error('rolled back')

/** Is a transaction that does one thing after the other, as it is told to from outside. */
class Client {
  readonly #outcome: Promise<'committed' | 'conflict' | 'aborted'>
  #begun!: (transaction: Transaction<Models>) => void
  #end!: (error: Error | null) => void
  readonly #transaction = new Promise<Transaction<Models>>((resolve) => {
    this.#begun = resolve
  })

  constructor(store: Store<Models>, isolation: Level) {
    const ended = new Promise<void>((resolve, reject) => {
      this.#end = (error) => (error === null ? resolve() : reject(error))
    })
    this.#outcome = store
      .transaction(
        (transaction) => {
          this.#begun(transaction)
          return ended
        },
        { isolation },
      )
      .then(
        () => 'committed' as const,
        (error: { readonly code?: string }) => {
          if (error === rolledBack) return 'aborted'
          if (error.code === 'CONFLICT') return 'conflict'
          throw error
        },
      )
  }

  async run(sql: string): Promise<void> {
    await (await this.#transaction).relational.run(sql)
  }

  /** Gives the rows of the table where a condition holds, as `[id, value]`. */
  async read(where = 'true'): Promise<unknown[]> {
    const { relational } = await this.#transaction
    const rows = await relational.query(`SELECT id, value FROM test WHERE ${where} ORDER BY id`).rows()
    return rows.map(({ id, value }) => [id, value])
  }

  commit(): Promise<string> {
    this.#end(null)
    return this.#outcome
  }

  abort(): Promise<string> {
    this.#end(rolledBack)
    return this.#outcome
  }
}

let store: Store<Models>

beforeEach(async () => {
  store = await openStore(':memory:', { models: [relational()] })
  await store.relational.run(
    'CREATE TABLE test (id INTEGER PRIMARY KEY, value INTEGER); INSERT INTO test VALUES (1, 10), (2, 20)',
  )
})

afterEach(() => store.close())

async function finalRows(): Promise<unknown[]> {
  const rows = await store.relational.query('SELECT id, value FROM test ORDER BY id').rows()
  return rows.map(({ id, value }) => [id, value])
}

const set = (id: number, value: number): string => `UPDATE test SET value = ${value} WHERE id = ${id}`

describe.each(['snapshot', 'serializable'] as const)('at the level %s', (level) => {
  const begin = (): Client => new Client(store, level)
  /** Is the outcome of the second of two transactions that only a serial order would keep apart. */
  const skewed = level === 'snapshot' ? 'committed' : 'conflict'

  test('G0: writes of two transactions never mix', async () => {
    const [a, b] = [begin(), begin()]
    await a.run(set(1, 11))
    await b.run(set(1, 12))
    await a.run(set(2, 21))
    expect(await a.commit()).toBe('committed')
    await b.run(set(2, 22))
    expect(await b.commit()).toBe('conflict')
    expect(await finalRows()).toEqual([
      [1, 11],
      [2, 21],
    ])
  })

  test('G1a: what is aborted is never read', async () => {
    const [a, b] = [begin(), begin()]
    await a.run(set(1, 101))
    expect(await b.read('id = 1')).toEqual([[1, 10]])
    expect(await a.abort()).toBe('aborted')
    expect(await b.read('id = 1')).toEqual([[1, 10]])
    expect(await b.commit()).toBe('committed')
  })

  test('G1b: what is overwritten before its commit is never read', async () => {
    const [a, b] = [begin(), begin()]
    await a.run(set(1, 101))
    expect(await b.read('id = 1')).toEqual([[1, 10]])
    await a.run(set(1, 11))
    expect(await a.commit()).toBe('committed')
    expect(await b.read('id = 1')).toEqual([[1, 10]])
    expect(await b.commit()).toBe('committed')
  })

  test('G1c: two transactions never read what the other wrote', async () => {
    const [a, b] = [begin(), begin()]
    await a.run(set(1, 11))
    await b.run(set(2, 22))
    expect(await a.read('id = 2')).toEqual([[2, 20]])
    expect(await b.read('id = 1')).toEqual([[1, 10]])
    expect(await a.commit()).toBe('committed')
    expect(await b.commit()).toBe(skewed)
  })

  test('OTV: of a transaction that was seen nothing vanishes', async () => {
    const [a, b] = [begin(), begin()]
    await a.run(set(1, 11))
    await a.run(set(2, 19))
    await b.run(set(1, 12))
    expect(await a.commit()).toBe('committed')
    const c = begin()
    expect(await c.read('id = 1')).toEqual([[1, 11]])
    await b.run(set(2, 18))
    expect(await c.read('id = 2')).toEqual([[2, 19]])
    expect(await b.commit()).toBe('conflict')
    expect(await c.read()).toEqual([
      [1, 11],
      [2, 19],
    ])
    expect(await c.commit()).toBe('committed')
  })

  test('PMP: rows that come to fit a condition are not seen, and writes by a condition conflict', async () => {
    const [a, b] = [begin(), begin()]
    expect(await a.read('value = 30')).toEqual([])
    await b.run('INSERT INTO test VALUES (3, 30)')
    expect(await b.commit()).toBe('committed')
    expect(await a.read('value % 3 = 0')).toEqual([])
    expect(await a.commit()).toBe('committed')
    const [c, d] = [begin(), begin()]
    await c.run('UPDATE test SET value = value + 10')
    expect(await d.read('value = 20')).toEqual([[2, 20]])
    await d.run('DELETE FROM test WHERE value = 20')
    expect(await c.commit()).toBe('committed')
    expect(await d.commit()).toBe('conflict')
    expect(await finalRows()).toEqual([
      [1, 20],
      [2, 30],
      [3, 40],
    ])
  })

  test('P4: no update is lost', async () => {
    const [a, b] = [begin(), begin()]
    expect(await a.read('id = 1')).toEqual([[1, 10]])
    expect(await b.read('id = 1')).toEqual([[1, 10]])
    await a.run(set(1, 11))
    await b.run(set(1, 12))
    expect(await a.commit()).toBe('committed')
    expect(await b.commit()).toBe('conflict')
    expect(await finalRows()).toContainEqual([1, 11])
  })

  test('G-single: all reads are of one version', async () => {
    const [a, b] = [begin(), begin()]
    expect(await a.read('id = 1')).toEqual([[1, 10]])
    await b.run(set(1, 12))
    await b.run(set(2, 18))
    expect(await b.commit()).toBe('committed')
    expect(await a.read('id = 2')).toEqual([[2, 20]])
    expect(await a.commit()).toBe('committed')
  })

  test('G-single by conditions: all reads are of one version', async () => {
    const [a, b] = [begin(), begin()]
    expect(await a.read('value % 5 = 0')).toHaveLength(2)
    await b.run('UPDATE test SET value = 12 WHERE value = 10')
    expect(await b.commit()).toBe('committed')
    expect(await a.read('value % 3 = 0')).toEqual([])
    expect(await a.commit()).toBe('committed')
  })

  test('G-single with a write by a condition: what was read before is written or nothing is', async () => {
    const [a, b] = [begin(), begin()]
    expect(await a.read('id = 1')).toEqual([[1, 10]])
    await b.run(set(1, 12))
    await b.run(set(2, 18))
    expect(await b.commit()).toBe('committed')
    await a.run('DELETE FROM test WHERE value = 20')
    expect(await a.commit()).toBe('conflict')
    expect(await finalRows()).toEqual([
      [1, 12],
      [2, 18],
    ])
  })

  test(`G2-item: write skew of rows ends ${skewed}`, async () => {
    const [a, b] = [begin(), begin()]
    expect(await a.read()).toHaveLength(2)
    expect(await b.read()).toHaveLength(2)
    await a.run(set(1, 11))
    await b.run(set(2, 21))
    expect(await a.commit()).toBe('committed')
    expect(await b.commit()).toBe(skewed)
  })

  test(`G2: write skew of conditions ends ${skewed}`, async () => {
    const [a, b] = [begin(), begin()]
    expect(await a.read('value % 3 = 0')).toEqual([])
    expect(await b.read('value % 3 = 0')).toEqual([])
    await a.run('INSERT INTO test VALUES (3, 30)')
    await b.run('INSERT INTO test VALUES (4, 42)')
    expect(await a.commit()).toBe('committed')
    expect(await b.commit()).toBe(skewed)
  })

  test(`G2 over a reader: a reader between two writers ends ${skewed}`, async () => {
    const a = begin()
    expect(await a.read()).toHaveLength(2)
    const b = begin()
    await b.run('UPDATE test SET value = value + 5 WHERE id = 2')
    expect(await b.commit()).toBe('committed')
    const c = begin()
    expect(await c.read()).toEqual([
      [1, 10],
      [2, 25],
    ])
    expect(await c.commit()).toBe('committed')
    await a.run(set(1, 0))
    expect(await a.commit()).toBe(skewed)
  })
})
