import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSheafError, openStore } from '@sheafdb/core'
import { expect, test } from 'vitest'
import { relational } from '../../src/index.ts'

async function files() {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-arrow-'))
  const store = await openStore(join(folder, 'store'), { models: [relational()] })
  return { sql: store.relational, path: (name: string) => join(folder, name), close: () => store.close() }
}

test('an Arrow file is a relation by its name, natively and in DuckDB', async () => {
  const { sql, path, close } = await files()
  await sql.run(`CREATE TABLE t AS SELECT i AS id, 'n' || i % 3 AS n FROM range(200000) r(i)`)
  expect((await sql.run(`COPY t TO '${path('t.arrow')}'`)).rowsAffected).toBe(200000)
  const query = sql.query(
    `SELECT n, count(*) AS c FROM '${path('t.arrow')}' WHERE id >= 3 GROUP BY n ORDER BY n`,
  )
  expect(await query.rows()).toEqual([
    { n: 'n0', c: 66666 },
    { n: 'n1', c: 66666 },
    { n: 'n2', c: 66665 },
  ])
  const inDuckDb = sql.query(`SELECT printf('%d', max(id)) AS m FROM read_arrow('${path('t.arrow')}')`)
  expect(await inDuckDb.explain()).toContain('foreign')
  expect(await inDuckDb.rows()).toEqual([{ m: '199999' }])
  expect(await sql.query(`FROM '${path('t.arrow')}' LIMIT 1`).rows()).toHaveLength(1)
  await close()
})

test('files that are missing or no Arrow are told apart', async () => {
  const { sql, path, close } = await files()
  await expect(sql.query(`FROM '${path('none.arrow')}'`).rows()).rejects.toSatisfy((error) =>
    isSheafError(error, 'IO'),
  )
  writeFileSync(path('text.arrow'), 'no arrow at all')
  await expect(sql.query(`FROM '${path('text.arrow')}'`).rows()).rejects.toSatisfy((error) =>
    isSheafError(error, 'CORRUPT'),
  )
  await close()
})

test('COPY TO reads its rows as they are written, for each format, from queries of both engines', async () => {
  const { sql, path, close } = await files()
  await sql.run('CREATE TABLE t AS SELECT i AS id FROM range(100000) r(i)')
  for (const name of ['t.csv', 't.parquet', 't.json', 't.ipc']) {
    expect((await sql.run(`COPY t TO '${path(name)}'`)).rowsAffected).toBe(100000)
    await sql.run(`COPY (SELECT id, printf('%d', id) AS s FROM t WHERE id < 10) TO '${path(`q.${name}`)}'`)
    const [row] = await sql.query(`SELECT count(*) AS c, max(id) AS m FROM '${path(`q.${name}`)}'`).rows()
    expect(row).toEqual({ c: 10, m: 9 })
  }
  await close()
})
