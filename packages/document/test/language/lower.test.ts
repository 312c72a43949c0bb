import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { describe, expect, test } from 'vitest'

async function people() {
  const store = await openStore(':memory:', { models: [document()] })
  const collection = store.document('people')
  await collection.insertMany([
    { _id: 1, name: 'Ada', age: 36, address: { city: 'Oslo' }, tags: ['a'], odd: 1 },
    { _id: 2, name: 'Bo', age: 20, address: { city: 'Rome' }, tags: [], odd: 'x' },
  ])
  return collection
}

async function optimized(query: { explain(): Promise<string> }): Promise<string> {
  const text = await query.explain()
  return text.slice(text.indexOf('optimized plan'))
}

describe('lowering', () => {
  test('compares paths of one type as columns, in the scan', async () => {
    const plan = await optimized(
      (await people()).find(
        { age: { $gt: 30 }, 'address.city': 'Oslo' },
        { projection: { name: 1, _id: 0 } },
      ),
    )
    expect(plan).toContain('(age > 30)')
    expect(plan).toContain("(address.city = 'Oslo')")
    expect(plan).not.toContain('mongo.test')
  })

  test('tests paths of mixed types and of arrays on their columns alone', async () => {
    const collection = await people()
    expect(await optimized(collection.find({ odd: 1 }))).toContain('mongo.test')
    expect(await optimized(collection.find({ tags: 'a' }))).toContain('mongo.test')
    expect(await optimized(collection.find({ age: { $gt: 30 }, odd: 1 }))).toContain('(age > 30)')
  })

  test('finds keys by lookup, groups by columns', async () => {
    const collection = await people()
    expect(await optimized(collection.find({ _id: 1 }))).toContain('(_id = 1)')
    const group = await optimized(
      collection.aggregate([
        { $match: { age: { $lt: 40 } } },
        { $group: { _id: '$address.city', mean: { $avg: '$age' } } },
      ]),
    )
    expect(group).toContain('avg')
    expect(group).not.toContain('mongo.')
  })

  test('gives the plan that the dataframe gives', async () => {
    const store = await openStore(':memory:', { models: [document()] })
    await store.document('people').insertMany([{ _id: 1, name: 'Ada', age: 36 }])
    const { col } = await import('@sheafdb/core')
    const mongo = store
      .document('people')
      .find({ age: { $gt: 30 } }, { projection: { name: 1, age: 1, _id: 0 }, sort: { name: 1 }, limit: 3 })
    const frame = store
      .from('people')
      .filter(col('age').gt(30))
      .sort({ name: 'asc' })
      .limit(3)
      .select(['name', 'age'])
    const withoutNulls = (text: string) => text.replaceAll(' nulls first', '').replaceAll(' nulls last', '')
    expect(withoutNulls(await optimized(mongo))).toBe(withoutNulls(await optimized(frame)))
    await store.close()
  })
})
