import {
  type CollectionDefinition,
  commonType,
  type DataType,
  type ModelContext,
  makeField,
  type Query,
  type RowBatch,
  recordBatchToBatch,
  SheafError,
  typeOfValue,
  types,
  type WriteTransaction,
} from '@sheafdb/core'
import { type RecordBatch, type Table, Type } from 'apache-arrow'
import { duckTypeOf } from '../duckdb/types.ts'
import { optionsOf } from '../layout/options.ts'
import { findCollection, MODEL_NAME, tableScan } from '../layout/relations.ts'
import type { StatementContext } from '../statements/context.ts'
import { LAYOUT_VERSION, requireTable } from '../statements/define.ts'
import { insertBatch } from '../statements/insert-batch.ts'
import { denseColumns } from '../statements/table-rows.ts'
import { shapeOfColumns, specificationOf } from '../statements/table-shape.ts'
import { objectBatches } from './object-rows.ts'

/** Is rows to insert: objects by column name, or an apache-arrow table. */
export type InsertRows = readonly Readonly<Record<string, unknown>>[] | Table

/** Is a table as a query, with a way to write to it. */
export type TableQuery = Query & {
  /** Inserts rows, given as objects or as an apache-arrow table; the table is made from them where there is none. */
  insert(rows: InsertRows): Promise<{ readonly rowsAffected: number }>
}

/** Makes a table as a query. */
export function tableQuery(context: ModelContext, name: string, given: () => StatementContext): TableQuery {
  const query = context.query(() => {
    const collection = findCollection(context.catalog(), name)
    if (collection === undefined)
      throw new SheafError(
        'NOT_FOUND',
        `There is no table of this name. Create it, or insert rows into it: ${name}`,
      )
    if (optionsOf(collection).kind === 'table') return tableScan(collection)
    const quoted = `"${name.replaceAll('"', '""')}"`
    return given()
      .planner.plan(`FROM ${quoted}`)
      .then((planned) => planned.plan)
  })
  const insert = (rows: InsertRows): Promise<{ readonly rowsAffected: number }> =>
    context.write(async (transaction) => {
      const collection = findCollection(transaction.snapshot.catalog, name)
      const target =
        collection === undefined ? createFor(transaction, name, rows) : requireTable(transaction, name)
      let rowsAffected = 0
      for (const batch of isTable(rows) ? arrowBatches(rows) : objectBatches(target, rows)) {
        if (batch.length > 0) await insertBatch(transaction, target, batch, given())
        rowsAffected += batch.length
      }
      return { rowsAffected }
    })
  return Object.defineProperty(query, 'insert', { value: insert }) as TableQuery
}

function isTable(rows: InsertRows): rows is Table {
  return typeof rows === 'object' && rows !== null && 'schema' in rows && 'batches' in rows
}

function arrowBatches(table: Table): RowBatch[] {
  const fields = table.schema.fields.map((field) => field.name)
  return table.batches.map((batch: RecordBatch) => ({ fields, ...denseColumns(recordBatchToBatch(batch)) }))
}

/** Makes a table for rows. */
function createFor(transaction: WriteTransaction, name: string, rows: InsertRows): CollectionDefinition {
  const columns = isTable(rows)
    ? rows.schema.fields.map((field) => ({ name: field.name, type: duckTypeOf(field.type) }))
    : inferredColumns(rows)
  const shape = shapeOfColumns(columns)
  return transaction.createCollection(MODEL_NAME, name, {
    version: LAYOUT_VERSION,
    tables: [
      specificationOf({ ...shape, fields: shape.fields.map((field) => makeField(field.name, field.type)) }),
    ],
    options: shape.options,
  })
}

function inferredColumns(
  rows: readonly Readonly<Record<string, unknown>>[],
): { readonly name: string; readonly type: ReturnType<typeof duckTypeOf> }[] {
  const found = new Map<string, DataType>()
  for (const row of rows)
    for (const [name, value] of Object.entries(row))
      found.set(
        name,
        commonType(
          found.get(name) ?? types.null,
          value instanceof Date ? types.timestamp : typeOfValue(value),
        ),
      )
  return [...found].map(([name, type]) => ({
    name,
    type: type.typeId === Type.Null ? duckTypeOf(types.utf8) : duckTypeOf(type),
  }))
}
