import { openStore, type Store } from '@sheafdb/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RelationalApi, relational } from '../../src/index.ts'

describe('groups that follow from others', () => {
  let store: Store & { readonly relational: RelationalApi }

  beforeAll(async () => {
    store = await openStore(':memory:', { models: [relational()] })
    await store.relational.run(`
      CREATE TABLE nations (id INTEGER PRIMARY KEY, title VARCHAR);
      CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR, nation INTEGER, twin INTEGER);
      CREATE TABLE orders (number INTEGER PRIMARY KEY, customer INTEGER, total INTEGER);
      INSERT INTO nations SELECT i, 'nation ' || i % 2 FROM range(3) t(i);
      INSERT INTO customers SELECT i, CASE WHEN i % 4 = 0 THEN NULL ELSE 'name ' || i % 2 END, i % 3, 9 - i FROM range(10) t(i);
      INSERT INTO orders SELECT i, i % 12, i FROM range(600) t(i)`)
  })
  afterAll(() => store.close())

  const JOINED = 'FROM orders o JOIN customers c ON o.customer = c.id JOIN nations n ON c.nation = n.id'

  /** Names the groups that rows are not told apart by. */
  const determinedIn = async (text: string): Promise<readonly string[]> => {
    const explained = await store.relational.query(text).explain()
    const found = /following \[(.*?)\]/.exec(explained.slice(explained.indexOf('optimized plan')))
    return found === null ? [] : (found[1] as string).split(', ').map((name) => name.replace(/#.*/, ''))
  }

  const sameAsPlain = async (groups: string, from: string): Promise<void> => {
    const columns = groups.split(', ').map((name, at) => `${name} AS g${at}`)
    const order = columns.map((_, at) => `g${at}`).join(', ')
    const text = `SELECT ${columns.join(', ')}, sum(total)::INTEGER AS sum ${from} GROUP BY ${groups} ORDER BY ${order}`
    // A computed group follows from nothing: what it is grouped with is grouped by itself.
    const plain = text.replace(`GROUP BY ${groups}`, `GROUP BY ${groups}, random() < -1`)
    const rows = await store.relational.query(text).rows()
    expect(rows).toEqual(await store.relational.query(plain).rows())
    expect(rows.length).toBeGreaterThan(0)
  }

  test('are those of a key, through the keys of joins', async () => {
    expect(
      await determinedIn(`SELECT c.id, c.name, n.title, sum(total) ${JOINED} GROUP BY c.id, c.name, n.title`),
    ).toEqual(['name', 'title'])
    await sameAsPlain('c.id, c.name, n.title', JOINED)
  })

  test('are found from the key of the table that is joined', async () => {
    expect(
      await determinedIn(
        `SELECT c.name, o.number, o.total, sum(total) ${JOINED} GROUP BY c.name, o.number, o.total`,
      ),
    ).toEqual(['name', 'total'])
    await sameAsPlain('c.name, o.number, o.total', JOINED)
  })

  test('are not those of columns that are no key, nor both of two that follow from each other', async () => {
    expect(
      await determinedIn(`SELECT c.name, n.title, sum(total) ${JOINED} GROUP BY c.name, n.title`),
    ).toEqual([])
    const twins =
      'FROM orders o JOIN customers c ON o.customer = c.id JOIN customers d ON c.twin = d.id AND d.twin = c.id'
    expect(await determinedIn(`SELECT c.id, d.id, sum(total) ${twins} GROUP BY c.id, d.id`)).toHaveLength(1)
    await sameAsPlain('c.id, d.id', twins)
  })

  test('hold on the empty side of an outer join', async () => {
    await sameAsPlain('c.id, c.name', 'FROM orders o LEFT JOIN customers c ON o.customer = c.id')
    await sameAsPlain('o.customer, c.name', 'FROM orders o LEFT JOIN customers c ON o.customer = c.id')
  })
})
