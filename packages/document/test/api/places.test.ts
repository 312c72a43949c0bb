import { openStore } from '@sheafdb/core'
import { document } from '@sheafdb/document'
import { describe, expect, test } from 'vitest'

const CITIES = [
  { _id: 'Oslo', at: { type: 'Point', coordinates: [10.75, 59.91] } },
  { _id: 'Bergen', at: { type: 'Point', coordinates: [5.32, 60.39] } },
  { _id: 'Stockholm', at: { type: 'Point', coordinates: [18.07, 59.33] } },
  { _id: 'Rome', at: { type: 'Point', coordinates: [12.5, 41.9] } },
  { _id: 'nowhere' },
  { _id: 'old', at: [10, 60] },
]

async function names(filter: object, pipeline?: readonly object[]): Promise<unknown[]> {
  const store = await openStore(':memory:', { models: [document()] })
  const cities = store.document('cities')
  await cities.createIndex({ at: '2dsphere' })
  await cities.insertMany(CITIES)
  const query =
    pipeline === undefined
      ? cities.find(filter as Record<string, unknown>)
      : cities.aggregate(pipeline as Record<string, unknown>[])
  const rows = await query.rows()
  await store.close()
  return pipeline === undefined ? rows.map(({ _id }) => _id) : rows
}

const OSLO = { type: 'Point', coordinates: [10.75, 59.91] }
const NORDIC = {
  type: 'Polygon',
  coordinates: [
    [
      [4, 57],
      [20, 57],
      [20, 64],
      [4, 64],
      [4, 57],
    ],
  ],
}

describe('places', () => {
  test('are found near a point, the nearest first', async () => {
    expect(await names({ at: { $near: { $geometry: OSLO, $maxDistance: 500_000 } } })).toEqual([
      'Oslo',
      'old',
      'Bergen',
      'Stockholm',
    ])
    expect(await names({ at: { $nearSphere: OSLO, $minDistance: 1000, $maxDistance: 350_000 } })).toEqual([
      'old',
      'Bergen',
    ])
    expect(await names({ at: { $near: [10, 60], $maxDistance: 1 } })).toEqual(['old', 'Oslo'])
  })

  test('are found within regions', async () => {
    const sorted = async (filter: object) => (await names(filter)).sort()
    expect(await sorted({ at: { $geoWithin: { $geometry: NORDIC } } })).toEqual([
      'Bergen',
      'Oslo',
      'Stockholm',
      'old',
    ])
    expect(
      await sorted({
        at: {
          $geoWithin: {
            $box: [
              [10, 40],
              [13, 60],
            ],
          },
        },
      }),
    ).toEqual(['Oslo', 'Rome', 'old'])
    expect(await sorted({ at: { $geoWithin: { $center: [[10, 60], 1] } } })).toEqual(['Oslo', 'old'])
    expect(await sorted({ at: { $geoWithin: { $centerSphere: [[10.75, 59.91], 320 / 6378.1] } } })).toEqual([
      'Bergen',
      'Oslo',
      'old',
    ])
    expect(
      await sorted({
        at: {
          $geoWithin: {
            $polygon: [
              [0, 0],
              [30, 0],
              [13, 50],
            ],
          },
        },
      }),
    ).toEqual(['Rome'])
    expect(await sorted({ at: { $not: { $geoWithin: { $geometry: NORDIC } } } })).toEqual(['Rome', 'nowhere'])
  })

  test('intersect lines and regions', async () => {
    const line = {
      type: 'LineString',
      coordinates: [
        [10.75, 59.91],
        [0, 0],
      ],
    }
    expect(await names({ at: { $geoIntersects: { $geometry: line } } })).toEqual(['Oslo'])
    expect((await names({ at: { $geoIntersects: { $geometry: NORDIC } } })).length).toBe(4)
  })

  test('are given their distance by $geoNear', async () => {
    const stage = {
      near: OSLO,
      distanceField: 'distance',
      key: 'at',
      spherical: true,
      query: { _id: { $ne: 'old' } },
    }
    const rows = (await names({}, [{ $geoNear: stage }, { $limit: 2 }])) as {
      _id: string
      distance: number
    }[]
    expect(rows.map(({ _id, distance }) => [_id, Math.round(distance / 1000)])).toEqual([
      ['Oslo', 0],
      ['Bergen', 305],
    ])
  })

  test('that are none are refused in queries', async () => {
    for (const at of [
      { $near: 5 },
      { $near: { $geometry: { type: 'Point', coordinates: [500, 0] } } },
      { $geoWithin: { $geometry: { type: 'Point', coordinates: [1, 2] } } },
      { $geoWithin: { $box: [1] } },
      { $geoWithin: { $center: [[0, 0], -1] } },
      {
        $geoIntersects: {
          $box: [
            [0, 0],
            [1, 1],
          ],
        },
      },
      { $maxDistance: 3 },
    ])
      await expect(names({ at })).rejects.toMatchObject({ mongoCode: 2 })
  })
})
