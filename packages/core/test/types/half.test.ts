import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromBrain, fromHalf, toBrain, toHalf } from '../../src/types/half.ts'

test('every half-precision number comes back', () => {
  for (let bits = 0; bits < 65_536; bits += 1) {
    const value = fromHalf(bits)
    if (Number.isNaN(value)) expect(toHalf(value)).toBe(0x7e00)
    else expect(toHalf(value)).toBe(bits)
  }
})

test('numbers are rounded to the nearest half-precision number, to even on ties', () => {
  expect([1 + 1 / 2048, 1 + 3 / 2048, 65_519, 65_520, 2 ** -25, 3 * 2 ** -25].map(toHalf)).toEqual([
    0x3c00, 0x3c02, 0x7bff, 0x7c00, 0, 2,
  ])
  fc.assert(
    fc.property(fc.double({ min: -65_000, max: 65_000, noNaN: true }), (value) => {
      const bits = toHalf(value)
      const error = Math.abs(fromHalf(bits) - value)
      for (const near of [bits - 1, bits + 1]) {
        const other = fromHalf(near & 0xffff)
        if (Number.isFinite(other)) expect(error).toBeLessThanOrEqual(Math.abs(other - value))
      }
    }),
    { numRuns: 2000 },
  )
})

test('bfloat16 is the upper half of a single-precision number', () => {
  for (let bits = 0; bits < 65_536; bits += 1) {
    const value = fromBrain(bits)
    if (!Number.isNaN(value)) expect(toBrain(value)).toBe(bits)
  }
  expect(toBrain(1 + 2 ** -8)).toBe(0x3f80)
  expect(toBrain(1 + 3 * 2 ** -8)).toBe(0x3f82)
  expect(toBrain(Number.NaN)).toBe(0x7fc0)
})
