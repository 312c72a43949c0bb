import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isNeverNull,
  isObserved,
  Kind,
  knowPath,
  newShape,
  observeDocuments,
  scalarType,
  shapeFromJson,
  shapeToJson,
} from '../../src/layout/shape.ts'
import type { Document } from '../../src/semantics/value.ts'
import { anyDocument } from '../random-documents.ts'

function shapeOf(...documents: Document[]) {
  const shape = newShape()
  observeDocuments(shape, documents)
  return shape
}

describe('the shape of a collection', () => {
  test('says all of what it has seen, also after a round trip through JSON', () => {
    fc.assert(
      fc.property(fc.array(anyDocument, { maxLength: 10 }), (documents) => {
        const shape = shapeOf(...documents)
        const back = shapeFromJson(JSON.parse(JSON.stringify(shapeToJson(shape))))
        expect(back).toEqual(shape)
        expect(isObserved(back, documents)).toBe(true)
        expect(observeDocuments(back, documents)).toBe(false)
      }),
    )
  })

  test('is changed by exactly the documents that it does not cover', () => {
    fc.assert(
      fc.property(fc.array(anyDocument, { maxLength: 6 }), anyDocument, (documents, next) => {
        const shape = shapeOf(...documents)
        const covered = isObserved(shape, [next])
        expect(observeDocuments(shape, [next])).toBe(!covered)
      }),
      { numRuns: 500 },
    )
  })

  test('tells the kinds of values at a path, and where arrays multiply it', () => {
    const shape = shapeOf({ a: { b: 1 } }, { a: { b: 2.5 }, list: [{ x: 1 }] })
    expect(knowPath(shape, ['a', 'b'])).toEqual({
      kinds: Kind.int | Kind.double,
      direct: true,
      directLength: 2,
    })
    expect(scalarType(Kind.int | Kind.double)?.toString()).toBe('Float64')
    expect(knowPath(shape, ['list', 'x'])).toEqual({ kinds: null, direct: false, directLength: 1 })
    expect(knowPath(shape, ['nowhere'])).toEqual({ kinds: 0, direct: true, directLength: 1 })
  })

  test('tells which paths every document has', () => {
    const shape = shapeOf({ a: 1, b: 1 }, { a: 2, c: null })
    expect(['a', 'b', 'c'].map((name) => isNeverNull(shape, [name]))).toEqual([true, false, false])
  })

  test('tells whether all objects had their keys in one order', () => {
    expect(shapeOf({ a: 1, b: 1 }, { b: 1 }, { a: 1, c: 1 }).ordered).toBe(true)
    expect(shapeOf({ a: 1, b: 1 }, { b: 1, a: 1 }).ordered).toBe(false)
  })

  test('stops at a thousand paths and says that there are more', () => {
    const shape = shapeOf(
      Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, index])),
    )
    expect([shape.fields.size, shape.more]).toEqual([1000, true])
    expect(knowPath(shape, ['k4000']).kinds).toBeNull()
  })
})
