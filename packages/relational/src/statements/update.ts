import { type Column, type TableDefinition, takeColumn, type WriteTransaction } from '@sheafdb/core'
import { partsOfName, quoteIdentifier } from '../language/quote.ts'
import type { Delete, Update } from '../language/statement.ts'
import { optionsOf, type TableOptions } from '../layout/options.ts'
import { tableScan } from '../layout/relations.ts'
import { assignedColumns, writeChanges } from './change-rows.ts'
import type { StatementContext, StatementResult } from './context.ts'
import { requireTable } from './define.ts'
import { checkReferenced } from './foreign-key.ts'
import { affected, checkReturning, relationText, returned, type Target } from './returning.ts'
import { withSequences } from './sequence.ts'
import { collectColumns, gatherRows, readRowIds } from './table-rows.ts'

/** Runs UPDATE: a query gives row ids and new values, which are then written. */
export function update(statement: Update, outside: StatementContext): Promise<StatementResult> {
  return outside.context.write(async (transaction) => {
    const given = withSequences(outside, transaction)
    await checkReturning(statement.returning, given)
    const collection = requireTable(transaction, statement.table.name)
    const target: Target = { collection, alias: statement.alias ?? partsOfName(collection.name)[1] }
    const assigned = assignedColumns(statement.set, optionsOf(collection) as TableOptions)
    const items = assigned.map((item) => item.text).join(', ')
    const text = targetQuery(target, statement, items)
    const { rowIds, columns } = await targetRows(transaction, target, text, given)
    const rows = { fields: assigned.map((item) => item.name), columns, length: rowIds.length }
    await writeChanges(transaction, collection, rowIds, rows, given)
    return affected(transaction, target, rowIds, statement.returning, given)
  })
}

/** Runs DELETE and TRUNCATE. */
export function remove(statement: Delete, given: StatementContext): Promise<StatementResult> {
  return given.context.write(async (transaction) => {
    await checkReturning(statement.returning, given)
    const collection = requireTable(transaction, statement.table.name)
    const target: Target = { collection, alias: statement.alias ?? partsOfName(collection.name)[1] }
    const text = targetQuery(target, { ...statement, from: statement.using }, '')
    const { rowIds } = await targetRows(transaction, target, text, given)
    const table = collection.tables[0] as TableDefinition
    const rows =
      statement.returning === null
        ? null
        : gatherRows(transaction.snapshot, table, tableScan(collection).output, rowIds)
    checkReferenced(transaction, collection, rowIds, null)
    transaction.delete(table.name, rowIds)
    if (rows === null || statement.returning === null) return { rowsAffected: rowIds.length }
    return returned(transaction, target, rows, statement.returning, given)
  })
}

/** Writes the query that finds the rows of a statement. */
function targetQuery(
  target: Target,
  statement: Pick<Update, 'with' | 'from' | 'where'>,
  items: string,
): string {
  const rowId = `${quoteIdentifier(target.alias)}._row_id AS _row_id`
  const from = `${relationText(target)}${statement.from === null ? '' : `, ${statement.from.text}`}`
  const where = statement.where === null ? '' : ` WHERE ${statement.where.text}`
  const clause = statement.with === null ? '' : `${statement.with.text} `
  return `${clause}SELECT ${rowId}${items === '' ? '' : `, ${items}`} FROM ${from}${where}`
}

/** Runs the query that finds rows; where a join finds a row twice, the first counts. */
async function targetRows(
  transaction: WriteTransaction,
  target: Target,
  text: string,
  given: StatementContext,
): Promise<{ readonly rowIds: Float64Array; readonly columns: readonly Column[] }> {
  const { parameters } = given
  const within = given.context.within(transaction)
  const rowIdsOf = target.collection.name.toLowerCase()
  const { plan } = await given
    .plannerFor(within)
    .plan(text, { parameters, rowIdsOf, ...(given.relations && { relations: given.relations }) })
  const found = await collectColumns(within.batches(plan, { transaction, parameters }), plan.output)
  const rowIds =
    found.length === 0 ? new Float64Array(0) : readRowIds(found.columns[0] as Column, found.length)
  const columns = found.columns.slice(1)
  const first = firstPlaces(rowIds)
  if (first === null) return { rowIds, columns }
  return {
    rowIds: Float64Array.from(first, (row) => rowIds[row] as number),
    columns: columns.map((column) => takeColumn(column, first)),
  }
}

function firstPlaces(rowIds: Float64Array): Uint32Array | null {
  const seen = new Set<number>()
  const places: number[] = []
  rowIds.forEach((rowId, row) => {
    if (seen.has(rowId)) return
    seen.add(rowId)
    places.push(row)
  })
  return places.length === rowIds.length ? null : Uint32Array.from(places)
}
