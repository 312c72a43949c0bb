import { Decimal } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import type { RowBatch, TableSpecification } from '../../src/catalog/definition.ts'
import type { Snapshot, TableStore, WriteTransaction } from '../../src/catalog/table-store.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore, type TableStoreOptions } from '../../src/transaction/table-store.ts'
import { columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import type { Value } from '../../src/types/value.ts'

const TABLE: TableSpecification = {
  part: '',
  fields: [
    makeField('id', types.int32, { nullable: false }),
    makeField('size', types.int16),
    makeField('name', types.utf8),
  ],
  key: ['id'],
}
const NAME = 'test:things'

function rowsOf(snapshot: Snapshot, predicates: { value: Value; field: string }[] = []): Value[] {
  const source = snapshot.source(NAME)
  const columns = source.definition.fields.map((field) => ({ field: field.name, type: field.type }))
  const rows: Record<string, Value>[] = []
  const wanted = predicates.map(({ value, field }) => ({
    column: columns.findIndex((column) => column.field === field),
    operator: 'eq' as const,
    value,
  }))
  for (const batch of source.scan({ columns, predicates: wanted })) {
    const readers = batch.columns.map(columnReader)
    for (let at = 0; at < (batch.selection?.length ?? batch.length); at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      rows.push(Object.fromEntries(columns.map(({ field }, index) => [field, readers[index]?.(row)])))
    }
  }
  return rows.sort((left, right) => (left.id as number) - (right.id as number))
}

function batch(snapshot: Snapshot, rows: readonly Record<string, Value>[]): RowBatch {
  const names = Object.keys(rows[0] as object)
  const { fields } = snapshot.source(NAME).definition
  return {
    fields: names,
    columns: names.map((name) =>
      columnFromValues(
        (fields.find((field) => field.name === name) as (typeof fields)[number]).type,
        rows.map((row) => row[name] ?? null),
      ),
    ),
    length: rows.length,
  }
}

class Things {
  fileSystem = new MemoryFileSystem()
  store!: TableStore

  async open(options: Partial<TableStoreOptions> = {}): Promise<TableStore> {
    this.store = await openTableStore({
      path: 'store',
      fileSystem: this.fileSystem,
      retention: { commits: 100 },
      ...options,
    })
    return this.store
  }

  async reopen(): Promise<void> {
    await this.store.close()
    await this.open()
  }

  async run<Result>(work: (transaction: WriteTransaction) => Result): Promise<Result> {
    const transaction = this.store.begin()
    const result = work(transaction)
    await transaction.commit()
    return result
  }

  insert(rows: readonly Record<string, Value>[]): Promise<unknown> {
    return this.run((transaction) => transaction.insert(NAME, batch(transaction.snapshot, rows)))
  }

  rows(predicates: { value: Value; field: string }[] = []): Value[] {
    const snapshot = this.store.snapshot()
    try {
      return rowsOf(snapshot, predicates)
    } finally {
      snapshot.close()
    }
  }

  keyName(): string {
    const snapshot = this.store.snapshot()
    const [name] = snapshot.source(NAME).definition.key
    snapshot.close()
    return name as string
  }

  at(version: number): Value[] {
    const snapshot = this.store.snapshot(version)
    try {
      return rowsOf(snapshot)
    } finally {
      snapshot.close()
    }
  }
}

async function things(): Promise<Things> {
  const made = new Things()
  await made.open()
  await made.run((transaction) =>
    transaction.createCollection('test', 'things', { version: 1, tables: [TABLE], options: { a: 1 } }),
  )
  await made.insert([
    { id: 1, size: 10, name: 'one' },
    { id: 2, size: null, name: 'two' },
  ])
  return made
}

/** Where the rows of before lie when they are read: in a memtable, in the log, in a segment, in a merged one. */
const PLACES: Record<string, (made: Things) => Promise<void>> = {
  'a memtable': async () => {},
  'the log': (made) => made.reopen(),
  'a segment': (made) => made.store.compact({ full: false }),
  'a merged segment': async (made) => {
    await made.store.compact()
    await made.insert([{ [made.keyName()]: 900 }])
    await made.store.compact()
    await made.run((transaction) => transaction.delete(NAME, Float64Array.of(lastRowId(made))))
    await made.store.compact()
    await made.reopen()
  },
}

function lastRowId(made: Things): number {
  const snapshot = made.store.snapshot()
  const source = snapshot.source(NAME)
  let last = -1
  for (const { columns, selection, length } of source.scan({
    columns: [{ field: '_row_id', type: types.uint64 }],
    predicates: [],
  })) {
    const read = columnReader((columns as [(typeof columns)[number]])[0])
    for (let at = 0; at < (selection?.length ?? length); at += 1)
      last = Math.max(last, Number(read(selection === null ? at : (selection[at] as number))))
  }
  snapshot.close()
  return last
}

describe.each(Object.keys(PLACES))('rows in %s', (place) => {
  const go = PLACES[place] as (made: Things) => Promise<void>

  test('have the default of a field that is added, as have rows inserted without it', async () => {
    const made = await things()
    if (place !== 'a memtable') await made.store.compact({ full: false })
    await made.run((transaction) =>
      transaction.addFields(
        NAME,
        [makeField('colour', types.utf8, { nullable: false }), makeField('weight', types.float64)],
        { defaults: { colour: 'red' } },
      ),
    )
    await made.insert([{ id: 3, size: 3, name: 'three' }])
    await made.insert([{ id: 4, name: 'four', colour: 'blue', weight: 0.5 }])
    await go(made)
    expect(made.rows()).toEqual([
      { id: 1, size: 10, name: 'one', colour: 'red', weight: null },
      { id: 2, size: null, name: 'two', colour: 'red', weight: null },
      { id: 3, size: 3, name: 'three', colour: 'red', weight: null },
      { id: 4, size: null, name: 'four', colour: 'blue', weight: 0.5 },
    ])
    // Zone maps leave rows out, never one that is asked for.
    expect(made.rows([{ field: 'colour', value: 'blue' }])).toContainEqual(expect.objectContaining({ id: 4 }))
    expect(made.rows([{ field: 'colour', value: 'red' }]).length).toBeGreaterThanOrEqual(3)
    expect((await made.store.verify()).problems).toEqual([])
    await made.store.close()
  })

  test('keep their values when the type of a field changes, and old snapshots the type of then', async () => {
    const made = await things()
    const before = made.store.lastCommit
    await made.run((transaction) => transaction.changeField(NAME, 'size', { type: types.int64 }))
    await made.insert([{ id: 3, size: 2n ** 60n, name: 'big' }])
    await made.run((transaction) => transaction.changeField(NAME, 'id', { type: types.int64 }))
    await made.insert([{ id: 2 ** 40, size: 5, name: 'far' }])
    await go(made)
    expect(made.rows()).toEqual([
      { id: 1, size: 10, name: 'one' },
      { id: 2, size: null, name: 'two' },
      { id: 3, size: 2n ** 60n, name: 'big' },
      { id: 2 ** 40, size: 5, name: 'far' },
    ])
    expect(made.at(before)).toEqual([
      { id: 1, size: 10, name: 'one' },
      { id: 2, size: null, name: 'two' },
    ])
    const snapshot = made.store.snapshot(before)
    expect(String(snapshot.source(NAME).definition.fields[1]?.type)).toBe('Int16')
    snapshot.close()
    await expect(made.insert([{ id: 1, name: 'again' }])).rejects.toMatchObject({ code: 'CONSTRAINT' })
    await made.store.close()
  })

  test('come back with a field, a name and a type that are undone', async () => {
    const made = await things()
    const before = made.store.lastCommit
    await made.run((transaction) => transaction.changeField(NAME, 'size', { type: types.float64 }))
    await made.run((transaction) => transaction.dropField(NAME, 'name'))
    await made.run((transaction) => transaction.renameField(NAME, 'id', 'key'))
    await made.run((transaction) => transaction.addFields(NAME, [makeField('name', types.int32)]))
    await made.insert([{ key: 3, size: 30, name: 7 }])
    await go(made)
    await made.run((transaction) => transaction.restoreCollection('test', 'things', before))
    const expected = [
      { id: 1, size: 10, name: 'one' },
      { id: 2, size: null, name: 'two' },
      { id: 3, size: 30, name: null },
    ]
    const inOrder = (rows: Value[]): Value[] =>
      (rows as Record<string, Value>[]).map(({ id, size, name }) => ({ id, size, name }))
    expect(inOrder(made.rows())).toEqual(expected)
    await made.store.compact()
    await made.reopen()
    expect(inOrder(made.rows())).toEqual(expected)
    await made.store.close()
  })

  test('come back with a collection that was dropped', async () => {
    const made = await things()
    const before = made.store.lastCommit
    await made.run((transaction) => transaction.dropCollection('test', 'things'))
    if (place !== 'a merged segment') await go(made)
    else await made.store.compact()
    await made.run((transaction) => transaction.restoreCollection('test', 'things', before))
    await made.insert([{ id: 3, size: 3, name: 'three' }])
    const expected = [
      { id: 1, size: 10, name: 'one' },
      { id: 2, size: null, name: 'two' },
      { id: 3, size: 3, name: 'three' },
    ]
    expect(made.rows()).toEqual(expected)
    await made.store.compact()
    await made.reopen()
    expect(made.rows()).toEqual(expected)
    await made.store.close()
  })
})

describe('changing fields', () => {
  test('happens beside writes of the same transaction, which are undone with it', async () => {
    const made = await things()
    const transaction = made.store.begin()
    transaction.insert(NAME, batch(transaction.snapshot, [{ id: 3, size: 3, name: 'three' }]))
    transaction.savepoint('here')
    transaction.changeField(NAME, 'size', { type: types.float64 })
    transaction.addFields(NAME, [makeField('flag', types.bool)], { defaults: { flag: true } })
    transaction.insert(NAME, batch(transaction.snapshot, [{ id: 4, size: 0.5, name: 'half' }]))
    expect(rowsOf(transaction.snapshot)).toMatchObject([
      { id: 1, size: 10, flag: true },
      { id: 2, size: null, flag: true },
      { id: 3, size: 3, flag: true },
      { id: 4, size: 0.5, flag: true },
    ])
    transaction.rollbackTo('here')
    transaction.insert(NAME, batch(transaction.snapshot, [{ id: 5, size: 5, name: 'five' }]))
    await transaction.commit()
    await made.reopen()
    expect(made.rows()).toEqual([
      { id: 1, size: 10, name: 'one' },
      { id: 2, size: null, name: 'two' },
      { id: 3, size: 3, name: 'three' },
      { id: 5, size: 5, name: 'five' },
    ])
    await made.store.close()
  })

  test('conflicts with rows that another writes with the fields of before', async () => {
    const made = await things()
    const writer = made.store.begin()
    writer.insert(NAME, batch(writer.snapshot, [{ id: 3, size: 3, name: 'three' }]))
    await made.run((transaction) => transaction.changeField(NAME, 'size', { type: types.int32 }))
    await expect(writer.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
    const other = made.store.begin()
    other.changeField(NAME, 'name', { nullable: false })
    await made.insert([{ id: 3, size: 3, name: null }])
    await expect(other.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
    await made.store.close()
  })

  test('takes a nullable field added meanwhile for none of its business', async () => {
    const made = await things()
    const writer = made.store.begin()
    writer.insert(NAME, batch(writer.snapshot, [{ id: 3, size: 3, name: 'three' }]))
    await made.run((transaction) => transaction.addFields(NAME, [makeField('more', types.int32)]))
    await writer.commit()
    expect(made.rows()).toHaveLength(3)
    await made.store.close()
  })

  test.each([
    [
      'a type that could lose values',
      (t: WriteTransaction) => t.changeField(NAME, 'id', { type: types.int16 }),
      'TYPE',
    ],
    ['text from numbers', (t: WriteTransaction) => t.changeField(NAME, 'size', { type: types.utf8 }), 'TYPE'],
    [
      'doubles from 64-bit integers',
      (t: WriteTransaction) => {
        t.changeField(NAME, 'size', { type: types.int64 })
        t.changeField(NAME, 'size', { type: types.float64 })
      },
      'TYPE',
    ],
    [
      'no nulls where there are some',
      (t: WriteTransaction) => t.changeField(NAME, 'size', { nullable: false }),
      'CONSTRAINT',
    ],
    [
      'a key that may be null',
      (t: WriteTransaction) => t.changeField(NAME, 'id', { nullable: true }),
      'CONSTRAINT',
    ],
    [
      'a field that is not there',
      (t: WriteTransaction) => t.changeField(NAME, 'none', { nullable: true }),
      'NOT_FOUND',
    ],
    [
      'a new field without a value',
      (t: WriteTransaction) => t.addFields(NAME, [makeField('x', types.int32, { nullable: false })]),
      'CONSTRAINT',
    ],
    [
      'a collection that never was',
      (t: WriteTransaction) => t.restoreCollection('test', 'none', 1),
      'NOT_FOUND',
    ],
    [
      'a version that is not there',
      (t: WriteTransaction) => t.restoreCollection('test', 'things', 99),
      'NOT_FOUND',
    ],
  ] as const)('refuses %s', async (_, change, code) => {
    const made = await things()
    const transaction = made.store.begin()
    expect(() => change(transaction)).toThrow(expect.objectContaining({ code }))
    transaction.rollback()
    await made.store.close()
  })

  test('is not undone where values are none of the former type', async () => {
    const made = await things()
    const before = made.store.lastCommit
    await made.run((transaction) => transaction.changeField(NAME, 'size', { type: types.float64 }))
    await made.insert([{ id: 3, size: 0.5, name: 'half' }])
    const transaction = made.store.begin()
    expect(() => transaction.restoreCollection('test', 'things', before)).toThrow(
      expect.objectContaining({ code: 'TYPE' }),
    )
    transaction.rollback()
    await made.store.close()
  })

  test('keeps decimals what they are when they get more digits, and back', async () => {
    const made = await things()
    await made.run((transaction) =>
      transaction.addFields(NAME, [makeField('price', new Decimal(2, 8, 128))], {
        defaults: { price: 150n },
      }),
    )
    const before = made.store.lastCommit
    await made.run((transaction) => transaction.changeField(NAME, 'price', { type: new Decimal(4, 12, 128) }))
    expect(made.rows()).toMatchObject([{ price: 15_000n }, { price: 15_000n }])
    await made.run((transaction) => transaction.restoreCollection('test', 'things', before))
    await made.store.compact()
    expect(made.rows()).toMatchObject([{ price: 150n }, { price: 150n }])
    await made.store.close()
  })
})
