import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Value } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { graph, PointValue } from '../../src/index.ts'

const one = async (text: string): Promise<Value> => {
  const store = await openStore(':memory:', { models: [graph()] })
  try {
    return ((await store.graph('g').query(`RETURN ${text} AS x`).first())?.['x'] ?? null) as Value
  } finally {
    await store.close()
  }
}

describe('points', () => {
  it('have components by their system', async () => {
    expect(
      await one(
        `[p IN [point({x: 1, y: 2.5}), point({x: 1, y: 2, z: 3}), point({longitude: 10, latitude: 60}), point({x: 1, y: 2, crs: 'WGS-84'})] | [p.x, p.y, p.z, p.longitude, p.crs, p.srid]]`,
      ),
    ).toEqual([
      [1, 2.5, null, null, 'cartesian', 7203],
      [1, 2, 3, null, 'cartesian-3d', 9157],
      [10, 60, null, 10, 'wgs-84', 4326],
      [1, 2, null, 1, 'wgs-84', 4326],
    ])
    expect(await one('point({x: 1, y: null})')).toBeNull()
  })

  it('are measured on the plane and on the earth', async () => {
    expect(await one('point.distance(point({x: 0, y: 0}), point({x: 3, y: 4}))')).toBe(5)
    expect(await one('point.distance(point({x: 0, y: 0, z: 0}), point({x: 2, y: 3, z: 6}))')).toBe(7)
    // A quarter of the equator.
    const quarter = (await one(
      'point.distance(point({longitude: 0, latitude: 0}), point({longitude: 90, latitude: 0}))',
    )) as number
    expect(quarter).toBeCloseTo((Math.PI / 2) * 6_378_140, 0)
    expect(await one('point.distance(point({x: 0, y: 0}), point({longitude: 0, latitude: 0}))')).toBeNull()
    expect(
      await one(
        '[point.withinBBox(point({x: 1, y: 1}), point({x: 0, y: 0}), point({x: 1, y: 2})), point.withinBBox(point({x: 2, y: 1}), point({x: 0, y: 0}), point({x: 1, y: 2}))]',
      ),
    ).toEqual([true, false])
    expect(
      await one(
        'point.withinBBox(point({longitude: 179, latitude: 0}), point({longitude: 170, latitude: -1}), point({longitude: -170, latitude: 1}))',
      ),
    ).toBe(true)
  })

  it('are equal by system and coordinates, and have no order', async () => {
    expect(
      await one(
        '[point({x: 1, y: 2}) = point({x: 1.0, y: 2.0}), point({x: 1, y: 2}) = point({x: 1, y: 2, z: 0}), point({x: 1, y: 2}) < point({x: 2, y: 3})]',
      ),
    ).toEqual([true, false, null])
    expect(
      await one('size(COLLECT { UNWIND [point({x: 1, y: 2}), point({x: 1, y: 2})] AS p RETURN DISTINCT p })'),
    ).toBe(1)
  })

  it('are refused where they are none', async () => {
    for (const text of [
      '{x: 1}',
      '{latitude: 91, longitude: 0}',
      '{x: 1, y: 2, srid: 1}',
      `{x: 1, y: 2, crs: 'moon'}`,
      '{x: 1, y: 2, srid: 9157}',
      '{x: 1.0 / 0, y: 1}',
    ])
      await expect(one(`point(${text})`), text).rejects.toMatchObject({ code: 'ARGUMENT' })
    for (const text of [`{x: 'a', y: 2}`])
      await expect(one(`point(${text})`)).rejects.toMatchObject({ code: 'TYPE' })
  })

  it('are kept as properties, and come back after the store was closed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sheaf-points-'))
    try {
      const first = await openStore(join(folder, 's'), { models: [graph()] })
      await first
        .graph('g')
        .run('CREATE (:P {at: point({longitude: 10.75, latitude: 59.9}), all: [point({x: 1, y: 2, z: 3})]})')
      await first.close()
      const second = await openStore(join(folder, 's'), { models: [graph()] })
      const g = second.graph('g')
      const row = await g.query('MATCH (p:P) RETURN p.at AS at, p.all AS all').first()
      expect(row?.['at']).toBeInstanceOf(PointValue)
      expect(`${row?.['at']} ${row?.['all']}`).toBe(
        'point({srid: 4326, longitude: 10.75, latitude: 59.9}) point({srid: 9157, x: 1, y: 2, z: 3})',
      )
      expect(
        await g
          .query('MATCH (p:P) WHERE p.at = $at RETURN count(*) AS n', { at: row?.['at'] as Value })
          .rows(),
      ).toEqual([{ n: 1 }])
      await second.close()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
