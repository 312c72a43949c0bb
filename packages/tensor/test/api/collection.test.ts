import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { col, openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DType, type TensorEntry, tensor } from '../../src/index.ts'

const openMemory = () => openStore(':memory:', { models: [tensor()] })

const VALUES: readonly (readonly [DType, ArrayLike<number | bigint>])[] = [
  ['bool', Uint8Array.of(1, 0, 1)],
  ['int8', Int8Array.of(-128, 0, 127)],
  ['int16', Int16Array.of(-32_768, 0, 32_767)],
  ['int32', Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1)],
  ['int64', BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n)],
  ['uint8', Uint8Array.of(0, 1, 255)],
  ['uint16', Uint16Array.of(0, 1, 65_535)],
  ['uint32', Uint32Array.of(0, 1, 2 ** 32 - 1)],
  ['uint64', BigUint64Array.of(0n, 1n, 2n ** 64n - 1n)],
  ['float16', Float32Array.of(0.5, -65_504, 2 ** -24)],
  ['bfloat16', Float32Array.of(0.5, -1, 2 ** 100)],
  ['float32', Float32Array.of(0.1, Number.NaN, -0)],
  ['float64', Float64Array.of(0.1, Number.POSITIVE_INFINITY, 1e300)],
]

describe('a collection of tensors', () => {
  test.each(VALUES)(
    'keeps elements of %s exactly, with a shape of its own or of each tensor',
    async (dtype, values) => {
      const folder = mkdtempSync(join(tmpdir(), 'sheaf-tensor-'))
      try {
        const store = await openStore(join(folder, 'store'), { models: [tensor()] })
        await store.tensor('fixed', { dtype, shape: [3, 1] }).put('a', values as never)
        await store.tensor('open').putMany([{ id: 'a', values: values as never, dtype, shape: [1, 3] }])
        await store.close()
        const again = await openStore(join(folder, 'store'), { models: [tensor()], readOnly: true })
        expect(await again.tensor('fixed').get('a')).toEqual({
          id: 'a',
          values,
          shape: [3, 1],
          dtype,
          attributes: {},
        })
        expect(await again.tensor('open').get('a')).toEqual({
          id: 'a',
          values,
          shape: [1, 3],
          dtype,
          attributes: {},
        })
        await again.close()
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )

  test('takes nested arrays, replaces by id and deletes', async () => {
    const store = await openMemory()
    const grids = store.tensor('grids', { dtype: 'int32', shape: [2, 2] })
    expect(await grids.get(1)).toBeUndefined()
    await grids.put(1, [[1, 2], [3, 4]], { label: 'x' }) // biome-ignore format: one grid a line
    await grids.putMany([
      { id: 1, values: [5, 6, 7, 8] },
      { id: 2, values: new Float64Array([1, 2, 3, 4]), attributes: { label: 'y', deep: { a: [1] } } },
    ])
    expect(await grids.getMany([2, 9, 1])).toEqual([
      {
        id: 2,
        values: Int32Array.of(1, 2, 3, 4),
        shape: [2, 2],
        dtype: 'int32',
        attributes: { label: 'y', deep: { a: [1] } },
      },
      undefined,
      { id: 1, values: Int32Array.of(5, 6, 7, 8), shape: [2, 2], dtype: 'int32', attributes: {} },
    ])
    expect(await grids.count()).toBe(2)
    expect(await grids.delete(1)).toBe(true)
    expect(await grids.delete(1)).toBe(false)
    expect(store.tensor.list()).toEqual(['grids'])
    await store.close()
  })

  test('refuses what does not fit', async () => {
    const store = await openMemory()
    const pairs = store.tensor('pairs', { dtype: 'int8', shape: [2] })
    const refuse = (id: unknown, values: unknown, code: string, attributes = {}) =>
      expect(pairs.put(id as never, values as never, attributes)).rejects.toMatchObject({ code })
    await refuse(1, [1, 2, 3], 'ARGUMENT')
    await refuse(1, [[1, 2]], 'ARGUMENT')
    await refuse(1, [1, [2]], 'ARGUMENT')
    await refuse(1, [1, 'x'], 'TYPE')
    await refuse(1, 7, 'TYPE')
    await refuse(1, [1, 128], 'OVERFLOW')
    await refuse(1, [1, 0.5], 'TYPE')
    await refuse({}, [1, 2], 'TYPE')
    await refuse(1, [1, 2], 'ARGUMENT', { distance: 1 })
    expect(store.tensor.list()).toEqual([])
    await pairs.put('a', [1, 2])
    await refuse(1, [1, 2], 'TYPE')
    const wrong = (options: object) => () => store.tensor('x', options as never)
    expect(wrong({ dtype: 'int9' })).not.toThrow()
    expect(wrong({ dtype: 'int9', shape: [2] })).toThrow(expect.objectContaining({ code: 'ARGUMENT' }))
    expect(wrong({ dtype: 'int8', shape: [-2] })).toThrow(expect.objectContaining({ code: 'ARGUMENT' }))
    expect(wrong({ metric: 'near' })).toThrow(expect.objectContaining({ code: 'ARGUMENT' }))
    expect(wrong({ attributes: { a: 'no' } })).toThrow(expect.objectContaining({ code: 'ARGUMENT' }))
    await expect(store.tensor('pairs', { dtype: 'int16', shape: [2] }).get('a')).rejects.toMatchObject({
      code: 'ARGUMENT',
    })
    await store.close()
  })

  test('finds the nearest by each metric as a naive search does', async () => {
    const vector = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 3, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(vector, { minLength: 1, maxLength: 20 }),
        vector,
        fc.constantFrom('cosine' as const, 'l2' as const, 'dot' as const),
        fc.constantFrom<DType>('float32', 'float64', 'int8', 'float16'),
        async (vectors, query, metric, dtype) => {
          const store = await openMemory()
          const entries: TensorEntry[] = vectors.map((values, id) => ({ id, values }))
          await store.tensor('v', { dtype, shape: [3], metric }).putMany(entries)
          const rows = await store.tensor('v').nearest(query, { k: 5 }).rows()
          const product = (a: readonly number[], b: readonly number[]) =>
            a.reduce((total, value, at) => total + value * (b[at] as number), 0)
          const measure = (values: readonly number[]) => {
            if (metric === 'l2')
              return Math.hypot(...values.map((value, at) => value - (query[at] as number)))
            if (metric === 'dot') return 1 - product(values, query)
            const norms = Math.sqrt(product(values, values) * product(query, query))
            return norms === 0 ? 1 : 1 - product(values, query) / norms
          }
          const expected = vectors
            .map(measure)
            .sort((left, right) => left - right)
            .slice(0, 5)
          expect(rows).toHaveLength(expected.length)
          rows.forEach((row, at) => {
            expect(row.distance).toBeCloseTo(expected[at] as number, 5)
            expect(row.distance).toBeCloseTo(measure(vectors[Number(row.id)] as number[]), 5)
          })
          await store.close()
        },
      ),
      { numRuns: 60 },
    )
  })

  test('searches among those that a condition is true of', async () => {
    const store = await openMemory()
    const faces = store.tensor('faces', {
      dtype: 'float32',
      shape: [2],
      metric: 'l2',
      attributes: { label: 'string', age: 'int32' },
    })
    await faces.putMany(
      Array.from({ length: 50 }, (_, id) => ({
        id: `f${id}`,
        values: [id, 0],
        attributes: { label: id % 2 === 0 ? 'x' : 'y', age: id, ...(id > 40 ? { extra: { deep: id } } : {}) },
      })),
    )
    const ids = async (where: never) =>
      (await faces.nearest([0, 0], { k: 3, where }).rows()).map((row) => row.id)
    expect(await ids(col('label').eq('y') as never)).toEqual(['f1', 'f3', 'f5'])
    expect(await ids({ label: 'y' } as never)).toEqual(['f1', 'f3', 'f5'])
    expect(await ids({ age: { $gte: 10, $lt: 12 } } as never)).toEqual(['f10', 'f11'])
    expect(await ids({ age: { $in: [7, 8, 99] }, label: { $ne: 'x' } } as never)).toEqual(['f7'])
    expect(await ids({ $or: [{ age: 3 }, { $and: [{ age: 4 }, { label: 'x' }] }] } as never)).toEqual([
      'f3',
      'f4',
    ])
    expect(await ids({ age: { $not: { $gt: 1 } } } as never)).toEqual(['f0', 'f1'])
    expect(await ids({ $nor: [{ age: { $gt: 0 } }] } as never)).toEqual(['f0'])
    expect(await ids({ extra: { $exists: true } } as never)).toEqual(['f41', 'f42', 'f43'])
    expect(await ids({ 'extra.deep': { $gt: 45 } } as never)).toEqual(['f46', 'f47', 'f48'])
    expect(await ids({ 'extra.deep': { $ne: 41 }, age: { $nin: [0, null] } } as never)).toEqual([
      'f1',
      'f2',
      'f3',
    ])
    expect(await ids({ nothing: null, id: 'f9' } as never)).toEqual(['f9'])
    expect(await ids({ nothing: 1 } as never)).toEqual([])
    expect(await faces.nearest([3, 0], { k: 1 }).rows()).toEqual([
      { id: 'f3', distance: 0, label: 'y', age: 3, extra: null },
    ])
    expect(await faces.nearest([3, 0], { k: 1000 }).count()).toBe(50)
    await expect(ids({ age: { $near: 1 } } as never)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(ids(col('none').eq(1) as never)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await store.close()
  })

  test('refuses searches that cannot be', async () => {
    const store = await openMemory()
    const pairs = store.tensor('pairs', { dtype: 'float32', shape: [2] })
    expect(await pairs.nearest([1, 2]).rows()).toEqual([])
    await pairs.put('a', [1, 2])
    for (const k of [0, -1, 0.5, Number.NaN])
      expect(() => pairs.nearest([1, 2], { k })).toThrow(expect.objectContaining({ code: 'ARGUMENT' }))
    expect(() => pairs.nearest([1, Number.NaN])).toThrow(expect.objectContaining({ code: 'VALUE' }))
    await expect(pairs.nearest([1, 2, 3]).rows()).rejects.toMatchObject({ code: 'ARGUMENT' })
    await store.tensor('open').put('a', [1, 2])
    await expect(store.tensor('open').nearest([1, 2]).rows()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await store.close()
  })

  test('is a relation, its elements lists', async () => {
    const store = await openMemory()
    await store.tensor('fixed', { dtype: 'float32', shape: [2] }).put('a', [1, 2], { label: 'x' })
    await store.tensor('open').put('b', [[3], [4]])
    expect(
      await store
        .from('fixed')
        .select({ id: col('id'), second: col('values').call('list.get', 1) })
        .rows(),
    ).toEqual([{ id: 'a', second: 2 }])
    expect(await store.from('open').rows()).toEqual([
      { id: 'b', dtype: 'float64', shape: [2, 1], values: [3, 4] },
    ])
    const schema = await store.from('fixed').schema
    expect(schema.fields.map((field) => field.name)).toEqual(['id', 'values', 'label'])
    await store.close()
  })

  test('sees its own writes in a transaction, and a snapshot does not', async () => {
    const store = await openMemory()
    const options = { dtype: 'float32', shape: [1], metric: 'l2' } as const
    await store.tensor('v', options).put('far', [9])
    expect(await store.tensor('v').nearest([0]).count()).toBe(1)
    const snapshot = store.snapshot()
    await store.transaction(async (transaction) => {
      await transaction.tensor('v', options).put('near', [1], { note: 'new' })
      expect(await transaction.tensor('v').nearest([0], { k: 1 }).rows()).toEqual([
        { id: 'near', distance: 1, note: 'new' },
      ])
    })
    expect((await store.tensor('v').nearest([0], { k: 1 }).first())?.id).toBe('near')
    expect(await snapshot.tensor('v').nearest([0], { k: 2 }).rows()).toEqual([{ id: 'far', distance: 9 }])
    snapshot.close()
    await store.tensor('v').delete('near')
    expect((await store.tensor('v').nearest([0], { k: 1 }).first())?.id).toBe('far')
    await store.close()
  })
})
