import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TopK } from '../../../src/execution/kernels/top-k.ts'

test('keeps the nearest rows, of equal ones the first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }),
      fc.integer({ min: 0, max: 20 }),
      (distances, k) => {
        const kept = new TopK(k)
        distances.forEach((distance, row) => {
          if (distance < kept.threshold) kept.add(row, distance)
        })
        const expected = distances
          .map((distance, row) => ({ row, distance }))
          .sort((left, right) => left.distance - right.distance || left.row - right.row)
          .slice(0, k)
        expect(kept.sorted()).toEqual(expected)
      },
    ),
    { numRuns: 1000 },
  )
})
