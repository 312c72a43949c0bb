import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mutatedQuery, tryQuery } from './mutations.ts'

describe('mutated queries', () => {
  it('are lowered or refused with a SheafError that is not our own fault', () => {
    fc.assert(
      fc.property(mutatedQuery, (text) => {
        const message = tryQuery(text)
        if (message !== null) expect(message.length).toBeGreaterThan(10)
      }),
      { numRuns: 3000 },
    )
  })
})
