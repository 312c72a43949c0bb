import {
  type CollectionDefinition,
  type Column,
  type RowBatch,
  SheafError,
  type TableDefinition,
  type WriteTransaction,
} from '@sheafdb/core'
import { tokenize } from '../language/lexer.ts'
import { quoteIdentifier } from '../language/quote.ts'
import type { Assignment } from '../language/statement.ts'
import { type ColumnOptions, optionsOf, type TableOptions } from '../layout/options.ts'
import { tableScan } from '../layout/relations.ts'
import type { StatementContext } from './context.ts'
import { checkForeignKeys, checkReferenced } from './foreign-key.ts'
import { withGenerated } from './generated.ts'
import { checkRows } from './insert-rows.ts'
import { collectColumns, gatherRows, rowsPlan } from './table-rows.ts'
import { checkUniqueRows, uniqueSets } from './unique.ts'

/** Is an assigned column and the expression that gives its new value. */
export type Assigned = { readonly name: string; readonly text: string }

/** Gives the new values that assignments name, each cast to its column's type. @throws `NOT_FOUND`, `TYPE` */
export function assignedColumns(set: readonly Assignment[], { columns }: TableOptions): readonly Assigned[] {
  const assigned = new Map<string, Assigned>()
  for (const { columns: names, value } of set) {
    const values = names.length === 1 ? [value.text] : rowValues(value.text, names.length)
    names.forEach((name, index) => {
      const column = columns.find((item) => item.name.toLowerCase() === name.toLowerCase())
      if (column === undefined)
        throw new SheafError(
          'NOT_FOUND',
          `The table has no column of this name. Its columns are (${columns.map((item) => item.name).join(', ')}): ${name}`,
        )
      if (column.generated !== undefined)
        throw new SheafError('TYPE', `A generated column cannot be written to. Leave it out: ${name}`)
      if (assigned.has(column.name))
        throw new SheafError('TYPE', `A column is assigned twice. Assign it once: ${name}`)
      assigned.set(column.name, { name: column.name, text: assignedText(column, values[index] as string) })
    })
  }
  return [...assigned.values()]
}

function assignedText(column: ColumnOptions, value: string): string {
  const text = value.trim().toUpperCase() === 'DEFAULT' ? (column.default ?? 'NULL') : value
  return `CAST((${text}) AS ${column.type}) AS ${quoteIdentifier(column.name)}`
}

/** Splits `(a, b)`, the value of several columns at once. */
function rowValues(text: string, count: number): string[] {
  const tokens = tokenize(text)
  const parts: string[] = []
  let depth = 0
  let from = 1
  for (const token of tokens) {
    if (token.key === '(' || token.key === '[') depth += 1
    if (token.key === ')' || token.key === ']') depth -= 1
    if ((token.key === ',' && depth === 1) || (token.key === ')' && depth === 0)) {
      parts.push(text.slice(from, token.start))
      from = token.end
    }
  }
  if (tokens[0]?.key === '(' && tokens[1]?.key !== 'SELECT' && parts.length === count) return parts
  throw new SheafError(
    'UNSUPPORTED',
    `Several columns can be assigned from a list of as many values only. Assign each column: ${text}`,
  )
}

/** Writes new values into rows, checking them against the table's constraints. */
export async function writeChanges(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  rowIds: Float64Array,
  rows: RowBatch,
  given: StatementContext,
): Promise<number> {
  if (rowIds.length === 0) return 0
  const table = collection.tables[0] as TableDefinition
  const options = optionsOf(collection) as TableOptions
  const generated = options.columns.filter((column) => column.generated !== undefined)
  const changed =
    generated.length === 0 ? rows : await regenerate(transaction, collection, rowIds, rows, given)
  const touched = uniqueSets(collection).some((names) => names.some((name) => changed.fields.includes(name)))
  if (touched || options.checks.length > 0) {
    const whole = wholeRows(transaction, collection, rowIds, changed)
    await checkRows(transaction, collection, whole, given)
    if (touched) checkUniqueRows(transaction.snapshot, collection, whole, new Set(rowIds))
  }
  checkForeignKeys(transaction, collection, changed)
  checkReferenced(transaction, collection, rowIds, changed)
  return transaction.update(table.name, rowIds, changed)
}

/** Gives rows as they will be: what is written over what is there. */
function wholeRows(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  rowIds: Float64Array,
  rows: RowBatch,
): RowBatch {
  const table = collection.tables[0] as TableDefinition
  const present = gatherRows(transaction.snapshot, table, tableScan(collection).output, rowIds)
  const before = present.kind === 'values' ? present.columns : []
  return {
    fields: table.fields.map((field) => field.name),
    columns: table.fields.map((field, index) => {
      const at = rows.fields.indexOf(field.name)
      return (at >= 0 ? rows.columns[at] : before[index]) as Column
    }),
    length: rowIds.length,
  }
}

/** Computes generated columns anew. */
async function regenerate(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  rowIds: Float64Array,
  rows: RowBatch,
  given: StatementContext,
): Promise<RowBatch> {
  const options = optionsOf(collection) as TableOptions
  const whole = wholeRows(transaction, collection, rowIds, rows)
  const relations = new Map([
    ['sheaf_rows', rowsPlan(tableScan(collection).output, whole.columns, whole.length)],
  ])
  const generated = options.columns.filter((column) => column.generated !== undefined)
  const plainNames = options.columns
    .filter((column) => column.generated === undefined)
    .map((column) => quoteIdentifier(column.name))
    .join(', ')
  const within = given.context.within(transaction)
  const { plan } = await given
    .plannerFor(within)
    .plan(withGenerated(options.columns, `SELECT ${plainNames} FROM sheaf_rows`), { relations })
  const { columns } = await collectColumns(within.batches(plan, { transaction }), plan.output)
  return {
    fields: [...rows.fields, ...generated.map((column) => column.name)],
    columns: [
      ...rows.columns,
      ...generated.map((column) => columns[options.columns.indexOf(column)] as Column),
    ],
    length: rows.length,
  }
}
