/** A store that version 0.1.0 wrote, kept as it is: it opens for ever. Never write these files anew. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTableStore } from '../../packages/core/src/transaction/table-store.ts'
import { comparable, readRows } from '../../packages/core/test/transaction/history.ts'
import { rowsOfFormat1 } from './format-1-history.ts'

const path = join(import.meta.dirname, 'format-1')

test('a store of format 1 opens and holds what was written', async () => {
  const store = await openTableStore({ path, readOnly: true })
  expect(comparable(readRows(store.snapshot()))).toEqual(comparable(rowsOfFormat1))
  expect(await store.verify()).toEqual({ ok: true, problems: [] })
  await store.close()
})

test('the kept store has files of each kind', () => {
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
  for (const kind of [
    /^MANIFEST-\d+$/,
    /^log\/\d{10}\.log$/,
    /^segments\/16\/\d{10}\.arrow$/,
    /\.deletions$/,
  ])
    expect(files.some((file) => kind.test(file))).toBe(true)
})
