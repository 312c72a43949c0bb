import { expect, test } from 'vitest'
import { type Model, type ModelContext, makeField, openStore, SheafError, types } from '../../src/index.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'

/** Is a model whose write inserts a row and then may fail, as a statement does that meets a bad row half way. */
function rowsModel(): Model<'rows', { put(value: number, fails: boolean): Promise<void> }> {
  const layout = () => [{ part: '', fields: [makeField('v', types.int64, { fieldId: 1 })], key: [] }]
  return {
    name: 'rows',
    layoutVersion: 1,
    layout,
    open: (context: ModelContext) => ({
      put: (value, fails) =>
        context.write((transaction) => {
          if (transaction.snapshot.catalog.collection('rows', 'r') === undefined)
            transaction.createCollection('rows', 'r', { version: 1, tables: layout() })
          transaction.insert('rows:r', {
            fields: ['v'],
            columns: [columnFromValues(types.int64, [value])],
            length: 1,
          })
          if (fails) throw new SheafError('VALUE', 'a bad row')
        }),
    }),
  }
}

test('a statement that fails takes its transaction with it, also where its error is caught', async () => {
  const store = await openStore(':memory:', { models: [rowsModel()] })
  await store.rows.put(1, false)
  const caught = store.transaction(async (tx) => {
    await tx.rows.put(2, false)
    await tx.rows.put(3, true).catch(() => undefined)
    await tx.rows.put(4, false)
  })
  await expect(caught).rejects.toMatchObject({ code: 'VALUE' })
  expect(await store.from('r').rows()).toEqual([{ v: 1 }])
  await store.transaction((tx) => tx.rows.put(5, false))
  expect(await store.from('r').count()).toBe(2)
  await store.close()
})
