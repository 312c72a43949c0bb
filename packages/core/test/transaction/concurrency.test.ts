import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TableStore, WriteTransaction } from '../../src/catalog/table-store.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'

const TABLE = 'test:cells'

async function openCells(): Promise<TableStore> {
  const store = await openTableStore({ path: 'store', fileSystem: new MemoryFileSystem() })
  const transaction = store.begin()
  transaction.createCollection('test', 'cells', {
    version: 1,
    tables: [
      { part: '', fields: [makeField('key', types.int32), makeField('value', types.int32)], key: ['key'] },
    ],
  })
  await transaction.commit()
  return store
}

type Reader = Pick<WriteTransaction, 'snapshot'>

function readCells({ snapshot }: Reader): Map<number, number> {
  const columns = ['key', 'value'].map((field) => ({ field, type: types.int32 }))
  const cells = new Map<number, number>()
  for (const batch of snapshot.source(TABLE).scan({ columns, predicates: [] })) {
    const [key, value] = batch.columns.map(columnReader)
    for (let at = 0; at < (batch.selection?.length ?? batch.length); at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      cells.set(key?.(row) as number, value?.(row) as number)
    }
  }
  return cells
}

function put(transaction: WriteTransaction, key: number, value: number): void {
  const columns = [key, value].map((each) => columnFromValues(types.int32, [each]))
  transaction.insert(TABLE, { fields: ['key', 'value'], columns, length: 1 }, 'replace')
}

function remove(transaction: WriteTransaction, key: number): void {
  const { batch } = transaction.snapshot
    .source(TABLE)
    .lookup([[key]], [{ field: '_row_id', type: types.uint64 }])
  if (batch.length === 1)
    transaction.delete(TABLE, Float64Array.of(columnReader(batch.columns[0] as never)(0) as number))
}

/** Is a step of one of several transactions that are open at once. */
const step = fc.record({
  who: fc.nat(3),
  action: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.nat(4), value: fc.nat(99) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), key: fc.nat(4) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'rollback' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  ),
})

/** Is an open transaction beside what it must see. */
type Open = {
  readonly transaction: WriteTransaction
  readonly base: ReadonlyMap<number, number>
  readonly seen: Map<number, number>
  readonly written: Set<number>
  readonly began: number
}

describe('transactions at once', () => {
  test('each sees its snapshot and its own writes, and of two writers of a key the first to commit wins', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const store = await openCells()
        let committed = new Map<number, number>()
        const lastWrite = new Map<number, number>()
        let clock = 0
        const open = new Map<number, Open>()
        for (const { who, action } of steps) {
          if (action.kind === 'compact') {
            await store.compact({ full: true })
            continue
          }
          let mine = open.get(who)
          if (mine === undefined) {
            const transaction = store.begin()
            mine = {
              transaction,
              base: committed,
              seen: new Map(committed),
              written: new Set(),
              began: clock,
            }
            open.set(who, mine)
          }
          const { transaction, seen, written, began } = mine
          if (action.kind === 'put') {
            put(transaction, action.key, action.value)
            seen.set(action.key, action.value)
            written.add(action.key)
          } else if (action.kind === 'remove') {
            remove(transaction, action.key)
            if (seen.delete(action.key)) written.add(action.key)
          } else if (action.kind === 'rollback') {
            transaction.rollback()
            open.delete(who)
          } else {
            open.delete(who)
            // A key that it made itself and removed again is no write.
            const writes = [...written].filter((key) => seen.has(key) || mine?.base.has(key))
            const clash = writes.some((key) => (lastWrite.get(key) ?? 0) > began)
            if (clash) {
              await expect(transaction.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
              continue
            }
            await transaction.commit()
            clock += 1
            committed = new Map(committed)
            for (const key of writes) {
              lastWrite.set(key, clock)
              if (seen.has(key)) committed.set(key, seen.get(key) as number)
              else committed.delete(key)
            }
          }
          if (open.has(who)) expect(readCells(transaction)).toEqual(seen)
        }
        const snapshot = store.snapshot()
        expect(readCells({ snapshot })).toEqual(committed)
        await store.close()
      }),
      { numRuns: Number(process.env.SHEAF_RUNS ?? 100) },
    )
  })

  test('that read what another wrote conflict only where serialisable isolation is asked for', async () => {
    for (const isolation of ['snapshot', 'serializable'] as const) {
      const store = await openCells()
      const left = store.begin({ isolation })
      const right = store.begin({ isolation })
      for (const [transaction, key] of [
        [left, 1],
        [right, 2],
      ] as const) {
        put(transaction, key, readCells(transaction).size)
      }
      await left.commit()
      const second = right.commit()
      if (isolation === 'snapshot') await expect(second).resolves.toBeTypeOf('number')
      else await expect(second).rejects.toMatchObject({ code: 'CONFLICT' })
    }
  })

  test('share one sync of the log', async () => {
    const store = await openCells()
    const before = store.lastCommit
    await Promise.all(
      Array.from({ length: 100 }, (_, key) => {
        const transaction = store.begin()
        put(transaction, key, key)
        return transaction.commit()
      }),
    )
    expect(store.lastCommit).toBe(before + 100)
    expect(readCells({ snapshot: store.snapshot() }).size).toBe(100)
  })

  test('a row of a table that another has dropped is a conflict, not a lost row', async () => {
    const store = await openCells()
    const writer = store.begin()
    put(writer, 1, 1)
    const dropper = store.begin()
    dropper.dropCollection('test', 'cells')
    await dropper.commit()
    await expect(writer.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})
