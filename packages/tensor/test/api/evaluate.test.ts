import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EvaluateInputs, type TensorCollection, tensor } from '../../src/index.ts'

async function withTensors(work: (collection: TensorCollection) => Promise<void>): Promise<void> {
  const store = await openStore(':memory:', { models: [tensor()] })
  const grid = store.tensor('grids', { dtype: 'int32', shape: [2, 3] })
  await grid.putMany([
    { id: 'b', values: [[7, 8, 9], [10, 11, 12]] }, // biome-ignore format: one grid a line
    { id: 'a', values: [[1, 2, 3], [4, 5, 6]] }, // biome-ignore format: one grid a line
  ])
  try {
    await work(grid)
  } finally {
    await store.close()
  }
}

const m = [[1, 2], [3, 4]] // biome-ignore format: one matrix

describe('expressions over tensors', () => {
  test.each<[string, EvaluateInputs, number[], number[]]>([
    ['a + b * 2', {}, [2, 3], [15, 18, 21, 24, 27, 30]],
    ['-a ** 2', {}, [2, 3], [-1, -4, -9, -16, -25, -36]],
    ['2 ** -1', {}, [], [0.5]],
    ['-7 % 3', {}, [], [2]],
    ['a[1] - a[0, ::-1]', {}, [3], [1, 3, 5]],
    ['a[..., None, 0]', {}, [2, 1], [1, 4]],
    ['a.T @ m', { m }, [3, 2], [13, 18, 17, 24, 21, 30]],
    ['m @ [1, 1]', { m }, [2], [3, 7]],
    ['[1, 1] @ m', { m }, [2], [4, 6]],
    ['sum(a)', {}, [], [21]],
    ['sum(a, axis=0)', {}, [3], [5, 7, 9]],
    ['mean(a, -1, keepdims=True)', {}, [2, 1], [2, 5]],
    ['argmax(a, axis=1) + argmin(a)', {}, [2], [2, 2]],
    ['norm([3, 4])', {}, [], [5]],
    ['std([1, 3]) + var([1, 3])', {}, [], [2]],
    ['(a > 2) * a', {}, [2, 3], [0, 0, 3, 4, 5, 6]],
    ['any(a == 9) + all(a != 9)', {}, [], [1]],
    ['softmax([0, 0])', {}, [2], [0.5, 0.5]],
    ['reshape(a, [3, -1])', {}, [3, 2], [1, 2, 3, 4, 5, 6]],
    ['transpose(a, [1, 0])', {}, [3, 2], [1, 4, 2, 5, 3, 6]],
    ['concatenate([a, b], axis=1)', {}, [2, 6], [1, 2, 3, 7, 8, 9, 4, 5, 6, 10, 11, 12]],
    ['maximum(a, 3) - relu(-a)', {}, [2, 3], [3, 3, 3, 4, 5, 6]],
    ['x0 + x1', [1, [1, 2]], [2], [2, 3]],
    ['ij,kj->ik', ['a', 'b'], [2, 2], [50, 68, 122, 167]],
    ['ij->', [m], [], [10]],
  ])('%s', (text, inputs, shape, values) =>
    withTensors(async (grids) => {
      const result = await grids.evaluate(text, inputs)
      expect(result.shape).toEqual(shape)
      expect([...result.values].map((value) => value + 0)).toEqual(values)
    }),
  )

  test.each([
    ['a +', 'SYNTAX'],
    ['a $ b', 'SYNTAX'],
    ['(a', 'SYNTAX'],
    ['a[0:1:0]', 'SYNTAX'],
    ['a[', 'SYNTAX'],
    ['sum(a', 'SYNTAX'],
    ['a b', 'SYNTAX'],
    ['none + 1', 'NOT_FOUND'],
    ['none(a)', 'NOT_FOUND'],
    ['a + [1, 2]', 'ARGUMENT'],
    ['a @ a', 'ARGUMENT'],
    ['a[5]', 'ARGUMENT'],
    ['sum(a, axis=2)', 'ARGUMENT'],
    ['reshape(a, [4, -1])', 'ARGUMENT'],
    [`${'('.repeat(5000)}a`, 'LIMIT'],
    [`${'-'.repeat(3000)}a`, 'LIMIT'],
    [`a${'+a'.repeat(5000)}`, 'LIMIT'],
  ])('%s is refused', (text, code) =>
    withTensors(async (grids) => {
      await expect(grids.evaluate(text)).rejects.toMatchObject({ code })
    }),
  )
})

describe('slices of a collection', () => {
  test('take tensors in the order of ids, then elements', () =>
    withTensors(async (grids) => {
      expect(await grids.slice('0, ::-1, 1:')).toEqual({
        values: Int32Array.of(5, 6, 2, 3),
        shape: [2, 2],
        dtype: 'int32',
      })
      expect(await grids.slice('-1, ..., 0')).toEqual({
        values: Int32Array.of(7, 10),
        shape: [2],
        dtype: 'int32',
      })
      expect(await grids.slice('1, -1', { id: 'a' })).toEqual({
        values: Int32Array.of(6),
        shape: [],
        dtype: 'int32',
      })
      await expect(grids.slice('x')).rejects.toMatchObject({ code: 'SYNTAX', position: { offset: 0 } })
      await expect(grids.slice('2')).rejects.toMatchObject({ code: 'ARGUMENT' })
      await expect(grids.slice('0,0,0,0')).rejects.toMatchObject({ code: 'ARGUMENT' })
      await expect(grids.slice(':', { id: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }))

  test('take what Python takes of a list', async () => {
    const bound = fc.option(fc.integer({ min: -8, max: 8 }), { nil: null })
    const step = fc.integer({ min: -3, max: 3 }).filter((value) => value !== 0)
    await fc.assert(
      fc.asyncProperty(bound, bound, step, (start, stop, by) =>
        withTensors(async (grids) => {
          const [low, high] = by > 0 ? [0, 3] : [-1, 2]
          const cut = (value: number | null, open: number) =>
            value === null ? open : Math.min(Math.max(value < 0 ? value + 3 : value, low), high)
          const expected: number[] = []
          const end = cut(stop, by > 0 ? 3 : -1)
          for (let at = cut(start, by > 0 ? 0 : 2); by > 0 ? at < end : at > end; at += by)
            expected.push(at + 1)
          const { values } = await grids.slice(`0, 0, ${start ?? ''}:${stop ?? ''}:${by}`)
          expect([...values]).toEqual(expected)
        }),
      ),
      { numRuns: 100 },
    )
  })
})
