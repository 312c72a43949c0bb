import { openStore } from '@sheafdb/core'
import { MemoryFileSystem } from '@sheafdb/core/testing'
import { document } from '@sheafdb/document'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseFilter } from '../../src/language/parser-filter.ts'
import { compileContext, scopeOf } from '../../src/semantics/expression.ts'
import { compileFilter } from '../../src/semantics/match.ts'
import { matchSupport } from '../../src/semantics/match-support.ts'
import { compileProjection } from '../../src/semantics/project.ts'
import { compareSorted } from '../../src/semantics/sort.ts'
import { anyDocument, anyFilter, exactText } from '../random-documents.ts'

const documents = fc
  .array(anyDocument, { maxLength: 12 })
  .map((list) => list.map((item, _id) => ({ _id, ...item })))

const INDEXES: readonly Record<string, number>[] = [
  { int: 1 },
  { list: 1 },
  { mixed: 1, int: -1 },
  { 'objects.x': 1 },
  { 'object.y': 1, list: 1 },
]

function naive(list: readonly Record<string, unknown>[], filter: Record<string, unknown>): string[] {
  const matches = compileFilter(parseFilter(filter), matchSupport(compileContext()))
  return list.filter(matches).map(exactText).sort()
}

describe('random filters', () => {
  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])(
    'find what the naive evaluator finds; from segments: %s, by indexes: %s',
    { timeout: 120_000 },
    async (compacts, indexes) => {
      await fc.assert(
        fc.asyncProperty(
          documents,
          fc.array(anyFilter, { minLength: 1, maxLength: 6 }),
          async (list, filters) => {
            const store = await openStore('/store', {
              models: [document()],
              durability: 'none',
              host: { fileSystem: new MemoryFileSystem() },
            })
            const collection = store.document('c')
            if (list.length > 0) await collection.insertMany(list)
            if (indexes) for (const key of INDEXES) await collection.createIndex(key)
            if (compacts) await store.compact()
            for (const filter of filters) {
              const found = await collection.find(filter).rows()
              expect(
                found.map(exactText).sort(),
                JSON.stringify(filter, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)),
              ).toEqual(naive(list, filter))
              expect(await collection.countDocuments(filter)).toBe(found.length)
            }
            await store.close()
          },
        ),
        { numRuns: compacts || indexes ? 150 : 400 },
      )
    },
  )

  test('project as the naive evaluator does, from columns or from documents', {
    timeout: 60_000,
  }, async () => {
    const name = fc.constantFrom('int', 'text', 'when', 'maybe', 'mixed', 'list', 'object', 'nowhere', '_id')
    const projection = fc.oneof(
      fc
        .uniqueArray(name, { minLength: 1, maxLength: 4 })
        .map((names) => Object.fromEntries(names.map((each) => [each, 1]))),
      fc
        .uniqueArray(name, { minLength: 1, maxLength: 3 })
        .map((names) => Object.fromEntries(names.map((each) => [each, 0]))),
      fc.constantFrom(
        { 'object.x': 1 },
        { int: 1, _id: 0 },
        { list: { $slice: 1 } },
        { text: 1, twice: { $add: [1, 1] } },
      ),
    )
    await fc.assert(
      fc.asyncProperty(documents, projection, fc.boolean(), async (list, chosen, turns) => {
        const store = await openStore(':memory:', { models: [document()] })
        const collection = store.document('c')
        const stored = list.map((item, at) =>
          turns && at % 2 === 1 ? Object.fromEntries(Object.entries(item).reverse()) : item,
        )
        if (stored.length > 0) await collection.insertMany(stored)
        const context = compileContext()
        const project = compileProjection(chosen, { find: true, context, support: matchSupport(context) })
        const found = await collection.find({}, { projection: chosen, sort: { _id: 1 } }).rows()
        expect(found.map(exactText)).toEqual(stored.map((item) => exactText(project(scopeOf(item)))))
        await store.close()
      }),
      { numRuns: 300 },
    )
  })

  test('sort as the order of documents says, ties in any order', { timeout: 60_000 }, async () => {
    const path = fc.constantFrom('int', 'text', 'when', 'maybe', 'double', 'flag')
    await fc.assert(
      fc.asyncProperty(documents, path, fc.constantFrom(1, -1), async (list, by, direction) => {
        const store = await openStore(':memory:', { models: [document()] })
        const collection = store.document('c')
        if (list.length > 0) await collection.insertMany(list)
        const found = await collection.find({}, { sort: { [by]: direction } }).rows()
        const keys = found.map((item) => item[by])
        const sorted = list
          .map((item) => (item as Record<string, unknown>)[by] ?? null)
          .sort((a, b) => direction * compareSorted(a, b))
        expect(keys.map((key) => exactText(key ?? null))).toEqual(sorted.map((key) => exactText(key ?? null)))
        await store.close()
      }),
      { numRuns: 150 },
    )
  })

  test('group as the naive evaluator does, whether paths keep one type or mix', {
    timeout: 60_000,
  }, async () => {
    const path = fc.constantFrom('int', 'text', 'maybe', 'mixed', 'double', 'object.x', 'flag')
    await fc.assert(
      fc.asyncProperty(documents, path, path, async (list, by, of) => {
        const store = await openStore(':memory:', { models: [document()] })
        const collection = store.document('c')
        if (list.length > 0) await collection.insertMany(list)
        const group = {
          $group: {
            _id: `$${by}`,
            n: { $sum: 1 },
            sum: { $sum: `$${of}` },
            low: { $min: `$${of}` },
            mean: { $avg: `$${of}` },
          },
        }
        // A stage in between keeps the second from the typed columns.
        const typed = await collection.aggregate([group]).rows()
        const plain = await collection.aggregate([{ $addFields: { added: 1 } }, group]).rows()
        expect(typed.map(loose).sort()).toEqual(plain.map(loose).sort())
        const elements = [
          { $unwind: '$list' },
          { $group: { _id: '$list', n: { $sum: 1 }, low: { $min: '$int' }, high: { $max: '$list' } } },
        ]
        const short = await collection.aggregate(elements).rows()
        const long = await collection.aggregate([{ $addFields: { added: 1 } }, ...elements]).rows()
        expect(short.map(loose).sort()).toEqual(long.map(loose).sort())
        await store.close()
      }),
      { numRuns: 200 },
    )
  })
})

describe('random pipelines that stay columns', () => {
  const id = fc.integer({ min: 0, max: 4 })
  const tag = fc.constantFrom('a', 'b', 'c')
  const item = fc.record(
    { sku: tag, count: fc.integer({ min: -3, max: 3 }), note: fc.oneof(tag, fc.constant(null)) },
    { requiredKeys: ['sku'], noNullPrototype: true },
  )
  const order = fc.record(
    {
      buyer: fc.oneof({ weight: 5, arbitrary: id }, { weight: 1, arbitrary: fc.constant(null) }),
      total: fc.integer({ min: 0, max: 9 }),
      tags: fc.oneof(fc.array(tag, { maxLength: 3 }), fc.constant(null)),
      items: fc.array(item, { maxLength: 3 }),
    },
    { requiredKeys: ['total'], noNullPrototype: true },
  )
  const buyer = fc.record(
    { _id: id, city: tag, age: fc.integer({ min: 1, max: 3 }) },
    { requiredKeys: ['_id'], noNullPrototype: true },
  )
  const keeps = fc.boolean()
  const stage = fc.oneof(
    fc.constant([{ $unwind: '$tags' }]),
    fc.constant([{ $unwind: '$items' }]),
    fc.constant([{ $match: { tags: 'a' } }]),
    fc.constant([{ $match: { total: { $gt: 4 } } }]),
    keeps.map((keep) => [
      { $lookup: { from: 'buyers', localField: 'buyer', foreignField: '_id', as: 'by' } },
      { $unwind: { path: '$by', preserveNullAndEmptyArrays: keep } },
    ]),
  )
  const path = fc.constantFrom(
    '$tags',
    '$items.sku',
    '$items.note',
    '$by.city',
    '$total',
    '$by._id',
    '$by.age',
  )
  const group = fc
    .tuple(fc.oneof(path, fc.record({ a: path, b: path }, { noNullPrototype: true })), path)
    .map(([_id, of]) => ({ $group: { _id, n: { $sum: 1 }, sum: { $sum: of }, high: { $max: of } } }))

  test('give what the same pipeline over documents gives', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { maxLength: 8 }),
        fc.uniqueArray(buyer, { maxLength: 4, selector: ({ _id }) => _id }),
        fc.array(stage, { maxLength: 3 }),
        group,
        fc.boolean(),
        async (orders, buyers, stages, last, compacts) => {
          const store = await openStore('/store', {
            models: [document()],
            durability: 'none',
            host: { fileSystem: new MemoryFileSystem() },
          })
          const collection = store.document('orders')
          if (orders.length > 0) await collection.insertMany(orders.map((each, _id) => ({ _id, ...each })))
          if (buyers.length > 0) await store.document('buyers').insertMany(buyers)
          if (compacts) await store.compact()
          const pipeline = [...stages.flat(), last]
          const short = await collection.aggregate(pipeline).rows()
          // A stage in front keeps the others from the columns.
          const long = await collection.aggregate([{ $addFields: { added: 1 } }, ...pipeline]).rows()
          expect(short.map(loose).sort(), JSON.stringify(pipeline)).toEqual(long.map(loose).sort())
          await store.close()
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** Sums may come as `number` or `bigint`; they count by value. */
function loose(item: unknown): string {
  return exactText(item).replaceAll(/(\d)n/g, '$1').replaceAll('-0', '0')
}
