import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { expect, test } from 'vitest'
import { kv } from '../../src/index.ts'

test('stats tell how many bytes are written and kept for those that were put', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-report-'))
  const store = await openStore(folder, { models: [kv()], durability: 'none' })
  const entries = Array.from({ length: 2000 }, (_, at) => ({
    type: 'put' as const,
    key: `key ${at}`,
    value: `value ${at}`,
  }))
  await store.kv('entries').batch(entries)
  const once = store.stats().storage
  expect(once.committedBytes).toBeGreaterThan(2000 * 15)
  expect(once.written.log).toBeGreaterThanOrEqual(once.committedBytes)
  await store.kv('entries').batch(entries)
  await store.compact()
  const twice = store.stats().storage
  expect(twice.committedBytes).toBeGreaterThan(once.committedBytes * 1.5)
  expect(twice.written.segments).toBeGreaterThan(0)
  expect(twice.writeAmplification).toBeGreaterThan(1)
  // Overwritten rows are gone after a compaction; a log that is nearly empty is all that is over.
  expect(twice.spaceAmplification).toBeLessThan(1.5)
  await store.close()
  rmSync(folder, { recursive: true })
})
