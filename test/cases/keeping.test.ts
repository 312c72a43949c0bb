/** Backup, repair, readers that follow, the change feed and time travel, as users see them. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Change, type OpenOptions, openStore } from '@sheafdb/core'
import { kv } from '@sheafdb/kv'
import { relational } from '@sheafdb/relational'
import { afterAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'sheaf-keeping-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const models = () => [relational(), kv()] as const
const at = (name: string): string => join(folder, name)
const open = (name: string, options: Partial<OpenOptions<ReturnType<typeof models>>> = {}) =>
  openStore(at(name), { ...options, models: models() })
type Opened = Awaited<ReturnType<typeof open>>

const CREATE = 'CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR)'
const rowsOf = (store: Pick<Opened, 'relational'>) =>
  store.relational.query('SELECT id, v FROM t ORDER BY id').rows()

async function changesOf(store: Opened, since: number, tables?: readonly string[]): Promise<Change[]> {
  const all: Change[] = []
  for await (const change of store.changes({ since, ...(tables === undefined ? {} : { tables }) }))
    all.push(change)
  return all
}

describe('backup', () => {
  test('copies one state of the store while others write on, and the copy is a store', async () => {
    const store = await open('source')
    await store.relational.run(CREATE)
    await store.relational.run("INSERT INTO t SELECT i, 'x' FROM range(70000) r(i)")
    await store.relational.run('DELETE FROM t WHERE id < 10')
    let isDone = false
    let written = 0
    const writing = (async () => {
      while (!isDone) {
        // Each transaction moves one from here to there: the sum of both is what a state shows.
        await store.transaction(async (tx) => {
          await tx.kv('here').put(written, 1)
          await tx.kv('there').put(-written, 1)
        })
        written += 1
      }
    })()
    for (let copy = 0; copy < 4; copy += 1) {
      const before = written
      await store.backup(at(`copy-${copy}`))
      const backup = await open(`copy-${copy}`)
      expect(await backup.relational.query('SELECT count(*) AS n FROM t').rows()).toEqual([{ n: 69990 }])
      const [here, there] = await Promise.all([backup.kv('here').count(), backup.kv('there').count()])
      expect(here).toBe(there)
      expect(here).toBeGreaterThanOrEqual(before)
      expect((await backup.verify()).problems).toEqual([])
      await backup.kv('here').put('more', 1)
      await backup.close()
      if (copy === 1) await store.compact()
    }
    isDone = true
    await writing
    await expect(store.backup(at('copy-0'))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
    await store.close()
  })

  test('of a store in memory is a store on the disk', async () => {
    const store = await openStore(':memory:', { models: models() })
    await store.kv('k').put('a', 1)
    await store.backup(at('from-memory'))
    await store.close()
    const backup = await open('from-memory')
    expect(await backup.kv('k').get('a')).toBe(1)
    await backup.close()
  })
})

describe('repair', () => {
  const manifestOf = (name: string): string =>
    readdirSync(at(name)).find((file) => /^MANIFEST-\d+$/.test(file)) as string

  async function madeStore(name: string): Promise<void> {
    const store = await open(name)
    await store.relational.run(CREATE)
    await store.relational.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    await store.compact()
    await store.relational.run("INSERT INTO t VALUES (3, 'c')")
    await store.compact()
    await store.relational.run('DELETE FROM t WHERE id = 1')
    await store.close()
  }

  test.each<[string, (path: string) => void]>([
    ['flipped', (path) => writeFileSync(path, flipped(readFileSync(path)))],
    ['cut', (path) => writeFileSync(path, readFileSync(path).subarray(0, 40))],
    ['empty', (path) => writeFileSync(path, '')],
    ['gone', (path) => rmSync(path)],
  ])('puts a manifest right that is %s, and loses nothing', async (how, damage) => {
    const name = `manifest-${how}`
    await madeStore(name)
    damage(join(at(name), manifestOf(name)))
    await expect(open(name)).rejects.toMatchObject({ code: 'CORRUPT' })
    const { repairStore } = await import('@sheafdb/core')
    const report = await repairStore(at(name))
    expect(report).toMatchObject({ ok: false, lostRowCount: 0 })
    const store = await open(name)
    expect(await rowsOf(store)).toEqual([
      { id: 2, v: 'b' },
      { id: 3, v: 'c' },
    ])
    expect(await store.verify()).toEqual({ ok: true, problems: [] })
    await store.close()
  })

  test('as a method of an open store saves what is sound, and the store goes on', async () => {
    await madeStore('method')
    const store = await open('method')
    expect(await store.repair()).toMatchObject({ ok: true, lostRowCount: 0 })
    const segments = readdirSync(at('method'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.arrow'),
    )
    const path = join(at('method'), segments.find((file) => file.startsWith('segments/16/')) as string)
    const bytes = readFileSync(path)
    bytes.fill(0, 0, bytes.length)
    writeFileSync(path, bytes)
    expect((await store.verify()).ok).toBe(false)
    const report = await store.repair()
    expect(report.ok).toBe(false)
    expect(report.lostRowCount).toBeGreaterThan(0)
    expect((await store.verify()).problems).toEqual([])
    await store.relational.run("INSERT INTO t VALUES (9, 'z')")
    expect((await rowsOf(store)).at(-1)).toEqual({ id: 9, v: 'z' })
    await store.close()
  })
})

function flipped(bytes: Buffer): Buffer {
  bytes[60] = (bytes[60] as number) ^ 1
  return bytes
}

describe('a reader beside the writer', () => {
  test('follows it by refresh, and keeps the snapshots that it has', async () => {
    const writer = await open('followed')
    await writer.relational.run(CREATE)
    const reader = await open('followed', { readOnly: true })
    const first = reader.snapshot()
    for (let id = 0; id < 30; id += 1) {
      await writer.transaction(async (tx) => {
        await tx.relational.run('INSERT INTO t VALUES ($1, $2)', [id, `v${id}`])
        await tx.kv('k').put(id, id)
      })
      if (id % 7 === 0) await writer.compact()
      const before = reader.version
      const snapshot = reader.snapshot()
      await reader.refresh()
      expect(reader.version).toBe(writer.version)
      expect(await rowsOf(reader)).toHaveLength(id + 1)
      expect(await reader.kv('k').count()).toBe(id + 1)
      expect(snapshot.version).toBe(before)
      expect(await rowsOf(snapshot)).toHaveLength(id)
      snapshot.close()
    }
    expect(await rowsOf(first)).toEqual([])
    first.close()
    await reader.close()
    await writer.close()
  })
})

describe('the change feed', () => {
  test('tells what commits did, in their order, also after flushes and reopening', async () => {
    let store = await open('feed', { retention: { commits: 100 } })
    await store.relational.run(CREATE)
    const { version } = store
    await store.relational.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    await store.relational.run("UPDATE t SET v = 'c' WHERE id = 1")
    await store.compact()
    await store.relational.run('DELETE FROM t WHERE id = 1')
    await store.kv('k').put('x', 1)
    const all = await changesOf(store, version, ['t'])
    expect(all.map(({ kind, before, after }) => [kind, before ?? null, after ?? null])).toEqual([
      ['insert', null, { id: 1, v: 'a' }],
      ['insert', null, { id: 2, v: 'b' }],
      ['update', { id: 1, v: 'a' }, { id: 1, v: 'c' }],
      ['delete', { id: 1, v: 'c' }, null],
    ])
    expect(all.map((change) => change.version - version)).toEqual([1, 1, 2, 3])
    await store.compact()
    await store.close()
    store = await open('feed', { retention: { commits: 100 } })
    expect(await changesOf(store, version, ['t'])).toEqual(all)
    expect(await changesOf(store, version + 2, ['relational:t'])).toEqual(all.slice(3))
    expect((await changesOf(store, version)).at(-1)?.table).toBe('kv:k')
    await expect(changesOf(store, 0, ['nothing'])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await store.close()
  })

  test('that follows waits for commits until it is stopped', async () => {
    const store = await open('live')
    await store.kv('k').put(0, 0)
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const change of store.changes({ since: store.version, follow: true, signal: stop.signal })) {
        seen.push(change.version)
        if (seen.length === 3) stop.abort()
      }
    })()
    for (let at = 1; at <= 3; at += 1) await store.kv('k').put(at, at)
    await expect(following).rejects.toMatchObject({ code: 'ABORTED' })
    expect(seen).toEqual([2, 3, 4].map((each) => store.version - 4 + each))
    await store.close()
  })

  test('says so where the retention does not go back so far', async () => {
    const store = await open('short')
    await store.kv('k').put(1, 1)
    const { version } = store
    await store.kv('k').put(1, 2)
    await store.compact()
    await expect(changesOf(store, version)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await store.close()
  })
})

describe('time travel', () => {
  test('shows every version within the retention: rows, fields and tables, also after reopening', async () => {
    let store = await open('past', { retention: { commits: 50 } })
    await store.relational.run(CREATE)
    const states: [number, unknown][] = []
    const note = async () =>
      states.push([store.version, await store.relational.query('SELECT * FROM t ORDER BY id').rows()])
    for (let id = 0; id < 4; id += 1) {
      await store.relational.run('INSERT INTO t VALUES ($1, $2)', [id, `v${id}`])
      await note()
    }
    await store.relational.run('UPDATE t SET v = NULL WHERE id = 2')
    await note()
    await store.relational.run('ALTER TABLE t DROP COLUMN v')
    await note()
    await store.compact()
    await store.relational.run('DROP TABLE t')
    await store.compact()
    for (let reopened = 0; reopened < 2; reopened += 1) {
      for (const [version, rows] of states) {
        const past = store.asOf(version)
        expect(await past.relational.query('SELECT * FROM t ORDER BY id').rows()).toEqual(rows)
        past.close()
      }
      await store.compact()
      await store.close()
      store = await open('past', { retention: { commits: 50 } })
    }
    await store.close()
  })

  test('by time keeps what was committed within it, and no more', async () => {
    let now = 1_000_000
    const options = { retention: { ms: 1000 }, host: { clock: () => now } }
    let store = await open('by-time', options)
    const versions: number[] = []
    for (let at = 0; at < 5; at += 1) {
      await store.kv('k').put('n', at)
      versions.push(store.version)
      now += 400
    }
    await store.compact()
    await store.close()
    store = await open('by-time', options)
    await store.compact()
    // 1,000 ms back lies between the third and the fourth, so the third is what was seen then.
    for (const at of [2, 3, 4]) {
      const past = store.asOf(versions[at] as number)
      expect(await past.kv('k').get('n')).toBe(at)
      past.close()
    }
    expect(() => store.asOf(versions[0] as number)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    await store.close()
  })

  test('a copied folder is a store like the one that it was copied from', async () => {
    const store = await open('copied')
    await store.kv('k').put('a', 1)
    await store.close()
    cpSync(at('copied'), at('copied-2'), { recursive: true })
    const copy = await open('copied-2')
    expect(await copy.kv('k').get('a')).toBe(1)
    await copy.close()
  })
})
