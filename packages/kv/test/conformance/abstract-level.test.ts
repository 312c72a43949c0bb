import suite from 'abstract-level/test/index.js'
import tape from 'tape'
import { expect, test } from 'vitest'
import { SheafLevel } from '../../src/level/level.ts'

type Result = { readonly type: string; readonly ok?: boolean; readonly name?: string; readonly test?: number }

test("passes abstract-level's own suite through its adapter", async () => {
  const harness = tape.createHarness()
  const failed: string[] = []
  const names = new Map<number, string>()
  let passed = 0
  const ended = new Promise<void>((resolve, reject) => {
    harness
      .createStream({ objectMode: true })
      .on('data', (row: Result & { readonly id?: number }) => {
        if (row.type === 'test') names.set(row.id ?? 0, row.name ?? '')
        if (row.type !== 'assert') return
        if (row.ok === true) passed += 1
        else failed.push(`${names.get(row.test ?? 0)}: ${row.name}`)
      })
      .on('end', resolve)
      .on('error', reject)
  })
  suite({ test: harness, factory: (options?: object) => new SheafLevel(':memory:', options) })
  await ended
  expect(failed).toEqual([])
  expect(passed).toBeGreaterThan(5000)
}, 120_000)
