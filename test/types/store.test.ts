import { type ColumnBuilder, col, openStore, type Query } from '@sheafdb/core'
import { type DocumentApi, document } from '@sheafdb/document'
import { type GraphApi, graph } from '@sheafdb/graph'
import { type KeyValueApi, kv } from '@sheafdb/kv'
import { type RdfApi, rdf } from '@sheafdb/rdf'
import { type RelationalApi, relational } from '@sheafdb/relational'
import { type TensorApi, tensor } from '@sheafdb/tensor'
import { describe, expect, expectTypeOf, test } from 'vitest'

describe('the type of a store', () => {
  test('has each model that was passed, with its own type', async () => {
    const store = await openStore(':memory:', {
      models: [relational(), document(), graph(), rdf(), tensor(), kv()],
    })
    expectTypeOf(store.relational).toEqualTypeOf<RelationalApi>()
    expectTypeOf(store.document).toEqualTypeOf<DocumentApi>()
    expectTypeOf(store.graph).toEqualTypeOf<GraphApi>()
    expectTypeOf(store.rdf).toEqualTypeOf<RdfApi>()
    expectTypeOf(store.tensor).toEqualTypeOf<TensorApi>()
    expectTypeOf(store.kv).toEqualTypeOf<KeyValueApi>()
    await store.transaction(async (transaction) => {
      expectTypeOf(transaction.graph).toEqualTypeOf<GraphApi>()
      expectTypeOf(transaction.kv).toEqualTypeOf<KeyValueApi>()
    })
    const snapshot = store.snapshot()
    expectTypeOf(snapshot.rdf).toEqualTypeOf<RdfApi>()
    snapshot.close()
    for (const name of ['relational', 'document', 'graph', 'rdf', 'tensor', 'kv'] as const)
      expect(store[name].list()).toEqual([])
    await store.close()
  })

  test('has no model that was not passed', async () => {
    const store = await openStore(':memory:', { models: [kv()] })
    expectTypeOf(store).toHaveProperty('kv')
    expectTypeOf(store).not.toHaveProperty('graph')
    expectTypeOf(store).not.toHaveProperty('relational')
    // @ts-expect-error: the graph model was not passed
    expect(store.graph).toBeUndefined()
    await store.transaction(async (transaction) => {
      expectTypeOf(transaction).not.toHaveProperty('graph')
      // @ts-expect-error: the graph model was not passed
      expect(transaction.graph).toBeUndefined()
    })
    await store.close()
  })
})

test('every language gives the one type of query, and expressions chain', async () => {
  const store = await openStore(':memory:', { models: [relational(), graph(), kv()] })
  expectTypeOf(store.relational.query('SELECT 1')).toExtend<Query>()
  expectTypeOf(store.graph('social').query('RETURN 1')).toExtend<Pick<Query, 'rows' | 'join' | 'explain'>>()
  expectTypeOf(store.kv('sessions').range).returns.toExtend<Pick<Query<never>, 'count'>>()
  expectTypeOf(store.from('x')).toEqualTypeOf<Query>()
  expectTypeOf(col('a').add(1).gt(2)).toEqualTypeOf<ColumnBuilder>()
  expect(await store.relational.query('SELECT 1 AS one').rows()).toEqual([{ one: 1 }])
  await store.close()
})
