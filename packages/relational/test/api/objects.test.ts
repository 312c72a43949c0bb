import { isSheafError, openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RelationalApi, relational } from '../../src/index.ts'

let store: Store<readonly [ReturnType<typeof relational>]>
let sql: RelationalApi

beforeEach(async () => {
  store = await openStore(':memory:', { models: [relational()] })
  sql = store.relational
})

afterEach(() => store.close())

const rows = async (text: string) => (await sql.run(text)).query?.rows()

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
  } catch (error) {
    if (isSheafError(error)) return error.code
    throw error
  }
  return undefined
}

describe('sequences', () => {
  test('number the rows of a table, one by one and many at once', async () => {
    await sql.run(`
      CREATE SEQUENCE ids START 10 INCREMENT BY 5;
      CREATE TABLE t (id BIGINT DEFAULT nextval('ids'), a VARCHAR)`)
    await sql.run("INSERT INTO t (a) VALUES ('x')")
    await sql.run("INSERT INTO t (a) SELECT 'y' FROM range(2)")
    expect(await rows('SELECT id, a FROM t ORDER BY id')).toEqual([
      { id: 10, a: 'x' },
      { id: 15, a: 'y' },
      { id: 20, a: 'y' },
    ])
    expect(await sql.query("SELECT nextval('ids') AS id").rows()).toEqual([{ id: 25 }])
    expect(await rows("SELECT currval('ids') AS id")).toEqual([{ id: 25 }])
  })

  test('go round where they cycle, and end where they do not', async () => {
    await sql.run(`
      CREATE SEQUENCE round MINVALUE 2 MAXVALUE 4 START 3 CYCLE;
      CREATE SEQUENCE down INCREMENT -1 MINVALUE -2 MAXVALUE 0`)
    expect(await rows("SELECT nextval('round') AS n FROM range(5)")).toEqual(
      [3, 4, 2, 3, 4].map((n) => ({ n })),
    )
    expect(await rows("SELECT nextval('down') AS n FROM range(3)")).toEqual([0, -1, -2].map((n) => ({ n })))
    expect(await codeOf(sql.run("SELECT nextval('down')"))).toBe('LIMIT')
    expect(await codeOf(sql.run("SELECT nextval('none')"))).toBe('NOT_FOUND')
  })

  test('cannot be dropped while a table takes from them', async () => {
    await sql.run("CREATE SEQUENCE s; CREATE TABLE t (a BIGINT DEFAULT nextval('s'))")
    expect(await codeOf(sql.run('DROP SEQUENCE s'))).toBe('CONSTRAINT')
    await sql.run('DROP TABLE t; DROP SEQUENCE s')
    expect(await codeOf(sql.run('DROP SEQUENCE s'))).toBe('NOT_FOUND')
  })
})

describe('schemas', () => {
  test('hold tables of the same name apart', async () => {
    await sql.run('CREATE SCHEMA s; CREATE TABLE s.t (a INTEGER); CREATE TABLE t (a INTEGER)')
    await sql.run('INSERT INTO s.t VALUES (1); INSERT INTO t VALUES (2)')
    expect(await rows('SELECT s.t.a FROM s.t')).toEqual([{ a: 1 }])
    expect(await rows('SELECT a FROM main.t')).toEqual([{ a: 2 }])
    expect(sql.list()).toEqual(['s.t', 't'])
    expect(await codeOf(sql.run('CREATE TABLE none.t (a INTEGER)'))).toBe('NOT_FOUND')
    expect(await codeOf(sql.run('DROP SCHEMA s'))).toBe('CONSTRAINT')
    await sql.run('DROP SCHEMA s CASCADE')
    expect(sql.list()).toEqual(['t'])
  })
})

describe('types and macros', () => {
  test('an ENUM keeps its order and refuses other values', async () => {
    await sql.run("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE p (name VARCHAR, mood mood)")
    await sql.run("INSERT INTO p VALUES ('a', 'happy'), ('b', 'sad')")
    expect(await rows("SELECT name FROM p WHERE mood < 'ok'::mood")).toEqual([{ name: 'b' }])
    expect(await rows('SELECT name FROM p ORDER BY mood')).toEqual([{ name: 'b' }, { name: 'a' }])
    expect(await codeOf(sql.run("INSERT INTO p VALUES ('c', 'none')"))).toBe('VALUE')
  })

  test('an ENUM takes its values from a query', async () => {
    await sql.run("CREATE TABLE v (a VARCHAR); INSERT INTO v VALUES ('x'), ('y'), ('x')")
    await sql.run('CREATE TYPE letters AS ENUM (SELECT a FROM v)')
    expect(await rows("SELECT 'y'::letters AS a")).toEqual([{ a: 'y' }])
  })

  test('macros compute values and give tables', async () => {
    await sql.run(`
      CREATE TABLE n (a INTEGER);
      INSERT INTO n VALUES (1), (2), (3);
      CREATE MACRO twice(x) AS x * 2;
      CREATE MACRO above(least) AS TABLE SELECT a FROM n WHERE a > least`)
    expect(await rows('SELECT twice(a) AS a FROM above(1) ORDER BY a')).toEqual([{ a: 4 }, { a: 6 }])
    await sql.run('CREATE OR REPLACE MACRO twice(x) AS x + x + 0.5')
    expect(await rows('SELECT twice(1) AS a')).toEqual([{ a: '2.5' }])
    await sql.run('DROP MACRO twice')
    expect(await codeOf(sql.run('SELECT twice(1)'))).toBe('NOT_FOUND')
  })
})

describe('MERGE', () => {
  beforeEach(() =>
    sql.run(`
      CREATE TABLE stock (item INTEGER PRIMARY KEY, count INTEGER);
      CREATE TABLE sale (item INTEGER, count INTEGER);
      INSERT INTO stock VALUES (1, 10), (2, 5), (3, 7);
      INSERT INTO sale VALUES (1, 4), (2, 5), (9, 1)`),
  )

  test('updates, deletes and inserts by clause, and tells what it did', async () => {
    const { rowsAffected, query } = await sql.run(`
      MERGE INTO stock AS s USING sale AS b ON s.item = b.item
      WHEN MATCHED AND s.count = b.count THEN DELETE
      WHEN MATCHED THEN UPDATE SET count = s.count - b.count
      WHEN NOT MATCHED THEN INSERT VALUES (b.item, -b.count)
      WHEN NOT MATCHED BY SOURCE THEN UPDATE SET count = 0
      RETURNING merge_action, item, count`)
    expect(rowsAffected).toBe(4)
    expect((await query?.rows())?.map((row) => Object.values(row).join(' ')).sort()).toEqual([
      'DELETE 2 5',
      'INSERT 9 -1',
      'UPDATE 1 6',
      'UPDATE 3 0',
    ])
    expect(await rows('FROM stock ORDER BY item')).toEqual([
      { item: 1, count: 6 },
      { item: 3, count: 0 },
      { item: 9, count: -1 },
    ])
  })

  test('stops at an ERROR clause and has changed nothing', async () => {
    const failing = sql.run(`
      MERGE INTO stock USING sale USING (item)
      WHEN MATCHED THEN DELETE
      WHEN NOT MATCHED THEN ERROR 'no item ' || sale.item`)
    await expect(failing).rejects.toThrow(/no item 9/)
    expect(await sql('stock').count()).toBe(3)
  })

  test('inserts and updates by name', async () => {
    await sql.run(
      'MERGE INTO stock USING (SELECT 3 AS count, 1 AS item UNION ALL SELECT 8, 8) AS s USING (item) WHEN MATCHED THEN UPDATE BY NAME WHEN NOT MATCHED THEN INSERT BY NAME',
    )
    expect(await rows('FROM stock WHERE item IN (1, 8) ORDER BY item')).toEqual([
      { item: 1, count: 3 },
      { item: 8, count: 8 },
    ])
  })
})
