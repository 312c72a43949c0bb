import type { DuckDBType } from '@duckdb/node-api'
import { type Field, makeField, type TableSpecification } from '@sheafdb/core'

type IndexSpecification = NonNullable<TableSpecification['indexes']>[number]

import type { DuckDatabase } from '../duckdb/database.ts'
import type { DuckSession } from '../duckdb/session.ts'
import { arrowTypeOf, isHeld, sqlTypeName } from '../duckdb/types.ts'
import { type Token, tokenize } from '../language/lexer.ts'
import { partsOfName, quoteIdentifier, quoteRelation, quoteText } from '../language/quote.ts'
import type { ColumnOptions, TableOptions } from '../layout/options.ts'

/** Is a table as SQL declares it: what the catalog keeps, and its fields in Arrow. */
export type TableShape = { readonly options: TableOptions; readonly fields: readonly Field[] }

const SCRATCH = 'sheaf_scratch'

/**
 * Lets DuckDB read a table's declaration, so that types, defaults and constraints mean what they mean there. `change`
 * is what follows `ALTER TABLE <name>`, applied to it.
 *
 * @throws `SYNTAX`, `TYPE`, `NOT_FOUND`
 */
export function readShape(
  database: DuckDatabase,
  table: {
    readonly name: string
    readonly body: string
    /** Declarations of other tables, by name: those that foreign keys refer to. */
    readonly others?: ReadonlyMap<string, string>
    /** Types and macros that the declaration uses. */
    readonly definitions?: readonly string[]
  },
  change?: string,
): Promise<TableShape> {
  const [, name] = partsOfName(table.name)
  const place = `${SCRATCH}.${quoteIdentifier(name)}`
  return database.use(async (session) => {
    const others = [...(table.others ?? [])]
      .map(([other, body]) => [`${SCRATCH}.${quoteIdentifier(partsOfName(other)[1])}`, body] as const)
      .filter(([other]) => other !== place)
    await session.define(table.definitions)
    await session.execute(`CREATE SCHEMA IF NOT EXISTS ${SCRATCH}`)
    try {
      for (const [other, body] of others)
        await session.execute(`CREATE TABLE ${other} (${scratchReferences(body)})`)
      await session.execute(`CREATE TABLE ${place} (${scratchReferences(table.body)})`)
      if (change !== undefined) await session.execute(`ALTER TABLE ${place} ${change}`)
      return await shapeOfScratch(session, { place, name, body: table.body })
    } finally {
      await session.execute(`DROP TABLE IF EXISTS ${place}`)
      for (const [other] of others.reverse()) await session.execute(`DROP TABLE IF EXISTS ${other}`)
    }
  })
}

/** Makes references to other tables mean those of the scratch schema. */
function scratchReferences(body: string): string {
  let text = ''
  let from = 0
  for (const { start, end, name } of referencesIn(body)) {
    text += `${body.slice(from, start)}${SCRATCH}.${quoteIdentifier(partsOfName(name)[1])}`
    from = end
  }
  return text + body.slice(from)
}

type ReferenceText = { readonly name: string; readonly start: number; readonly end: number }

/** Finds the tables that a declaration refers to. */
export function referencesIn(body: string): ReferenceText[] {
  const tokens = tokenize(body)
  return tokens.flatMap((token, index) => {
    const first = tokens[index + 1]
    if (token.key !== 'REFERENCES' || first === undefined || first.name === '') return []
    let last = index + 1
    while (tokens[last + 1]?.key === '.' && tokens[last + 2] !== undefined) last += 2
    const parts = tokens.slice(index + 1, last + 1).filter((item) => item.key !== '.')
    const names = parts
      .map((item) => item.name)
      .filter((name, at) => at > 0 || parts.length === 1 || name.toLowerCase() !== 'main')
    return [{ name: names.join('.'), start: first.start, end: (tokens[last] as Token).end }]
  })
}

type Scratch = { readonly place: string; readonly name: string; readonly body: string }

async function shapeOfScratch(session: DuckSession, { place, name, body }: Scratch): Promise<TableShape> {
  const own = `schema_name = '${SCRATCH}' AND table_name = ${quoteText(name)}`
  const columns = await session.rows(
    `SELECT column_name, column_default, is_nullable FROM duckdb_columns() WHERE ${own} AND database_name = current_database() ORDER BY column_index`,
  )
  const constraints = await session.rows(
    `SELECT constraint_type, constraint_column_names, expression, referenced_table, referenced_column_names FROM duckdb_constraints() WHERE ${own} AND database_name = current_database()`,
  )
  const [[sql]] = (await session.rows(
    `SELECT sql FROM duckdb_tables() WHERE ${own} AND database_name = current_database()`,
  )) as [[string]]
  const types = (await session.describe(`FROM ${place}`, noValue)).columns.map((column) => column.type)
  const generated = generatedColumns(sql)
  const declared = columns.map(([name, fallback, nullable], index) =>
    columnOptions(String(name), types[index] as DuckDBType, {
      notNull: nullable === false,
      expression: fallback === null ? undefined : String(fallback),
      generated: generated.has(String(name)),
    }),
  )
  const named = (kind: string) =>
    constraints.filter(([type]) => type === kind).map(([, names]) => textList(names))
  const primaryKey = named('PRIMARY KEY')[0] ?? []
  const checks = constraints
    .filter(([type]) => type === 'CHECK')
    .map(([, , expression]) => String(expression))
  return {
    options: {
      kind: 'table',
      columns: declared,
      primaryKey,
      unique: named('UNIQUE'),
      checks,
      ...checkNames(body, checks.length),
      ...foreignKeys(constraints, body),
    },
    fields: declared.map((column, index) =>
      makeField(column.name, arrowTypeOf(types[index] as DuckDBType), {
        nullable: !(column.notNull || primaryKey.includes(column.name)),
      }),
    ),
  }
}

/** Reads the names of the conditions of CHECK, which DuckDB forgets: they stand in its order. */
function checkNames(body: string, count: number): Pick<TableOptions, 'checkNames'> {
  const tokens = tokenize(body)
  const names = tokens.flatMap((token, at) => {
    if (token.key !== 'CHECK' || tokens[at + 1]?.key !== '(') return []
    return [tokens[at - 2]?.key === 'CONSTRAINT' ? (tokens[at - 1]?.name ?? '') : '']
  })
  return names.length === count && names.some((name) => name !== '') ? { checkNames: names } : {}
}

function foreignKeys(
  constraints: readonly (readonly unknown[])[],
  body: string,
): Pick<TableOptions, 'foreignKeys'> {
  const named = new Map(referencesIn(body).map(({ name }) => [partsOfName(name)[1].toLowerCase(), name]))
  const keys = constraints
    .filter(([type]) => type === 'FOREIGN KEY')
    .map(([, columns, , table, references]) => ({
      columns: textList(columns),
      table: named.get(String(table).toLowerCase()) ?? String(table),
      references: textList(references),
    }))
  return keys.length === 0 ? {} : { foreignKeys: keys }
}

function noValue(): never {
  throw new Error('a declaration has no parameters')
}

function textList(list: unknown): string[] {
  return (list as { readonly items: readonly unknown[] }).items.map(String)
}

function columnOptions(
  name: string,
  type: DuckDBType,
  given: { readonly notNull: boolean; readonly expression: string | undefined; readonly generated: boolean },
): ColumnOptions {
  return {
    name,
    type: sqlTypeName(type),
    ...(isHeld(type) || type.alias !== undefined ? { held: true } : {}),
    ...(given.notNull ? { notNull: true } : {}),
    ...(given.expression === undefined
      ? {}
      : { [given.generated ? 'generated' : 'default']: given.expression }),
  }
}

/** Finds the generated columns in a CREATE TABLE that DuckDB wrote. */
function generatedColumns(sql: string): Set<string> {
  const names = new Set<string>()
  let depth = 0
  let first: Token | null = null
  for (const token of tokenize(sql)) {
    if (token.key === '(') depth += 1
    if (token.key === ')') depth -= 1
    if ((depth === 1 && token.key === ',') || (depth === 1 && token.key === '(')) first = null
    else if (depth === 1 && first === null) first = token
    else if (depth === 1 && token.key === 'GENERATED' && first !== null) names.add(first.name)
  }
  return names
}

/** Makes the shape of a table with columns as a query gives them. */
export function shapeOfColumns(
  columns: readonly { readonly name: string; readonly type: DuckDBType }[],
): TableShape {
  return {
    options: {
      kind: 'table',
      columns: columns.map(({ name, type }) =>
        columnOptions(name, type, { notNull: false, expression: undefined, generated: false }),
      ),
      primaryKey: [],
      unique: [],
      checks: [],
    },
    fields: columns.map(({ name, type }) => makeField(name, arrowTypeOf(type))),
  }
}

/** Writes a table's declaration as SQL. */
export function declarationOf(options: TableOptions): string {
  const list = (names: readonly string[]) => `(${names.map(quoteIdentifier).join(', ')})`
  return [
    ...options.columns.map((column) =>
      [
        quoteIdentifier(column.name),
        column.type,
        column.generated === undefined ? '' : `GENERATED ALWAYS AS (${column.generated})`,
        column.default === undefined ? '' : `DEFAULT (${column.default})`,
        column.notNull && column.generated === undefined ? 'NOT NULL' : '',
      ]
        .filter(Boolean)
        .join(' '),
    ),
    ...(options.primaryKey.length === 0 ? [] : [`PRIMARY KEY ${list(options.primaryKey)}`]),
    ...options.unique.map((names) => `UNIQUE ${list(names)}`),
    ...options.checks.map((check, index) => {
      const name = options.checkNames?.[index] ?? ''
      return `${name === '' ? '' : `CONSTRAINT ${quoteIdentifier(name)} `}CHECK (${check})`
    }),
    ...(options.foreignKeys ?? []).map(
      (key) =>
        `FOREIGN KEY ${list(key.columns)} REFERENCES ${quoteRelation(key.table)} ${list(key.references)}`,
    ),
  ].join(', ')
}

/** Gives the one table that a relational collection has. */
export function specificationOf(shape: TableShape): TableSpecification {
  const { primaryKey, unique, foreignKeys = [] } = shape.options
  const isIndexed = (names: readonly string[]) => names.every((name) => canIndex(shape.fields, name))
  const indexes = [
    ...unique.filter(isIndexed).map((names) => columnIndex(`unique:${names.join(',')}`, names, true)),
    ...foreignKeys
      .filter(({ columns }) => isIndexed(columns))
      .map(({ columns }) => columnIndex(`foreign:${columns.join(',')}`, columns, false)),
  ]
  const byName = new Map(indexes.map((index) => [index.name, index]))
  return { part: '', fields: shape.fields, key: primaryKey, indexes: [...byName.values()] }
}

/** Tells whether a column holds values that an index sorts: no lists or structs. */
export function canIndex(fields: readonly Field[], name: string): boolean {
  const field = fields.find((item) => item.name === name)
  return field !== undefined && (field.type.children?.length ?? 0) === 0
}

/** Makes an index over columns of a table. */
export function columnIndex(name: string, columns: readonly string[], isUnique: boolean): IndexSpecification {
  return {
    name,
    parts: columns.map((field) => ({ expression: { field } })),
    ...(isUnique ? { unique: 'nulls-distinct' } : {}),
  }
}
