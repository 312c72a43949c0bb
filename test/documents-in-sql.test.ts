import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { relational } from '@sheafdb/relational'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const open = () => openStore(':memory:', { models: [document(), relational()] })
let store: Awaited<ReturnType<typeof open>>

beforeAll(async () => {
  store = await open()
  await store.document('places').insertMany([
    {
      _id: 1,
      owner: 1,
      loc: { type: 'Point', at: { x: 1, y: 2.5 } },
      tags: ['p', 'q'],
      seen: { on: new Date(86_400_000) },
      mixed: { u: 1 },
    },
    { _id: 2, owner: 2, loc: { type: 'Line' }, tags: [], mixed: { u: 'z' } },
    { _id: 3, owner: 9, loc: null },
  ])
  await store.relational.run(
    'CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT, born DATE, paid DECIMAL(9,2))',
  )
  await store.relational.run(
    "INSERT INTO owners VALUES (1, 'Ada', DATE '1970-01-03', 1.50), (2, 'Bo', NULL, NULL)",
  )
})

afterAll(() => store.close())

describe('collections in SQL', () => {
  const rows = (sql: string) => store.relational.query(sql).rows()

  it('have their objects as structs', async () => {
    expect(await rows('SELECT _id, loc.type AS t, loc.at.x AS x FROM places ORDER BY _id')).toEqual([
      { _id: 1, t: 'Point', x: 1 },
      { _id: 2, t: 'Line', x: null },
      { _id: 3, t: null, x: null },
    ])
  })

  it('have their arrays as lists', async () => {
    expect(await rows('SELECT _id, unnest(tags) AS tag FROM places ORDER BY _id, tag')).toEqual([
      { _id: 1, tag: 'p' },
      { _id: 1, tag: 'q' },
    ])
    expect(await rows('SELECT len(tags) AS n FROM places ORDER BY _id')).toEqual([
      { n: 2 },
      { n: 0 },
      { n: null },
    ])
  })

  it('give dates inside structs as dates', async () => {
    const [row] = await rows('SELECT seen FROM places WHERE _id = 1')
    expect(row).toEqual({ seen: { on: new Date(86_400_000) } })
  })

  it('are searched by JSONPath in an expression', async () => {
    expect(await rows("SELECT _id, jsonpath(mixed, '$.u') AS u FROM places ORDER BY _id")).toEqual([
      { _id: 1, u: [1] },
      { _id: 2, u: ['z'] },
      { _id: 3, u: null },
    ])
  })
})

describe('$lookup into a table', () => {
  const lookup = { $lookup: { from: 'owners', localField: 'owner', foreignField: 'id', as: 'by' } }

  it('gives its rows as documents', async () => {
    const rows = await store
      .document('places')
      .aggregate([lookup, { $project: { by: 1 } }])
      .rows()
    expect(rows).toEqual([
      {
        _id: 1,
        by: [
          {
            id: 1,
            name: 'Ada',
            born: new Date(172_800_000),
            paid: expect.toSatisfy((paid) => String(paid) === '1.50'),
          },
        ],
      },
      { _id: 2, by: [{ id: 2, name: 'Bo', born: null, paid: null }] },
      { _id: 3, by: [] },
    ])
  })

  it('is a join where a grouping follows', async () => {
    const query = store
      .document('places')
      .aggregate([
        lookup,
        { $unwind: '$by' },
        { $group: { _id: '$by.name', n: { $sum: 1 } } },
        { $sort: { _id: 1 } },
      ])
    expect(await query.rows()).toEqual([
      { _id: 'Ada', n: 1 },
      { _id: 'Bo', n: 1 },
    ])
    expect(await query.explain()).toContain('join')
  })
})
