import { beforeAll, describe, expect, test } from 'vitest'
import { parsePipeline } from '../../src/language/parser-pipeline.ts'
import { compileContext } from '../../src/semantics/expression.ts'
import { installOperators } from '../../src/semantics/operators/index.ts'
import { compilePipeline } from '../../src/semantics/pipeline.ts'
import type { Document } from '../../src/semantics/value.ts'

beforeAll(installOperators)

const SALES: Document[] = [
  { _id: 1, item: 'a', n: 2, tags: ['x', 'y'] },
  { _id: 2, item: 'b', n: 5, tags: [] },
  { _id: 3, item: 'a', n: 3 },
]
const ITEMS: Document[] = [
  { _id: 'a', name: 'Apple', next: 'b' },
  { _id: 'b', name: 'Bread', next: 'c' },
  { _id: 'c', name: 'Cheese' },
]

function run(pipeline: unknown): Document[] {
  const compiled = compilePipeline(parsePipeline(pipeline), {
    context: compileContext(),
    requireRoom: () => {},
    collection: (name) => (name === 'items' ? ITEMS : []),
  })
  return compiled(SALES, null)
}

describe('stages', () => {
  test.each<[string, unknown[], unknown[]]>([
    [
      '$group',
      [{ $group: { _id: '$item', n: { $sum: '$n' }, all: { $push: '$_id' } } }],
      [
        { _id: 'a', n: 5, all: [1, 3] },
        { _id: 'b', n: 5, all: [2] },
      ],
    ],
    [
      '$sortByCount',
      [{ $sortByCount: '$item' }],
      [
        { _id: 'a', count: 2 },
        { _id: 'b', count: 1 },
      ],
    ],
    [
      '$unwind',
      [{ $unwind: { path: '$tags', preserveNullAndEmptyArrays: true } }, { $project: { tags: 1 } }],
      [{ _id: 1, tags: 'x' }, { _id: 1, tags: 'y' }, { _id: 2 }, { _id: 3 }],
    ],
    [
      '$lookup',
      [
        { $match: { _id: 2 } },
        { $lookup: { from: 'items', localField: 'item', foreignField: '_id', as: 'of' } },
        { $project: { of: '$of.name' } },
      ],
      [{ _id: 2, of: ['Bread'] }],
    ],
    [
      '$lookup with a pipeline',
      [
        { $match: { _id: 1 } },
        {
          $lookup: {
            from: 'items',
            let: { i: '$item' },
            pipeline: [{ $match: { $expr: { $ne: ['$_id', '$$i'] } } }, { $count: 'n' }],
            as: 'other',
          },
        },
        { $project: { other: 1 } },
      ],
      [{ _id: 1, other: [{ n: 2 }] }],
    ],
    [
      '$graphLookup',
      [
        { $match: { _id: 1 } },
        {
          $graphLookup: {
            from: 'items',
            startWith: '$item',
            connectFromField: 'next',
            connectToField: '_id',
            as: 'chain',
            maxDepth: 1,
          },
        },
        { $project: { chain: '$chain._id' } },
      ],
      [{ _id: 1, chain: ['a', 'b'] }],
    ],
    [
      '$facet',
      [{ $facet: { some: [{ $limit: 1 }, { $project: { n: 1 } }], count: [{ $count: 'c' }] } }],
      [{ some: [{ _id: 1, n: 2 }], count: [{ c: 3 }] }],
    ],
    [
      '$bucket',
      [{ $bucket: { groupBy: '$n', boundaries: [0, 3, 10] } }],
      [
        { _id: 0, count: 1 },
        { _id: 3, count: 2 },
      ],
    ],
    ['$replaceWith', [{ $match: { _id: 1 } }, { $replaceWith: { only: '$n' } }], [{ only: 2 }]],
    [
      '$redact',
      [{ $redact: { $cond: [{ $gt: ['$n', 2] }, '$$KEEP', '$$PRUNE'] } }, { $project: { n: 1 } }],
      [
        { _id: 2, n: 5 },
        { _id: 3, n: 3 },
      ],
    ],
    [
      '$setWindowFields',
      [
        {
          $setWindowFields: {
            partitionBy: '$item',
            sortBy: { _id: 1 },
            output: { run: { $sum: '$n', window: { documents: ['unbounded', 'current'] } } },
          },
        },
        { $project: { run: 1 } },
      ],
      [
        { _id: 1, run: 2 },
        { _id: 3, run: 5 },
        { _id: 2, run: 5 },
      ],
    ],
    [
      '$unionWith',
      [{ $unionWith: { coll: 'items', pipeline: [{ $match: { _id: 'c' } }] } }, { $count: 'n' }],
      [{ n: 4 }],
    ],
    [
      '$densify',
      [
        { $project: { v: '$n' } },
        { $densify: { field: 'v', range: { step: 1, bounds: 'full' } } },
        { $group: { _id: null, v: { $push: '$v' } } },
      ],
      [{ _id: null, v: [2, 3, 4, 5] }],
    ],
    [
      '$fill',
      [
        { $sort: { _id: 1 } },
        { $fill: { sortBy: { _id: 1 }, output: { tags: { method: 'locf' } } } },
        { $project: { tags: 1 } },
      ],
      [
        { _id: 1, tags: ['x', 'y'] },
        { _id: 2, tags: [] },
        { _id: 3, tags: [] },
      ],
    ],
  ])('%s', (_, pipeline, expected) => {
    expect(run(pipeline)).toEqual(expected)
  })

  test('keep __proto__ a key like any other', () => {
    const rows = compilePipeline(parsePipeline([{ $redact: '$$DESCEND' }]), {
      context: compileContext(),
      requireRoom: () => {},
      collection: () => [],
    })([JSON.parse('{"_id": 1, "__proto__": {"x": 1}}')], null)
    expect(Object.keys(rows[0] as object)).toEqual(['_id', '__proto__'])
  })
})
