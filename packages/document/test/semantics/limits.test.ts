import { openStore } from '@sheafdb/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { document } from '../../src/index.ts'

const open = () => openStore(':memory:', { models: [document()] })
let store: Awaited<ReturnType<typeof open>>

beforeAll(async () => {
  store = await open()
  await store.document('one').insertMany([{ _id: 1, text: 'a'.repeat(40) }])
})

afterAll(() => store.close())

const doubling = (initialValue: unknown, twice: unknown) => ({
  $project: { x: { $reduce: { input: { $range: [0, 60] }, initialValue, in: twice } } },
})
const nestedMap = (depth: number): unknown =>
  depth === 0 ? 1 : { $map: { input: { $range: [0, 100_000] }, in: nestedMap(depth - 1) } }

const HOSTILE: readonly (readonly [string, object[], number])[] = [
  ['a text that doubles', [doubling('ab', { $concat: ['$$value', '$$value'] })], 10334],
  ['a list that doubles', [doubling([1], { $concatArrays: ['$$value', '$$value'] })], 146],
  ['a tree that doubles', [doubling([1], ['$$value', '$$value'])], 10334],
  [
    'a tree that doubles stage by stage',
    Array.from({ length: 40 }, () => ({ $project: { x: ['$x', '$x'] } })),
    10334,
  ],
  ['loops inside loops', [{ $project: { x: nestedMap(4) } }], 146],
  [
    'a list that is deep',
    [{ $project: { x: { $reduce: { input: { $range: [0, 9999] }, initialValue: 1, in: ['$$value'] } } } }],
    15,
  ],
  [
    'a text replaced by longer ones',
    [{ $project: { x: { $replaceAll: { input: '$text', find: 'a', replacement: 'b'.repeat(1 << 20) } } } }],
    10334,
  ],
]

describe('pipelines that would take all memory', () => {
  for (const [name, pipeline, code] of HOSTILE) {
    it(`end with an error: ${name}`, async () => {
      await expect(
        store
          .document('one')
          .aggregate(pipeline as never)
          .rows(),
      ).rejects.toMatchObject({ mongoCode: code })
    })
  }

  it('end with an error where documents are multiplied', async () => {
    const small = await openStore(':memory:', { models: [document()], memoryLimit: 16 << 20 })
    await small.document('one').insertMany([{ _id: 1 }])
    const twice = {
      $unionWith: { coll: 'one', pipeline: [{ $set: { r: { $range: [0, 1_000_000] } } }, { $unwind: '$r' }] },
    }
    await expect(small.document('one').aggregate([twice]).rows()).rejects.toMatchObject({
      code: 'MEMORY_LIMIT',
    })
    await small.close()
  })
})

describe('$lookup with a pipeline', () => {
  it('finds by an equality with a variable as a scan of all documents does', async () => {
    const { document: collection } = store
    await collection('left').insertMany([
      { _id: 1, k: 1 },
      { _id: 2, k: [1] },
      { _id: 3 },
      { _id: 4, k: null },
      { _id: 5, k: 1n },
    ])
    await collection('right').insertMany([
      { _id: 1, v: { k: 1 } },
      { _id: 2, v: [{ k: 1 }] },
      { _id: 3, v: {} },
      { _id: 4, v: { k: null } },
    ])
    const pipeline = (condition: object) => [
      {
        $lookup: {
          from: 'right',
          let: { k: '$k' },
          pipeline: [{ $match: { $expr: condition } }, { $project: { _id: 1 } }],
          as: 'found',
        },
      },
    ]
    const equal = { $eq: ['$v.k', '$$k'] }
    const indexed = await collection('left').aggregate(pipeline(equal)).rows()
    expect(indexed).toEqual(
      await collection('left')
        .aggregate(pipeline({ $or: [equal] }))
        .rows(),
    )
    expect(indexed.map(({ found }) => (found as object[]).length)).toEqual([1, 1, 1, 1, 1])
  })
})
