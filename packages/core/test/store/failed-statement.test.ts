import { expect, test } from 'vitest'
import { type Model, type ModelContext, makeField, openStore, SheafError, types } from '../../src/index.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'

type Rows = { put(value: number, options?: { fails?: boolean; waits?: Promise<void> }): Promise<void> }

/** Is a model whose write inserts a row and then may fail, as a statement does that meets a bad row half way. */
function rowsModel(): Model<'rows', Rows> {
  const layout = () => [{ part: '', fields: [makeField('v', types.int64, { fieldId: 1 })], key: [] }]
  return {
    name: 'rows',
    layoutVersion: 1,
    layout,
    open: (context: ModelContext) => ({
      put: (value, { fails = false, waits } = {}) =>
        context.write(async (transaction) => {
          if (transaction.snapshot.catalog.collection('rows', 'r') === undefined)
            transaction.createCollection('rows', 'r', { version: 1, tables: layout() })
          transaction.insert('rows:r', {
            fields: ['v'],
            columns: [columnFromValues(types.int64, [value])],
            length: 1,
          })
          await waits
          if (fails) throw new SheafError('VALUE', 'a bad row')
        }),
    }),
  }
}

test('a statement that fails is undone by itself, and the transaction goes on where its error is caught', async () => {
  const store = await openStore(':memory:', { models: [rowsModel()] })
  await store.transaction(async (tx) => {
    await tx.rows.put(1, { fails: true }).catch(() => undefined)
    await tx.rows.put(2)
    await tx.rows.put(3, { fails: true }).catch(() => undefined)
    expect(await tx.from('r').rows()).toEqual([{ v: 2 }])
    await tx.rows.put(4)
  })
  expect(await store.from('r').rows()).toEqual([{ v: 2 }, { v: 4 }])
  await store.close()
})

test('a statement whose error is not caught takes its transaction with it', async () => {
  const store = await openStore(':memory:', { models: [rowsModel()] })
  await store.rows.put(1)
  const thrown = store.transaction(async (tx) => {
    await tx.rows.put(2)
    await tx.rows.put(3, { fails: true })
  })
  await expect(thrown).rejects.toMatchObject({ code: 'VALUE' })
  expect(await store.from('r').rows()).toEqual([{ v: 1 }])
  await store.close()
})

test('a statement that fails while another runs beside it fails the transaction: their writes cannot be told apart', async () => {
  const store = await openStore(':memory:', { models: [rowsModel()] })
  await store.rows.put(1)
  const beside = store.transaction(async (tx) => {
    const failing = tx.rows.put(2, { fails: true, waits: Promise.resolve() })
    await Promise.all([failing.catch(() => undefined), tx.rows.put(3)])
  })
  await expect(beside).rejects.toMatchObject({ code: 'VALUE' })
  expect(await store.from('r').rows()).toEqual([{ v: 1 }])
  await store.transaction((tx) => tx.rows.put(5))
  expect(await store.from('r').count()).toBe(2)
  await store.close()
})

test('a transaction goes back to its savepoints by name', async () => {
  const store = await openStore(':memory:', { models: [rowsModel()] })
  await store.transaction(async (tx) => {
    tx.savepoint('nothing')
    await tx.rows.put(1)
    tx.savepoint('one')
    await tx.rows.put(2)
    tx.rollbackTo('one')
    await tx.rows.put(3)
    tx.rollbackTo('one')
    await tx.rows.put(4)
    tx.release('one')
    expect(() => tx.rollbackTo('one')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(await tx.from('r').rows()).toEqual([{ v: 1 }, { v: 4 }])
  })
  expect(await store.from('r').rows()).toEqual([{ v: 1 }, { v: 4 }])
  await store.close()
})
