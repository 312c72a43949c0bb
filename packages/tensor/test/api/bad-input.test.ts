import { openStore } from '@sheafdb/core'
import { expect, test } from 'vitest'
import { tensor } from '../../src/index.ts'

test('bad input is an error with a code, and changes nothing', async () => {
  const store = await openStore(':memory:', { models: [tensor()] })
  const v = store.tensor('v', { dtype: 'float32', shape: [2] })
  await v.putMany([
    { id: 'a', values: [1, 0] },
    { id: 'nan', values: [Number.NaN, 1] },
    { id: 'inf', values: [Number.POSITIVE_INFINITY, 1] },
  ])
  const refused = async (work: () => unknown, code: string) => {
    await expect((async () => work())()).rejects.toMatchObject({ code })
    expect(await v.count()).toBe(3)
  }
  const rows = (vector: unknown, options?: object) => () => v.nearest(vector as never, options).rows()
  await refused(() => v.put('b', [1, 2, 3]), 'ARGUMENT')
  await refused(() => v.put('b', [[1], [2], [3]]), 'ARGUMENT')
  await refused(() => v.put('b', [[1, 2], [3]] as never), 'ARGUMENT')
  await refused(() => v.put('b', ['x', 'y'] as never), 'TYPE')
  await refused(() => v.put('b', null as never), 'TYPE')
  await refused(() => v.put({} as never, [1, 2]), 'TYPE')
  await refused(() => store.tensor('i', { dtype: 'int8', shape: [1] }).put('b', [128]), 'OVERFLOW')
  await refused(() => store.tensor('i', { dtype: 'int8', shape: [1] }).put('b', [1.5]), 'TYPE')
  await refused(() => store.tensor('x', { dtype: 'float31' as never, shape: [1] }), 'ARGUMENT')
  await refused(() => store.tensor('x', { dtype: 'float32', shape: [-1] }), 'ARGUMENT')
  await refused(() => store.tensor('x', { dtype: 'float32', shape: [2], metric: 'far' as never }), 'ARGUMENT')
  await refused(() => store.tensor('v', { dtype: 'float64' }).put('b', [1, 2]), 'ARGUMENT')
  await refused(rows([1]), 'ARGUMENT')
  await refused(rows([Number.NaN, 1]), 'VALUE')
  await refused(rows([1, 2], { k: 0 }), 'ARGUMENT')
  await refused(rows([1, 2], { k: 1.5 }), 'ARGUMENT')
  await refused(rows([1, 2], { metric: 'far' }), 'ARGUMENT')
  await refused(rows([1, 2], { maxDistance: Number.NaN }), 'ARGUMENT')
  await refused(rows([1, 2], { where: { id: { $regex: 'a' } } }), 'UNSUPPORTED')
  await refused(rows('ab'), 'TYPE')
  await refused(() => v.slice('9'), 'ARGUMENT')
  await refused(() => v.slice('::0'), 'SYNTAX')
  await refused(() => v.slice('0, 0, 0'), 'ARGUMENT')
  await refused(() => v.slice('0', { id: 'none' }), 'NOT_FOUND')
  await refused(() => v.evaluate('a +'), 'SYNTAX')
  await refused(() => v.evaluate('none + 1'), 'NOT_FOUND')
  await refused(() => v.evaluate('a @ b', { a: [[1, 2]], b: [[1, 2]] }), 'ARGUMENT')
  await refused(() => v.evaluate('topk(a, 3)'), 'ARGUMENT')
  await refused(() => v.evaluate('a', {}, { dtype: 'int8' as never }), 'ARGUMENT')
  await refused(() => v.evaluate(`${'('.repeat(100_000)}a`), 'LIMIT')
  // More than there are is all of those that can be ranked.
  expect((await v.nearest([1, 0], { k: 1000 }).rows()).map((row) => row.id)).toEqual(['a'])
  await store.close()
})
