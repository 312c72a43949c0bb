import { types } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { kindsFromOptions, kindsToOptions, observeProperties, propertyType } from '../../src/layout/kinds.ts'

describe('kinds of properties', () => {
  it('grow with what is seen, and stay the same object where nothing is new', () => {
    const one = observeProperties(new Map(), [{ a: 1, b: 'x' }, { c: true }])
    expect(propertyType(one, 'a')).toBe(types.int64)
    expect(propertyType(one, 'b')).toBe(types.utf8)
    expect(propertyType(one, 'c')).toBe(types.bool)
    expect(propertyType(one, 'd')).toBeUndefined()
    expect(observeProperties(one, [{ a: 2 }])).toBe(one)
    const two = observeProperties(one, [{ a: 1.5, b: [1], c: null }])
    expect(propertyType(two, 'a')).toBe(types.float64)
    expect(propertyType(two, 'b')).toBeUndefined()
    expect(propertyType(one, 'a')).toBe(types.int64)
  })

  it('keep 64-bit integers exact: they are no floats', () => {
    expect(propertyType(observeProperties(new Map(), [{ a: 2n ** 60n }, { a: 1 }]), 'a')).toBe(types.int64)
    expect(propertyType(observeProperties(new Map(), [{ a: 2n ** 60n }, { a: 1.5 }]), 'a')).toBeUndefined()
  })

  it('go to the catalog and back, with keys such as __proto__', () => {
    const known = observeProperties(new Map(), [JSON.parse('{"__proto__": 1, "constructor": "x"}')])
    expect(kindsFromOptions(JSON.parse(JSON.stringify(kindsToOptions(known))))).toEqual(known)
  })
})
