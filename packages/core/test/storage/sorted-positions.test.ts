import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedPositions } from '../../src/storage/sorted-positions.ts'

test('positions in a range of keys are those that a look at every row finds, while rows are added', () => {
  const bound = fc.option(fc.integer({ min: -5, max: 105 }), { nil: undefined })
  fc.assert(
    fc.property(
      fc.array(fc.nat(100), { maxLength: 3000, size: 'max' }),
      fc.array(fc.tuple(fc.nat(3000), bound, bound), { maxLength: 6 }),
      (keys, questions) => {
        const sorted = new SortedPositions((position) => keys[position])
        for (const [count, lower, upper] of questions.sort((left, right) => left[0] - right[0])) {
          const rowCount = Math.min(count, keys.length)
          const expected = keys
            .slice(0, rowCount)
            .flatMap((key, position) =>
              (lower === undefined || key >= lower) && (upper === undefined || key <= upper)
                ? [position]
                : [],
            )
          const found = sorted.between(lower, upper, rowCount)
          if (found !== null) expect([...found]).toEqual(expected)
          else expect(expected.length).toBeGreaterThan(rowCount / 8)
        }
      },
    ),
    { numRuns: 50 },
  )
})
