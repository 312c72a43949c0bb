import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyInterner, NO_KEY, ValueInterner } from '../../src/execution/key-interner.ts'
import { makeBatch } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { types } from '../../src/types/data-type.ts'
import { groupKey, type Value } from '../../src/types/value.ts'
import { columnKinds, drawColumn, drawValues, pick, upTo } from '../oracle/random-table.ts'

describe('an interner of keys', () => {
  test('gives equal rows equal ids, from 0 up in the order in which they appear, over many batches', () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const kinds = Array.from({ length: 1 + upTo(draw, 2) }, () => pick(draw, columnKinds))
        const interner = new KeyInterner(kinds.map(() => true))
        const known = new Map<unknown, number>()
        for (let batch = 0; batch < 3; batch += 1) {
          const count = upTo(draw, 20)
          const values = kinds.map((kind) => drawValues(draw, kind, count))
          const columns = kinds.map((kind, at) => drawColumn(draw, kind.type, values[at] as Value[]))
          const ids = interner.intern(columns, makeBatch(columns, count))
          for (let row = 0; row < count; row += 1) {
            const key = groupKey(values.map((column) => column[row]))
            if (!known.has(key)) known.set(key, known.size)
            expect(ids[row]).toBe(known.get(key))
          }
          expect(interner.count).toBe(known.size)
          expect([...interner.find(columns, makeBatch(columns, count))]).toEqual([...ids])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('finds only what was added, and no row with a null where nulls are not equal', () => {
    const interner = new KeyInterner([false, true])
    const batch = (a: Value[], b: Value[]) =>
      makeBatch([columnFromValues(types.int64, a), columnFromValues(types.utf8, b)], a.length)
    const first = batch([1, null, 1], ['x', 'x', null])
    expect([...interner.intern(first.columns, first)]).toEqual([0, NO_KEY, 1])
    const second = batch([1, 2, 1, null], ['x', 'x', null, null])
    expect([...interner.find(second.columns, second)]).toEqual([0, NO_KEY, 1, NO_KEY])
  })

  test('tells millions of numbers apart: small and large, dense and sparse, whole and not', () => {
    const numbers = new Float64Array(200_000)
    for (let at = 0; at < numbers.length; at += 1)
      numbers[at] = at % 4 === 0 ? at : at % 4 === 1 ? -at : at % 4 === 2 ? at * 2 ** 30 : at / 7
    const column = {
      layout: 'flat',
      type: types.float64,
      length: numbers.length,
      validity: null,
      values: numbers,
    } as const
    const interner = new ValueInterner({ nullsEqual: true })
    const ids = new Int32Array(numbers.length)
    interner.intern(column, makeBatch([column], numbers.length), ids)
    const expected = new Map<number, number>()
    for (const number of numbers) if (!expected.has(number + 0)) expected.set(number + 0, expected.size)
    expect(interner.count).toBe(expected.size)
    expect(numbers.every((number, at) => ids[at] === expected.get(number + 0))).toBe(true)
  })
})
