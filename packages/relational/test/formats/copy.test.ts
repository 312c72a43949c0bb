import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { relational } from '../../src/index.ts'

let folder: string
let store: Store<readonly [ReturnType<typeof relational>]>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sheaf-copy-'))
  store = await openStore(':memory:', { models: [relational()] })
  await store.relational.run(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR, seen TIMESTAMP, price DECIMAL(8, 2))',
  )
})

afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const COUNT = 3000

async function fill(): Promise<void> {
  const rows = Array.from({ length: COUNT }, (_, id) => ({
    id,
    name: id % 5 === 0 ? null : `name ${id % 4}`,
    seen: new Date(id * 1000),
    price: `${id}.25`,
  }))
  expect((await store.relational('t').insert(rows)).rowsAffected).toBe(COUNT)
}

describe('COPY', () => {
  for (const ending of ['csv', 'parquet', 'ndjson', 'arrow'])
    test(`writes a table as ${ending} and reads the same rows back`, async () => {
      await fill()
      const path = join(folder, `t.${ending}`)
      const options = ending === 'ndjson' ? ' (FORMAT json)' : ''
      expect((await store.relational.run(`COPY t TO '${path}'${options}`)).rowsAffected).toBe(COUNT)
      await store.relational.run(
        'CREATE TABLE back (id INTEGER, name VARCHAR, seen TIMESTAMP, price DECIMAL(8, 2))',
      )
      expect((await store.relational.run(`COPY back FROM '${path}'`)).rowsAffected).toBe(COUNT)
      const [there, here] = await Promise.all(
        ['back', 't'].map((table) => store.relational.query(`SELECT * FROM ${table} ORDER BY id`).rows()),
      )
      expect(there).toEqual(here)
    })

  test('keeps nothing of a file whose last row breaks the key', async () => {
    const path = join(folder, 'bad.csv')
    writeFileSync(path, 'id,name,seen,price\n1,a,,1\n2,b,,2\n1,c,,3\n')
    await expect(store.relational.run(`COPY t FROM '${path}'`)).rejects.toMatchObject({ code: 'CONSTRAINT' })
    expect(await store.relational('t').count()).toBe(0)
  })

  test('tells a missing file and a value that does not fit', async () => {
    await expect(store.relational.run(`COPY t FROM '${join(folder, 'none.csv')}'`)).rejects.toMatchObject({
      code: 'IO',
    })
    const path = join(folder, 'bad.csv')
    writeFileSync(path, 'id,name,seen,price\nx,a,,1\n')
    await expect(store.relational.run(`COPY t FROM '${path}'`)).rejects.toMatchObject({ code: 'VALUE' })
  })
})

describe('store.import and store.export', () => {
  for (const format of ['arrow', 'parquet', 'csv', 'ndjson'] as const)
    test(`write a table as ${format} and make it anew from the file`, async () => {
      await fill()
      const path = join(folder, `t.${format}`)
      expect(await store.export(path, { table: 't', format })).toMatchObject({ rowsAffected: COUNT })
      let done = 0
      await store.import(path, { table: 'fresh', onProgress: (progress) => (done = progress.done) })
      expect(done).toBe(COUNT)
      expect(
        await store.relational.query('SELECT id, name FROM fresh WHERE id < 6 ORDER BY id').rows(),
      ).toEqual(await store.relational.query('SELECT id, name FROM t WHERE id < 6 ORDER BY id').rows())
    })

  test('tell an unknown table', async () => {
    await expect(store.export(join(folder, 'x.csv'), { table: 'nope' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })
})

test('a query that DuckDB runs stops at its time limit and when it is aborted', async () => {
  const slow = store.relational.query(
    'SELECT count(*) AS n FROM range(100000000) a, range(1000) b WHERE a.range % 7 = b.range',
  )
  const start = performance.now()
  await expect(slow.rows({ timeout: 100 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  await expect(slow.rows({ signal: AbortSignal.timeout(100) })).rejects.toMatchObject({ code: 'ABORTED' })
  expect(performance.now() - start).toBeLessThan(5000)
})
