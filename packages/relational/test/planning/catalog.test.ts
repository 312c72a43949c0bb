import { isSheafError, openStore } from '@sheafdb/core'
import { expect, test } from 'vitest'
import { relational } from '../../src/index.ts'

async function shop() {
  const store = await openStore(':memory:', { models: [relational()] })
  await store.relational.run(`
    CREATE SCHEMA s; CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE SEQUENCE q START 5;
    CREATE TABLE a(id INTEGER PRIMARY KEY, m mood NOT NULL, n INTEGER DEFAULT nextval('q') CHECK (n > 0));
    CREATE TABLE b(x INTEGER REFERENCES a(id), y VARCHAR UNIQUE); CREATE TABLE s.c(z INTEGER);
    CREATE INDEX by_n ON a(n);
    CREATE VIEW v AS SELECT id FROM a; CREATE VIEW w AS SELECT * FROM v`)
  return store
}

test('information_schema tells of tables, columns and constraints', async () => {
  const store = await shop()
  const rows = (text: string) => store.relational.query(text).rows()
  expect(
    await rows(
      'SELECT table_schema s, table_name t, table_type k FROM information_schema.tables ORDER BY ALL',
    ),
  ).toEqual([
    { s: 'main', t: 'a', k: 'BASE TABLE' },
    { s: 'main', t: 'b', k: 'BASE TABLE' },
    { s: 'main', t: 'v', k: 'VIEW' },
    { s: 'main', t: 'w', k: 'VIEW' },
    { s: 's', t: 'c', k: 'BASE TABLE' },
  ])
  expect(
    await rows(
      "SELECT column_name c, data_type t, is_nullable n FROM information_schema.columns WHERE table_name = 'a' ORDER BY ordinal_position",
    ),
  ).toEqual([
    { c: 'id', t: 'INTEGER', n: 'NO' },
    { c: 'm', t: "ENUM('sad', 'ok')", n: 'NO' },
    { c: 'n', t: 'INTEGER', n: 'YES' },
  ])
  expect(
    await rows(
      "SELECT table_name t, constraint_type k FROM information_schema.table_constraints WHERE constraint_type <> 'CHECK' ORDER BY ALL",
    ),
  ).toEqual([
    { t: 'a', k: 'PRIMARY KEY' },
    { t: 'b', k: 'FOREIGN KEY' },
    { t: 'b', k: 'UNIQUE' },
  ])
  expect(
    await rows('SELECT table_name t, column_name c FROM information_schema.key_column_usage ORDER BY ALL'),
  ).toContainEqual({ t: 'b', c: 'y' })
  expect(await rows('SELECT index_name FROM duckdb_indexes()')).toEqual([{ index_name: 'by_n' }])
  expect(await rows("SELECT name, pk FROM pragma_table_info('a') WHERE pk")).toEqual([
    { name: 'id', pk: true },
  ])
})

test('the catalog follows changes, and a view whose table is gone stays in it', async () => {
  const store = await shop()
  await store.relational.run('DROP TABLE b; DROP TABLE s.c; DROP TABLE a')
  const names = await store.relational
    .query('SELECT table_name t FROM information_schema.tables ORDER BY ALL')
    .rows()
  expect(names).toEqual([{ t: 'v' }, { t: 'w' }])
})

test('a question about the catalog together with a table is refused, and says so', async () => {
  const store = await shop()
  const query = store.relational.query('SELECT * FROM information_schema.tables, a')
  await expect(query.rows()).rejects.toSatisfy((error) => isSheafError(error, 'UNSUPPORTED'))
})

test('PIVOT without values takes those that the rows have when it runs', async () => {
  const store = await openStore(':memory:', { models: [relational()] })
  await store.relational.run(
    "CREATE TABLE t(y INTEGER, n VARCHAR, v INTEGER); INSERT INTO t VALUES (9, 'a', 1), (10, 'b', 2)",
  )
  const pivot = () => store.relational.query('PIVOT t ON n USING sum(v) ORDER BY y').rows()
  expect(await pivot()).toEqual([
    { y: 9, a: 1, b: null },
    { y: 10, a: null, b: 2 },
  ])
  await store.relational.run("INSERT INTO t VALUES (9, 'it''s', 3)")
  expect(await pivot()).toEqual([
    { y: 9, a: 1, b: null, "it's": 3 },
    { y: 10, a: null, b: 2, "it's": null },
  ])
  await store.relational.run('DELETE FROM t')
  expect(await pivot()).toEqual([])
  const inside =
    "WITH x AS (SELECT 1 AS k, 'p' AS n UNION ALL SELECT 1, 'q') FROM (PIVOT x ON n USING count(*))"
  expect(await store.relational.query(inside).rows()).toEqual([{ k: 1, p: 1, q: 1 }])
})

test('types of values named inside other types are kept', async () => {
  const store = await openStore(':memory:', { models: [relational()] })
  await store.relational.run(
    "CREATE TABLE e(x ENUM('a', 'b')[]); INSERT INTO e VALUES (['b', 'a']); INSERT INTO e VALUES (NULL)",
  )
  expect(await store.relational.query('SELECT x FROM e').rows()).toEqual([{ x: ['b', 'a'] }, { x: null }])
  await expect(store.relational.run("INSERT INTO e VALUES (['c'])")).rejects.toSatisfy((error) =>
    isSheafError(error, 'VALUE'),
  )
})
