import { compareValues } from '@sheafdb/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cypherCompare,
  cypherEquals,
  cypherIn,
  orderKey,
  orderRank,
  orderValues,
} from '../../src/functions/compare.ts'
import { NodeValue } from '../../src/values.ts'

describe('equality', () => {
  it.each([
    [1, 1n, true],
    [1, '1', false],
    [null, null, null],
    [Number.NaN, Number.NaN, false],
    [[1, null], [1, 2], null],
    [[1, null], [2, null], false],
    [[1], [1, null], false],
    [{ a: 1, b: null }, { a: 1, b: null }, null],
    [{ a: 1 }, { b: 1 }, false],
    [new NodeValue(1, ['A'], {}), new NodeValue(1, [], { x: 1 }), true],
  ])('%o = %o is %o', (left, right, result) => {
    expect(cypherEquals(left, right)).toBe(result)
    expect(cypherEquals(right, left)).toBe(result)
  })

  it('leaves membership unknown where an unknown element might be it', () => {
    expect(cypherIn(1, [2, null])).toBeNull()
    expect(cypherIn(1, [1, null])).toBe(true)
    expect(cypherIn(null, [])).toBe(false)
    expect(cypherIn([1], [[1, null], [2]])).toBe(false)
  })
})

describe('order', () => {
  it('compares only what is alike', () => {
    expect(cypherCompare(1, 'a')).toBeNull()
    expect(cypherCompare([1, 2], [1, 'a'])).toBeNull()
    expect(cypherCompare([1, 2], [1, 3])).toBeLessThan(0)
    expect(cypherCompare(1, Number.NaN)).toBeNaN()
  })

  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(
        null,
        true,
        false,
        0,
        -1,
        1.5,
        2n ** 60n,
        Number.NaN,
        '',
        'a',
        'b',
        new NodeValue(1, [], {}),
        new NodeValue(2, [], {}),
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
  })).value

  it('is one order over all values, which sort keys keep', () => {
    const sign = (number: number): number => Math.sign(number) + 0
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(sign(orderValues(a, b))).toBe(sign(-orderValues(b, a)))
        if (orderValues(a, b) <= 0 && orderValues(b, c) <= 0) expect(orderValues(a, c)).toBeLessThanOrEqual(0)
        const byKey = orderRank(a) - orderRank(b) || compareValues(orderKey(a), orderKey(b))
        expect(sign(byKey)).toBe(sign(orderValues(a, b)))
      }),
      { numRuns: 2000 },
    )
  })
})
