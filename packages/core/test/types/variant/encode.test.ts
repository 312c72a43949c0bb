import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSheafError } from '../../../src/types/errors.ts'
import { VALUE_KEY } from '../../../src/types/value.ts'
import { decodeVariant, encodeVariant, registerVariantExtension } from '../../../src/types/variant/index.ts'
import { anyValue, exactText } from './random-value.ts'

function roundTrip(value: unknown): unknown {
  const { metadata, value: bytes } = encodeVariant(value)
  return decodeVariant(metadata, bytes)
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return isSheafError(error) ? error.code : `not a SheafError: ${error}`
  }
  return 'no error'
}

describe('variant encoding', () => {
  test('gives back every random value exactly, key order and kinds of numbers included', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(exactText(roundTrip(value))).toBe(exactText(value))
      }),
      { numRuns: 2000 },
    )
  })

  test('keeps keys in the order in which they were set, not by name', () => {
    expect(Object.keys(roundTrip({ z: 1, a: 2, m: 3 }) as object)).toEqual(['z', 'a', 'm'])
  })

  test('keeps number and bigint apart', () => {
    expect(roundTrip([1, 1n, 2 ** 40, 2n ** 40n, 2n ** 90n])).toEqual([1, 1n, 2 ** 40, 2n ** 40n, 2n ** 90n])
  })

  test('takes __proto__ as a key like any other', () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}')
    const back = roundTrip(value) as object
    expect(Object.keys(back)).toEqual(['__proto__', 'a'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect((back as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('stores undefined as null, a Map and an object without prototype as an object', () => {
    expect(roundTrip({ a: undefined, b: [undefined] })).toEqual({ a: null, b: [null] })
    expect(roundTrip(new Map([['x', new Map([['y', 1]])]]))).toEqual({ x: { y: 1 } })
    expect(roundTrip(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 })
    expect(roundTrip(Float64Array.of(1, 2.5))).toEqual([1, 2.5])
  })

  test('stores objects of over 255 keys and over 64 KiB', () => {
    const wide = Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`k${index}`, index]))
    expect(exactText(roundTrip(wide))).toBe(exactText(wide))
    const long = Array.from({ length: 300 }, (_, index) => 'é'.repeat(index))
    expect(roundTrip(long)).toEqual(long)
  })

  test('refuses what is nested 10,000 deep, or contains itself, with LIMIT', () => {
    let deep: unknown = 1
    for (let level = 0; level < 10_000; level += 1) deep = level % 2 === 0 ? [deep] : { deep }
    expect(codeOf(() => encodeVariant(deep))).toBe('LIMIT')
    const loop: Record<string, unknown> = {}
    loop.self = loop
    expect(codeOf(() => encodeVariant(loop))).toBe('LIMIT')
  })

  test('takes 500 levels and refuses one more', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    expect(roundTrip(nested(500))).toEqual(nested(500))
    expect(codeOf(() => encodeVariant(nested(501)))).toBe('LIMIT')
  })

  test('refuses functions, symbols, sets and keys of half a surrogate pair', () => {
    expect(codeOf(() => encodeVariant(() => 1))).toBe('TYPE')
    expect(codeOf(() => encodeVariant({ a: Symbol('s') }))).toBe('TYPE')
    expect(codeOf(() => encodeVariant(new Set([1])))).toBe('TYPE')
    expect(codeOf(() => encodeVariant(new Map([[1, 2]])))).toBe('TYPE')
    expect(codeOf(() => encodeVariant({ '\ud800': 1 }))).toBe('VALUE')
  })

  test('stores values of a registered extension, refuses others', () => {
    class Point {
      readonly x: number
      constructor(x: number) {
        this.x = x
      }
      get [VALUE_KEY](): readonly [string, number] {
        return ['test-point', this.x]
      }
    }
    expect(codeOf(() => encodeVariant(new Point(7)))).toBe('TYPE')
    registerVariantExtension({
      kind: 'test-point',
      encode: (point: Point) => Uint8Array.of(point.x),
      decode: (bytes) => new Point(bytes[0] as number),
    })
    expect(roundTrip({ at: new Point(7) })).toEqual({ at: new Point(7) })
  })

  test('never fails otherwise than with CORRUPT on damaged bytes', () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, flip) => {
        const encoded = encodeVariant(value)
        const damaged = Uint8Array.from(encoded.value)
        const at = place % damaged.length
        damaged[at] = (damaged[at] as number) ^ flip
        try {
          decodeVariant(encoded.metadata, damaged)
        } catch (error) {
          expect(isSheafError(error, 'CORRUPT', 'UNSUPPORTED')).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
