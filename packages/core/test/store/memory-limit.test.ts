import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openStore } from '../../src/store.ts'

const folders: string[] = []

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-memory-'))
  folders.push(folder)
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const ROWS = Array.from({ length: 60_000 }, (_, row) => ({
  id: (row * 7919) % 60_000,
  text: `row number ${row}`,
}))

test('a query over more than memoryLimit puts rows aside in the store, and leaves nothing there', async () => {
  const folder = newFolder()
  const store = await openStore(folder, { models: [], memoryLimit: 4 * 2 ** 20 })
  const query = store.from(ROWS).sort({ id: 'desc' })
  const seen: number[] = []
  let most = 0
  for await (const batch of query.batches()) {
    const ids = batch.getChild('id')
    seen.push(Number(ids?.get(0)))
    const names = readdirSync(folder).includes('temporary') ? readdirSync(join(folder, 'temporary')) : []
    most = Math.max(most, names.length)
  }
  expect(most).toBeGreaterThan(1)
  expect(seen[0]).toBe(59_999)
  expect(seen).toEqual([...seen].sort((left, right) => right - left))
  expect(readdirSync(join(folder, 'temporary'))).toEqual([])
  await store.close()
  expect(readdirSync(folder)).not.toContain('temporary')
})

test('what a crash left is removed when the store is opened', async () => {
  const folder = newFolder()
  mkdirSync(join(folder, 'temporary'))
  writeFileSync(join(folder, 'temporary', '7.rows'), 'left behind')
  const store = await openStore(folder, { models: [] })
  expect(readdirSync(folder)).not.toContain('temporary')
  await store.close()
})

test('queries give back what they took of the limit also where they are left early', async () => {
  const store = await openStore(':memory:', { models: [], memoryLimit: 4 * 2 ** 20 })
  for (let round = 0; round < 8; round += 1) {
    // Nothing can be put aside in memory: a run that kept its part would leave too little for the next ones.
    for await (const batch of store.from(ROWS.slice(0, 20_000)).sort({ id: 'desc' }).batches()) {
      expect(batch.numRows).toBeGreaterThan(0)
      break
    }
  }
  expect(await store.from(ROWS.slice(0, 20_000)).sort({ id: 'desc' }).count()).toBe(20_000)
  await store.close()
})

test('stats tell what is written and kept for each byte of the rows', async () => {
  const store = await openStore(newFolder(), { models: [] })
  expect(store.stats().storage).toMatchObject({ committedBytes: 0, writeAmplification: 0 })
  await store.close()
})
