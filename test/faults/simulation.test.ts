/** A sample of `simulation.ts`, and the runs that must fail: without syncs, and held to a level not asked for. */
import { expect, test } from 'vitest'
import { type SimulationOptions, simulate } from './simulation.ts'

const SEEDS = Number(process.env.SHEAF_RUNS ?? 200)

async function failingSeeds(options: Omit<SimulationOptions, 'seed'>): Promise<readonly string[]> {
  const failing: string[] = []
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const problems = await simulate({ ...options, seed })
    if (problems.length > 0) failing.push(`seed ${seed}: ${problems.join('; ')}`)
  }
  return failing
}

test('whatever the schedule and the faults, nothing acknowledged is lost and no anomaly is seen', async () => {
  expect(await failingSeeds({})).toEqual([])
})

test('the simulation finds what is lost where commits are not synced', async () => {
  expect((await failingSeeds({ durability: 'none' })).join()).toContain('lost')
})

test('the simulation finds write skew where snapshot isolation is held to serialisability', async () => {
  expect((await failingSeeds({ level: 'snapshot', held: 'serializable' })).join()).toContain('G2')
})
