/** Runs the store in real processes over real files: one that is killed, two that want to write, one that reads. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { batchOf, createTable, type Model, readRows, TABLE } from './history.ts'

const folder = mkdtempSync(join(tmpdir(), 'sheaf-processes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

/** Commits rows 1, 2, 3, … and says after each that it is done; never ends by itself. */
const WRITER = `
import { openTableStore } from ${source('../../src/transaction/table-store.ts')}
import { batchOf, createTable, TABLE } from ${source('./history.ts')}
const store = await openTableStore({ path: process.argv[2] })
await createTable(store)
for (let id = 1; ; id += 1) {
  const transaction = store.begin()
  transaction.insert(TABLE, batchOf([{ id, name: 'n' + id, extra: { id } }, { id: -id, name: 'pair' }]))
  await transaction.commit()
  process.stdout.write(id + '\\n')
  if (id % 40 === 0) void store.compact({ full: id % 80 === 0 })
}
`

/** Starts the writer, waits until it has done so many commits, and kills it. Gives the last commit that it told of. */
async function runAndKill(
  path: string,
  commits: number,
  during?: (pid: number) => Promise<void>,
): Promise<number> {
  const script = join(folder, 'writer.ts')
  writeFileSync(script, WRITER)
  const child = spawn(process.execPath, ['--conditions=source', script, path])
  let told = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    told += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  const done = (): number => Number(told.trimEnd().split('\n').at(-1) || 0)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  while (done() < commits && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2))
  expect(child.exitCode, errors).toBeNull()
  await during?.(child.pid as number)
  child.kill('SIGKILL')
  await ended
  return done()
}

describe('processes', () => {
  test.each([1, 30, 100, 300])('a writer killed after %i commits loses none of them', async (commits) => {
    const path = join(folder, `killed-${commits}`)
    const acknowledged = await runAndKill(path, commits)
    const store = await openTableStore({ path })
    const rows = readRows(store.snapshot())
    const highest = Math.max(...rows.keys())
    expect(highest).toBeGreaterThanOrEqual(acknowledged)
    for (let id = 1; id <= highest; id += 1) {
      expect(rows.get(id)?.name).toBe(`n${id}`)
      expect(rows.get(-id)?.name).toBe('pair')
    }
    expect(rows.size).toBe(highest * 2)
    expect(await store.verify()).toEqual({ ok: true, problems: [] })
    await store.close()
  })

  test('a second writer is told who holds the store, a reader is not refused', async () => {
    const path = join(folder, 'locked')
    await runAndKill(path, 5, async (pid) => {
      await expect(openTableStore({ path })).rejects.toMatchObject({
        code: 'LOCKED',
        message: expect.stringContaining(`process ${pid}`),
      })
      const reader = await openTableStore({ path, readOnly: true })
      expect(readRows(reader.snapshot()).get(5)?.name).toBe('n5')
      expect(() => reader.begin()).toThrow(expect.objectContaining({ code: 'READ_ONLY' }))
      await reader.close()
    })
    const next = await openTableStore({ path })
    await next.close()
  })

  test('the same process cannot open a store for writing twice', async () => {
    const path = join(folder, 'twice')
    const store = await openTableStore({ path })
    await expect(openTableStore({ path })).rejects.toMatchObject({ code: 'LOCKED' })
    await store.close()
    await (await openTableStore({ path })).close()
  })

  test('what was loaded in bulk is read back from real files', async () => {
    const path = join(folder, 'bulk')
    const store = await openTableStore({ path })
    await createTable(store)
    const model: Model = new Map(Array.from({ length: 70_000 }, (_, id) => [id, { id, name: `n${id % 9}` }]))
    const transaction = store.begin()
    transaction.insert(TABLE, batchOf([...model.values()]))
    await transaction.commit()
    await store.close()
    const again = await openTableStore({ path })
    const rows = readRows(again.snapshot())
    expect(rows.size).toBe(model.size)
    expect(rows.get(69_999)?.name).toBe(`n${69_999 % 9}`)
    await again.close()
  })
})
