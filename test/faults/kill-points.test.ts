/** A sample of `kill-points.ts`: a few places in a short workload. */
import { expect, test } from 'vitest'
import { runKillPoints, whyNotTraceable } from './kill-points.ts'

const reason = whyNotTraceable()
if (reason !== null) console.log(`Kill points were skipped: ${reason}`)

test.skipIf(reason !== null)(
  'a process that is killed in the middle of a call loses nothing acknowledged, and keeps nothing by half',
  async () => {
    const outcomes = await runKillPoints({ points: 3, transactions: 25 })
    expect(outcomes.filter((outcome) => outcome.problem !== null)).toEqual([])
    expect(outcomes.some((outcome) => !outcome.finished)).toBe(true)
  },
)
