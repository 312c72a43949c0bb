import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PositionSet } from '../../src/storage/position-set.ts'

test('a set of positions holds what a set of numbers holds', () => {
  const change = fc.record({ position: fc.nat(20_000), adds: fc.boolean() })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
      const set = new PositionSet()
      const model = new Set<number>()
      for (const { position, adds } of changes) {
        if (adds) {
          set.add(position)
          model.add(position)
        } else expect(set.delete(position)).toBe(model.delete(position))
        expect(set.has(position)).toBe(model.has(position))
        expect(set.size).toBe(model.size)
      }
      expect([...set]).toEqual([...model].sort((left, right) => left - right))
    }),
  )
})

test('positions at the ends of words and blocks are kept apart', () => {
  const set = new PositionSet()
  for (const position of [0, 31, 32, 4095, 4096, 2 ** 31 - 1, 2 ** 32 + 5]) set.add(position)
  expect([...set]).toEqual([0, 31, 32, 4095, 4096, 2 ** 31 - 1, 2 ** 32 + 5])
  expect([1, 30, 33, 4094, 4097, 2 ** 32].some((position) => set.has(position))).toBe(false)
})
