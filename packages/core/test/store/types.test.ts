import { expect, expectTypeOf, test } from 'vitest'
import { openStore, type Query, type Store } from '../../src/index.ts'
import { type ItemsApi, items } from './items-model.ts'

test('a store shows a model in its type where it was passed, and nowhere else', async () => {
  const withItems = await openStore(':memory:', { models: [items()] })
  const without = await openStore(':memory:', { models: [] })
  expectTypeOf(withItems.items).toEqualTypeOf<ItemsApi>()
  expectTypeOf(withItems).toHaveProperty('items')
  expectTypeOf(without).not.toHaveProperty('items')
  expect('items' in withItems).toBe(true)
  expect('items' in without).toBe(false)
  await withItems.transaction(async (transaction) => {
    expectTypeOf(transaction.items).toEqualTypeOf<ItemsApi>()
    expectTypeOf(transaction).not.toHaveProperty('transaction')
    expect('transaction' in transaction).toBe(false)
  })
  const snapshot = withItems.snapshot()
  expectTypeOf(snapshot.items).toEqualTypeOf<ItemsApi>()
  expectTypeOf(snapshot.version).toEqualTypeOf<number>()
  snapshot.close()
  await withItems.close()
  await without.close()
})

test('a query tells the type of its rows, and keeps it where rows keep their shape', async () => {
  const store = await openStore(':memory:', { models: [items()] })
  await store.items('a').put(1)
  const query = store.items('a').all()
  expect(await query.select(['id']).rows()).toEqual([{ id: 1 }])
  type Item = { id: number; name: string }
  expectTypeOf(query).toEqualTypeOf<Query<Item>>()
  expectTypeOf(query.sort('id').limit(1).offset(1)).toEqualTypeOf<Query<Item>>()
  expectTypeOf(query.select(['id']).rows).returns.resolves.toEqualTypeOf<Record<string, unknown>[]>()
  expectTypeOf(query.first).returns.resolves.toEqualTypeOf<Item | undefined>()
  await store.close()
})

test('a transaction gives what its work gives', async () => {
  const store = await openStore(':memory:', { models: [items()] })
  const result = await store.transaction(async () => 'done' as const)
  expectTypeOf(result).toEqualTypeOf<'done'>()
  expect(result).toBe('done')
  expectTypeOf(store).toExtend<Store<readonly [ReturnType<typeof items>]>>()
  await store.close()
})
