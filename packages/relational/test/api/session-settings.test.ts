import { isSheafError, openStore } from '@sheafdb/core'
import { describe, expect, test } from 'vitest'
import { relational } from '../../src/index.ts'

async function session() {
  const store = await openStore(':memory:', { models: [relational()] })
  const sql = store.relational.session()
  return {
    store,
    run: (text: string) => sql.run(text),
    rows: async (text: string) => (await (await sql.run(text)).query?.rows()) ?? [],
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    return isSheafError(error) ? error.code : `not a SheafError: ${error}`
  }
}

describe('settings of a session', () => {
  test('USE makes names without a schema mean those of it, for reading and writing', async () => {
    const { run, rows } = await session()
    await run("CREATE SCHEMA s; CREATE TABLE t(x VARCHAR); INSERT INTO t VALUES ('main'); USE s")
    expect(await rows('SELECT x FROM t')).toEqual([{ x: 'main' }])
    await run("CREATE TABLE t(x VARCHAR); INSERT INTO t VALUES ('s'); CREATE VIEW v AS SELECT x FROM t")
    expect(await rows('SELECT x FROM t')).toEqual([{ x: 's' }])
    expect(await rows('SELECT x FROM main.t')).toEqual([{ x: 'main' }])
    expect(await rows('SELECT current_schema() AS s')).toEqual([{ s: 's' }])
    await run('UPDATE t SET x = upper(x); USE main')
    expect(await rows('SELECT x FROM t')).toEqual([{ x: 'main' }])
    expect(await rows('SELECT x FROM s.v')).toEqual([{ x: 'S' }])
    await run('USE s; DROP VIEW v; DROP TABLE t')
    expect(await rows('SELECT x FROM t')).toEqual([{ x: 'main' }])
  })

  test('SET TimeZone, default_null_order and variables hold until RESET, for the session alone', async () => {
    const { store, run, rows } = await session()
    const zone = "SELECT TIMESTAMPTZ '2024-07-01 12:00:00+00'::VARCHAR AS t"
    await run("SET TimeZone = 'Europe/Oslo'")
    expect(await rows(zone)).toEqual([{ t: '2024-07-01 14:00:00+02' }])
    expect(await store.relational.query(zone).rows()).not.toEqual([{ t: '2024-07-01 14:00:00+02' }])
    await run('RESET TimeZone')
    expect(await rows(zone)).not.toEqual([{ t: '2024-07-01 14:00:00+02' }])
    const ordered = 'SELECT x FROM (VALUES (1), (NULL)) t(x) ORDER BY x'
    await run("SET default_null_order = 'nulls_first'")
    expect(await rows(ordered)).toEqual([{ x: null }, { x: 1 }])
    await run('RESET default_null_order')
    expect(await rows(ordered)).toEqual([{ x: 1 }, { x: null }])
    await run("SET VARIABLE v = DATE '2024-02-01' + 1")
    expect(await rows("SELECT getvariable('v')::VARCHAR AS v")).toEqual([{ v: '2024-02-02' }])
  })

  test('settings that are not there, bad values and those without a session are refused', async () => {
    const { store, run } = await session()
    expect(await codeOf(run('SET nonsense = 1'))).toBe('NOT_FOUND')
    expect(await codeOf(run('USE nowhere'))).toBe('NOT_FOUND')
    expect(await codeOf(run('SET threads = 1'))).toBe('UNSUPPORTED')
    expect(await codeOf(run("SET TimeZone = 'No/Where'"))).not.toBe('none')
    expect(await codeOf(store.relational.run("SET TimeZone = 'UTC'"))).toBe('UNSUPPORTED')
  })
})
