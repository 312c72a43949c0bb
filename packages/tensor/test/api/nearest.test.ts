import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { col, openStore } from '@sheafdb/core'
import { expect, test } from 'vitest'
import { tensor } from '../../src/index.ts'

const SIZE = 24
const COUNT = 3000

function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  }
}

const random = numbers(7)
const vectors = Array.from({ length: COUNT }, () => Float32Array.from({ length: SIZE }, random))
const query = Float32Array.from({ length: SIZE }, random)

function distance(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((total, value, at) => total + (value - (query[at] as number)) ** 2, 0))
}

function expected(k: number, isIn: (id: number) => boolean): [number, number][] {
  return vectors
    .map((vector, id): [number, number] => [id, distance(vector)])
    .filter(([id]) => isIn(id))
    .sort((left, right) => left[1] - right[1])
    .slice(0, k)
}

type Found = readonly { readonly id: unknown; readonly distance: number }[]

function holds(found: Found, wanted: readonly [number, number][]): void {
  expect(found.map((row) => row.id)).toEqual(wanted.map(([id]) => id))
  found.forEach((row, at) => {
    expect(row.distance).toBeCloseTo((wanted[at] as [number, number])[1], 9)
  })
}

test('finds the same in memory, in segments, after changes and without memory for a copy', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-nearest-'))
  const path = join(folder, 'store')
  try {
    const store = await openStore(path, { models: [tensor()] })
    const options = { dtype: 'float32', shape: [SIZE], metric: 'l2', attributes: { part: 'int32' } } as const
    const all = store.tensor('all', options)
    await all.putMany(vectors.map((values, id) => ({ id, values, attributes: { part: id % 7 } })))
    const check = async (isThere: (id: number) => boolean) => {
      const collection = store.tensor('all')
      holds(await collection.nearest(query, { k: 15 }).rows(), expected(15, isThere))
      const some = collection.nearest(query, { k: 15, where: { part: { $in: [2, 5] } } })
      holds(
        await some.rows(),
        expected(15, (id) => isThere(id) && [2, 5].includes(id % 7)),
      )
      const late = collection.nearest(query, { k: 40 }).filter(col('part').eq(3)).sort('distance')
      holds(
        (await late.rows()) as never,
        expected(40, isThere).filter(([id]) => id % 7 === 3),
      )
    }
    await check(() => true)
    await store.compact()
    await check(() => true)
    const gone = expected(5, () => true).map(([id]) => id)
    for (const id of gone) await all.delete(id)
    await check((id) => !gone.includes(id))
    await store.compact()
    await check((id) => !gone.includes(id))
    for (const id of gone) await all.put(id, vectors[id] as Float32Array, { part: id % 7 })
    await check(() => true)
    await store.close()
    const small = await openStore(path, { models: [tensor()], memoryLimit: 2 ** 18 })
    holds(
      await small.tensor('all').nearest(query, { k: 9 }).rows(),
      expected(9, () => true),
    )
    await small.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('leaves out vectors that cannot be ranked', async () => {
  const store = await openStore(':memory:', { models: [tensor()] })
  const odd = store.tensor('odd', { dtype: 'float64', shape: [2], metric: 'l2' })
  await odd.putMany([
    { id: 'nan', values: [Number.NaN, 0] },
    { id: 'far', values: [Number.POSITIVE_INFINITY, 0] },
    { id: 'near', values: [1, 1] },
  ])
  expect((await odd.nearest([0, 0]).rows()).map((row) => row.id)).toEqual(['near'])
  await store.transaction(async (transaction) => {
    await transaction.tensor('odd').put('own', [1, 0])
    const found = await transaction.tensor('odd').nearest([0, 0]).rows()
    expect(found.map((row) => row.id)).toEqual(['own', 'near'])
  })
  await store.close()
})
