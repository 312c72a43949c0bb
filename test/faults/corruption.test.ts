/** A sample of `corruption.ts`: each kind of damage to each file of a store, once. */
import { expect, test } from 'vitest'
import { corrupt } from './corruption.ts'

test('damage to any file of a store is found or harmless', async () => {
  const outcome = await corrupt({ times: 1, seed: 7 })
  expect([...outcome.silent, ...outcome.broken]).toEqual([])
  expect([...outcome.kinds].sort()).toEqual([
    'copy of the manifest',
    'deletions',
    'log',
    'manifest',
    'segment',
  ])
  expect(outcome.found).toBeGreaterThan(20)
})
