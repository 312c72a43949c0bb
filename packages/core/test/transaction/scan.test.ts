import { describe, expect, test } from 'vitest'
import type { ScanPredicate } from '../../src/catalog/table-source.ts'
import type { TableStore } from '../../src/catalog/table-store.ts'
import { MemoryFileSystem } from '../../src/storage/memory-file-system.ts'
import { zoneRejects } from '../../src/transaction/scan-column.ts'
import { openTableStore } from '../../src/transaction/table-store.ts'
import { type Column, columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import { compareValues, type Value } from '../../src/types/value.ts'

const TABLE = 'test:points'
const FIELDS = [makeField('x', types.int32), makeField('y', types.int32), makeField('name', types.utf8)]

async function points(keyed: boolean): Promise<TableStore> {
  const store = await openTableStore({ path: 'store', fileSystem: new MemoryFileSystem() })
  const transaction = store.begin()
  transaction.createCollection('test', 'points', {
    version: 1,
    tables: [{ part: '', fields: FIELDS, key: keyed ? ['x', 'y'] : [] }],
  })
  await transaction.commit()
  for (let start = 0; start < 300; start += 100) {
    const each = store.begin()
    const numbers = Array.from({ length: 100 }, (_, at) => start + at)
    const columns: Column[] = [
      columnFromValues(
        types.int32,
        numbers.map((at) => (at * 7) % 300),
      ),
      columnFromValues(
        types.int32,
        numbers.map((at) => -at),
      ),
      columnFromValues(
        types.utf8,
        numbers.map((at) => (at % 11 === 0 ? null : `n${at % 50}`)),
      ),
    ]
    each.insert(TABLE, { fields: ['x', 'y', 'name'], columns, length: 100 })
    await each.commit()
    if (start < 200) await store.compact({ full: start === 100 })
  }
  return store
}

const REQUEST = FIELDS.map((field) => ({ field: field.name, type: field.type }))

function scan(store: TableStore, predicates: readonly ScanPredicate[]): Value[][] {
  const rows: Value[][] = []
  for (const batch of store.snapshot().source(TABLE).scan({ columns: REQUEST, predicates })) {
    const readers = batch.columns.map(columnReader)
    for (let at = 0; at < (batch.selection?.length ?? batch.length); at += 1)
      rows.push(readers.map((read) => read(batch.selection === null ? at : (batch.selection[at] as number))))
  }
  return rows
}

function matches(row: readonly Value[], { column, operator, value }: ScanPredicate): boolean {
  const cell = row[column]
  if (cell === null) return false
  if (operator === 'is-not-null') return true
  if (operator === 'in') return (value as Value[]).some((each) => compareValues(cell, each) === 0)
  const order = compareValues(cell, value)
  return { eq: order === 0, lt: order < 0, le: order <= 0, gt: order > 0, ge: order >= 0 }[operator]
}

describe.each([false, true])('a scan (with a key: %s)', (keyed) => {
  const CASES: readonly (readonly ScanPredicate[])[] = [
    [],
    [{ column: 0, operator: 'eq', value: 21 }],
    [
      { column: 0, operator: 'ge', value: 250 },
      { column: 0, operator: 'lt', value: 260 },
    ],
    [{ column: 0, operator: 'gt', value: 1000 }],
    [{ column: 1, operator: 'le', value: -290 }],
    [{ column: 0, operator: 'in', value: [3, 299, 5000] }],
    [
      { column: 2, operator: 'eq', value: 'n7' },
      { column: 0, operator: 'lt', value: 100 },
    ],
    [{ column: 2, operator: 'is-not-null', value: null }],
  ]

  test.each(CASES.map((predicates) => [JSON.stringify(predicates), predicates] as const))(
    'skips no row that matches: %s',
    async (_, predicates) => {
      const store = await points(keyed)
      const all = scan(store, [])
      expect(all).toHaveLength(300)
      const given = scan(store, predicates)
      const wanted = (rows: readonly Value[][]): string[] =>
        rows
          .filter((row) => predicates.every((predicate) => matches(row, predicate)))
          .map((row) => JSON.stringify(row))
          .sort()
      expect(wanted(given)).toEqual(wanted(all))
      if (predicates.some((each) => each.value === 1000)) expect(given).toEqual([])
    },
  )
})

test('a zone map rejects nothing for a value of another kind than the column', () => {
  const zone = { minimum: 5, maximum: 9, nullCount: 0 }
  for (const value of ['text', new Date(0), null, true])
    for (const operator of ['eq', 'lt', 'gt', 'in'] as const)
      expect(zoneRejects(zone, { column: 0, operator, value: operator === 'in' ? [value] : value })).toBe(
        false,
      )
  expect(zoneRejects(zone, { column: 0, operator: 'eq', value: 10 })).toBe(true)
})

test('statistics tell rows, bounds, nulls and distinct values', async () => {
  const store = await points(false)
  const statistics = store.snapshot().source(TABLE).statistics()
  expect(statistics.rowCount).toBe(300)
  expect(statistics.column('x')).toMatchObject({ minimum: 0, maximum: 299, nullCount: 0 })
  expect(statistics.column('name')).toMatchObject({ minimum: 'n0', maximum: 'n9', nullCount: 28 })
  expect(statistics.column('name')?.distinctCount).toBeGreaterThan(40)
})
