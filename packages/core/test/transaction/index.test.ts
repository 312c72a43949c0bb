import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RowBatch, TableSpecification } from '../../src/catalog/definition.ts'
import type { IndexSpecification } from '../../src/catalog/index-definition.ts'
import type { IndexRange } from '../../src/catalog/table-source.ts'
import type { Snapshot, TableStore, WriteTransaction } from '../../src/catalog/table-store.ts'
import { registerFunctions } from '../../src/expression/registry.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { type Batch, columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import { compareValues, type Value } from '../../src/types/value.ts'

const TABLE = 'test:things'

registerFunctions([
  {
    name: 'test.words',
    nulls: 'custom',
    type: () => types.variant,
    evaluator: () => (text: Value) => (typeof text === 'string' ? text.split(' ') : []),
  },
])

function layout(indexes: readonly IndexSpecification[]): TableSpecification {
  return {
    part: '',
    fields: [
      makeField('id', types.int64, { nullable: false }),
      makeField('a', types.variant),
      makeField('b', types.utf8),
    ],
    key: ['id'],
    indexes,
  }
}

async function openThings(
  indexes: readonly IndexSpecification[],
  fileSystem?: MemoryFileSystem,
): Promise<TableStore> {
  const store = await openTableStore({ path: 'store', fileSystem: fileSystem ?? new MemoryFileSystem() })
  const transaction = store.begin()
  transaction.createCollection('test', 'things', { version: 1, tables: [layout(indexes)] })
  await transaction.commit()
  return store
}

type Thing = readonly [id: number, a: Value, b: string | null]

function things(rows: readonly Thing[]): RowBatch {
  const column = (at: number) => rows.map((row) => row[at] as Value)
  return {
    fields: ['id', 'a', 'b'],
    columns: [
      columnFromValues(types.int64, column(0)),
      columnFromValues(types.variant, column(1)),
      columnFromValues(types.utf8, column(2)),
    ],
    length: rows.length,
  }
}

const COLUMNS = ['id', 'a', 'b'].map((field) => ({
  field,
  type: field === 'id' ? types.int64 : field === 'a' ? types.variant : types.utf8,
}))

function rowsOf(batches: Iterable<Batch>): Value[][] {
  const rows: Value[][] = []
  for (const batch of batches) {
    const readers = batch.columns.map(columnReader)
    const count = batch.selection?.length ?? batch.length
    for (let at = 0; at < count; at += 1)
      rows.push(readers.map((read) => read(batch.selection === null ? at : (batch.selection[at] as number))))
  }
  return rows.sort((left, right) => compareValues(left[0], right[0]))
}

function found(snapshot: Snapshot, index: string, ...ranges: IndexRange[]): Value[] {
  return rowsOf(snapshot.source(TABLE).indexScan(index, ranges, COLUMNS)).map((row) => row[0])
}

const keys = (snapshot: Snapshot): Value[] =>
  rowsOf(snapshot.source(TABLE).scan({ columns: COLUMNS, predicates: [] })).map((row) => row[0])

async function commit(store: TableStore, work: (transaction: WriteTransaction) => void): Promise<void> {
  const transaction = store.begin()
  work(transaction)
  await transaction.commit()
}

const BY_A: IndexSpecification = { name: 'by a', parts: [{ expression: { field: 'a' } }] }
const BY_B_A: IndexSpecification = {
  name: 'by b, a',
  parts: [{ expression: { field: 'b' } }, { expression: { field: 'a' } }],
}

describe('an index', () => {
  test('finds rows by equality and by range, in memory, in segments and after reopening', async () => {
    const fileSystem = new MemoryFileSystem()
    let store = await openThings([BY_A, BY_B_A], fileSystem)
    const check = (): void => {
      const snapshot = store.snapshot()
      expect(found(snapshot, 'by a', { equal: [2] })).toEqual([2, 5])
      expect(found(snapshot, 'by a', { equal: ['x'] })).toEqual([3])
      expect(found(snapshot, 'by a', { equal: [null] })).toEqual([4])
      expect(found(snapshot, 'by a', { equal: [7] })).toEqual([])
      const lower = { value: 1, inclusive: false }
      expect(found(snapshot, 'by a', { equal: [], lower, upper: { value: 2, inclusive: true } })).toEqual([
        2, 5,
      ])
      expect(found(snapshot, 'by b, a', { equal: ['p'] })).toEqual([1, 2])
      expect(found(snapshot, 'by b, a', { equal: ['p', 2] })).toEqual([2])
      expect(found(snapshot, 'by b, a', { equal: ['p'], lower })).toEqual([2])
      expect(found(snapshot, 'by b, a', { equal: ['p', 1] }, { equal: ['q'] })).toEqual([1, 5])
    }
    await commit(store, (transaction) => {
      transaction.insert(
        TABLE,
        things([
          [1, 1, 'p'],
          [2, 2, 'p'],
          [3, 'x', null],
          [4, null, 'pp'],
          [5, 2, 'q'],
          [6, 1.5, 'gone'],
        ]),
      )
    })
    await commit(store, (transaction) => void transaction.delete(TABLE, Float64Array.of(5)))
    check()
    await store.compact({ full: true })
    check()
    await store.close()
    store = await openTableStore({ path: 'store', fileSystem })
    check()
    await store.close()
  })

  test('gives a row once that has several keys in a range', async () => {
    const words: IndexSpecification = {
      name: 'words',
      parts: [{ expression: { call: 'test.words', args: [{ field: 'b' }] }, multiple: true }],
    }
    const store = await openThings([words])
    await commit(store, (transaction) => {
      transaction.insert(
        TABLE,
        things([
          [1, 0, 'to be or not to be'],
          [2, 0, 'be that as it may'],
          [3, 0, null],
        ]),
      )
    })
    const snapshot = store.snapshot()
    expect(found(snapshot, 'words', { equal: ['be'] })).toEqual([1, 2])
    expect(found(snapshot, 'words', { equal: [], lower: { value: 'a', inclusive: true } })).toEqual([1, 2])
    expect(found(snapshot, 'words', { equal: ['not'] })).toEqual([1])
  })

  test('sees what its own transaction wrote and no one else does', async () => {
    const store = await openThings([BY_A])
    await commit(store, (transaction) => void transaction.insert(TABLE, things([[1, 'old', null]])))
    const transaction = store.begin()
    transaction.insert(TABLE, things([[2, 'new', null]]))
    transaction.update(TABLE, Float64Array.of(0), {
      fields: ['a'],
      columns: [columnFromValues(types.variant, ['new'])],
      length: 1,
    })
    expect(found(transaction.snapshot, 'by a', { equal: ['new'] })).toEqual([1, 2])
    expect(found(transaction.snapshot, 'by a', { equal: ['old'] })).toEqual([])
    expect(found(store.snapshot(), 'by a', { equal: ['old'] })).toEqual([1])
    transaction.rollback()
  })

  test('holds only the rows of its condition', async () => {
    const store = await openThings([{ ...BY_A, where: { call: 'is_not_null', args: [{ field: 'b' }] } }])
    await commit(store, (transaction) => {
      transaction.insert(
        TABLE,
        things([
          [1, 'x', null],
          [2, 'x', 'here'],
        ]),
      )
    })
    expect(found(store.snapshot(), 'by a', { equal: ['x'] })).toEqual([2])
  })

  test('says how many entries ranges have, and reads no more rows than those', async () => {
    const store = await openThings([BY_A])
    const rows = Array.from({ length: 1000 }, (_, id): Thing => [id, id % 100, null])
    await commit(store, (transaction) => void transaction.insert(TABLE, things(rows)))
    const source = store.snapshot().source(TABLE)
    expect(source.indexCount('by a', [{ equal: [7] }])).toBe(10)
    const counters = { segmentsRead: 0, segmentsSkipped: 0, rowsRead: 0, bytesRead: 0 }
    expect(rowsOf(source.indexScan('by a', [{ equal: [7] }], COLUMNS, counters))).toHaveLength(10)
    expect(counters.rowsRead).toBe(10)
  })

  test('follows a renamed field, and keeps one that it uses from being dropped', async () => {
    const store = await openThings([BY_A])
    await commit(store, (transaction) => {
      transaction.insert(TABLE, things([[1, 'x', null]]))
      transaction.renameField(TABLE, 'a', 'c')
      expect(() => transaction.dropField(TABLE, 'c')).toThrow(/index uses the field/)
    })
    const source = store.snapshot().source(TABLE)
    expect(source.definition.indexes[0]?.parts).toEqual([{ expression: { field: 'c' } }])
    expect(source.indexCount('by a', [{ equal: ['x'] }])).toBe(1)
  })

  test('agrees with a scan through any history', async () => {
    const values = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.constantFrom(null, 0.5, -0, Number.NaN, 2n ** 60n, 'a', 'ab', 'b\u0000', 'ü', '', true, new Date(5)),
    )
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('put' as const),
          ids: fc.array(fc.nat(30), { minLength: 1, maxLength: 90 }),
          value: fc.array(values, { minLength: 3, maxLength: 3 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), id: fc.nat(30) }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'compact' as const }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), values, values, async (steps, low, high) => {
        const store = await openThings([BY_A, BY_B_A])
        for (const each of steps) {
          if (each.kind === 'compact') await store.compact({ full: true })
          else
            await commit(store, (transaction) => {
              if (each.kind === 'delete') transaction.delete(TABLE, Float64Array.of(each.id))
              else
                transaction.insert(
                  TABLE,
                  things(
                    each.ids.map(
                      (id, at): Thing => [id, each.value[at % 3], at % 2 === 0 ? null : `b${id % 4}`],
                    ),
                  ),
                  'replace',
                )
            })
        }
        const snapshot = store.snapshot()
        const rows = rowsOf(snapshot.source(TABLE).scan({ columns: COLUMNS, predicates: [] }))
        const where = (test: (row: Value[]) => boolean): Value[] => rows.filter(test).map((row) => row[0])
        expect(found(snapshot, 'by a', { equal: [low] })).toEqual(
          where(([, a]) => compareValues(a, low) === 0),
        )
        if (low !== null && high !== null) {
          const range = {
            equal: [],
            lower: { value: low, inclusive: false },
            upper: { value: high, inclusive: true },
          }
          expect(found(snapshot, 'by a', range)).toEqual(
            where(([, a]) => a !== null && compareValues(a, low) > 0 && compareValues(a, high) <= 0),
          )
        }
        expect(found(snapshot, 'by b, a', { equal: ['b1', high] })).toEqual(
          where(([, a, b]) => b === 'b1' && compareValues(a, high) === 0),
        )
        await store.close()
      }),
      { numRuns: 60 },
    )
  })
})

const UNIQUE_A: IndexSpecification = { ...BY_A, unique: 'nulls-distinct' }

describe('a unique index', () => {
  const refused = /unique index has a row with this key.*by a = \("x"\) in test:things/

  test('refuses a second row with a key, and changes nothing', async () => {
    const store = await openThings([UNIQUE_A])
    await commit(store, (transaction) => {
      transaction.insert(
        TABLE,
        things([
          [1, 'x', null],
          [2, 'y', null],
          [3, null, null],
          [4, null, null],
        ]),
      )
      expect(() =>
        transaction.insert(
          TABLE,
          things([
            [5, 'z', null],
            [6, 'x', null],
          ]),
        ),
      ).toThrow(refused)
      expect(() =>
        transaction.insert(
          TABLE,
          things([
            [5, 'x', null],
            [6, 'x', null],
          ]),
        ),
      ).toThrow(refused)
      const change = { fields: ['a'], columns: [columnFromValues(types.variant, ['x'])], length: 1 }
      expect(() => transaction.update(TABLE, Float64Array.of(1), change)).toThrow(refused)
      transaction.update(TABLE, Float64Array.of(0), change)
    })
    expect(keys(store.snapshot())).toEqual([1, 2, 3, 4])
  })

  test('lets a row take the place of one that has the key', async () => {
    const store = await openThings([UNIQUE_A])
    await commit(store, (transaction) => void transaction.insert(TABLE, things([[1, 'x', 'old']])))
    await commit(store, (transaction) => void transaction.insert(TABLE, things([[1, 'x', 'new']]), 'replace'))
    await commit(store, (transaction) => {
      transaction.delete(TABLE, Float64Array.of(0))
      transaction.insert(TABLE, things([[2, 'x', 'newest']]))
    })
    expect(keys(store.snapshot())).toEqual([2])
  })

  test('with nulls-equal takes one null', async () => {
    const store = await openThings([{ ...BY_A, unique: 'nulls-equal' }])
    await commit(store, (transaction) => void transaction.insert(TABLE, things([[1, null, null]])))
    const transaction = store.begin()
    expect(() => transaction.insert(TABLE, things([[2, null, null]]))).toThrow(/unique index/)
    transaction.rollback()
  })

  test('holds between transactions that do not see each other', async () => {
    const store = await openThings([UNIQUE_A])
    const first = store.begin()
    const second = store.begin()
    first.insert(TABLE, things([[1, 'x', null]]))
    second.insert(TABLE, things([[2, 'x', null]]))
    await first.commit()
    await expect(second.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(keys(store.snapshot())).toEqual([1])
  })

  test('is refused where rows share a key, also rows that another commits meanwhile', async () => {
    const store = await openThings([])
    await commit(
      store,
      (transaction) =>
        void transaction.insert(
          TABLE,
          things([
            [1, 'x', null],
            [2, 'x', null],
          ]),
        ),
    )
    const transaction = store.begin()
    expect(() => transaction.createIndex(TABLE, UNIQUE_A)).toThrow(refused)
    transaction.delete(TABLE, Float64Array.of(1))
    transaction.createIndex(TABLE, UNIQUE_A)
    await commit(store, (other) => void other.insert(TABLE, things([[3, 'x', null]])))
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('binds transactions that began before it', async () => {
    const store = await openThings([])
    const writer = store.begin()
    writer.insert(TABLE, things([[1, 'x', null]]))
    await commit(store, (transaction) => {
      transaction.createIndex(TABLE, UNIQUE_A)
      transaction.insert(TABLE, things([[2, 'x', null]]))
    })
    await expect(writer.commit()).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('is gone after it was dropped', async () => {
    const store = await openThings([UNIQUE_A])
    await commit(store, (transaction) => {
      transaction.dropIndex(TABLE, 'by a')
      transaction.insert(
        TABLE,
        things([
          [1, 'x', null],
          [2, 'x', null],
        ]),
      )
      expect(() => transaction.dropIndex(TABLE, 'by a')).toThrow(/no index of this name/)
    })
    expect(store.snapshot().source(TABLE).definition.indexes).toEqual([])
  })
})
