/** Histories of transactions on one wide table, run against the store and against a plain map. */
import { Decimal, Field, FixedSizeList, List, Struct, TimestampMicrosecond } from 'apache-arrow'
import fc from 'fast-check'
import type { RowBatch, TableSpecification } from '../../src/catalog/definition.ts'
import type { Snapshot, TableStore } from '../../src/catalog/table-store.ts'
import { columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import type { Value } from '../../src/types/value.ts'

/** Is a row by field name. */
export type Row = Readonly<Record<string, Value>>

/** Is the table of the histories: a field of each layout. */
export const WIDE: TableSpecification = {
  part: '',
  fields: [
    makeField('id', types.int64, { nullable: false }),
    makeField('name', types.utf8),
    makeField('score', types.float64),
    makeField('flag', types.bool),
    makeField('data', types.binary),
    makeField('big', types.int64),
    makeField('extra', types.variant),
    makeField('tags', new List(new Field('item', types.utf8, true))),
    makeField('vector', new FixedSizeList(2, new Field('item', types.float32, true))),
    makeField('amount', new Decimal(2, 20, 128)),
    makeField('at', new TimestampMicrosecond()),
    makeField('inner', new Struct([new Field('a', types.int32, true), new Field('b', types.utf8, true)])),
  ],
  key: ['id'],
}

/** Is a step of a history. */
export type Step =
  | { readonly kind: 'insert' | 'replace' | 'ignore'; readonly rows: readonly Row[] }
  | { readonly kind: 'rename'; readonly ids: readonly number[]; readonly name: string | null }
  | { readonly kind: 'delete'; readonly ids: readonly number[] }
  | { readonly kind: 'compact'; readonly full: boolean }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'hold' }

const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 5 })

const ids: fc.Arbitrary<number> = fc.integer({ min: -20, max: 20 })

export const row: fc.Arbitrary<Row> = fc.record({
  id: ids,
  name: nullable(fc.oneof(fc.constantFrom('a', 'b', 'ü', ''), fc.string())),
  score: nullable(fc.double()),
  flag: nullable(fc.boolean()),
  data: nullable(fc.uint8Array({ maxLength: 5 })),
  big: nullable(fc.oneof(fc.integer(), fc.bigInt({ min: 2n ** 60n, max: 2n ** 62n }))),
  extra: nullable(
    fc.oneof(
      fc.record({ a: fc.integer(), b: fc.string() }, { requiredKeys: [] }).map((each) => ({ ...each })),
      fc.string(),
      fc.array(fc.integer(), { maxLength: 3 }),
    ),
  ),
  tags: nullable(fc.array(nullable(fc.constantFrom('x', 'y', 'zz')), { maxLength: 3 })),
  vector: nullable(
    fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })).map((each) => [...each]),
  ),
  amount: nullable(fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n })),
  at: nullable(fc.integer({ min: 0, max: 2 ** 50 })),
  inner: nullable(fc.record({ a: nullable(fc.integer({ min: -5, max: 5 })), b: nullable(fc.string()) })),
})

/** Generates steps. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('insert' as const, 'replace' as const, 'ignore' as const),
      rows: fc.array(row, { maxLength: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rename' as const),
      ids: fc.uniqueArray(ids, { maxLength: 8 }),
      name: nullable(fc.string()),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      ids: fc.uniqueArray(ids, { maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), full: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'hold' as const }) },
)

/** Is the naive store: rows by key. */
export type Model = ReadonlyMap<number, Row>

/** Says what a step makes of the rows; the same map where it fails. */
export function applyStep(model: Model, step: Step): Model {
  const next = new Map(model)
  switch (step.kind) {
    case 'insert': {
      const keys = step.rows.map((each) => each.id as number)
      if (new Set(keys).size < keys.length || keys.some((key) => model.has(key))) return model
      for (const each of step.rows) next.set(each.id as number, each)
      return next
    }
    case 'replace':
      for (const each of step.rows) next.set(each.id as number, each)
      return next
    case 'ignore':
      for (const each of step.rows) if (!next.has(each.id as number)) next.set(each.id as number, each)
      return next
    case 'rename':
      for (const id of step.ids) if (next.has(id)) next.set(id, { ...(next.get(id) as Row), name: step.name })
      return next
    case 'delete':
      for (const id of step.ids) next.delete(id)
      return next
    default:
      return model
  }
}

/** Makes a batch of rows. */
export function batchOf(rows: readonly Row[]): RowBatch {
  return {
    fields: WIDE.fields.map((field) => field.name),
    columns: WIDE.fields.map((field) =>
      columnFromValues(
        field.type,
        rows.map((each) => each[field.name] ?? null),
      ),
    ),
    length: rows.length,
  }
}

/** Is the name of the table of the histories. */
export const TABLE = 'test:wide'

/** Makes the table. */
export async function createTable(store: TableStore): Promise<void> {
  const transaction = store.begin()
  transaction.createCollection('test', 'wide', { version: 1, tables: [WIDE] })
  await transaction.commit()
}

/** Runs a step that writes in a transaction of its own. Gives whether it was refused for a taken key. */
export async function writeStep(store: TableStore, step: Step): Promise<void> {
  const transaction = store.begin()
  try {
    if (step.kind === 'insert') transaction.insert(TABLE, batchOf(step.rows), 'error')
    if (step.kind === 'replace') transaction.insert(TABLE, batchOf(step.rows), 'replace')
    if (step.kind === 'ignore') transaction.insert(TABLE, batchOf(step.rows), 'ignore')
    if (step.kind === 'rename' || step.kind === 'delete') {
      const found = rowIdsOf(transaction.snapshot, step.ids)
      if (step.kind === 'delete') transaction.delete(TABLE, found)
      else {
        const names = columnFromValues(types.utf8, new Array<Value>(found.length).fill(step.name))
        transaction.update(TABLE, found, { fields: ['name'], columns: [names], length: found.length })
      }
    }
  } catch (error) {
    transaction.rollback()
    if ((error as { code?: string }).code === 'CONSTRAINT') return
    throw error
  }
  await transaction.commit()
}

function rowIdsOf(snapshot: Snapshot, keys: readonly number[]): Float64Array {
  const { batch } = snapshot.source(TABLE).lookup(
    keys.map((key) => [key]),
    [{ field: '_row_id', type: types.uint64 }],
  )
  const read = columnReader(batch.columns[0] as never)
  return Float64Array.from({ length: batch.length }, (_, at) => read(at) as number)
}

/** Reads all rows of a snapshot, by scanning. */
export function readRows(snapshot: Snapshot): Map<number, Row> {
  const source = snapshot.source(TABLE)
  const columns = WIDE.fields.map((field) => ({ field: field.name, type: field.type }))
  const rows = new Map<number, Row>()
  for (const batch of source.scan({ columns, predicates: [] })) {
    const readers = batch.columns.map(columnReader)
    for (let at = 0; at < (batch.selection?.length ?? batch.length); at += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      const read = Object.fromEntries(
        WIDE.fields.map((field, column) => [field.name, readers[column]?.(index)]),
      )
      if (rows.has(read.id as number)) throw new Error(`two rows have the key ${read.id}`)
      rows.set(read.id as number, read)
    }
  }
  return rows
}

/** Brings rows to a form that compares: engine values and given values may differ in their kind of array. */
export function comparable(rows: Model): unknown {
  const plain = (value: Value): unknown => {
    if (value instanceof Uint8Array) return { bytes: [...value] }
    if (ArrayBuffer.isView(value)) return [...(value as unknown as number[])].map(plain)
    if (Array.isArray(value)) return value.map(plain)
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}n`
    return Object.is(value, -0) ? '-0' : value
  }
  return [...rows]
    .sort((left, right) => left[0] - right[0])
    .map(([, each]) => WIDE.fields.map((field) => plain(each[field.name] ?? null)))
}
