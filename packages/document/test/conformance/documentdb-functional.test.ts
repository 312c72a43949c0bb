/**
 * Runs the cases of DocumentDB's functional tests, which were recorded against MongoDB. Those that fail stand in
 * `failing.txt`, each with a reason; a case that passes must be taken off the list.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { describe, expect, test } from 'vitest'
import { type Case, type DocumentStore, runCase } from './run-case.ts'

const suites = process.env.SHEAF_SUITES ?? join(import.meta.dirname, '../../../../../shared/suites')
const folder = join(suites, 'documentdb-functional/cases')
const present = existsSync(folder)
const failing = new Map(
  readFileSync(join(import.meta.dirname, 'failing.txt'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t') as [id: string, reason: string]),
)

describe.skipIf(!present)('documentdb-functional (skipped: get it from documentdb/functional-tests)', () => {
  const files = present ? readdirSync(folder).sort() : []

  test.each(files)('%s', { timeout: 240_000 }, async (file) => {
    const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n')
    const store = (await openStore(':memory:', { models: [document()] })) as unknown as DocumentStore
    const broken: string[] = []
    const mended: string[] = []
    for (const line of lines) {
      const item = JSON.parse(line) as Case
      const { ok, why } = await runCase(store, item)
      if (!ok && !failing.has(item.id)) broken.push(`${item.id}: ${why}`)
      if (ok && failing.has(item.id) && !failing.get(item.id)?.startsWith('sometimes')) mended.push(item.id)
    }
    await store.close()
    expect(broken, 'cases that fail and are not on the list').toEqual([])
    expect(mended, 'cases that pass and must be taken off the list').toEqual([])
  })
})
