import { openStore } from '@sheafdb/core'
import { expect, test } from 'vitest'
import { kv } from '../../src/index.ts'

const openMemory = () => openStore(':memory:', { models: [kv()] })

test('numbers, bits, text and arrays are changed where they are, and what is of another kind is refused', async () => {
  const store = await openMemory()
  const entries = store.kv('entries')
  expect(await entries.min('a', 5)).toBe(5)
  expect([await entries.min('a', 7), await entries.min('a', -2), await entries.max('a', 3n)]).toEqual([
    5,
    -2,
    3n,
  ])
  expect(await entries.increment('n', 2)).toBe(2)
  await entries.put('wide', 2n ** 70n)
  expect(await entries.increment('wide', 1)).toBe(2n ** 70n + 1n)
  await entries.put('b', 0b1100)
  expect([
    await entries.bitAnd('b', 0b0110),
    await entries.bitOr('b', 1),
    await entries.bitXor('b', 0b111),
  ]).toEqual([4, 5, 2])
  expect(await entries.bitOr('wide', 2n ** 69n)).toBe(2n ** 70n + 2n ** 69n + 1n)
  expect(await entries.bitOr('bytes', Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2))
  expect(await entries.bitXor('bytes', Uint8Array.of(3, 3))).toEqual(Uint8Array.of(2, 1))
  expect(await entries.append('t', 'ab')).toBe('ab')
  expect([await entries.append('t', 'c'), await entries.get('t')]).toEqual(['abc', 'abc'])
  await entries.append('list', [1])
  expect(await entries.append('list', [{ x: 2 }])).toEqual([1, { x: 2 }])
  expect(await entries.append('raw', Uint8Array.of(1))).toEqual(Uint8Array.of(1))
  expect(await entries.append('raw', Uint8Array.of(2))).toEqual(Uint8Array.of(1, 2))
  for (const [refused, code] of [
    [() => entries.min('t', 1), 'TYPE'],
    [() => entries.max('a', Number.NaN), 'TYPE'],
    [() => entries.bitAnd('t', 1), 'TYPE'],
    [() => entries.bitAnd('b', 1.5), 'TYPE'],
    [() => entries.bitAnd('raw', Uint8Array.of(1)), 'ARGUMENT'],
    [() => entries.append('t', [1]), 'TYPE'],
    [() => entries.increment('t'), 'TYPE'],
  ] as const)
    await expect(refused()).rejects.toMatchObject({ code })
  expect(await entries.get('t')).toBe('abc')
  await store.close()
})

test('a value is set or cleared where it is what was expected, and its version stays where it is not', async () => {
  const store = await openMemory()
  const entries = store.kv('entries')
  expect(await entries.compareAndSet('k', undefined, { a: 1 })).toBe(true)
  const before = (await entries.getWithVersion('k'))?.version
  expect(await entries.compareAndSet('k', { a: 2 }, { a: 3 })).toBe(false)
  expect((await entries.getWithVersion('k'))?.version).toBe(before)
  expect(await entries.compareAndClear('k', { a: 2 })).toBe(false)
  expect(await entries.compareAndSet('k', { a: 1 }, { a: 2 })).toBe(true)
  expect(await entries.compareAndClear('k', { a: 2 })).toBe(true)
  expect(await entries.has('k')).toBe(false)
  await store.close()
})

test('changes that are issued together each see what the one before left', async () => {
  const store = await openMemory()
  const entries = store.kv<number>('entries')
  await Promise.all(Array.from({ length: 50 }, () => entries.update('n', (value = 0) => value + 1)))
  expect(await entries.get('n')).toBe(50)
  const failing = entries.update('n', () => {
    throw new RangeError('not today')
  })
  const [failed, next] = await Promise.allSettled([failing, entries.update('n', (value = 0) => value + 1)])
  expect(failed).toMatchObject({ status: 'rejected', reason: expect.any(RangeError) })
  expect(next).toMatchObject({ status: 'fulfilled', value: 51 })
  expect(await entries.update('n', () => undefined)).toBeUndefined()
  expect(await entries.has('n')).toBe(false)
  await store.close()
})

test('a sub-space holds the keys below it and sees no others', async () => {
  const store = await openMemory()
  const app = store.kv('app')
  const users = app.sub('user')
  await users.putMany([[7, 'ann'], [[8, 'mail'], 'b@x'], ['x', 1]]) // biome-ignore format: three entries
  await app.put('user', 'not below')
  await app.put(['users', 7], 'beside')
  expect(await app.get(['user', 7])).toBe('ann')
  expect([await users.get(7), users.getSync([8, 'mail']), await users.has('y')]).toEqual([
    'ann',
    'b@x',
    false,
  ])
  expect(await users.range().rows()).toEqual([
    { key: 7, value: 'ann' },
    { key: [8, 'mail'], value: 'b@x' },
    { key: 'x', value: 1 },
  ])
  expect([...users.rangeSync({ lt: 'x', values: false })].map(({ key }) => key)).toEqual([7, [8, 'mail']])
  expect(await users.prefix([8]).count()).toBe(1)
  expect(await users.sub(8).get('mail')).toBe('b@x')
  expect(await users.count()).toBe(3)
  await users.batch([
    { type: 'del', key: 7 },
    { type: 'put', key: ['deep', [1]], value: 2 },
  ])
  expect(await users.range({ gte: 'deep', lte: 'w' }).rows()).toEqual([{ key: ['deep', [1]], value: 2 }])
  const abort = new AbortController()
  const changes = users.watch({ prefix: 'w' }, { signal: abort.signal })
  const first = changes.next()
  await users.put('wake', true)
  expect((await first).value).toMatchObject({ type: 'put', key: 'wake', value: true })
  abort.abort()
  await changes.return(undefined)
  expect(await users.deleteRange({ gte: 'w', lt: 'x' })).toBe(1)
  expect(await users.clear()).toBe(3)
  expect(await app.count()).toBe(2)
  expect(() => app.sub([])).toThrow(expect.objectContaining({ code: 'ARGUMENT' }))
  await store.close()
})
