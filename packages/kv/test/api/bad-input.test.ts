import { openStore } from '@sheafdb/core'
import { expect, test } from 'vitest'
import { kv } from '../../src/index.ts'

test('bad input is an error with a code, and changes nothing', async () => {
  const store = await openStore(':memory:', { models: [kv()] })
  const entries = store.kv('entries')
  await entries.put('a', 1)
  const refused = async (work: () => unknown, code: string) => {
    await expect((async () => work())()).rejects.toMatchObject({ code })
    expect(await entries.count()).toBe(1)
  }
  const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 1)
  for (const key of [undefined, null, {}, () => 1, Symbol('s'), [{}], [undefined], new Map()]) {
    await refused(() => entries.put(key as never, 1), 'TYPE')
    await refused(() => entries.get(key as never), 'TYPE')
  }
  await refused(() => entries.put('x'.repeat(70_000), 1), 'LIMIT')
  await refused(() => entries.put(new Uint8Array(70_000), 1), 'LIMIT')
  await expect((async () => entries.put(deep as never, 1))()).rejects.toMatchObject({ name: 'SheafError' })
  for (const value of [() => 1, { f: () => 1 }, Symbol('s'), new WeakMap()])
    await refused(() => entries.put('b', value), 'TYPE')
  await refused(() => entries.put('b', undefined), 'ARGUMENT')
  await refused(() => entries.put('b', 1, { ttl: 0 }), 'ARGUMENT')
  await refused(() => entries.put('b', 1, { ttl: Number.NaN }), 'ARGUMENT')
  await refused(() => entries.put('b', 1, { ifVersion: 7 }), 'CONFLICT')
  await refused(() => entries.put('a', 1, { ifAbsent: true }), 'CONFLICT')
  await refused(() => entries.range({ limit: -2 }), 'ARGUMENT')
  await refused(() => entries.range({ offset: 0.5 }), 'ARGUMENT')
  await refused(() => entries.batch([{ type: 'move' as never, key: 'a' } as never]), 'ARGUMENT')
  await refused(() => entries.putMany([['b', 1], ['c', () => 1]]), 'TYPE') // biome-ignore format: two entries
  await refused(() => store.kv(''), 'ARGUMENT')
  expect(await entries.range({ gte: 'z', lt: 'a' }).rows()).toEqual([])
  await entries.put('__proto__', { ['__proto__']: 1 })
  expect(await entries.get('__proto__')).toEqual({ ['__proto__']: 1 })
  await store.close()
})
