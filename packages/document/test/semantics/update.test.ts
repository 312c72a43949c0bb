import { beforeAll, describe, expect, test } from 'vitest'
import type { MongoError } from '../../src/language/errors.ts'
import { parseFilter } from '../../src/language/parser-filter.ts'
import { parseUpdate } from '../../src/language/parser-update.ts'
import { compileContext } from '../../src/semantics/expression.ts'
import { installOperators } from '../../src/semantics/operators/index.ts'
import { compileUpdate } from '../../src/semantics/update/update.ts'
import { upsertDocument } from '../../src/semantics/update/upsert.ts'
import type { Document } from '../../src/semantics/value.ts'

beforeAll(installOperators)

function update(
  document: Document,
  change: unknown,
  options: { filter?: unknown; arrayFilters?: unknown } = {},
): Document {
  const run = compileUpdate(parseUpdate(change), {
    context: compileContext(),
    filter: parseFilter(options.filter ?? {}),
    ...(options.arrayFilters === undefined ? {} : { arrayFilters: options.arrayFilters }),
  })
  return run(document, { inserting: false })
}

function codeOf(act: () => unknown): number {
  try {
    act()
  } catch (error) {
    return (error as MongoError).mongoCode
  }
  return 0
}

describe('updates', () => {
  test.each<[Document, unknown, Document]>([
    [{ a: 1 }, { $set: { 'b.c': 2 } }, { a: 1, b: { c: 2 } }],
    [{ a: [1, 2] }, { $set: { 'a.3': 9 } }, { a: [1, 2, null, 9] }],
    [{ a: 1, b: { c: 1 } }, { $unset: { 'b.c': '' } }, { a: 1, b: {} }],
    [{ a: [1, 2] }, { $unset: { 'a.0': '' } }, { a: [null, 2] }],
    [{ a: 1 }, { $inc: { a: 2, b: 3 } }, { a: 3, b: 3 }],
    [{ a: 5n }, { $mul: { a: 2 } }, { a: 10n }],
    [{ a: 5 }, { $min: { a: 3 }, $max: { b: 1 } }, { a: 3, b: 1 }],
    [{ a: 1 }, { $rename: { a: 'b.c' } }, { b: { c: 1 } }],
    [{ a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
    [{ a: [3] }, { $push: { a: { $each: [1, 2], $sort: -1, $slice: 2 } } }, { a: [3, 2] }],
    [{ a: [1, 2] }, { $push: { a: { $each: [9], $position: 1 } } }, { a: [1, 9, 2] }],
    [{ a: [1] }, { $addToSet: { a: { $each: [1, 2] } } }, { a: [1, 2] }],
    [{ a: [1, 2, 3] }, { $pop: { a: -1 } }, { a: [2, 3] }],
    [{ a: [1, 5, 9] }, { $pull: { a: { $gt: 4 } } }, { a: [1] }],
    [{ a: [{ x: 1 }, { x: 2 }] }, { $pull: { a: { x: 1 } } }, { a: [{ x: 2 }] }],
    [{ a: [1, 2, 1] }, { $pullAll: { a: [1] } }, { a: [2] }],
    [{ a: 6 }, { $bit: { a: { and: 3 } } }, { a: 2 }],
    [{ a: [1, 2] }, { $inc: { 'a.$[]': 1 } }, { a: [2, 3] }],
    [{ a: 1 }, [{ $set: { b: { $add: ['$a', 1] } } }, { $unset: 'a' }], { b: 2 }],
  ])('%o by %o becomes %o', (before, change, after) => {
    expect(update(before, change)).toEqual(after)
  })

  test('leave the document that they were given as it was', () => {
    const before = { a: { b: [1] } }
    const after = update(before, { $push: { 'a.b': 2 } })
    expect([before, after]).toEqual([{ a: { b: [1] } }, { a: { b: [1, 2] } }])
  })

  test('that change nothing give the same document', () => {
    const before = { a: 1 }
    expect(update(before, { $set: { a: 1 } })).toBe(before)
  })

  test('find the element that the filter found, and those of array filters', () => {
    const before = { list: [{ n: 1 }, { n: 5 }] }
    expect(update(before, { $set: { 'list.$.hit': true } }, { filter: { 'list.n': { $gt: 3 } } })).toEqual({
      list: [{ n: 1 }, { n: 5, hit: true }],
    })
    expect(
      update(before, { $inc: { 'list.$[low].n': 10 } }, { arrayFilters: [{ 'low.n': { $lt: 3 } }] }),
    ).toEqual({
      list: [{ n: 11 }, { n: 5 }],
    })
  })

  test('start an upsert from what the filter says to equal', () => {
    expect(upsertDocument(parseFilter({ a: 1, 'b.c': { $eq: 2 }, d: { $gt: 3 }, $and: [{ e: 4 }] }))).toEqual(
      {
        a: 1,
        b: { c: 2 },
        e: 4,
      },
    )
  })

  test.each<[Document, unknown, number]>([
    [{ a: 'x' }, { $inc: { a: 1 } }, 14],
    [{ a: 1 }, { $push: { a: 1 } }, 2],
    [{ a: 1 }, { $set: { 'a.b': 1 } }, 28],
    [{ _id: 1 }, { $set: { _id: 2 } }, 66],
    [{ a: 1 }, { $set: { 'a.$[x]': 1 } }, 2],
    [{ a: 1 }, { $pop: { a: 2 } }, 9],
  ])('%o by %o fails with %i', (before, change, code) => {
    expect(codeOf(() => update(before, change))).toBe(code)
  })
})
