import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeValue, encodeValue, ValueTag } from '../../src/layout/value-encoding.ts'

function roundTrip(value: unknown): unknown {
  const { tag, bytes } = encodeValue(value)
  return decodeValue(tag, bytes)
}

describe('the encoding of values', () => {
  test('gives any value back', () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withUnicodeString: true,
    } as never)
    fc.assert(
      fc.property(value, (original) => {
        if (original === undefined) return
        expect(roundTrip(original)).toEqual(structuredClone(original))
      }),
      { numRuns: 2000 },
    )
  })

  test('writes as JSON what JSON tells exactly, and nothing else', () => {
    const tagOf = (value: unknown) => encodeValue(value).tag
    for (const value of [{}, [], { a: [1, 'x', null, true, { b: 0.5 }] }, { ['__proto__']: 1 }, ['\ud800']])
      expect([tagOf(value), roundTrip(value)]).toEqual([ValueTag.json, value])
    const named = Object.assign([1], { name: 'x' })
    const inner = { a: 1 }
    const many = Array.from({ length: 40 }).reduce<unknown>((part) => [part, part], inner)
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const value of [
      [-0],
      [Number.NaN],
      [undefined],
      new Array(2),
      { a: 1n },
      [new Date(1)],
      named,
      many,
      cycle,
    ])
      expect(tagOf(value)).toBe(ValueTag.structured)
    expect(roundTrip('\ufeffmark')).toBe('\ufeffmark')
    const back = roundTrip(cycle) as unknown[]
    expect(back[0]).toBe(back)
  })

  test('refuses what cannot be cloned, and reports damage', () => {
    expect(() => encodeValue(() => 1)).toThrow(expect.objectContaining({ code: 'TYPE' }))
    expect(() => encodeValue({ a: Symbol('x') })).toThrow(expect.objectContaining({ code: 'TYPE' }))
    expect(() => encodeValue(undefined)).toThrow(expect.objectContaining({ code: 'ARGUMENT' }))
    const damaged = expect.objectContaining({ code: 'CORRUPT' })
    expect(() => decodeValue(ValueTag.structured, Uint8Array.of(1, 2))).toThrow(damaged)
    expect(() => decodeValue(ValueTag.json, Uint8Array.of(123))).toThrow(damaged)
    expect(() => decodeValue(99, Uint8Array.of())).toThrow(damaged)
  })
})
