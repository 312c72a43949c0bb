import { describe, expect, test } from 'vitest'
import type { RowBatch, TableSpecification } from '../../src/catalog/definition.ts'
import type { Snapshot, TableStore } from '../../src/catalog/table-store.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import type { Value } from '../../src/types/value.ts'

const PEOPLE: TableSpecification = {
  part: '',
  fields: [
    makeField('id', types.int64, { nullable: false }),
    makeField('name', types.utf8),
    makeField('extra', types.variant),
  ],
  key: ['id'],
}

function people(rows: readonly (readonly [number, string | null, Value?])[]): RowBatch {
  return {
    fields: ['id', 'name', 'extra'],
    columns: [
      columnFromValues(
        types.int64,
        rows.map((row) => row[0]),
      ),
      columnFromValues(
        types.utf8,
        rows.map((row) => row[1]),
      ),
      columnFromValues(
        types.variant,
        rows.map((row) => row[2] ?? null),
      ),
    ],
    length: rows.length,
  }
}

function readPeople(snapshot: Snapshot): Value[][] {
  const source = snapshot.source('test:people')
  const rows: Value[][] = []
  const columns = source.definition.fields.map((field) => ({ field: field.name, type: field.type }))
  for (const batch of source.scan({ columns, predicates: [] })) {
    const readers = batch.columns.map(columnReader)
    for (let at = 0; at < (batch.selection?.length ?? batch.length); at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      rows.push(readers.map((read) => read(row)))
    }
  }
  return rows.sort((left, right) => (left[0] as number) - (right[0] as number))
}

async function openPeople(fileSystem?: MemoryFileSystem): Promise<TableStore> {
  const store = await openTableStore(
    fileSystem === undefined ? { path: ':memory:' } : { path: 'store', fileSystem },
  )
  if (store.snapshot().catalog.collection('test', 'people') === undefined) {
    const transaction = store.begin()
    transaction.createCollection('test', 'people', { version: 1, tables: [PEOPLE] })
    await transaction.commit()
  }
  return store
}

describe('a table store', () => {
  test('gives back the rows that were committed', async () => {
    const store = await openPeople()
    const transaction = store.begin()
    const { rowIds } = transaction.insert(
      'test:people',
      people([
        [1, 'Ada', { a: [1, 'x'] }],
        [2, null],
      ]),
    )
    expect([...rowIds]).toEqual([0, 1])
    expect(readPeople(transaction.snapshot)).toHaveLength(2)
    expect(readPeople(store.snapshot())).toHaveLength(0)
    await transaction.commit()
    expect(readPeople(store.snapshot())).toEqual([
      [1, 'Ada', { a: [1, 'x'] }],
      [2, null, null],
    ])
  })

  test('keeps a snapshot as it was while others commit', async () => {
    const store = await openPeople()
    const first = store.begin()
    first.insert('test:people', people([[1, 'Ada']]))
    await first.commit()
    const before = store.snapshot()
    const second = store.begin()
    second.update('test:people', Float64Array.of(0), {
      fields: ['name'],
      columns: [columnFromValues(types.utf8, ['Grace'])],
      length: 1,
    })
    second.insert('test:people', people([[2, 'Alan']]))
    await second.commit()
    expect(readPeople(before).map((row) => row[1])).toEqual(['Ada'])
    expect(readPeople(store.snapshot()).map((row) => row[1])).toEqual(['Grace', 'Alan'])
    expect(before.source('test:people').statistics().rowCount).toBe(1)
  })

  test('lets the first of two writers of a row win', async () => {
    const store = await openPeople()
    const setup = store.begin()
    setup.insert('test:people', people([[1, 'Ada']]))
    await setup.commit()
    const [left, right] = [store.begin(), store.begin()]
    left.delete('test:people', Float64Array.of(0))
    right.delete('test:people', Float64Array.of(0))
    await left.commit()
    await expect(right.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('lets the first of two writers of a key win', async () => {
    const store = await openPeople()
    const [left, right] = [store.begin(), store.begin()]
    left.insert('test:people', people([[7, 'left']]))
    right.insert('test:people', people([[7, 'right']]))
    await right.commit()
    await expect(left.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readPeople(store.snapshot())).toEqual([[7, 'right', null]])
  })

  test('refuses, replaces or leaves a row whose key is taken', async () => {
    const store = await openPeople()
    const transaction = store.begin()
    transaction.insert('test:people', people([[1, 'Ada']]))
    expect(() =>
      transaction.insert(
        'test:people',
        people([
          [2, 'x'],
          [1, 'y'],
        ]),
      ),
    ).toThrow(/key is taken/)
    expect(readPeople(transaction.snapshot)).toHaveLength(1)
    const replaced = transaction.insert(
      'test:people',
      people([
        [1, 'Grace'],
        [2, 'Alan'],
      ]),
      'replace',
    )
    expect(replaced.rowIds[0]).toBe(0)
    const ignored = transaction.insert(
      'test:people',
      people([
        [1, 'no'],
        [3, 'Kurt'],
        [3, 'no'],
      ]),
      'ignore',
    )
    expect(ignored.insertedCount).toBe(1)
    expect(ignored.rowIds[1]).toBe(ignored.rowIds[2])
    await transaction.commit()
    expect(readPeople(store.snapshot()).map((row) => row[1])).toEqual(['Grace', 'Alan', 'Kurt'])
  })

  test('finds rows by key and by row id', async () => {
    const store = await openPeople()
    const transaction = store.begin()
    transaction.insert('test:people', people(Array.from({ length: 100 }, (_, id) => [id, `n${id}`] as const)))
    await transaction.commit()
    const source = store.snapshot().source('test:people')
    const name = [{ field: 'name', type: types.utf8 }]
    const { batch, index } = source.lookup([[42], [1000], [7]], name)
    expect([...index]).toEqual([0, 2])
    expect([0, 1].map(columnReader(batch.columns[0] as never))).toEqual(['n42', 'n7'])
    const gathered = source.gather([99, 500, 3], name)
    expect([...gathered.found]).toEqual([1, 0, 1])
    expect([0, 1, 2].map(columnReader(gathered.columns[0] as never))).toEqual(['n99', null, 'n3'])
  })

  test('reads everything back from its log', async () => {
    const fileSystem = new MemoryFileSystem()
    const store = await openPeople(fileSystem)
    const first = store.begin()
    first.insert(
      'test:people',
      people([
        [1, 'Ada', new Map([['k', 1n]])],
        [2, 'Alan', [1.5]],
      ]),
    )
    expect(first.allocate('test:people', 'nodes', 5)).toBe(0)
    await first.commit()
    const second = store.begin()
    second.delete('test:people', Float64Array.of(0))
    second.addFields('test:people', [makeField('age', types.int32)])
    await second.commit()
    const expected = readPeople(store.snapshot())
    await store.close()
    const again = await openPeople(fileSystem)
    expect(readPeople(again.snapshot())).toEqual(expected)
    expect(expected).toEqual([[2, 'Alan', [1.5], null]])
    const third = again.begin()
    expect(third.allocate('test:people', 'nodes', 1)).toBe(5)
    expect([...third.insert('test:people', people([[3, 'x']])).rowIds]).toEqual([2])
    third.createCollection('test', 'more', { version: 1, tables: [PEOPLE] })
    await third.commit()
    const ids = again
      .snapshot()
      .catalog.collections()
      .flatMap((each) => each.tables.map((table) => table.id))
    expect(new Set(ids).size).toBe(2)
  })

  test('renames, drops and adds what the catalog holds', async () => {
    const store = await openPeople()
    const transaction = store.begin()
    transaction.insert('test:people', people([[1, 'Ada']]))
    transaction.renameField('test:people', 'id', 'number')
    transaction.dropField('test:people', 'extra')
    expect(() => transaction.dropField('test:people', 'number')).toThrow(/cannot be dropped/)
    transaction.renameCollection('test', 'people', 'persons')
    await transaction.commit()
    const { catalog } = store.snapshot()
    expect(catalog.table('test:people')).toBeUndefined()
    expect(catalog.table('test:persons')?.key).toEqual(['number'])
    expect(catalog.table('test:persons')?.fields.map((field) => field.name)).toEqual(['number', 'name'])
    const drop = store.begin()
    drop.dropCollection('test', 'persons')
    await drop.commit()
    expect(store.snapshot().catalog.collections()).toEqual([])
  })

  test('builds an adjacency and keeps it while the rows stay the same', async () => {
    const store = await openTableStore({ path: ':memory:' })
    const definition = { name: 'e', source: 'a', target: 'b', partition: null }
    const transaction = store.begin()
    transaction.createCollection('test', 'edges', {
      version: 1,
      tables: [
        {
          part: '',
          fields: [makeField('a', types.int64), makeField('b', types.int64)],
          key: [],
          adjacencies: [definition],
        },
      ],
    })
    transaction.insert('test:edges', {
      fields: ['a', 'b'],
      columns: [columnFromValues(types.int64, [1, 1, 2, null]), columnFromValues(types.int64, [2, 3, 3, 1])],
      length: 4,
    })
    await transaction.commit()
    const source = store.snapshot().source('test:edges')
    const adjacency = source.adjacency(definition)
    const forward = adjacency.forward(0)
    expect(forward?.edgeCount).toBe(3)
    expect([...(forward?.neighbours ?? [])]).toEqual([2, 3, 3])
    expect(store.snapshot().source('test:edges').adjacency(definition)).toBe(adjacency)
  })
})
