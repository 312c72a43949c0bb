import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { col, count, openStore, type Query, type Store } from '../../src/index.ts'
import type { ErrorCode } from '../../src/types/errors.ts'
import { items } from './items-model.ts'

const failing = (code: ErrorCode) => expect.objectContaining({ code })
const models = [items()] as const
type ItemStore = Store<typeof models>

const ROWS = 150_000
const numbers = (start: number, length: number) => Array.from({ length }, (_, at) => start + at)

async function withStore(work: (store: ItemStore) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-lifecycle-'))
  const store = await openStore(join(folder, 'store'), { models, durability: 'none' })
  try {
    await work(store)
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('opening a store', () => {
  test('refuses settings of the wrong kind, and makes nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sheaf-lifecycle-'))
    try {
      for (const setting of [
        { memoryLimit: '16 MB' },
        { memoryLimit: Number.NaN },
        { memoryLimit: 0 },
        { durability: 'always' },
      ])
        await expect(openStore(join(folder, 'store'), { models, ...(setting as object) })).rejects.toEqual(
          failing('ARGUMENT'),
        )
      expect(readdirSync(folder)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('a query that is being read', () => {
  test('goes on in the state at its start, whatever is written, dropped and compacted meanwhile', () =>
    withStore(async (store) => {
      for (let part = 0; part < 3; part += 1)
        await store.items('a').putMany(numbers((part * ROWS) / 3, ROWS / 3))
      await store.compact()
      let rows = 0
      let total = 0
      let batches = 0
      for await (const batch of store.items('a').all()) {
        batches += 1
        if (batches === 1) {
          await store.items('a').putMany(numbers(ROWS, 1000))
          await store.compact()
          await store.items.drop('a')
          await store.compact()
        }
        rows += batch.numRows
        const ids = batch.getChild('id')
        for (const id of ids ?? []) total += Number(id)
      }
      expect(batches).toBeGreaterThan(1)
      expect(rows).toBe(ROWS)
      expect(total).toBe((ROWS * (ROWS - 1)) / 2)
      expect(store.items.list()).toEqual([])
    }))

  test('ends with CLOSED, or with all of its rows, where the store is closed meanwhile', () =>
    withStore(async (store) => {
      await store.items('a').putMany(numbers(0, ROWS))
      await store.compact()
      const reading = (async () => {
        let rows = 0
        for await (const batch of store.items('a').all()) {
          rows += batch.numRows
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        return rows
      })().then(
        (rows) => expect(rows).toBe(ROWS),
        (error: unknown) => expect(error).toEqual(failing('CLOSED')),
      )
      await new Promise((resolve) => setTimeout(resolve, 2))
      await store.close()
      await reading
    }))

  test('stands beside others, each with its rows', () =>
    withStore(async (store) => {
      await store.items('a').putMany(numbers(0, ROWS))
      const parts = await Promise.all(
        [0, 1, 2, 3].map((rest) =>
          store.items('a').all().filter(col('id').mod(4).eq(rest)).groupBy().agg({ rows: count() }).rows(),
        ),
      )
      expect(parts).toEqual(parts.map(() => [{ rows: ROWS / 4 }]))
    }))
})

describe('a query outlives its session', () => {
  test('of a transaction not at all: it fails with CLOSED', () =>
    withStore(async (store) => {
      let kept: Query<{ id: number; name: string }> | undefined
      await store.transaction(async (transaction) => {
        await transaction.items('a').put(1)
        kept = transaction.items('a').all()
        expect(await kept.count()).toBe(1)
      })
      await expect(kept?.rows()).rejects.toThrow(failing('CLOSED'))
      expect(await store.items('a').all().count()).toBe(1)
    }))

  test('of a snapshot not at all: it fails with CLOSED', () =>
    withStore(async (store) => {
      await store.items('a').put(1)
      const snapshot = store.snapshot()
      const kept = snapshot.items('a').all()
      expect(await kept.rows()).toEqual([{ id: 1, name: 'item 1' }])
      snapshot.close()
      snapshot.close()
      await expect(kept.rows()).rejects.toThrow(failing('CLOSED'))
    }))

  test('of a transaction that ended does not write either', () =>
    withStore(async (store) => {
      let put: ((number: number) => Promise<void>) | undefined
      await store.transaction(async (transaction) => {
        await transaction.items('a').put(1)
        put = (number) => transaction.items('a').put(number)
      })
      await expect(put?.(2)).rejects.toThrow(failing('CLOSED'))
      expect(await store.items('a').all().count()).toBe(1)
    }))
})

describe('a store that is opened again', () => {
  test('sees what was committed in order, by a path of any name', () =>
    withStore(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sheaf ü😀 '))
      for (let round = 0; round < 3; round += 1) {
        const store = await openStore(join(folder, 'store'), { models })
        expect(await store.items('a').put(round)).toBeUndefined()
        expect(await store.items('a').all().sort('id').select(['id']).rows()).toEqual(
          numbers(0, round + 1).map((id) => ({ id })),
        )
        await store.close()
      }
      rmSync(folder, { recursive: true, force: true })
    }))

  test('read-only where there is none fails, and makes no folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sheaf-none-'))
    await expect(openStore(join(folder, 'store'), { models, readOnly: true })).rejects.toThrow(
      failing('NOT_FOUND'),
    )
    expect(readdirSync(folder)).toEqual([])
    rmSync(folder, { recursive: true, force: true })
  })
})
