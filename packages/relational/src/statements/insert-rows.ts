import {
  type Batch,
  type CollectionDefinition,
  describeValue,
  type LogicalPlan,
  nullColumn,
  type OnKeyConflict,
  type RowBatch,
  SheafError,
  type TableDefinition,
  type Value,
  visitPlan,
  type WriteTransaction,
} from '@sheafdb/core'
import { quoteRelation } from '../language/quote.ts'
import { optionsOf } from '../layout/options.ts'
import { tableScan } from '../layout/relations.ts'
import type { StatementContext } from './context.ts'
import { checkForeignKeys } from './foreign-key.ts'
import { denseColumns, rowsPlan } from './table-rows.ts'
import { checkUniqueRows, uniqueSets } from './unique.ts'

/** Writes the rows of a plan, whose columns are the table's by name, into a table. Gives their count. */
export async function writePlan(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  plan: LogicalPlan,
  given: StatementContext,
  batches: AsyncIterable<Batch> | Iterable<Batch> = given.context.batches(plan, {
    transaction,
    parameters: given.parameters,
    ...(given.signal && { signal: given.signal }),
  }),
): Promise<number> {
  const fields = (collection.tables[0] as TableDefinition).fields.map((field) => field.name)
  let written = 0
  for await (const batch of batches) {
    const { columns, length } = denseColumns(batch)
    if (length === 0) continue
    await writeRows(transaction, collection, { fields, columns, length }, given)
    written += length
    given.onProgress?.({ done: written, total: undefined })
  }
  return written
}

/** Gives the rows of a plan; all of them first where it reads the table that they are written into. */
export async function* rowsToWrite(
  plan: LogicalPlan,
  collection: CollectionDefinition,
  batches: AsyncIterable<Batch>,
): AsyncGenerator<Batch, void, undefined> {
  const tables = new Set(collection.tables.map((table) => table.name))
  let readsItself = false
  visitPlan(plan, (node) => {
    if (node.kind === 'scan' && tables.has(node.table)) readsItself = true
  })
  if (!readsItself) {
    yield* batches
    return
  }
  const all: Batch[] = []
  for await (const batch of batches) all.push(batch)
  yield* all
}

/** Checks rows against the table's constraints and inserts them. @throws `CONSTRAINT` */
export async function writeRows(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  rows: RowBatch,
  given: StatementContext,
  onConflict: OnKeyConflict = 'error',
): Promise<{ readonly rowIds: Float64Array; readonly insertedCount: number }> {
  await checkRows(transaction, collection, rows, given)
  if (uniqueSets(collection).length > 0) checkUniqueRows(transaction.snapshot, collection, rows)
  checkForeignKeys(transaction, collection, rows)
  return transaction.insert((collection.tables[0] as TableDefinition).name, rows, onConflict)
}

/** Adds null columns for the fields that rows leave out; the columns stand in the table's order. */
export function completeRows(collection: CollectionDefinition, rows: RowBatch): RowBatch {
  const { fields } = collection.tables[0] as TableDefinition
  return {
    fields: fields.map((field) => field.name),
    columns: fields.map(
      (field) => rows.columns[rows.fields.indexOf(field.name)] ?? nullColumn(field.type, rows.length),
    ),
    length: rows.length,
  }
}

/** Checks whole rows against the CHECK conditions. @throws `CONSTRAINT` naming the condition */
export async function checkRows(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  rows: RowBatch,
  given: StatementContext,
): Promise<void> {
  const options = optionsOf(collection)
  if (options.kind !== 'table' || options.checks.length === 0 || rows.length === 0) return
  const shown = tableScan(collection).output
  const { columns } = completeRows(collection, rows)
  const relations = new Map([[collection.name.toLowerCase(), rowsPlan(shown, columns, rows.length)]])
  const within = given.context.within(transaction)
  for (const [index, check] of options.checks.entries()) {
    const { plan } = await given
      .plannerFor(within)
      .plan(`FROM ${quoteRelation(collection.name)} WHERE NOT (${check}) LIMIT 1`, {
        relations,
      })
    const [failed] = await within.query(() => plan).rows()
    if (failed !== undefined) {
      const name = options.checkNames?.[index] ?? ''
      throw new SheafError(
        'CONSTRAINT',
        `A row breaks a CHECK of ${collection.name}. Correct the row: ${name === '' ? '' : `${name} `}(${check}) for ${rowText(failed)}`,
      )
    }
  }
}

/** Shows a row by its columns; long values are cut. */
function rowText(row: Readonly<Record<string, Value>>): string {
  return `(${Object.entries(row)
    .map(([name, value]) => `${name} = ${describeValue(value instanceof Date ? value.toISOString() : value)}`)
    .join(', ')})`
}
