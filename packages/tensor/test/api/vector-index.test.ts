import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { col, openStore } from '@sheafdb/core'
import { describe, expect, it } from 'vitest'
import { tensor } from '../../src/index.ts'

const SIZE = 24
const COUNT = 4000

/** Makes the same vectors each time, in clusters of unlike sizes. */
function vectors(count: number, seed = 1): Float32Array[] {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state / 2 ** 32 - 0.5
  }
  const centres = Array.from({ length: 30 }, () => Array.from({ length: SIZE }, random))
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(30 * (random() + 0.5) ** 3)] as number[]
    return Float32Array.from(centre, (value) => value + random() * 0.7)
  })
}

async function filled() {
  const store = await openStore(':memory:', { models: [tensor()] })
  const faces = store.tensor('faces', { dtype: 'float32', shape: [SIZE], attributes: { half: 'int32' } })
  const all = vectors(COUNT)
  await faces.putMany(all.map((values, id) => ({ id, values, attributes: { half: id % 2 } })))
  return { store, faces, all }
}

function shared(left: readonly { id: unknown }[], right: readonly { id: unknown }[]): number {
  const ids = new Set(left.map((row) => row.id))
  return right.filter((row) => ids.has(row.id)).length
}

describe('an index over vectors', () => {
  it('finds nearly all of the nearest, filtered or not, with exact distances', async () => {
    const { store, faces } = await filled()
    const progress: number[] = []
    const { rowCount } = await faces.createIndex({
      kind: 'hnsw',
      onProgress: ({ done }) => progress.push(done),
    })
    expect(rowCount).toBe(COUNT)
    expect(progress.at(-1)).toBe(COUNT)
    expect(await faces.nearest(new Float32Array(SIZE), { k: 3 }).explain()).toContain('hnsw, ef 128')
    for (const where of [undefined, col('half').eq(1)]) {
      let found = 0
      const queries = vectors(50, 99)
      for (const query of queries) {
        const options = where === undefined ? { k: 10 } : { k: 10, where }
        const near = await faces.nearest(query, options).rows()
        const exact = await faces.nearest(query, { ...options, exact: true }).rows()
        expect(near.length).toBe(10)
        for (const row of near) expect(where === undefined || row['half'] === 1).toBe(true)
        const distances = new Map(exact.map((row) => [row.id, row.distance]))
        for (const row of near) if (distances.has(row.id)) expect(row.distance).toBe(distances.get(row.id))
        found += shared(near, exact)
      }
      expect(found).toBeGreaterThanOrEqual(475)
    }
    await store.close()
  })

  it('follows rows that come, change and go, at once, while a snapshot sees what it saw', async () => {
    const { store, faces, all } = await filled()
    await faces.createIndex({ kind: 'hnsw' })
    const query = all[7] as Float32Array
    const before = store.snapshot()
    await faces.delete(7)
    await faces.put(
      9,
      (all[9] as Float32Array).map((value) => -value),
    )
    await faces.put(COUNT, query)
    const ids = (await faces.nearest(query, { k: 5 }).rows()).map((row) => row.id)
    expect(ids[0]).toBe(COUNT)
    expect(ids).not.toContain(7)
    const [former] = await before.tensor('faces').nearest(query, { k: 1 }).rows()
    expect(former?.id).toBe(7)
    before.close()
    const moved = await faces
      .nearest(
        (all[9] as Float32Array).map((value) => -value),
        { k: 1 },
      )
      .rows()
    expect(moved[0]?.id).toBe(9)
    await store.close()
  })

  it('stays with its collection when other collections are made, and is dropped', async () => {
    const { store, faces } = await filled()
    await faces.createIndex({ kind: 'hnsw', metric: 'l2', quantization: 'f16', ef: 100 })
    await store.tensor('others', { dtype: 'float32', shape: [2] }).put('a', [1, 2])
    expect(faces.listIndexes()).toMatchObject([{ kind: 'hnsw', metric: 'l2', ef: 100 }])
    expect(await faces.dropIndex()).toBe(true)
    expect(await faces.dropIndex()).toBe(false)
    expect(faces.listIndexes()).toEqual([])
    await store.close()
  })

  it('refuses what cannot be indexed', async () => {
    const store = await openStore(':memory:', { models: [tensor()] })
    const faces = store.tensor('faces', { dtype: 'float32', shape: [2] })
    await expect(faces.createIndex({ kind: 'hnsw' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await faces.put('a', [1, 2])
    await expect(faces.createIndex({ kind: 'hnsw', metric: 'l1' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
    await expect(faces.createIndex({ kind: 'hnsw', ef: 0 })).rejects.toMatchObject({ code: 'ARGUMENT' })
    await expect(faces.createIndex({ kind: 'tree' as never })).rejects.toMatchObject({ code: 'ARGUMENT' })
    const any = store.tensor('any')
    await any.put('a', [1, 2])
    await expect(any.createIndex({ kind: 'hnsw' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await store.close()
  })
})

describe('a search', () => {
  it('gives all within a distance, or at most k of them', async () => {
    const { store, faces, all } = await filled()
    const query = all[0] as Float32Array
    const ranked = await faces.nearest(query, { k: COUNT, exact: true }).rows()
    const maxDistance = ranked[40]?.distance as number
    expect(await faces.nearest(query, { maxDistance }).rows()).toEqual(ranked.slice(0, 41))
    expect(await faces.nearest(query, { maxDistance, k: 5 }).rows()).toEqual(ranked.slice(0, 5))
    expect(await faces.nearest(query, { maxDistance: -1 }).rows()).toEqual([])
    expect(() => faces.nearest(query, { maxDistance: Number.NaN })).toThrow('maxDistance')
    expect((await faces.nearest(query, { k: 2 ** 31 }).rows()).length).toBe(COUNT)
    await store.close()
  })

  it('takes many vectors', async () => {
    const { store, faces, all } = await filled()
    const found = await faces.nearestMany(all.slice(0, 3), { k: 1 })
    expect(found.map((rows) => rows[0]?.id)).toEqual([0, 1, 2])
    await store.close()
  })

  it('measures by differences, by elements that differ, and by those that are set', async () => {
    const store = await openStore(':memory:', { models: [tensor()] })
    const sets = store.tensor('sets', { dtype: 'float32', shape: [4] })
    await sets.putMany([
      { id: 'a', values: [1, 1, 0, 0] },
      { id: 'b', values: [0.1, 0, 0, 1] },
      { id: 'c', values: [0, 0, 0, 0] },
    ])
    const distances = async (metric: 'l1' | 'hamming' | 'jaccard') =>
      Object.fromEntries(
        (await sets.nearest([0.1, 1, 0, 0], { metric }).rows()).map((row) => [row.id, row.distance]),
      )
    expect(await distances('hamming')).toEqual({ a: 1, b: 2, c: 2 })
    expect(await distances('jaccard')).toEqual({ a: 0, b: 1 - 1 / 3, c: 1 })
    const { a, b, c } = await distances('l1')
    expect([a, b, c].map((value) => Number(value?.toFixed(6)))).toEqual([0.9, 2, 1.1])
    expect(() => sets.nearest([0, 0, 0, 0], { metric: 'taxi' as never })).toThrow('metric')
    await store.close()
  })

  it('is fused with other rankings by their ranks', async () => {
    const store = await openStore(':memory:', { models: [tensor()] })
    const docs = store.tensor('docs', { dtype: 'float32', shape: [2], metric: 'l2' })
    await docs.putMany([0, 1, 2, 3].map((id) => ({ id, values: [id, 0] })))
    const words = store.from([{ id: 3 }, { id: 1 }])
    const rows = await docs.fused([0, 0], [words, [1]], { k: 3 }).rows()
    expect(rows.map((row) => row.id)).toEqual([1, 3, 0])
    expect(rows[0]?.score).toBeCloseTo(1 / 62 + 1 / 62 + 1 / 61, 12)
    expect(() => docs.fused([0, 0], [], { depth: 0 })).toThrow('depth')
    await store.close()
  })

  it('is kept in the store: opened again it is searched at once, and takes in what came since', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'sheaf-index-')), 'kept.sheaf')
    let store = await openStore(path, { models: [tensor()] })
    const all = vectors(COUNT)
    const made = store.tensor('faces', { dtype: 'float32', shape: [SIZE] })
    await made.putMany(all.map((values, id) => ({ id, values })))
    await made.createIndex({ kind: 'hnsw' })
    await made.delete(3)
    await made.put(COUNT, all[5] as Float32Array)
    await store.close()
    for (const [change, added] of [
      ['none', 1],
      ['compacted', 1],
      ['dropped', 0],
    ] as const) {
      store = await openStore(path, { models: [tensor()] })
      const faces = store.tensor('faces')
      if (change === 'dropped') await faces.dropIndex()
      const counted = countAdded()
      const near = await faces.nearest(all[5] as Float32Array, { k: 10 }).rows()
      expect(near.slice(0, 2).map((row) => row.id)).toEqual(expect.arrayContaining([5, COUNT]))
      expect(near.map((row) => row.id)).not.toContain(3)
      expect(counted()).toBe(added)
      if (change === 'none') await store.compact()
      await store.close()
    }
    rmSync(dirname(path), { recursive: true })
  })

  it('counts against the memory limit: where it has no room every vector is looked at', async () => {
    const store = await openStore(':memory:', { models: [tensor()], memoryLimit: 1 << 20 })
    const faces = store.tensor('faces', { dtype: 'float32', shape: [SIZE] })
    const all = vectors(COUNT)
    await faces.putMany(all.map((values, id) => ({ id, values })))
    const counted = countAdded()
    await faces.createIndex({ kind: 'hnsw' })
    expect(counted()).toBe(0)
    const query = all[9] as Float32Array
    expect((await faces.nearest(query, { k: 1 }).rows())[0]).toEqual({ id: 9, distance: 0 })
    await store.close()
  })

  it('keeps vectors as their signs, and bits as bits, with what it finds measured exactly', async () => {
    const { store, faces } = await filled()
    await faces.createIndex({ kind: 'hnsw', quantization: 'bits', ef: 128 })
    const bits = store.tensor('bits', { dtype: 'bool', shape: [SIZE], metric: 'hamming' })
    await bits.putMany(
      vectors(COUNT).map((vector, id) => ({ id, values: Array.from(vector, (value) => value > 0) })),
    )
    await bits.createIndex({ kind: 'hnsw', ef: 128 })
    for (const [collection, turn] of [
      [faces, (vector: Float32Array) => vector],
      [bits, (vector: Float32Array) => vector.map((value) => Number(value > 0))],
    ] as const) {
      let near = 0
      for (const query of vectors(30, 5)) {
        const found = await collection.nearest(turn(query), { k: 10 }).rows()
        const exact = await collection.nearest(turn(query), { k: 10, exact: true }).rows()
        // By distance: of bits many are equally far.
        near += found.filter((row, at) => row.distance === exact[at]?.distance).length
      }
      expect(near).toBeGreaterThan(200)
    }
    await expect(
      faces.createIndex({ kind: 'hnsw', metric: 'l2', quantization: 'bits' }),
    ).rejects.toMatchObject({
      code: 'ARGUMENT',
    })
    await store.close()
  })
})

/** Counts the vectors that are added to graphs from now on. */
function countAdded(): () => number {
  const { Index } = createRequire(import.meta.url)('usearch') as typeof import('usearch')
  const { add } = Index.prototype
  let count = 0
  Index.prototype.add = function counting(this: never, keys: never, ...rest: never[]) {
    count += (keys as BigUint64Array).length
    return (add as (...args: unknown[]) => void).call(this, keys, ...rest)
  } as never
  return () => {
    Index.prototype.add = add
    return count
  }
}
