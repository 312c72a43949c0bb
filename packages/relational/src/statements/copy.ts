import { stat } from 'node:fs/promises'
import {
  type Batch,
  type CollectionDefinition,
  type Field,
  foreign,
  isText,
  type LogicalPlan,
  planField,
  SheafError,
  type TableDefinition,
  types,
  type WriteTransaction,
} from '@sheafdb/core'
import { COPY_ENGINE, FILE_ENGINE } from '../duckdb/engine.ts'
import type { DuckSession, ResultColumn } from '../duckdb/session.ts'
import { duckTypeOf } from '../duckdb/types.ts'
import { readArrowFile, readArrowSchema, writeArrowFile } from '../formats/arrow-file.ts'
import { type FileFormat, formatOf, readerCall } from '../formats/file-format.ts'
import { type ReadColumn, readBatches } from '../formats/read-batches.ts'
import { quoteIdentifier, quoteRelation, quoteText } from '../language/quote.ts'
import type { Copy } from '../language/statement.ts'
import { type ColumnOptions, optionsOf, type TableOptions } from '../layout/options.ts'
import { findCollection } from '../layout/relations.ts'
import { settingStatements } from '../planning/settings.ts'
import type { RejectedLine, StatementContext, StatementResult } from './context.ts'
import { createTableFor, requireTable } from './define.ts'
import { writeRows } from './insert-rows.ts'
import { denseColumns } from './table-rows.ts'

/** Runs COPY. */
export function copy(statement: Copy, given: StatementContext): Promise<StatementResult> {
  return statement.direction === 'from' ? copyFrom(statement, given) : copyTo(statement, given)
}

/** Reads a file into a table, in one transaction; with `creates` the table is made where there is none. */
export function copyFrom(
  statement: Copy,
  given: StatementContext,
  options: { readonly creates?: boolean } = {},
): Promise<StatementResult> {
  return given.context.write(async (transaction) => {
    const name = statement.table?.name ?? ''
    if (options.creates && findCollection(transaction.snapshot.catalog, name) === undefined)
      await createFor(transaction, statement, given)
    const collection = requireTable(transaction, name)
    const columns = copiedColumns(statement, collection)
    const format = formatOf(statement)
    let rowsAffected = 0
    const write = async (fields: readonly string[], batch: Batch) => {
      const rows = denseColumns(batch)
      await writeRows(transaction, collection, { fields, ...rows }, given)
      rowsAffected += rows.length
      given.onProgress?.({ done: rowsAffected, total: undefined })
    }
    if (format === 'arrow') {
      await requireFile(statement.path)
      for await (const { fields, batch } of readArrowFile(statement.path)) await write(fields, batch)
      return { rowsAffected }
    }
    const fields = (optionsOf(collection) as TableOptions).columns.map((column) => column.name)
    const rejected = await given.files.use(async (session) => {
      await session.define(settingStatements(given.settings, ''))
      const { source, items } = await sourceOf(session, statement, format, { columns, collection })
      for await (const batch of readBatches(session, source, items, () => checkSignal(given)))
        await write(fields, batch)
      return format === 'csv' && leavesOut(statement) ? rejectedLines(session) : undefined
    })
    return { rowsAffected, ...(rejected && { rejected }) }
  })
}

/** Makes a table with the columns of a file. */
async function createFor(
  transaction: WriteTransaction,
  statement: Copy,
  given: StatementContext,
): Promise<void> {
  const format = formatOf(statement)
  await requireFile(statement.path)
  const columns =
    format === 'arrow'
      ? await arrowColumns(statement.path)
      : await given.files.use(
          async (session) =>
            (await session.describe(`FROM ${readerCall(format, statement)}`, noValue)).columns,
        )
  createTableFor(transaction, statement.table?.name ?? '', columns)
}

async function arrowColumns(path: string): Promise<ResultColumn[]> {
  const { fields } = await readArrowSchema(path)
  return fields.map((field) => ({ name: field.name, type: duckTypeOf(field.type) }))
}

/** Tells whether lines that cannot be read are to be left out. */
function leavesOut({ options }: Copy): boolean {
  return options.some(({ name, value }) => name === 'IGNORE_ERRORS' && !/^(false|0)$/i.test(value))
}

/** Reads which lines DuckDB left out, each once, and forgets them. */
async function rejectedLines(session: DuckSession): Promise<RejectedLine[]> {
  const rows = await session.rows(
    'SELECT line, column_name, error_message, csv_line FROM reject_errors ORDER BY line, column_idx',
  )
  await session.execute('DROP TABLE IF EXISTS reject_errors')
  await session.execute('DROP TABLE IF EXISTS reject_scans')
  const lines = new Map<number, RejectedLine>()
  for (const [line, column, message, text] of rows)
    if (!lines.has(Number(line)))
      lines.set(Number(line), {
        line: Number(line),
        column: column === null ? null : String(column),
        message: String(message),
        text: String(text ?? ''),
      })
  return [...lines.values()]
}

function checkSignal({ signal }: StatementContext): void {
  if (signal?.aborted) throw new SheafError('ABORTED', 'The call was aborted. Nothing of it was kept.')
}

async function requireFile(path: string): Promise<void> {
  try {
    await stat(path)
  } catch (error) {
    throw new SheafError('IO', `The file cannot be read. Check its path: ${path}`, { cause: error, path })
  }
}

function copiedColumns(statement: Copy, collection: CollectionDefinition): readonly ColumnOptions[] {
  const { columns } = optionsOf(collection) as TableOptions
  if (statement.columns === null) return columns.filter((column) => column.generated === undefined)
  return statement.columns.map((name) => {
    const column = columns.find((item) => item.name.toLowerCase() === name.toLowerCase())
    if (column !== undefined) return column
    throw new SheafError('NOT_FOUND', `The table ${collection.name} has no column of this name: ${name}`)
  })
}

type Wanted = { readonly columns: readonly ColumnOptions[]; readonly collection: CollectionDefinition }

/** Says how DuckDB reads the file, and the expression of each column of the table over it. */
async function sourceOf(
  session: DuckSession,
  statement: Copy,
  format: FileFormat,
  { columns, collection }: Wanted,
): Promise<{ readonly source: string; readonly items: readonly ReadColumn[] }> {
  const extra =
    format === 'csv'
      ? [
          `names = [${columns.map((column) => quoteText(column.name)).join(', ')}]`,
          ...(leavesOut(statement) ? ['store_rejects = true'] : []),
          `types = {${columns.map((column) => `${quoteText(column.name)}: ${quoteText(column.type)}`).join(', ')}}`,
        ]
      : []
  const source = readerCall(format, statement, extra)
  const shape = (await session.describe(`FROM ${source}`, noValue)).columns
  const places = placesOf(shape, columns, collection)
  const fields = (collection.tables[0] as TableDefinition).fields
  const items = (optionsOf(collection) as TableOptions).columns.map((column): ReadColumn => {
    const place = places.get(column.name)
    const value = place === undefined ? (column.default ?? 'NULL') : quoteIdentifier(place)
    const same = shape.find((item) => item.name === place)?.type.toString() === column.type
    const type = (fields.find((field) => field.name === column.name) as Field).type
    return {
      name: column.name,
      text: same ? value : `CAST(${value} AS ${column.type})`,
      type,
      isText: isText(type) && place !== undefined && column.held !== true,
    }
  })
  return { source, items }
}

function noValue(): never {
  throw new SheafError('ARGUMENT', 'A file is read without parameters.')
}

/** Matches the file's columns to the table's: by name where every name is there, else by place. */
function placesOf(
  shape: readonly ResultColumn[],
  columns: readonly ColumnOptions[],
  collection: CollectionDefinition,
): Map<string, string> {
  const byName = new Map(shape.map(({ name }) => [name.toLowerCase(), name]))
  if (columns.every((column) => byName.has(column.name.toLowerCase())))
    return new Map(columns.map((column) => [column.name, byName.get(column.name.toLowerCase()) as string]))
  if (shape.length !== columns.length)
    throw new SheafError(
      'TYPE',
      `The file has ${shape.length} columns and ${collection.name} takes ${columns.length} here. Name the columns to fill.`,
    )
  return new Map(columns.map((column, index) => [column.name, (shape[index] as ResultColumn).name]))
}

/** Writes a table or the rows of a query to a file. */
async function copyTo(statement: Copy, given: StatementContext): Promise<StatementResult> {
  return writeFile(statement, await copiedPlan(statement, given), given)
}

/** Writes the rows of a plan to a file. */
export async function writeFile(
  statement: Copy,
  plan: LogicalPlan,
  given: StatementContext,
): Promise<StatementResult> {
  const { context, parameters } = given
  const format = formatOf(statement)
  const options = { parameters, ...(given.signal && { signal: given.signal }) }
  if (format === 'arrow')
    return {
      rowsAffected: await writeArrowFile(statement.path, plan.output, context.batches(plan, options)),
    }
  const target = `${quoteText(statement.path)} (${writerOptions(format, statement)})`
  const [row] = await context.read(fileWriter(plan, target, given), options)
  return { rowsAffected: Number(row?.[0] ?? 0) }
}

/** Makes the plan by which DuckDB writes a file from batches as they come; a query that runs in DuckDB is written there. */
function fileWriter(plan: LogicalPlan, target: string, { settings }: StatementContext): LogicalPlan {
  const output = [planField('Count', types.int64)]
  if (plan.kind === 'foreign' && plan.engine !== FILE_ENGINE && plan.parameters.length === 0)
    return foreign({ ...plan, engine: COPY_ENGINE, text: `COPY (${plan.text}) TO ${target}`, output })
  const text = `COPY (FROM sheaf_copy) TO ${target}`
  return foreign({
    engine: COPY_ENGINE,
    text,
    inputs: [{ name: 'sheaf_copy', plan }],
    parameters: [],
    definitions: settingStatements(settings, text),
    output,
  })
}

async function copiedPlan(statement: Copy, given: StatementContext): Promise<LogicalPlan> {
  const columns = statement.columns === null ? '*' : statement.columns.map(quoteIdentifier).join(', ')
  const name = quoteRelation(statement.table?.name ?? '')
  const text = statement.query?.text ?? `SELECT ${columns} FROM ${name}`
  const { parameters, relations } = given
  return (await given.planner.plan(text, { parameters, ...(relations && { relations }) })).plan
}

function writerOptions(format: FileFormat, { options }: Copy): string {
  const others = options
    .filter((option) => option.name !== 'FORMAT' && option.name !== 'CSV')
    .map(({ name, value }) => `${name} ${value}`)
  return [`FORMAT ${format}`, ...others].join(', ')
}
