import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Snapshot, TableStore } from '../../src/catalog/table-store.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { columnReader } from '../../src/types/column.ts'
import {
  applyStep,
  comparable,
  createTable,
  type Model,
  readRows,
  step,
  TABLE,
  writeStep,
} from './history.ts'

type Held = { readonly snapshot: Snapshot; readonly model: Model }

async function checkAll(store: TableStore, model: Model, held: readonly Held[]): Promise<void> {
  const snapshot = store.snapshot()
  expect(comparable(readRows(snapshot))).toEqual(comparable(model))
  expect(snapshot.source(TABLE).statistics().rowCount).toBe(model.size)
  const keys = Array.from({ length: 41 }, (_, at) => [at - 20])
  const { batch, index } = snapshot.source(TABLE).lookup(keys, [{ field: 'name', type: undefined as never }])
  const read = columnReader(batch.columns[0] as never)
  const found = new Map([...index].map((key, at) => [(keys[key] as number[])[0], read(at)]))
  expect(found).toEqual(
    new Map([...model].sort((left, right) => left[0] - right[0]).map(([id, row]) => [id, row.name])),
  )
  snapshot.close()
  for (const each of held) expect(comparable(readRows(each.snapshot))).toEqual(comparable(each.model))
}

test('any history of transactions, flushes, merges and openings gives the rows of a plain map', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const fileSystem = new MemoryFileSystem()
      let store = await openTableStore({ path: 'store', fileSystem })
      await createTable(store)
      let model: Model = new Map()
      let held: Held[] = []
      for (const each of steps) {
        if (each.kind === 'compact') await store.compact({ full: each.full })
        else if (each.kind === 'hold') held.push({ snapshot: store.snapshot(), model })
        else if (each.kind === 'reopen') {
          await store.close()
          held = []
          store = await openTableStore({ path: 'store', fileSystem })
        } else {
          await writeStep(store, each)
          model = applyStep(model, each)
        }
        await checkAll(store, model, held)
      }
      expect(await store.verify()).toEqual({ ok: true, problems: [] })
      await store.close()
    }),
    { numRuns: Number(process.env.SHEAF_RUNS ?? 60) },
  )
}, 120_000)
