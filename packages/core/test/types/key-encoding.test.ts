import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SheafError } from '../../src/types/errors.ts'
import {
  decodeKey,
  decodeKeys,
  encodeKey,
  encodeKeyPrefix,
  encodeKeys,
  keyPrefixEnd,
} from '../../src/types/key-encoding.ts'
import { compareValues, type Value } from '../../src/types/value.ts'

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 9n }),
  fc.bigInt({ min: -(2n ** 53n) - 9n, max: 3n - 2n ** 53n }),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, 2 ** 53, 2 ** 64, -(2 ** 63)),
)
const text = fc.oneof(
  fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed()),
  fc.string({ unit: fc.constantFrom('\0', '\u{1}', 'a', 'ÿ', '\u{ffff}', '\u{10000}', '\u{e000}') }),
)
const bytes = fc.uint8Array({ maxLength: 6 })
const leaf = fc.oneof(number, text, bytes, fc.boolean(), fc.constant(null), fc.date({ noInvalidDate: false }))
const value: fc.Arbitrary<Value> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'x\0'), tie('value'), { maxKeys: 3 }),
  ),
})).value

function sign(order: number): number {
  return order < 0 ? -1 : order > 0 ? 1 : 0
}

describe('the encoding of keys', () => {
  test('orders bytes as compareValues orders values', () => {
    fc.assert(
      fc.property(value, value, (left, right) => {
        expect(sign(Buffer.compare(encodeKey(left), encodeKey(right)))).toBe(sign(compareValues(left, right)))
      }),
      { numRuns: 5000 },
    )
  })

  test('orders numbers of both kinds by value', () => {
    fc.assert(
      fc.property(number, number, (left, right) => {
        expect(sign(Buffer.compare(encodeKey(left), encodeKey(right)))).toBe(sign(compareValues(left, right)))
      }),
      { numRuns: 5000 },
    )
  })

  test('orders composite keys field by field, shorter keys first', () => {
    const keys = fc.array(leaf, { maxLength: 3 })
    fc.assert(
      fc.property(keys, keys, (left, right) => {
        expect(sign(Buffer.compare(encodeKeys(left), encodeKeys(right)))).toBe(
          sign(compareValues(left, right)),
        )
      }),
      { numRuns: 5000 },
    )
  })

  test('decodes to an equal value', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(compareValues(decodeKey(encodeKey(original)), original)).toBe(0)
      }),
      { numRuns: 5000 },
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (original) => {
        expect(compareValues(decodeKeys(encodeKeys(original)), original)).toBe(0)
      }),
    )
  })

  test('gives 64-bit integers back in their one form', () => {
    for (const integer of [0, -5, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n + 1n])
      expect(decodeKey(encodeKey(integer))).toBe(integer)
    expect(decodeKey(encodeKey(1e300))).toBe(1e300)
    expect(decodeKey(encodeKey(7n))).toBe(7)
  })

  test('gives keys with a common beginning a common range', () => {
    fc.assert(
      fc.property(text, text, (prefix, other) => {
        const from = encodeKeyPrefix(prefix)
        const end = keyPrefixEnd(from) as Uint8Array
        const key = encodeKey(other)
        const inside = Buffer.compare(key, from) >= 0 && Buffer.compare(key, end) < 0
        expect(inside).toBe(other.startsWith(prefix))
      }),
      { numRuns: 5000 },
    )
    const inside = encodeKey(['user', 7, 'name'])
    const from = encodeKeyPrefix(['user', 7])
    expect(Buffer.compare(inside, from)).toBe(1)
    expect(Buffer.compare(inside, keyPrefixEnd(from) as Uint8Array)).toBe(-1)
    expect(keyPrefixEnd(Uint8Array.of(255, 255))).toBeNull()
  })

  test('leaves the prefix as it is, a Buffer too', () => {
    const prefix = Buffer.from([1, 2])
    expect([...(keyPrefixEnd(prefix) ?? [])]).toEqual([1, 3])
    expect([...prefix]).toEqual([1, 2])
  })

  test('refuses what it cannot order', () => {
    expect(() => encodeKey('\ud800')).toThrow(expect.objectContaining({ code: 'VALUE' }))
    expect(() => encodeKey(2n ** 1100n)).toThrow(expect.objectContaining({ code: 'LIMIT' }))
    const deep = Array.from({ length: 2000 }).reduce<Value>((inner) => [inner], 1)
    expect(() => encodeKey(deep)).toThrow(expect.objectContaining({ code: 'LIMIT' }))
    expect(encodeKey(1)).toHaveLength(9)
  })

  test('reports damaged bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (damaged) => {
        try {
          decodeKey(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(SheafError)
          expect((error as SheafError).code).toBe('CORRUPT')
        }
      }),
      { numRuns: 2000 },
    )
  })
})
