import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/store.ts'

describe('the first rows in an order', () => {
  it('are those that a whole sort gives, ties in the order of the rows', async () => {
    const store = await openStore(':memory:', { models: [] })
    const value = fc.constantFrom(0, 1, 2.5, -1, Number.NaN)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(value, fc.constantFrom('a', 'b', 'c')), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 20 }),
        async (pairs, count) => {
          const rows = pairs.map(([x, t], at) => ({ x: x + 0.5, t, at }))
          const sorted = store.from(rows).sort({ x: 'desc', t: 'asc' })
          expect(await sorted.limit(count).rows()).toEqual((await sorted.rows()).slice(0, count))
        },
      ),
    )
    await store.close()
  })
})
