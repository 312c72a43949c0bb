import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { col, compareValues, openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Key, type KeyValueCollection, kv } from '../../src/index.ts'

const openMemory = () => openStore(':memory:', { models: [kv()] })

async function withCollection(work: (collection: KeyValueCollection) => Promise<void>): Promise<void> {
  const store = await openMemory()
  try {
    await work(store.kv('entries'))
  } finally {
    await store.close()
  }
}

afterEach(() => vi.useRealTimers())

describe('a key-value collection', () => {
  test('gives values back as they were put', () =>
    withCollection(async (entries) => {
      const values: unknown[] = [
        'text',
        '',
        'ÿ\u{1f600}\0',
        '\ud800',
        42,
        -0,
        Number.NaN,
        2n ** 80n,
        true,
        null,
        Uint8Array.of(0, 255),
        new Date(7),
        new Map([[{ a: 1 }, new Set([1, 'x'])]]),
        { list: [undefined, null, { deep: new Float32Array([1.5]) }], ['__proto__']: 1 },
        /x/gi,
      ]
      await entries.putMany(values.map((value, index) => [index, value] as const))
      expect(await entries.getMany(values.map((_, index) => index))).toEqual(values)
      expect(await entries.get('none')).toBeUndefined()
      expect(await entries.has(3)).toBe(true)
      expect(await entries.has('none')).toBe(false)
      const rows = await entries.range().rows()
      expect(rows.map((row) => row.value)).toEqual(values)
    }))

  test('finds a key under every form of an equal number', () =>
    withCollection(async (entries) => {
      await entries.put(5, 'a')
      expect(await entries.get(5n)).toBe('a')
      await entries.put(-0, 'zero')
      expect(entries.getSync(0)).toBe('zero')
    }))

  test('behaves as a sorted map under random operations', async () => {
    const key: fc.Arbitrary<Key> = fc.oneof(
      fc.constantFrom<Key>('a', 'ab', 'b', '', 0, 1, -1, 2n ** 60n, true, Uint8Array.of(1), 'é'),
      fc.array(fc.constantFrom<Key>('a', 1, 2), { maxLength: 2 }),
    )
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, value: fc.integer() }),
      fc.record({ kind: fc.constant('delete' as const), key, value: fc.constant(0) }),
      fc.record({ kind: fc.constant('increment' as const), key, value: fc.integer({ min: -9, max: 9 }) }),
    )
    const bound = fc.option(key, { nil: undefined })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 5 }),
        fc.record({ gte: bound, lt: bound, reverse: fc.boolean(), limit: fc.integer({ min: -1, max: 5 }) }),
        async (rounds, range) => {
          await withCollection(async (entries) => {
            const model: [Key, number][] = []
            const at = (wanted: Key) => model.findIndex(([other]) => compareValues(other, wanted) === 0)
            for (const round of rounds) {
              for (const { kind, key: one, value } of round) {
                const index = at(one)
                const old = model[index]
                if (index >= 0) model.splice(index, 1)
                if (kind === 'put') {
                  await entries.put(one, value)
                  model.push([one, value])
                } else if (kind === 'delete') expect(await entries.delete(one)).toBe(index >= 0)
                else {
                  const sum = await entries.increment(one, value)
                  model.push([one, (old?.[1] ?? 0) + value])
                  expect(sum).toBe((old?.[1] ?? 0) + value)
                }
              }
            }
            const { gte, lt, reverse, limit } = range
            const expected = model
              .filter(([one]) => gte === undefined || compareValues(one, gte) >= 0)
              .filter(([one]) => lt === undefined || compareValues(one, lt) < 0)
              .sort(([left], [right]) => compareValues(left, right) * (reverse ? -1 : 1))
            const bounds = { ...(gte === undefined ? {} : { gte }), ...(lt === undefined ? {} : { lt }) }
            expect(await entries.count(bounds)).toBe(expected.length)
            const rows = await entries.range({ ...bounds, reverse, limit }).rows()
            const cut = limit === -1 ? expected : expected.slice(0, limit)
            expect(rows.map((row) => row.value)).toEqual(cut.map(([, value]) => value))
            rows.forEach((row, index) => {
              expect(compareValues(row.key, (cut[index] as [Key, number])[0])).toBe(0)
            })
          })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('does a batch as one, the last operation of a key deciding', () =>
    withCollection(async (entries) => {
      await entries.put('old', 1)
      await entries.batch([
        { type: 'put', key: 'a', value: 1 },
        { type: 'del', key: 'a' },
        { type: 'del', key: 'old' },
        { type: 'put', key: 'b', value: 1 },
        { type: 'put', key: 'b', value: 2 },
      ])
      expect(await entries.range().rows()).toEqual([{ key: 'b', value: 2 }])
      await expect(entries.batch([{ type: 'move', key: 'a' } as never])).rejects.toMatchObject({
        code: 'ARGUMENT',
      })
      await expect(
        entries.batch([
          { type: 'put', key: 'c', value: 1 },
          { type: 'put', key: 'd', value: () => 1 },
        ]),
      ).rejects.toMatchObject({ code: 'TYPE' })
      expect(await entries.has('c')).toBe(false)
    }))

  test('reads prefixes of text and of composite keys', () =>
    withCollection(async (entries) => {
      await entries.putMany(
        ['user', 'user:1', 'user:2', 'uses', ['user', 7], ['user', 7, 'x'], ['user', 70]].map(
          (key) => [key, true] as [Key, unknown],
        ),
      )
      const keys = async (prefix: Key) => (await entries.prefix(prefix).rows()).map((row) => row.key)
      expect(await keys('user')).toEqual(['user', 'user:1', 'user:2'])
      expect(await keys('user:')).toEqual(['user:1', 'user:2'])
      expect(await keys(['user', 7])).toEqual([
        ['user', 7],
        ['user', 7, 'x'],
      ])
      expect(await entries.prefix('user', { reverse: true, limit: 1, keys: false }).rows()).toEqual([
        { value: true },
      ])
      expect(await entries.range({ gte: 'user:', lt: 'user;', values: false }).rows()).toEqual([
        { key: 'user:1' },
        { key: 'user:2' },
      ])
    }))

  test('clears a range and nothing beside it', () =>
    withCollection(async (entries) => {
      await entries.putMany(['a', 'b', 'c', 'd'].map((key) => [key, key] as const))
      expect(await entries.clear({ gt: 'a', lte: 'c' })).toBe(2)
      expect(await entries.clear({ reverse: true, limit: 1 })).toBe(1)
      expect(await entries.range().rows()).toEqual([{ key: 'a', value: 'a' }])
      expect(await entries.clear()).toBe(1)
      expect(await entries.count()).toBe(0)
    }))

  test('hides an entry once its time is over, and purges it with a later write', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    const store = await openMemory()
    const sessions = store.kv('sessions')
    await sessions.put('short', 1, { ttl: 1000 })
    await sessions.put('long', 2, { ttl: 90_000 })
    await sessions.put('kept', 3)
    expect(await sessions.count()).toBe(3)
    vi.setSystemTime(1_001_000)
    expect(await sessions.get('short')).toBeUndefined()
    expect(await sessions.count()).toBe(2)
    expect(await store.from('kv:sessions').count()).toBe(2)
    expect(await sessions.delete('short')).toBe(false)
    await sessions.increment('long')
    vi.setSystemTime(1_100_000)
    expect((await sessions.range().rows()).map((row) => row.key)).toEqual(['kept'])
    await sessions.put('other', 4)
    expect(store.stats().tables.find((table) => table.table === 'kv:sessions')?.rowCount).toBe(2)
    await expect(sessions.put('x', 1, { ttl: 0 })).rejects.toMatchObject({ code: 'ARGUMENT' })
    await store.close()
  })

  test('writes under a condition only where it holds', () =>
    withCollection(async (entries) => {
      const first = await entries.put('a', 1, { ifAbsent: true })
      await expect(entries.put('a', 2, { ifAbsent: true })).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await entries.getWithVersion('a')).toEqual({ value: 1, version: first })
      const second = await entries.put('a', 2, { ifVersion: first })
      expect(second).toBeGreaterThan(first)
      await expect(entries.put('a', 3, { ifVersion: first })).rejects.toMatchObject({ code: 'CONFLICT' })
      await entries.delete('a')
      const third = await entries.put('a', 3)
      expect(third).toBeGreaterThan(second)
      expect(await entries.get('a')).toBe(3)
    }))

  test('loses no increment of many at once', () =>
    withCollection(async (entries) => {
      await Promise.all(Array.from({ length: 20 }, () => entries.increment('hits')))
      expect(await entries.get('hits')).toBe(20)
      await entries.put('text', 'x')
      await expect(entries.increment('text')).rejects.toMatchObject({ code: 'TYPE' })
    }))

  test('takes part in transactions and snapshots', async () => {
    const store = await openMemory()
    await store.kv('a').put('x', 1)
    const snapshot = store.snapshot()
    await store.transaction(async (transaction) => {
      await transaction.kv('a').put('x', 2)
      await transaction.kv('b').put('y', 3)
      expect(await transaction.kv('a').get('x')).toBe(2)
      expect(await store.kv('a').get('x')).toBe(1)
    })
    expect(await store.kv('b').get('y')).toBe(3)
    expect(await snapshot.kv('a').get('x')).toBe(1)
    expect(await snapshot.kv('a').get('x')).toBe(1)
    await expect(snapshot.kv('a').put('x', 5)).rejects.toMatchObject({ code: 'READ_ONLY' })
    snapshot.close()
    const failing = store.transaction(async (transaction) => {
      await transaction.kv('a').put('x', 9)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await store.kv('a').get('x')).toBe(2)
    await store.close()
  })

  test('is a relation of key and value for other languages', async () => {
    const store = await openMemory()
    await store.kv('scores').putMany([
      ['ann', { points: 7 }],
      ['bob', { points: 9 }],
    ])
    const rows = await store
      .from('scores')
      .filter(col('value').get('points').gt(8))
      .select({ who: col('key'), points: col('value').get('points') })
      .rows()
    expect(rows).toEqual([{ who: 'bob', points: 9 }])
    const range = store.kv('scores').range()
    expect(await range.filter(col('key').eq('ann')).count()).toBe(1)
    expect((await range.table()).numRows).toBe(2)
    await store.close()
  })

  test('refuses keys that cannot be ordered', () =>
    withCollection(async (entries) => {
      for (const key of [undefined, null, {}, () => 1, ['a', {}], Symbol('x')])
        await expect(entries.put(key as never, 1)).rejects.toMatchObject({ code: 'TYPE' })
      await expect(entries.put('x'.repeat(70_000), 1)).rejects.toMatchObject({ code: 'LIMIT' })
      await expect(entries.put('x', undefined)).rejects.toMatchObject({ code: 'ARGUMENT' })
      expect(() => entries.range({ limit: 0.5 })).toThrow(expect.objectContaining({ code: 'ARGUMENT' }))
    }))

  test('lists, renames and drops collections', async () => {
    const store = await openMemory()
    await store.kv('b').put(1, 1)
    await store.kv('a').put(1, 1)
    expect(store.kv.list()).toEqual(['a', 'b'])
    await store.kv.rename('b', 'c')
    expect(await store.kv('c').get(1)).toBe(1)
    await store.kv.drop('a')
    expect(store.kv.list()).toEqual(['c'])
    expect(await store.kv('a').get(1)).toBeUndefined()
    await store.close()
  })

  test('keeps entries on disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sheaf-kv-'))
    try {
      const store = await openStore(join(folder, 'store'), { models: [kv()] })
      const version = await store.kv('a').put(['x', 1n, null], { deep: [1] })
      await store.close()
      const again = await openStore(join(folder, 'store'), { models: [kv()] })
      expect(await again.kv('a').getWithVersion(['x', 1, null])).toEqual({ value: { deep: [1] }, version })
      expect(await again.kv('a').put(['x', 1n, null], 2)).toBeGreaterThan(version)
      await again.close()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('tells watchers of changes, whoever made them', async () => {
    const store = await openMemory()
    const changes: unknown[] = []
    const stop = new AbortController()
    const watching = (async () => {
      for await (const change of store.kv('w').watch({ prefix: 'user:' }, { signal: stop.signal })) {
        changes.push(change)
        if (changes.length === 3) stop.abort()
      }
    })()
    await new Promise((resolve) => setTimeout(resolve, 30))
    await store.kv('w').put('user:1', 'a')
    await vi.waitFor(() => expect(changes).toHaveLength(1))
    await store.transaction(async (transaction) => {
      await transaction.kv('w').put('other', 1)
      await transaction.kv('w').put('user:2', 'b', { ttl: 60 })
    })
    await watching
    expect(changes).toEqual([
      { type: 'put', key: 'user:1', value: 'a', version: expect.any(Number) },
      { type: 'put', key: 'user:2', value: 'b', version: expect.any(Number) },
      { type: 'delete', key: 'user:2' },
    ])
    await store.close()
  })
})
