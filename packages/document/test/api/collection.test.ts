import { isSheafError, openStore } from '@sheafdb/core'
import { MemoryFileSystem } from '@sheafdb/core/testing'
import { document, type MongoError, ObjectId } from '@sheafdb/document'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyDocument, exactText } from '../random-documents.ts'

async function open() {
  return openStore(':memory:', { models: [document()] })
}

async function failure(work: Promise<unknown>): Promise<MongoError> {
  try {
    await work
  } catch (error) {
    expect(isSheafError(error)).toBe(true)
    return error as MongoError
  }
  throw new Error('it did not fail')
}

describe('a document', () => {
  test('comes back exactly as it went in, from memory, from the log and from segments', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyDocument, { minLength: 1, maxLength: 20 }), async (list) => {
        const fileSystem = new MemoryFileSystem()
        const reopen = () => openStore('/store', { models: [document()], host: { fileSystem } })
        const documents = list.map((item, _id) => ({ _id, ...item }))
        const expected = documents.map(exactText)
        let store = await reopen()
        const read = async () =>
          (
            await store
              .document('c')
              .find({}, { sort: { _id: 1 } })
              .rows()
          ).map(exactText)
        await store.document('c').insertMany(documents)
        expect(await read()).toEqual(expected)
        await store.close()
        store = await reopen()
        expect(await read()).toEqual(expected)
        await store.compact()
        expect(await read()).toEqual(expected)
        await store.close()
        store = await reopen()
        expect(await read()).toEqual(expected)
        await store.close()
      }),
      { numRuns: 40 },
    )
  })

  test('keeps the key __proto__, and does not change any prototype by it', async () => {
    const store = await open()
    const evil = JSON.parse('{"_id": 1, "__proto__": {"polluted": 1}, "a": {"__proto__": 2}}')
    await store.document('c').insertOne(evil)
    const back = await store.document('c').findOne({ _id: 1 })
    expect(exactText(back)).toBe(exactText(evil))
    await store.document('c').updateOne({ _id: 1 }, { $set: { 'a.__proto__': 3 } })
    expect(exactText(await store.document('c').findOne({ 'a.__proto__': 3 }))).toBe(
      '{"_id":1,"__proto__":{"polluted":1},"a":{"__proto__":3}}',
    )
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    await store.close()
  })

  test('nested 10,000 deep is refused with LIMIT, and nothing is stored', async () => {
    const store = await open()
    let deep: unknown = 1
    for (let level = 0; level < 10_000; level += 1) deep = { deep }
    expect((await failure(store.document('c').insertOne({ deep }))).code).toBe('LIMIT')
    expect(await store.document('c').countDocuments()).toBe(0)
    await store.close()
  })

  test('that was read or given may be changed by its owner without changing the store', async () => {
    const store = await open()
    const own = { _id: 1, list: [1], when: new Date(0) }
    await store.document('c').insertOne(own)
    own.list.push(2)
    const read = (await store.document('c').findOne({ _id: 1 })) as { list: number[]; when: Date }
    read.list.push(3)
    read.when.setTime(9)
    expect(exactText(await store.document('c').findOne({ _id: 1 }))).toBe(
      '{"_id":1,"list":[1],"when":date(0)}',
    )
    await store.close()
  })

  test('without _id gets an ObjectId, first', async () => {
    const store = await open()
    const { insertedId } = await store.document('c').insertOne({ a: 1 })
    expect(insertedId).toBeInstanceOf(ObjectId)
    const found = await store.document('c').findOne({ _id: insertedId })
    expect(Object.keys(found as object)).toEqual(['_id', 'a'])
    await store.close()
  })
})

describe('errors', () => {
  test('carry the code and the name of MongoDB', async () => {
    const store = await open()
    const c = store.document('c')
    await c.insertOne({ _id: 1, a: 'x' })
    const unknown = await failure(c.find({ a: { $foo: 1 } }).rows())
    expect([unknown.mongoCode, unknown.detail]).toEqual([2, 'BadValue'])
    const duplicate = await failure(c.insertOne({ _id: 1 }))
    expect([duplicate.code, duplicate.mongoCode, duplicate.detail]).toEqual([
      'CONSTRAINT',
      11000,
      'DuplicateKey',
    ])
    const stage = await failure(c.aggregate([{ $nope: 1 }]).rows())
    expect(stage.mongoCode).toBe(40324)
    const increment = await failure(c.updateOne({ _id: 1 }, { $inc: { a: 1 } }))
    expect([increment.code, increment.mongoCode]).toEqual(['TYPE', 14])
    await store.close()
  })

  test('of one document of many leave none of them stored', async () => {
    const store = await open()
    const c = store.document('c')
    await failure(c.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 1 }]))
    expect(await c.countDocuments()).toBe(0)
    await c.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 'x' },
    ])
    await failure(c.updateMany({}, { $inc: { n: 1 } }))
    expect(await c.find({}, { sort: { _id: 1 } }).rows()).toEqual([
      { _id: 1, n: 1 },
      { _id: 2, n: 'x' },
    ])
    await store.close()
  })

  test('of a schema name the path', async () => {
    const store = await open()
    const people = store.document('people', {
      schema: { type: 'object', required: ['name'], properties: { age: { type: 'number', minimum: 0 } } },
    })
    await people.insertOne({ name: 'Ada', age: 36 })
    const error = await failure(people.insertOne({ name: 'Bo', age: -1 }))
    expect([error.code, error.detail]).toEqual(['CONSTRAINT', 'DocumentValidationFailure'])
    expect(error.message).toContain('/age')
    expect(
      (await failure(store.document('people').updateOne({ name: 'Ada' }, { $unset: { name: '' } })))
        .mongoCode,
    ).toBe(121)
    expect(await people.countDocuments()).toBe(1)
    await store.close()
  })
})

describe('a collection', () => {
  test('takes part in transactions: all or nothing, its own writes seen', async () => {
    const store = await open()
    await store.document('c').insertOne({ _id: 1, n: 1 })
    await store.transaction(async (tx) => {
      await tx.document('c').updateOne({ _id: 1 }, { $inc: { n: 1 } })
      await tx.document('other').insertOne({ _id: 'x', odd: true })
      expect(await tx.document('c').findOne({ n: 2 })).toEqual({ _id: 1, n: 2 })
    })
    await expect(
      store.transaction(async (tx) => {
        await tx.document('c').deleteMany({})
        throw new Error('stop')
      }),
    ).rejects.toThrow('stop')
    expect(await store.document('c').find().rows()).toEqual([{ _id: 1, n: 2 }])
    expect(await store.document('other').countDocuments({ odd: true })).toBe(1)
    await store.close()
  })

  test('is a relation with a column for each field, for queries of every language', async () => {
    const store = await open()
    await store.document('people').insertMany([
      { _id: 1, name: 'Ada', age: 36 },
      { _id: 2, name: 'Bo', city: 'Oslo' },
    ])
    expect(await store.from('people').rows()).toEqual([
      { _id: 1, name: 'Ada', age: 36, city: null },
      { _id: 2, name: 'Bo', age: null, city: 'Oslo' },
    ])
    const ages = store
      .document('people')
      .find({ age: { $gt: 30 } }, { projection: { name: 1, age: 1, _id: 0 } })
    expect(await ages.rename({ name: 'who' }).rows()).toEqual([{ who: 'Ada', age: 36 }])
    expect(ages.schema).toHaveProperty('fields.length', 2)
    await store.close()
  })

  test('can be listed, renamed and dropped', async () => {
    const store = await open()
    await store.document('a').insertOne({ _id: 1 })
    await store.document.rename('a', 'b')
    expect(store.document.list()).toEqual(['b'])
    expect(await store.document('b').countDocuments()).toBe(1)
    await store.document.drop('b')
    expect(store.document.list()).toEqual([])
    expect(await store.document('b').find().rows()).toEqual([])
    await store.close()
  })

  test('keeps unique indexes unique', async () => {
    const store = await open()
    const c = store.document('c')
    await c.createIndex({ email: 1 }, { unique: true })
    await c.insertOne({ _id: 1, email: 'a' })
    expect((await failure(c.insertOne({ _id: 2, email: 'a' }))).mongoCode).toBe(11000)
    await c.insertOne({ _id: 2, email: 'b' })
    expect((await failure(c.updateOne({ _id: 2 }, { $set: { email: 'a' } }))).mongoCode).toBe(11000)
    await c.updateOne({ _id: 2 }, { $set: { email: 'b', n: 1 } })
    expect((await c.listIndexes()).map(({ name }) => name)).toEqual(['_id_', 'email_1'])
    await c.dropIndex('email_1')
    await c.insertOne({ _id: 3, email: 'a' })
    await store.close()
  })

  test('takes writes that are made at once under a unique index, but those of one value', async () => {
    const store = await open()
    const c = store.document('c')
    await c.createIndex({ email: 1 }, { unique: true })
    await c.createIndex({ code: 1 }, { unique: true, sparse: true })
    const writes = Array.from({ length: 100 }, (_, at) =>
      c.insertOne({ email: `${at % 60}`, ...(at < 50 ? { code: at } : {}) }),
    )
    const results = await Promise.allSettled(writes)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(60)
    expect(await c.countDocuments()).toBe(60)
    expect((await failure(c.updateOne({ email: '59' }, { $set: { code: 7 } }))).mongoCode).toBe(11000)
    expect((await failure(c.createIndex({ none: 1 }, { unique: true }))).mongoCode).toBe(11000)
    await store.close()
  })
})

describe('documents with a time', () => {
  test('are removed once it is over, by an index with expireAfterSeconds', async () => {
    const store = await open()
    const c = store.document('sessions')
    await c.createIndex({ at: 1 }, { expireAfterSeconds: 60 })
    const now = Date.now()
    await c.insertMany([
      { _id: 'old', at: new Date(now - 61_000) },
      { _id: 'young', at: new Date(now - 1000) },
      { _id: 'list', at: [new Date(now), new Date(now - 99_000)] },
      { _id: 'text', at: 'never' },
      { _id: 'none' },
    ])
    expect(await c.removeExpired()).toBe(2)
    expect((await c.find({}, { sort: { _id: 1 } }).rows()).map(({ _id }) => _id)).toEqual([
      'none',
      'text',
      'young',
    ])
    await store.close()
  })
})

describe('updates', () => {
  test('of one document give what the driver gives', async () => {
    const store = await open()
    const c = store.document('c')
    const made = await c.updateOne({ _id: 5 }, { $set: { a: 1 }, $setOnInsert: { b: 2 } }, { upsert: true })
    expect(made).toEqual({
      acknowledged: true,
      matchedCount: 0,
      modifiedCount: 0,
      upsertedCount: 1,
      upsertedId: 5,
    })
    const pushed = await c.findOneAndUpdate(
      { _id: 5 },
      { $push: { list: { $each: [3, 1, 2], $sort: 1, $slice: 2 } } },
      { returnDocument: 'after' },
    )
    expect(pushed).toEqual({ _id: 5, a: 1, b: 2, list: [1, 2] })
    expect(
      await c.bulkWrite([
        { insertOne: { document: { _id: 6 } } },
        { updateMany: { filter: {}, update: { $set: { z: 1 } } } },
        { deleteOne: { filter: { _id: 6 } } },
      ]),
    ).toMatchObject({ insertedCount: 1, matchedCount: 2, modifiedCount: 2, deletedCount: 1 })
    await store.close()
  })

  test('change types of paths, and queries made before still answer', async () => {
    const store = await open()
    const c = store.document('c')
    await c.insertOne({ _id: 1, n: 1 })
    const query = c.find({ n: { $gte: 1 } })
    expect(await query.rows()).toHaveLength(1)
    await c.insertMany([
      { _id: 2, n: [5] },
      { _id: 3, n: 'x' },
      { _id: 4, n: 2.5 },
    ])
    expect((await query.rows()).map((item) => item._id)).toEqual([1, 2, 4])
    await store.close()
  })
})

describe('a large variety', () => {
  test('of 10,000 different keys breaks nothing', async () => {
    const store = await open()
    const c = store.document('c')
    await c.insertMany(
      Array.from({ length: 10_000 }, (_, index) => ({
        _id: index,
        n: index,
        [`key${index}`]: index,
        last: 'x',
      })),
    )
    expect(await c.countDocuments({ key7: 7 })).toBe(1)
    expect(await c.countDocuments({ key9999: { $gt: 9998 } })).toBe(1)
    expect(await c.countDocuments({ n: { $gte: 9990 }, last: 'x' })).toBe(10)
    expect(exactText(await c.findOne({ key5000: { $exists: true } }))).toBe(
      '{"_id":5000,"n":5000,"key5000":5000,"last":"x"}',
    )
    await store.close()
  })
})

describe('concurrent writers', () => {
  test('cannot put one value twice into a unique index', async () => {
    const store = await open()
    const c = store.document('c')
    await c.createIndex({ email: 1 }, { unique: true })
    await c.insertOne({ email: 'first' })
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => c.insertOne({ email: 'same' })))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await c.countDocuments({ email: 'same' })).toBe(1)
    await store.close()
  })

  test('that each add to one number are all counted', async () => {
    const store = await open()
    const c = store.document('c')
    await c.insertOne({ _id: 1, n: 0 })
    await Promise.all(Array.from({ length: 20 }, () => c.updateOne({ _id: 1 }, { $inc: { n: 1 } })))
    expect(await c.findOne({ _id: 1 })).toEqual({ _id: 1, n: 20 })
    await store.close()
  })
})

describe('a query of documents', () => {
  test('is read as Arrow too, and streams', async () => {
    const store = await open()
    const c = store.document('c')
    await c.insertMany([
      { _id: 1, name: 'Ada', tags: ['x'], when: new Date(5) },
      { _id: 2, name: 'Bo' },
    ])
    const table = await c.find({}, { sort: { _id: 1 } }).table()
    expect(table.schema.fields.map(({ name }) => name)).toEqual(['_id', 'name', 'tags', 'when'])
    expect(table.numRows).toBe(2)
    expect(table.getChild('name')?.toJSON()).toEqual(['Ada', 'Bo'])
    expect((await c.aggregate([{ $group: { _id: '$name', n: { $sum: 1 } } }]).ipc()).length).toBeGreaterThan(
      0,
    )
    expect(await c.find({ _id: 1 }).first()).toEqual({ _id: 1, name: 'Ada', tags: ['x'], when: new Date(5) })
    await store.close()
  })
})
