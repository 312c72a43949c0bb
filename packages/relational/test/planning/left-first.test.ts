import { openStore, type Store } from '@sheafdb/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RelationalApi, relational } from '../../src/index.ts'

describe('a join whose right side groups rows by its key', () => {
  let store: Store & { readonly relational: RelationalApi }

  beforeAll(async () => {
    store = await openStore(':memory:', { models: [relational()] })
    await store.relational.run(`
      CREATE TABLE parts (id INTEGER PRIMARY KEY, name VARCHAR);
      CREATE TABLE items (part INTEGER, quantity INTEGER);
      INSERT INTO parts SELECT i, 'part ' || i FROM range(1000) t(i);
      INSERT INTO items SELECT i % 1000, i % 7 FROM range(50000) t(i)`)
  })
  afterAll(() => store.close())

  const groupedRows = async (text: string) => {
    const explained = await store.relational.query(text).explain({ analyze: true })
    return Number(/aggregate by .*? -- (\d+) rows/.exec(explained)?.[1])
  }

  test('groups only the rows that few left rows ask for', async () => {
    const text = `SELECT id, (SELECT sum(quantity) FROM items WHERE part = id) AS total FROM parts WHERE id < 3 ORDER BY id`
    expect(await groupedRows(text)).toBe(3)
    const expected = await store.relational
      .query(
        'SELECT part AS id, sum(quantity) AS total FROM items WHERE part < 3 GROUP BY part ORDER BY part',
      )
      .rows()
    expect(await store.relational.query(text).rows()).toEqual(expected)
  })

  test('keeps left rows that have no group', async () => {
    await store.relational.run("INSERT INTO parts VALUES (5000, 'unused')")
    const text =
      'SELECT id, (SELECT sum(quantity) FROM items WHERE part = id) AS total FROM parts WHERE id > 998 ORDER BY id'
    expect(await groupedRows(text)).toBe(1)
    const [last, unused] = await store.relational.query(text).rows()
    expect(last?.total).toBeGreaterThan(0)
    expect(unused).toEqual({ id: 5000, total: null })
  })

  test('is one semi join where the query of an IN has subqueries of its own', async () => {
    const text = `SELECT count(*)::INTEGER AS n FROM parts
      WHERE id IN (SELECT part FROM items WHERE quantity > (SELECT avg(i.quantity) FROM items i WHERE i.part = items.part))`
    expect(await store.relational.query(text).explain()).toContain('join semi')
    const plain = `SELECT count(DISTINCT part)::INTEGER AS n FROM items
      JOIN (SELECT part AS p, avg(quantity) AS mean FROM items GROUP BY part) ON p = part WHERE quantity > mean`
    expect(await store.relational.query(text).rows()).toEqual(await store.relational.query(plain).rows())
  })
})
