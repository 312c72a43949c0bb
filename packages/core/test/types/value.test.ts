import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalInteger,
  compareText,
  compareValues,
  groupKey,
  VALUE_KEY,
  type Value,
} from '../../src/types/value.ts'

const number = fc.oneof(
  fc.double(),
  fc.integer({ min: -3, max: 3 }),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.constantFrom(2 ** 53, 2n ** 53n, 2n ** 53n + 1n, -0, 0n, 3n, Number.NaN),
)
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom(null, undefined, true, false),
  number,
  fc.string({ unit: 'binary' }),
  fc.date(),
  fc.uint8Array({ maxLength: 3 }),
  fc.constantFrom(/a/g, /a/i),
  fc.constantFrom('a', 'b').map((name) => ({ [VALUE_KEY]: ['kind', name] as const })),
)
const value: fc.Arbitrary<Value> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('value'), { maxKeys: 2 }),
  ),
})).value

describe('the one total order', () => {
  test('ranks kinds: null, numbers, text, objects, arrays, bytes, extensions, booleans, dates', () => {
    const ranked = [
      null,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      -(2n ** 70n),
      -1,
      0,
      1.5,
      2n ** 53n,
      2n ** 53n + 1n,
      Number.POSITIVE_INFINITY,
      '',
      'a',
      'aa',
      '\uffff',
      '😀',
      {},
      { a: 1 },
      { a: 2 },
      { a: 'x' },
      [],
      [1],
      [1, 2],
      [2],
      Uint8Array.of(),
      Uint8Array.of(1),
      Uint8Array.of(1, 0),
      { [VALUE_KEY]: ['kind', 1] },
      /x/,
      false,
      true,
      new Date(0),
      new Date(1),
    ]
    for (const [i, left] of ranked.entries())
      for (const [j, right] of ranked.entries())
        expect(Math.sign(compareValues(left, right)), `${i} with ${j}`).toBe(Math.sign(i - j))
  })

  test('is an order: antisymmetric and transitive', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a))).toBe(0)
        // Sorting an array moves `undefined` to its end without asking.
        const [x, y, z] = [a ?? null, b ?? null, c ?? null].sort(compareValues)
        expect(compareValues(x, y)).toBeLessThanOrEqual(0)
        expect(compareValues(y, z)).toBeLessThanOrEqual(0)
        expect(compareValues(x, z)).toBeLessThanOrEqual(0)
      }),
    )
  })

  test('calls numbers of both kinds equal by value, and -0 equal to 0', () => {
    expect(compareValues(3, 3n)).toBe(0)
    expect(compareValues(-0, 0)).toBe(0)
    expect(compareValues(2 ** 53, 2n ** 53n + 1n)).toBeLessThan(0)
    expect(compareValues(Number.NaN, Number.NaN)).toBe(0)
  })

  test('compares text by code point, as UTF-8 bytes do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
      }),
    )
  })

  test('fails with an error of its own, not of the stack, for values nested too deep', () => {
    let deep: Value = 1
    for (let level = 0; level < 5000; level += 1) deep = [deep]
    let other: Value = 2
    for (let level = 0; level < 5000; level += 1) other = [other]
    expect(() => compareValues(deep, other)).toThrow(/nested too deep/)
    expect(() => groupKey(deep)).toThrow(/nested too deep/)
  })
})

describe('the key of a group', () => {
  test('is equal for exactly the values that the order calls equal', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const sameKey = Object.is(groupKey(a), groupKey(b)) || groupKey(a) === groupKey(b)
        expect(sameKey).toBe(compareValues(a, b) === 0)
      }),
      { numRuns: 2000 },
    )
  })

  test('tells text from numbers and nested values apart', () => {
    const keys = [null, 1, '1', true, 'true', [1], ['1'], [[1]], [1, 1], [11], {}, [], { a: 1 }].map(groupKey)
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('a 64-bit integer', () => {
  test('has one form: a number where it is safe, else a bigint', () => {
    expect(canonicalInteger(5n)).toBe(5)
    expect(canonicalInteger(2n ** 53n - 1n)).toBe(2 ** 53 - 1)
    expect(canonicalInteger(2n ** 53n)).toBe(2n ** 53n)
    expect(canonicalInteger(-(2n ** 53n))).toBe(-(2n ** 53n))
  })
})
