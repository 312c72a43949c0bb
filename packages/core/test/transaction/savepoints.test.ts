import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot, TableStore, WriteTransaction } from '../../src/catalog/table-store.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'

const TABLE = 'test:cells'

async function openCells(fileSystem: MemoryFileSystem, rows: number): Promise<TableStore> {
  const store = await openTableStore({ path: 'store', fileSystem })
  const transaction = store.begin()
  transaction.createCollection('test', 'cells', {
    version: 1,
    tables: [
      { part: '', fields: [makeField('key', types.int32), makeField('value', types.int32)], key: ['key'] },
    ],
  })
  putMany(transaction, 0, rows, 1)
  await transaction.commit()
  await store.compact()
  return store
}

function readCells({ snapshot }: { readonly snapshot: Snapshot }): Map<number, number> {
  const columns = ['key', 'value'].map((field) => ({ field, type: types.int32 }))
  const cells = new Map<number, number>()
  for (const batch of snapshot.source(TABLE).scan({ columns, predicates: [] })) {
    const [key, value] = batch.columns.map(columnReader)
    for (let at = 0; at < (batch.selection?.length ?? batch.length); at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      expect(cells.has(key?.(row) as number)).toBe(false)
      cells.set(key?.(row) as number, value?.(row) as number)
    }
  }
  return new Map([...cells].sort(([left], [right]) => left - right))
}

function putMany(transaction: WriteTransaction, first: number, count: number, value: number): void {
  const columns = [
    columnFromValues(
      types.int32,
      Array.from({ length: count }, (_, at) => first + at),
    ),
    columnFromValues(types.int32, new Array(count).fill(value)),
  ]
  transaction.insert(TABLE, { fields: ['key', 'value'], columns, length: count }, 'replace')
}

function remove(transaction: WriteTransaction, keys: readonly number[]): void {
  const { batch } = transaction.snapshot.source(TABLE).lookup(
    keys.map((key) => [key]),
    [{ field: '_row_id', type: types.uint64 }],
  )
  const read = columnReader(batch.columns[0] as never)
  transaction.delete(
    TABLE,
    Float64Array.from({ length: batch.length }, (_, at) => read(at) as number),
  )
}

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      key: fc.nat(9),
      count: fc.integer({ min: 1, max: 4 }),
      value: fc.nat(99),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('savepoint' as const), name: fc.constantFrom('a', 'b', 'c') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('rollback' as const), name: fc.constantFrom('a', 'b', 'c') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('release' as const), name: fc.constantFrom('a', 'b', 'c') }),
  },
)

describe('savepoints', () => {
  test('a transaction with savepoints is what a list of copies of its state makes of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const fileSystem = new MemoryFileSystem()
        const store = await openCells(fileSystem, 6)
        const transaction = store.begin()
        let cells = readCells(transaction)
        let saved: { name: string; cells: Map<number, number> }[] = []
        for (const each of actions) {
          if (each.do === 'put') {
            putMany(transaction, each.key, each.count, each.value)
            for (let at = 0; at < each.count; at += 1) cells.set(each.key + at, each.value)
          } else if (each.do === 'remove') {
            remove(transaction, [each.key])
            cells.delete(each.key)
          } else if (each.do === 'savepoint') {
            transaction.savepoint(each.name)
            saved.push({ name: each.name, cells: new Map(cells) })
          } else {
            const at = saved.findLastIndex((savepoint) => savepoint.name === each.name)
            const call = () =>
              each.do === 'rollback' ? transaction.rollbackTo(each.name) : transaction.release(each.name)
            if (at < 0) {
              expect(call).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
              continue
            }
            call()
            if (each.do === 'rollback') cells = new Map(saved[at]?.cells)
            saved = saved.slice(0, each.do === 'rollback' ? at + 1 : at)
          }
          expect(readCells(transaction)).toEqual(new Map([...cells].sort(([a], [b]) => a - b)))
        }
        await transaction.commit()
        const expected = new Map([...cells].sort(([a], [b]) => a - b))
        expect(readCells({ snapshot: store.snapshot() })).toEqual(expected)
        await store.close()
        const again = await openTableStore({ path: 'store', fileSystem })
        expect(readCells({ snapshot: again.snapshot() })).toEqual(expected)
        await again.close()
      }),
      { numRuns: 150 },
    )
  })

  test('rows that went into a segment before the commit come back, and their files go', async () => {
    const fileSystem = new MemoryFileSystem()
    const store = await openCells(fileSystem, 10)
    const segments = () => [...fileSystem.files.keys()].filter((path) => path.includes('/segments/')).length
    const before = segments()
    const transaction = store.begin()
    putMany(transaction, 100, 50, 2)
    transaction.savepoint('full')
    remove(transaction, [101, 102, 3])
    putMany(transaction, 1000, 1_200_000, 3)
    remove(transaction, [100, 5000])
    expect(segments()).toBeGreaterThan(before)
    transaction.rollbackTo('full')
    expect(segments()).toBe(before)
    expect(readCells(transaction).size).toBe(60)
    expect(readCells(transaction).get(101)).toBe(2)
    putMany(transaction, 101, 1, 9)
    await transaction.commit()
    const cells = readCells({ snapshot: store.snapshot() })
    expect([cells.size, cells.get(101), cells.get(3)]).toEqual([60, 9, 1])
    await store.close()
  })

  test('tables that were made, changed or dropped since a savepoint are as they were', async () => {
    const store = await openCells(new MemoryFileSystem(), 3)
    const transaction = store.begin()
    putMany(transaction, 10, 2, 7)
    transaction.savepoint('before')
    transaction.addFields(TABLE, [makeField('more', types.utf8)])
    transaction.insert(TABLE, {
      fields: ['key', 'more'],
      columns: [columnFromValues(types.int32, [50]), columnFromValues(types.utf8, ['x'])],
      length: 1,
    })
    transaction.dropCollection('test', 'cells')
    transaction.createCollection('test', 'others', {
      version: 1,
      tables: [{ part: '', fields: [], key: [] }],
    })
    transaction.rollbackTo('before')
    expect(transaction.snapshot.catalog.collection('test', 'others')).toBeUndefined()
    expect(readCells(transaction)).toEqual(
      new Map([
        [0, 1],
        [1, 1],
        [2, 1],
        [10, 7],
        [11, 7],
      ]),
    )
    // The id of the field that was undone is another field's now, of another type.
    transaction.addFields(TABLE, [makeField('other', types.float64)])
    transaction.insert(TABLE, {
      fields: ['key', 'other'],
      columns: [columnFromValues(types.int32, [60]), columnFromValues(types.float64, [1.5])],
      length: 1,
    })
    await transaction.commit()
    const { batch } = store
      .snapshot()
      .source(TABLE)
      .lookup([[60], [10]], [{ field: 'other', type: types.float64 }])
    const read = columnReader(batch.columns[0] as never)
    expect([read(0), read(1)]).toEqual([1.5, null])
    await store.close()
  })

  test('two transactions over one snapshot share no cached adjacency', async () => {
    const store = await openTableStore({ path: 'store', fileSystem: new MemoryFileSystem() })
    const adjacency = { name: 'out', source: 'key', target: 'value', partition: null }
    const first = store.begin()
    first.createCollection('test', 'cells', {
      version: 1,
      tables: [
        {
          part: '',
          fields: [makeField('key', types.int32), makeField('value', types.int32)],
          key: ['key'],
          adjacencies: [adjacency],
        },
      ],
    })
    await first.commit()
    const [one, two] = [store.begin(), store.begin()]
    putMany(one, 0, 3, 1)
    putMany(two, 5, 1, 2)
    const edges = (transaction: WriteTransaction) =>
      transaction.snapshot.source(TABLE).adjacency(adjacency).forward(0)?.edgeCount
    expect([edges(one), edges(two), edges(one)]).toEqual([3, 1, 3])
    one.rollback()
    two.rollback()
    await store.close()
  })
})
