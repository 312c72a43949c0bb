import {
  type CollectionDefinition,
  columnFromValues,
  type DataType,
  type LogicalPlan,
  planField,
  SheafError,
  types,
  type Value,
  values,
} from '@sheafdb/core'
import { sqlTypeName } from '../duckdb/types.ts'
import { tokenize } from '../language/lexer.ts'
import type { Piece } from '../language/statement.ts'
import { objectsOf } from '../layout/objects.ts'
import { isRelation, optionsOf, type TableOptions } from '../layout/options.ts'
import { findCollection, MODEL_NAME } from '../layout/relations.ts'
import type { StatementContext, StatementResult } from './context.ts'

/** Makes rows of text. */
function textRows(names: readonly string[], rows: readonly (readonly Value[])[]): LogicalPlan {
  return values(
    names.map((name) => planField(name, types.utf8)),
    names.map((_, index) =>
      columnFromValues(
        types.utf8,
        rows.map((row) => row[index] ?? null),
      ),
    ),
    rows.length,
  )
}

function result(plan: LogicalPlan, { context }: StatementContext): StatementResult {
  return { rowsAffected: 0, query: context.query(() => plan) }
}

/** Runs SHOW TABLES. */
export function showTables(given: StatementContext): StatementResult {
  const names = given.context
    .catalog()
    .collections(MODEL_NAME)
    .filter(isRelation)
    .map((collection) => collection.name)
    .sort()
  return result(
    textRows(
      ['name'],
      names.map((name) => [name]),
    ),
    given,
  )
}

/** Runs SHOW SCHEMAS. */
export function showSchemas(given: StatementContext): StatementResult {
  const names = ['main', ...objectsOf(given.context.catalog(), 'schema').map((schema) => schema.name)]
  return result(
    textRows(
      ['name'],
      names.map((name) => [name]),
    ),
    given,
  )
}

const DESCRIPTION = ['column_name', 'column_type', 'null', 'key', 'default', 'extra']

/** Runs DESCRIBE of a table or a query. */
export async function describe(query: Piece, given: StatementContext): Promise<StatementResult> {
  const table = describedTable(query, given)
  if (table !== undefined)
    return result(
      textRows(
        DESCRIPTION,
        table.columns.map((column) => describeColumn(column, table)),
      ),
      given,
    )
  const { columns } = await given.planner.plan(query.text, {
    parameters: given.parameters,
    ...(given.relations && { relations: given.relations }),
  })
  const rows = columns.map(({ name, type }) => [name, sqlTypeName(type), 'YES', null, null, null])
  return result(textRows(DESCRIPTION, rows), given)
}

function describedTable(query: Piece, given: StatementContext): TableOptions | undefined {
  const tokens = tokenize(query.text)
  const name = tokens
    .slice(1, -1)
    .map((token) => token.name || token.key)
    .join('')
  const collection = findNamed(name, given)
  const options = collection === undefined ? undefined : optionsOf(collection)
  return options?.kind === 'table' ? options : undefined
}

/** Finds a table or view by its name, in the session's schema first. */
function findNamed(name: string, { context, settings }: StatementContext): CollectionDefinition | undefined {
  const catalog = context.catalog()
  const own = settings.schema === '' ? undefined : findCollection(catalog, `${settings.schema}.${name}`)
  return own ?? findCollection(catalog, name)
}

function describeColumn(column: TableOptions['columns'][number], table: TableOptions): Value[] {
  const isKey = table.primaryKey.includes(column.name)
  const isUnique = table.unique.some((names) => names.includes(column.name))
  return [
    column.name,
    column.type,
    column.notNull || isKey ? 'NO' : 'YES',
    isKey ? 'PRI' : isUnique ? 'UNI' : null,
    column.default ?? column.generated ?? null,
    null,
  ]
}

/** Runs EXPLAIN. */
export async function explain(
  query: Piece,
  analyze: boolean,
  given: StatementContext,
): Promise<StatementResult> {
  const planned = await given.planner.plan(query.text, {
    parameters: given.parameters,
    ...(given.relations && { relations: given.relations }),
  })
  const text = await given.context
    .query(() => planned.plan, { parameters: given.parameters })
    .explain({ analyze })
  const why = planned.reason === undefined ? '' : `\n\nruns in DuckDB because of: ${planned.reason}`
  return result(
    textRows(['explain_key', 'explain_value'], [[analyze ? 'analyzed_plan' : 'plan', text + why]]),
    given,
  )
}

/** Runs PRAGMA table_info. @throws `NOT_FOUND` */
export function tableInfo(name: string, given: StatementContext): StatementResult {
  const collection = findNamed(name.replace(/^main\./i, ''), given)
  const options = collection === undefined ? undefined : optionsOf(collection)
  if (options === undefined) throw new SheafError('NOT_FOUND', `There is no table of this name: ${name}`)
  const columns =
    options.kind === 'table'
      ? options.columns
      : options.columns.map(
          (column) => ({ name: column, type: 'VARCHAR' }) as TableOptions['columns'][number],
        )
  const keys = options.kind === 'table' ? options.primaryKey : []
  const column = (type: DataType, values: readonly Value[]) => columnFromValues(type, values)
  const plan = values(
    [
      planField('cid', types.int32),
      planField('name', types.utf8),
      planField('type', types.utf8),
      planField('notnull', types.bool),
      planField('dflt_value', types.utf8),
      planField('pk', types.bool),
    ],
    [
      column(
        types.int32,
        columns.map((_, index) => index),
      ),
      column(
        types.utf8,
        columns.map((item) => item.name),
      ),
      column(
        types.utf8,
        columns.map((item) => item.type),
      ),
      column(
        types.bool,
        columns.map((item) => item.notNull === true || keys.includes(item.name)),
      ),
      column(
        types.utf8,
        columns.map((item) => item.default ?? null),
      ),
      column(
        types.bool,
        columns.map((item) => keys.includes(item.name)),
      ),
    ],
    columns.length,
  )
  return result(plan, given)
}
