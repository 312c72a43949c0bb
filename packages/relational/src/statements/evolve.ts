import { type CollectionDefinition, isSheafError, type Value, type WriteTransaction } from '@sheafdb/core'
import type { Field } from 'apache-arrow'
import type { ColumnOptions } from '../layout/options.ts'
import type { StatementContext } from './context.ts'
import type { TableShape } from './table-shape.ts'

/**
 * Changes the fields of a table without writing its rows anew, where that can be: columns added with a constant default
 * or none, columns dropped, types that hold all values of the former ones. Tells whether it could.
 */
export async function evolveTable(
  transaction: WriteTransaction,
  collection: CollectionDefinition,
  after: TableShape,
  given: StatementContext,
): Promise<boolean> {
  const [table] = collection.tables
  if (table === undefined || table.key.join('\0') !== after.options.primaryKey.join('\0')) return false
  const kept = table.fields.filter((field) => fieldNamed(after.fields, field.name) !== undefined)
  if (!kept.every((field, index) => after.fields[index]?.name === field.name)) return false
  const added = after.fields.slice(kept.length)
  const defaults: Record<string, Value> = Object.create(null)
  for (const field of added) {
    const column = after.options.columns.find((each) => each.name === field.name) as ColumnOptions
    const value = await constantDefault(column, transaction, given)
    if (value === undefined || (value === null && !field.nullable)) return false
    if (value !== null) defaults[field.name] = value
  }
  transaction.savepoint(SAVEPOINT)
  try {
    changeFields(transaction, table.name, { before: table.fields, after: after.fields })
    if (added.length > 0) transaction.addFields(table.name, added, { defaults })
    transaction.release(SAVEPOINT)
    return true
  } catch (error) {
    if (!isSheafError(error, 'TYPE', 'CONSTRAINT')) throw error
    transaction.rollbackTo(SAVEPOINT)
    transaction.release(SAVEPOINT)
    return false
  }
}

const SAVEPOINT = 'sheaf:evolve'

function fieldNamed(fields: readonly Field[], name: string): Field | undefined {
  return fields.find((field) => field.name === name)
}

function changeFields(
  transaction: WriteTransaction,
  table: string,
  { before, after }: { readonly before: readonly Field[]; readonly after: readonly Field[] },
): void {
  for (const field of before) {
    const other = fieldNamed(after, field.name)
    if (other === undefined) transaction.dropField(table, field.name)
    else if (String(other.type) !== String(field.type) || other.nullable !== field.nullable)
      transaction.changeField(table, field.name, { type: other.type, nullable: other.nullable })
  }
}

/** Gives the value of a default that is the same for all rows; `undefined` for any other. */
async function constantDefault(
  column: ColumnOptions,
  transaction: WriteTransaction,
  given: StatementContext,
): Promise<Value | undefined> {
  if (column.generated !== undefined || column.held === true) return undefined
  if (column.default === undefined) return null
  if (!isLiteral(column.default)) return undefined
  const within = given.context.within(transaction)
  const { plan } = await given
    .plannerFor(within)
    .plan(`SELECT CAST((${column.default}) AS ${column.type}) AS value`, {})
  const [row] = await within.read(plan, { transaction })
  return row?.[0] ?? null
}

/** Tells whether an expression is a number, a text or a word for a value, perhaps cast. */
function isLiteral(text: string): boolean {
  const plain = text
    .replaceAll(/'(?:[^']|'')*'/g, '0')
    .replaceAll(/\bAS\s+[A-Z]+(?:\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\))?/gi, '')
    .replaceAll(/\b(?:CAST|TRUE|FALSE|NULL)\b/gi, '')
  return /^[\d\s.()+-]*$/.test(plain)
}
