import {
  type CollectionDefinition,
  type LogicalPlan,
  nullColumn,
  type RowBatch,
  types,
  type WriteTransaction,
} from '@sheafdb/core'
import { Type } from 'apache-arrow'
import { rememberSqlType } from '../duckdb/types.ts'
import { quoteIdentifier } from '../language/quote.ts'
import { type ColumnOptions, optionsOf, type TableOptions } from '../layout/options.ts'
import type { StatementContext } from './context.ts'
import { insert } from './insert.ts'
import { writeRows } from './insert-rows.ts'
import { rowsPlan } from './table-rows.ts'

const ROWS = 'sheaf_rows'

/**
 * Inserts a batch into a table. Where columns are left out that have a default or are generated, or types are held as
 * another, the batch is inserted as the rows of a query, which fills, computes and checks them.
 */
export async function insertBatch(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  batch: RowBatch,
  given: StatementContext,
): Promise<void> {
  const { columns } = optionsOf(collection) as TableOptions
  const named = new Map(batch.fields.map((name, index) => [name, index]))
  if (!columns.some((column) => needsQuery(column, named.has(column.name)))) {
    await writeRows(transaction, collection, batch, given)
    return
  }
  const shown = batch.fields.map((name, index) => {
    const { type } = batch.columns[index] as RowBatch['columns'][number]
    const column = columns.find((item) => item.name === name)
    const isText = type.typeId === Type.Utf8
    return { name, type: column?.held && !isText ? rememberSqlType(type, column.type) : type, nullable: true }
  })
  const { names, query } = selectOf(batch, columns)
  await insert(
    {
      kind: 'insert',
      with: null,
      table: { name: collection.name, offset: 0 },
      alias: null,
      columns: names,
      byName: false,
      query: { text: query, offset: 0 },
      onConflict: null,
      returning: null,
    },
    {
      ...given,
      context: given.context.within(transaction),
      planner: given.plannerFor(given.context.within(transaction)),
      relations: new Map([[ROWS, relationOf(shown, batch)]]),
    },
  )
}

function needsQuery(column: ColumnOptions, isGiven: boolean): boolean {
  if (column.generated !== undefined) return true
  return isGiven ? column.held === true : column.default !== undefined
}

/** Writes the query of the rows; rows without any column take the default of the first. */
function selectOf(
  { fields }: RowBatch,
  columns: readonly ColumnOptions[],
): { readonly names: string[]; readonly query: string } {
  if (fields.length > 0)
    return { names: [...fields], query: `SELECT ${fields.map(quoteIdentifier).join(', ')} FROM ${ROWS}` }
  const first = columns.find((column) => column.generated === undefined) as ColumnOptions
  return { names: [first.name], query: `SELECT ${first.default ?? 'NULL'} FROM ${ROWS}` }
}

function relationOf(shown: Parameters<typeof rowsPlan>[0], batch: RowBatch): LogicalPlan {
  if (shown.length > 0) return rowsPlan(shown, batch.columns, batch.length)
  const none = nullColumn(types.int32, batch.length)
  return rowsPlan([{ name: 'none', type: types.int32, nullable: true }], [none], batch.length)
}
