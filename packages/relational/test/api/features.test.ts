import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSheafError, openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RelationalApi, type RelationalOptions, relational } from '../../src/index.ts'

let store: Store<readonly [ReturnType<typeof relational>]>
let sql: RelationalApi
let folder: string

async function open(options: RelationalOptions = {}): Promise<void> {
  store = await openStore(':memory:', { models: [relational(options)] })
  sql = store.relational
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sheaf-features-'))
  await open()
})

afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const rows = async (text: string) => (await sql.run(text)).query?.rows()

describe('files in queries', () => {
  test('are read by their names and by readers, beside tables', async () => {
    const path = join(folder, 'p.parquet')
    await sql.run('CREATE TABLE t (id INTEGER, name VARCHAR); INSERT INTO t VALUES (1, $a)', { a: 'x' })
    await sql.run(`COPY (SELECT 1 AS id, 2.5::DOUBLE AS total UNION ALL SELECT 2, 3) TO '${path}'`)
    expect(await rows(`SELECT t.name, p.total FROM '${path}' p JOIN t USING (id)`)).toEqual([
      { name: 'x', total: 2.5 },
    ])
    expect(await rows(`SELECT count(*) AS n FROM read_parquet('${path}')`)).toEqual([{ n: 2 }])
  })

  test('that are not there are errors', async () => {
    const failing = sql.run(`SELECT * FROM '${join(folder, 'none.csv')}'`)
    await expect(failing).rejects.toSatisfy((error) => isSheafError(error, 'IO'))
  })

  test('COPY leaves bad lines out where it is told to, and names them', async () => {
    const path = join(folder, 'bad.csv')
    writeFileSync(path, 'id,name\n1,a\nx,b\n3,c\n')
    await sql.run('CREATE TABLE t (id INTEGER, name VARCHAR)')
    await expect(sql.run(`COPY t FROM '${path}' (HEADER)`)).rejects.toThrow(/Line: 3/)
    expect(await sql('t').count()).toBe(0)
    const { rowsAffected, rejected } = await sql.run(`COPY t FROM '${path}' (HEADER, IGNORE_ERRORS true)`)
    expect(rowsAffected).toBe(2)
    expect(rejected).toMatchObject([{ line: 3, column: 'id', text: 'x,b' }])
  })
})

describe('inserts issued together', () => {
  test('each have their own outcome', async () => {
    await sql.run('CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL)')
    const outcomes = await Promise.allSettled(
      [1, 2, 2, 3, null].map((id) => sql.run('INSERT INTO t VALUES (?, ?)', [id, 'a'])),
    )
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ])
    expect(await sql('t').count()).toBe(3)
  })

  test('of several texts and tables are all there', async () => {
    await sql.run('CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER, made TIMESTAMP DEFAULT now())')
    await Promise.all([
      sql.run('INSERT INTO a VALUES ($1)', [1]),
      sql.run('INSERT INTO b (id) VALUES ($1)', [2]),
      sql.run('INSERT INTO a VALUES ($1), (7)', [3]),
    ])
    expect(await rows('SELECT id FROM a ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }, { id: 7 }])
    expect(await rows('SELECT id, made IS NOT NULL AS dated FROM b')).toEqual([{ id: 2, dated: true }])
  })
})

test('savepoints undo a part of a transaction, a failure too', async () => {
  await sql.run('CREATE TABLE t (id INTEGER PRIMARY KEY)')
  const session = sql.session()
  await session.run('BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2)')
  await expect(session.run('INSERT INTO t VALUES (1)')).rejects.toThrow()
  await session.run('ROLLBACK TO SAVEPOINT s; INSERT INTO t VALUES (3); RELEASE SAVEPOINT s; COMMIT')
  expect(await rows('SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }])
})

test('PRAGMA table_info and SHOW SCHEMAS tell the catalog', async () => {
  await sql.run("CREATE SCHEMA s; CREATE TABLE t (id BIGINT PRIMARY KEY, name VARCHAR DEFAULT 'x')")
  expect(await rows("PRAGMA table_info('t')")).toEqual([
    { cid: 0, name: 'id', type: 'BIGINT', notnull: true, dflt_value: null, pk: true },
    { cid: 1, name: 'name', type: 'VARCHAR', notnull: false, dflt_value: "'x'", pk: false },
  ])
  expect(await rows('SHOW SCHEMAS')).toEqual([{ name: 'main' }, { name: 's' }])
})

test('a view shows a collection, or paths inside it', async () => {
  await sql.run("CREATE TABLE t AS SELECT 1 AS id, {'city': 'Oslo'} AS address")
  await sql.view('flat', 't', { columns: { id: 'id', city: 'address.city' } })
  expect(await rows('FROM flat')).toEqual([{ id: 1, city: 'Oslo' }])
})

test('with integers as bigint every 64-bit integer is one', async () => {
  await store.close()
  await open({ integers: 'bigint' })
  expect(await sql.query('SELECT 1::BIGINT AS a, 2::INTEGER AS b, sum(3) AS c').rows()).toEqual([
    { a: 1n, b: 2, c: 3n },
  ])
})

test('a text for DuckDB reads columns that it names by their place, or as a whole row', async () => {
  await store.close()
  await open({ native: false })
  await sql.run('CREATE TABLE t (id INTEGER, a INTEGER); INSERT INTO t VALUES (1, 2)')
  expect(await rows('SELECT y FROM t AS u(x, y)')).toEqual([{ y: 2 }])
  expect(await rows('SELECT t FROM t')).toEqual([{ t: { id: 1, a: 2 } }])
})

test('with the native engine switched off DuckDB gives the same rows', async () => {
  await store.close()
  await open({ native: false })
  await sql.run('CREATE TABLE t (id INTEGER PRIMARY KEY, a DOUBLE); INSERT INTO t VALUES (1, 2), (2, 3)')
  const query = sql.query('SELECT sum(a) AS s FROM t WHERE id > $1', [0])
  expect(await query.rows()).toEqual([{ s: 5 }])
  expect(await query.explain()).toContain('engine duckdb')
})

describe('rows given as objects', () => {
  test('take the defaults of columns that they leave out, and are computed and checked as by INSERT', async () => {
    await sql.run(
      "CREATE SEQUENCE q START 5; CREATE TABLE t(id INTEGER DEFAULT nextval('q'), a VARCHAR DEFAULT 'x', g INTEGER AS (id * 2), u UUID, m MAP(VARCHAR, INTEGER), j JSON)",
    )
    const { rowsAffected } = await sql('t').insert([{ a: null }, {}, { id: 1, m: { k: 2 }, j: { b: [1] } }])
    expect(rowsAffected).toBe(3)
    expect(await rows('SELECT id, a, g, m, j FROM t ORDER BY id')).toEqual([
      { id: 1, a: 'x', g: 2, m: [{ key: 'k', value: 2 }], j: '{"b":[1]}' },
      { id: 5, a: null, g: 10, m: null, j: null },
      { id: 6, a: 'x', g: 12, m: null, j: null },
    ])
    await sql('t').insert([{ id: 7, u: 'AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE', m: new Map([['z', 1]]) }])
    expect(await rows('SELECT u, m FROM t WHERE id = 7')).toEqual([
      { u: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', m: [{ key: 'z', value: 1 }] },
    ])
    await expect(sql('t').insert([{ id: 8, u: 'no uuid' }])).rejects.toSatisfy((error) => isSheafError(error))
    expect(await rows('SELECT count(*) AS n FROM t WHERE u IS NOT NULL')).toEqual([{ n: 1 }])
  })
})

describe('errors of constraints', () => {
  test('name the constraint and the row', async () => {
    await sql.run(
      'CREATE TABLE t(id INTEGER PRIMARY KEY, q INTEGER UNIQUE, CHECK (id < 100), CONSTRAINT small CHECK (q < 10)); CREATE TABLE c(x INTEGER REFERENCES t(id))',
    )
    await sql.run('INSERT INTO t VALUES (1, 2)')
    await expect(sql.run('INSERT INTO t VALUES (2, 77)')).rejects.toThrow(/small .*id = 2, q = 77/)
    await expect(sql.run('INSERT INTO t VALUES (200, 7)')).rejects.toThrow(/id < 100.*id = 200/)
    await expect(sql.run('INSERT INTO t VALUES (3, 2)')).rejects.toThrow(/UNIQUE \(q\) of t.*2/)
    await expect(sql.run('INSERT INTO t VALUES (1, 3)')).rejects.toThrow(/\(id\) = \(1\)/)
    await expect(sql.run('INSERT INTO c VALUES (9)')).rejects.toThrow(
      /FOREIGN KEY \(x\) of c.*\(id\) = \(9\)/,
    )
    await sql.run('ALTER TABLE t ADD COLUMN z INTEGER')
    await expect(sql.run('UPDATE t SET q = 50')).rejects.toThrow(/small/)
  })
})
