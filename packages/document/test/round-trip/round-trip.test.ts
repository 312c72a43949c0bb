import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { roundTrip } from './round-trip.ts'

test('random documents come back bit by bit from the log, segments and a store opened again', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sheaf-round-trip-'))
  const steps: string[] = []
  try {
    await roundTrip(folder, { count: 3000, seed: 7, onStep: (step) => steps.push(step) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  expect(steps.length).toBe(4)
})
