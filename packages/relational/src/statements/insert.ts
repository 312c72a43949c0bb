import {
  type CollectionDefinition,
  isSheafError,
  type RowBatch,
  SheafError,
  type Value,
  type WriteTransaction,
} from '@sheafdb/core'
import { tokenize } from '../language/lexer.ts'
import { partsOfName, quoteIdentifier } from '../language/quote.ts'
import type { Insert } from '../language/statement.ts'
import { type ColumnOptions, optionsOf, type TableOptions } from '../layout/options.ts'
import type { StatementContext, StatementResult } from './context.ts'
import { requireTable } from './define.ts'
import { withGenerated } from './generated.ts'
import { rowsToWrite, writeRows } from './insert-rows.ts'
import { insertTemplate, templateRows } from './literal-rows.ts'
import { affected, checkReturning, type Target } from './returning.ts'
import { sequenceNumbers, withSequences } from './sequence.ts'
import { collectColumns, denseColumns } from './table-rows.ts'
import { insertOrChange } from './upsert.ts'

/** Runs INSERT. */
export function insert(statement: Insert, given: StatementContext): Promise<StatementResult> {
  return given.context.write(async (transaction) => {
    const collection = requireTable(transaction, statement.table.name)
    checkForm(statement)
    await checkReturning(statement.returning, given)
    const target: Target = { collection, alias: statement.alias ?? partsOfName(collection.name)[1] }
    const options = optionsOf(collection) as TableOptions
    const columns = targetColumns(statement, options)
    const { parameters } = given
    const template = insertTemplate(statement, { columns, options, collection })
    const next = (name: string) => sequenceNumbers(transaction).next(name)
    const rows = template === undefined ? undefined : templateRows(template, [parameters], next)
    const within = withSequences(given, transaction)
    if (rows !== undefined) return write(transaction, target, rows, statement, within)
    try {
      return await insertQuery(transaction, target, { statement, columns, options }, within)
    } catch (error) {
      throw generatedError(error, options)
    }
  })
}

/**
 * Runs an INSERT of constants and parameters once for each set of parameters, as one. Gives the rows of a set, or
 * `undefined` where the statement has to run by itself.
 */
export async function insertSets(
  transaction: WriteTransaction,
  statement: Insert,
  sets: readonly ReadonlyMap<string, Value>[],
  given: StatementContext,
): Promise<number | undefined> {
  if (statement.onConflict !== null || statement.returning !== null) return undefined
  const collection = requireTable(transaction, statement.table.name)
  checkForm(statement)
  const options = optionsOf(collection) as TableOptions
  const template = insertTemplate(statement, {
    columns: targetColumns(statement, options),
    options,
    collection,
  })
  if (template === undefined) return undefined
  const rows = templateRows(template, sets, (name) => sequenceNumbers(transaction).next(name))
  if (rows === undefined) return undefined
  await writeRows(transaction, collection, rows, given)
  return template.rows.length
}

/** A value that a generated column cannot be computed from breaks the table's rules. */
function generatedError(error: unknown, { columns }: TableOptions): unknown {
  if (!isSheafError(error, 'VALUE') || !columns.some((column) => column.generated !== undefined)) return error
  return new SheafError('CONSTRAINT', error.message, { cause: error })
}

/** Checks that the parts of the statement go together. @throws `TYPE` */
function checkForm({ query, columns, byName }: Insert): void {
  if (query === null && columns !== null)
    throw new SheafError('TYPE', 'DEFAULT VALUES fills every column. Leave the list of columns out.')
  if (byName && (columns !== null || (query !== null && isValues(query.text))))
    throw new SheafError(
      'TYPE',
      'BY NAME takes the names from a query. Leave the list of columns out, and use SELECT.',
    )
}

/** Finds the columns that a statement gives values for. @throws `NOT_FOUND`, `TYPE` */
export function targetColumns(
  statement: Pick<Insert, 'columns'>,
  options: TableOptions,
): readonly ColumnOptions[] {
  if (statement.columns === null) return options.columns.filter((column) => column.generated === undefined)
  const named = statement.columns.map((name) => name.toLowerCase())
  if (new Set(named).size < named.length)
    throw new SheafError('TYPE', `A column is named twice. Name each once: ${statement.columns.join(', ')}`)
  return statement.columns.map((name) => {
    const column = options.columns.find((item) => item.name.toLowerCase() === name.toLowerCase())
    if (column === undefined)
      throw new SheafError(
        'NOT_FOUND',
        `The table has no column of this name. Its columns are (${options.columns.map((item) => item.name).join(', ')}): ${name}`,
      )
    if (column.generated !== undefined)
      throw new SheafError('TYPE', `A generated column cannot be written to. Leave it out: ${name}`)
    return column
  })
}

type QueryInsert = {
  readonly statement: Insert
  readonly columns: readonly ColumnOptions[]
  readonly options: TableOptions
}

/** Inserts the rows of a query, cast to the columns' types; what it does not give has its default. */
async function insertQuery(
  transaction: WriteTransaction,
  target: Target,
  { statement, columns, options }: QueryInsert,
  given: StatementContext,
): Promise<StatementResult> {
  const within = given.context.within(transaction)
  const planner = given.plannerFor(within)
  const { parameters, relations } = given
  const settings = { parameters, ...(relations && { relations }) }
  const source = sourceText(statement, columns, target.collection)
  let named = columns
  if (source !== null && !isValues(source)) {
    const shape = (await planner.plan(withClause(statement, source), settings)).columns
    if (statement.byName)
      named = targetColumns({ ...statement, columns: shape.map((column) => column.name) }, options)
    else if (shape.length !== columns.length)
      throw countError(target.collection, columns.length, shape.length)
  }
  const text = withClause(statement, selectText(source, named, options))
  const { plan } = await planner.plan(text, settings)
  const fields = options.columns.map((column) => column.name)
  const batches = within.batches(plan, {
    transaction,
    parameters,
    ...(given.signal && { signal: given.signal }),
  })
  if (statement.onConflict !== null || statement.returning !== null) {
    const all = await collectColumns(batches, plan.output)
    return write(transaction, target, { fields, ...all }, statement, given)
  }
  let rowsAffected = 0
  for await (const batch of rowsToWrite(plan, target.collection, batches)) {
    const rows = denseColumns(batch)
    if (rows.length > 0) await writeRows(transaction, target.collection, { fields, ...rows }, given)
    rowsAffected += rows.length
    given.onProgress?.({ done: rowsAffected, total: undefined })
  }
  return { rowsAffected }
}

function withClause({ with: clause }: Pick<Insert, 'with'>, text: string): string {
  return clause === null ? text : `${clause.text} ${text}`
}

/** Makes the error about rows of another width. */
export function countError(collection: CollectionDefinition, wanted: number, got: number): SheafError {
  return new SheafError(
    'TYPE',
    `The table ${collection.name} takes ${wanted} values a row here, and ${got} were given. Name the columns or give each a value.`,
  )
}

function isValues(source: string): boolean {
  return /^\s*\(*\s*VALUES\b/i.test(source)
}

/** Casts each value of VALUES to its column's type, and puts defaults where it says DEFAULT. */
function sourceText(
  { query }: Insert,
  columns: readonly ColumnOptions[],
  collection: CollectionDefinition,
): string | null {
  if (query === null || !isValues(query.text)) return query?.text ?? null
  const rows = valueRows(query.text)
  if (rows === undefined) return query.text
  return `VALUES ${rows
    .map((row) => {
      // A comma may stand after the last value.
      if (row.length === columns.length + 1 && row[columns.length]?.trim() === '') row.pop()
      if (row.length !== columns.length) throw countError(collection, columns.length, row.length)
      return `(${row.map((text, index) => castValue(text, columns[index] as ColumnOptions)).join(', ')})`
    })
    .join(', ')}`
}

function castValue(text: string, column: ColumnOptions): string {
  const value = text.trim().toUpperCase() === 'DEFAULT' ? defaultOf(column) : text
  return `CAST((${value}) AS ${column.type})`
}

/** Splits VALUES into the texts of its values; `undefined` where more follows than rows. */
function valueRows(text: string): string[][] | undefined {
  const rows: string[][] = []
  const tokens = tokenize(text)
  let depth = 0
  let from = 0
  for (const token of tokens.slice(1)) {
    if (token.kind === 'end') break
    if (token.key === '(' || token.key === '[' || token.key === '{') {
      depth += 1
      if (depth > 1) continue
      if (token.key !== '(') return undefined
      rows.push([])
      from = token.end
    } else if (token.key === ')' || token.key === ']' || token.key === '}') {
      depth -= 1
      if (depth === 0) rows[rows.length - 1]?.push(text.slice(from, token.start))
    } else if (token.key === ',' && depth === 1) {
      rows[rows.length - 1]?.push(text.slice(from, token.start))
      from = token.end
    } else if (depth === 0 && token.key !== ',') return undefined
  }
  return tokens[0]?.key === 'VALUES' ? rows : undefined
}

/** Gives the expression of a column's default. */
export function defaultOf(column: ColumnOptions | undefined): string {
  return column?.default ?? 'NULL'
}

/** Writes the query that gives whole rows of a table: values cast to their columns, and defaults for the others. */
export function selectText(
  source: string | null,
  given: readonly ColumnOptions[],
  { columns }: TableOptions,
): string {
  const places = new Map(source === null ? [] : given.map((column, index) => [column.name, index]))
  const plain = columns.filter((column) => column.generated === undefined)
  const items = plain.map((column) => {
    const place = places.get(column.name)
    const value = place === undefined ? defaultOf(column) : `c${place}`
    return `CAST((${value}) AS ${column.type}) AS ${quoteIdentifier(column.name)}`
  })
  const from =
    source === null
      ? ''
      : ` FROM (${source}) AS sheaf_source(${given.map((_, index) => `c${index}`).join(', ')})`
  const text = `SELECT ${items.join(', ')}${from}`
  return plain.length === columns.length ? text : withGenerated(columns, text)
}

async function write(
  transaction: WriteTransaction,
  target: Target,
  rows: RowBatch,
  statement: Insert,
  given: StatementContext,
): Promise<StatementResult> {
  const { onConflict, returning } = statement
  if (onConflict !== null) return insertOrChange(transaction, target, rows, { onConflict, returning }, given)
  const { rowIds } = await writeRows(transaction, target.collection, rows, given)
  return affected(transaction, target, rowIds, returning, given)
}
