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

function naive(list: readonly Record<string, unknown>[], filter: Record<string, unknown>): string[] {
  const matches = compileFilter(parseFilter(filter), matchSupport(compileContext()))
  return list.filter(matches).map(exactText).sort()
}

describe('random filters', () => {
  test.each([false, true])(
    'find what the naive evaluator finds; from segments: %s',
    { timeout: 120_000 },
    async (compacts) => {
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
        { numRuns: compacts ? 150 : 400 },
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

/** Sums may come as `number` or `bigint`; they count by value. */
function loose(item: unknown): string {
  return exactText(item).replaceAll(/(\d)n/g, '$1').replaceAll('-0', '0')
}
