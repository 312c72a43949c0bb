import { isSheafError, openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RelationalApi, relational } from '../../src/index.ts'

let store: Store<readonly [ReturnType<typeof relational>]>
let sql: RelationalApi

beforeEach(async () => {
  store = await openStore(':memory:', { models: [relational()] })
  sql = store.relational
  await sql.run(`
    CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL, price DOUBLE DEFAULT 1.5, CHECK (id < 100));
    INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b');
  `)
})

afterEach(() => store.close())

const rows = (text: string) => sql.query(text).rows()

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
  } catch (error) {
    if (isSheafError(error)) return error.code
    throw error
  }
  return undefined
}

describe('INSERT', () => {
  test('fills what is left out with the default', async () => {
    expect(await rows('SELECT * FROM items ORDER BY id')).toEqual([
      { id: 1, name: 'a', price: 1.5 },
      { id: 2, name: 'b', price: 1.5 },
    ])
  })

  test('refuses a taken key, a null and a broken CHECK, and writes nothing of the statement', async () => {
    expect(await codeOf(sql.run("INSERT INTO items VALUES (3, 'c', 1), (1, 'x', 1)"))).toBe('CONSTRAINT')
    expect(await codeOf(sql.run('INSERT INTO items (id) VALUES (4)'))).toBe('CONSTRAINT')
    expect(await codeOf(sql.run("INSERT INTO items (id, name) VALUES (100, 'x')"))).toBe('CONSTRAINT')
    expect(await sql('items').count()).toBe(2)
  })

  test('changes the row that is there with ON CONFLICT DO UPDATE and gives RETURNING', async () => {
    const { query, rowsAffected } = await sql.run(
      "INSERT INTO items (id, name) VALUES (1, 'x'), (9, 'new') ON CONFLICT (id) DO UPDATE SET name = excluded.name || name RETURNING id, name",
    )
    expect(rowsAffected).toBe(2)
    expect((await query?.rows())?.sort((a, b) => Number(a.id) - Number(b.id))).toEqual([
      { id: 1, name: 'xa' },
      { id: 9, name: 'new' },
    ])
  })

  test('reads rows of a query', async () => {
    await sql.run('INSERT INTO items SELECT id + 10, upper(name), price * 2 FROM items WHERE id = 2')
    expect(await rows('SELECT * FROM items WHERE id > 10')).toEqual([{ id: 12, name: 'B', price: 3 }])
  })
})

test('UPDATE and DELETE give the count of rows and RETURNING', async () => {
  const updated = await sql.run('UPDATE items SET price = price * 2 WHERE id = $1 RETURNING price', [2])
  expect(updated.rowsAffected).toBe(1)
  expect(await updated.query?.rows()).toEqual([{ price: 3 }])
  const deleted = await sql.run('DELETE FROM items WHERE name LIKE $pattern', { pattern: 'a%' })
  expect(deleted.rowsAffected).toBe(1)
  expect(await rows('SELECT id FROM items')).toEqual([{ id: 2 }])
})

test('UPDATE … FROM takes values of another table', async () => {
  await sql.run('CREATE TABLE fresh (id INTEGER, price DOUBLE); INSERT INTO fresh VALUES (1, 9), (7, 8)')
  await sql.run('UPDATE items SET price = fresh.price FROM fresh WHERE fresh.id = items.id')
  expect(await rows('SELECT id, price FROM items ORDER BY id')).toEqual([
    { id: 1, price: 9 },
    { id: 2, price: 1.5 },
  ])
})

test('a template takes queries as relations and values as parameters', async () => {
  const cheap = sql.query('SELECT id, name FROM items WHERE price < 2')
  const name = "b'; DROP TABLE items --"
  expect(await sql.sql`SELECT c.id FROM ${cheap} c WHERE c.id >= ${2} AND name <> ${name}`.rows()).toEqual([
    { id: 2 },
  ])
})

test('what only DuckDB can do runs there over the same rows', async () => {
  expect(
    await rows('SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM items ORDER BY id'),
  ).toEqual([
    { id: 1, place: 2 },
    { id: 2, place: 1 },
  ])
  expect(await rows("SELECT printf('%d', id) AS n FROM items ORDER BY id")).toEqual([{ n: '1' }, { n: '2' }])
  expect(await sql.query("SELECT printf('%d', id) AS n FROM items").explain()).toContain('engine duckdb')
  expect(await sql.query('SELECT name FROM items WHERE id = 1').explain()).not.toContain('duckdb')
})

test('a session keeps a transaction open over statements', async () => {
  const session = sql.session()
  await session.run("BEGIN; INSERT INTO items (id, name) VALUES (3, 'c')")
  expect(await sql('items').count()).toBe(2)
  expect(await (await session.run('SELECT count(*) AS n FROM items')).query?.rows()).toEqual([{ n: 3 }])
  await session.run('ROLLBACK')
  expect(await sql('items').count()).toBe(2)
  await session.run("BEGIN; INSERT INTO items (id, name) VALUES (3, 'c'); COMMIT")
  expect(await sql('items').count()).toBe(3)
})

test('ALTER TABLE adds, renames and drops columns', async () => {
  await sql.run(
    'ALTER TABLE items ADD COLUMN stock INTEGER DEFAULT 5; ALTER TABLE items RENAME COLUMN name TO title',
  )
  await sql.run('ALTER TABLE items DROP COLUMN price')
  expect(await rows('SELECT * FROM items ORDER BY id LIMIT 1')).toEqual([{ id: 1, title: 'a', stock: 5 }])
})

test('ALTER TABLE writes no row anew where the values stay, and is undone within the retention', async () => {
  await store.close()
  store = await openStore(':memory:', { models: [relational()], retention: { commits: 100 } })
  sql = store.relational
  await sql.run(
    "CREATE TABLE wide (id INTEGER PRIMARY KEY, size SMALLINT, name VARCHAR); INSERT INTO wide VALUES (1, 7, 'a'), (2, NULL, 'b')",
  )
  const before = store.version
  await sql.run("ALTER TABLE wide ADD COLUMN colour VARCHAR DEFAULT 'red'")
  await sql.run('ALTER TABLE wide ALTER COLUMN size SET DATA TYPE BIGINT')
  await sql.run('ALTER TABLE wide DROP COLUMN name')
  let changed = 0
  for await (const change of store.changes({ since: before, tables: ['wide'] }))
    changed += change === null ? 0 : 1
  expect(changed).toBe(0)
  await sql.run('INSERT INTO wide VALUES (3, 5000000000, DEFAULT)')
  expect(await rows('SELECT * FROM wide ORDER BY id')).toEqual([
    { id: 1, size: 7, colour: 'red' },
    { id: 2, size: null, colour: 'red' },
    { id: 3, size: 5_000_000_000, colour: 'red' },
  ])
  expect(await codeOf(sql.restore('wide', before))).toBe('TYPE')
  await sql.run('DELETE FROM wide WHERE id = 3')
  await sql.restore('wide', before)
  expect(await rows('SELECT * FROM wide ORDER BY id')).toEqual([
    { id: 1, size: 7, name: 'a' },
    { id: 2, size: null, name: 'b' },
  ])
  await sql.drop('wide')
  await sql.restore('wide', before)
  expect(await rows('SELECT count(*) AS n FROM wide')).toEqual([{ n: 2 }])
})

test('errors tell their place in the text', async () => {
  await expect(rows('SELECT nope FROM items')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    position: { line: 1, column: 8 },
  })
  await expect(rows('SELECT 1 +')).rejects.toMatchObject({ code: 'SYNTAX' })
  await expect(sql.run('SELEC 1')).rejects.toMatchObject({ code: 'SYNTAX', position: { line: 1, column: 1 } })
  await expect(rows('SELECT * FROM nope')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    position: { column: 15 },
  })
  await expect(rows("SELECT name + DATE '2020-01-01' FROM items")).rejects.toMatchObject({ code: 'TYPE' })
})

test('errors of statements that are run as queries tell their place in what the user wrote', async () => {
  await expect(sql.run('CREATE TABLE x (a INTEGER, b NOTYPE)')).rejects.toMatchObject({
    position: { line: 1, column: 30 },
  })
  await expect(sql.run('UPDATE items SET price = nope + 1')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    position: { column: 26 },
  })
})

test('a view shows what its query gives now, and its columns under its own names', async () => {
  await sql.run('CREATE VIEW cheap (number, label) AS SELECT id, upper(name) FROM items WHERE price < 2')
  expect(await rows('SELECT label FROM cheap WHERE number = 2')).toEqual([{ label: 'B' }])
  await sql.run("INSERT INTO items (id, name) VALUES (5, 'e')")
  expect(await rows('SELECT count(*) AS n FROM cheap')).toEqual([{ n: 3 }])
  expect(await codeOf(sql.run("INSERT INTO cheap VALUES (1, 'x')"))).toBe('TYPE')
})

test('paths into structs are read natively', async () => {
  await sql.run("CREATE TABLE nested AS SELECT {'city': 'Oslo', 'at': {'x': 1}} AS place")
  expect(await rows('SELECT place.city AS city, nested.place.at.x AS x FROM nested')).toEqual([
    { city: 'Oslo', x: 1 },
  ])
  expect(await sql.query('SELECT place.city FROM nested').explain()).not.toContain('duckdb')
})

test('the sum of integers is a number, wherever it is computed', async () => {
  expect(await rows('SELECT sum(id) AS s FROM items')).toEqual([{ s: 3 }])
  expect(await rows('SELECT sum(id) OVER () AS s FROM items LIMIT 1')).toEqual([{ s: 3 }])
})

test('an INSERT that reads its own table inserts each row once, in a transaction too', async () => {
  await sql.run('CREATE TABLE numbers AS SELECT range AS i FROM range(200000)')
  await store.transaction(async (transaction) => {
    await transaction.relational.run('INSERT INTO numbers SELECT i + 1 FROM numbers')
    const { rowsAffected } = await transaction.relational.run('INSERT INTO numbers SELECT i + 2 FROM numbers')
    expect(rowsAffected).toBe(400_000)
  })
  expect(await sql('numbers').count()).toBe(800_000)
})

test('foreign keys hold in both directions', async () => {
  await sql.run(
    'CREATE TABLE sales (id INTEGER, item INTEGER REFERENCES items (id)); INSERT INTO sales VALUES (1, 2)',
  )
  expect(await codeOf(sql.run('INSERT INTO sales VALUES (2, 77)'))).toBe('CONSTRAINT')
  expect(await codeOf(sql.run('UPDATE sales SET item = 78'))).toBe('CONSTRAINT')
  expect(await codeOf(sql.run('DELETE FROM items WHERE id = 2'))).toBe('CONSTRAINT')
  expect(await codeOf(sql.run('UPDATE items SET id = 5 WHERE id = 2'))).toBe('CONSTRAINT')
  expect(await codeOf(sql.run('DROP TABLE items'))).toBe('CONSTRAINT')
  await sql.run(
    'INSERT INTO sales VALUES (3, NULL); UPDATE items SET price = 9 WHERE id = 2; DELETE FROM items WHERE id = 1',
  )
  await sql.run('DROP TABLE sales; DROP TABLE items')
})

test('DELETE … USING the same table under other column names compares the right columns', async () => {
  await sql.run('CREATE TABLE a (i INTEGER); INSERT INTO a VALUES (1), (2)')
  expect((await sql.run('DELETE FROM a USING a a2(i) WHERE a.i > a2.i')).rowsAffected).toBe(1)
  expect(await rows('SELECT i FROM a')).toEqual([{ i: 1 }])
})

test('a dropped table is not found, also where DuckDB knew it', async () => {
  await rows('SELECT list(id) FROM items')
  await sql.run('DROP TABLE items')
  expect(await codeOf(rows('SELECT list(id) FROM items'))).toBe('NOT_FOUND')
})

test('a condition of thousands of parts runs', async () => {
  const many = (joint: string) =>
    Array.from({ length: 3000 }, (_, index) => `id <> ${index + 10}`).join(joint)
  expect(await rows(`SELECT count(*) AS n FROM items WHERE ${many(' AND ')}`)).toEqual([{ n: 2 }])
  expect(await rows(`SELECT count(*) AS n FROM items WHERE ${many(' OR ')}`)).toEqual([{ n: 2 }])
  const deep = `SELECT ${'-('.repeat(2000)}id${')'.repeat(2000)} FROM items`
  expect(await codeOf(rows(deep))).toBe('SYNTAX')
})
