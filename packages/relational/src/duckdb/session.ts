import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  SQLNULL,
} from '@duckdb/node-api'
import type { Batch } from '@sheafdb/core'
import { quoteIdentifier, quoteText } from '../language/quote.ts'
import { fromDuckError } from './errors.ts'
import { readHeld } from './held-values.ts'
import type { BoundValue } from './parameter.ts'
import { SEQUENCE_MACROS, type SequenceNumbers } from './sequence-functions.ts'
import { VECTOR_MACROS } from './vector-functions.ts'

/** Names the table function through which DuckDB reads the inputs of a query: `sheaf_scan('<name of the relation>')`. */
export const SCAN_FUNCTION = 'sheaf_scan'

/** Is a column as DuckDB sees it. `sqlType` is the type that it has in SQL where its values are held as another. */
export type RelationColumn = {
  readonly name: string
  readonly type: DuckDBType
  readonly sqlType?: string | undefined
}

/** Is an input of a query in DuckDB. */
export type RelationSource = {
  readonly columns: readonly RelationColumn[]
  readonly rowCount?: number | undefined
  /** Runs the input; the batches hold the columns asked for, in that order. */
  scan(columns: readonly number[]): Iterable<Batch>
}

/** Describes a column of a result. */
export type ResultColumn = { readonly name: string; readonly type: DuckDBType }

/** Describes a statement: its result, and the types that DuckDB found for its parameters (by position from 0). */
export type StatementShape = {
  readonly columns: readonly ResultColumn[]
  readonly parameters: readonly { readonly name: string; readonly type: DuckDBType }[]
}

/**
 * Is a connection to DuckDB with a catalog of its own, where each relation of a query is a view over the scan
 * function. So the text of the user runs as it was written.
 */
export class DuckSession {
  readonly id: number
  readonly connection: DuckDBConnection
  /** The relations of the statement that runs now. */
  readonly relations: Map<string, RelationSource> = new Map()
  /** What an input threw while DuckDB ran. */
  failure: unknown
  /** Gives out the numbers of sequences to the statement that runs now. */
  sequences: SequenceNumbers | undefined
  readonly #views = new Map<string, string>()
  readonly #types = new Map<string, DuckDBType>()
  readonly #definitions = new Set<string>()
  readonly #schemas = new Set<string>(['main'])

  private constructor(connection: DuckDBConnection) {
    this.connection = connection
    this.id = connection.clientContext.connectionId
  }

  /** Gives a connection its own catalog, with the functions that Sheaf adds. */
  static async open(
    connection: DuckDBConnection,
    catalog: string,
    { withFunctions = true }: { readonly withFunctions?: boolean } = {},
  ): Promise<DuckSession> {
    await connection.run(`ATTACH ':memory:' AS ${catalog}`)
    await connection.run(`USE ${catalog}`)
    if (withFunctions) {
      for (const macro of SEQUENCE_MACROS) await connection.run(macro)
      await connection.run(VECTOR_MACROS)
    }
    return new DuckSession(connection)
  }

  /** Makes the views of relations; each costs DuckDB about 0.2 ms, once a session and shape. */
  async show(relations: Iterable<readonly [string, RelationSource]>): Promise<void> {
    for (const [given, relation] of relations) {
      const name = given.toLowerCase()
      this.relations.set(name, relation)
      const shown: string[] = []
      for (const column of relation.columns) shown.push(await this.#selectColumn(column))
      const columns = shown.join(', ')
      const text = `SELECT ${columns} FROM ${SCAN_FUNCTION}(${quoteText(name)})`
      if (this.#views.get(name) === text) continue
      for (const view of await this.#viewNames(given))
        await this.execute(`CREATE OR REPLACE VIEW ${view} AS ${text}`)
      this.#views.set(name, text)
    }
  }

  async #selectColumn({ name, sqlType }: RelationColumn): Promise<string> {
    const column = quoteIdentifier(name)
    if (sqlType === undefined) return column
    const value = /\b(MAP|UNION)\b/.test(sqlType) ? readHeld(column, await this.#typeOf(sqlType)) : column
    return `CAST(${value} AS ${sqlType}) AS ${column}`
  }

  /** Finds the type that a text names. */
  async #typeOf(sqlType: string): Promise<DuckDBType> {
    const known = this.#types.get(sqlType)
    if (known !== undefined) return known
    const { columns } = await this.describe(`SELECT CAST(NULL AS ${sqlType})`, () => ({ value: null }))
    const type = (columns[0] as ResultColumn).type
    this.#types.set(sqlType, type)
    return type
  }

  /** Makes the types and macros that a text uses, and takes away those of texts before. */
  async define(definitions: readonly string[] = []): Promise<void> {
    for (const other of this.#definitions) {
      if (definitions.includes(other)) continue
      await this.execute(dropOf(other))
      this.#definitions.delete(other)
    }
    for (const definition of definitions) {
      if (this.#definitions.has(definition)) continue
      await this.execute(definition)
      this.#definitions.add(definition)
    }
  }

  /** A name with a dot may stand in the text as one quoted name, or as a schema and a name. */
  async #viewNames(name: string): Promise<string[]> {
    const whole = quoteIdentifier(name)
    const dot = name.indexOf('.')
    if (dot <= 0 || dot === name.length - 1) return [whole]
    const schema = name.slice(0, dot)
    if (!this.#schemas.has(schema)) {
      await this.execute(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`)
      this.#schemas.add(schema)
    }
    return [whole, `${quoteIdentifier(schema)}.${quoteIdentifier(name.slice(dot + 1))}`]
  }

  /** Runs a statement of no result. */
  async execute(text: string): Promise<void> {
    await this.rows(text)
  }

  /** Runs a statement and gives its rows as DuckDB's values. */
  async rows(text: string): Promise<readonly (readonly DuckDBValue[])[]> {
    this.failure = undefined
    try {
      const result = await this.connection.run(text)
      return await result.getRows()
    } catch (error) {
      throw this.error(error, text)
    }
  }

  /** Turns an error of DuckDB into what the caller is told: an input's own error where one failed. */
  error(error: unknown, text?: string): unknown {
    const failure = this.failure
    this.failure = undefined
    return failure ?? fromDuckError(error, text)
  }

  /** Checks a statement and gives it ready to run. @throws `SYNTAX`, `TYPE`, `NOT_FOUND` with the place in the text */
  async prepare(text: string): Promise<DuckDBPreparedStatement> {
    this.failure = undefined
    try {
      return await this.connection.prepare(text)
    } catch (error) {
      throw this.error(error, text)
    }
  }

  /**
   * Checks a statement and tells its shape. Where the types depend on parameters that nothing in the text decides,
   * the statement is run with their values, over relations that are shown without rows.
   */
  async describe(text: string, values: (index: number, name: string) => BoundValue): Promise<StatementShape> {
    const statement = await this.prepare(text)
    try {
      if (statement.parameterCount === 0) return shapeOf(statement)
      const unknown = Array.from({ length: statement.parameterCount }, (_, index) => index + 1).some(
        (index) => statement.parameterTypeId(index) === DuckDBTypeId.INVALID,
      )
      return unknown ? await this.#shapeWith(statement, values) : shapeOf(statement)
    } catch (error) {
      throw this.error(error, text)
    } finally {
      statement.destroySync()
    }
  }

  async #shapeWith(
    statement: DuckDBPreparedStatement,
    values: (index: number, name: string) => BoundValue,
  ): Promise<StatementShape> {
    const parameters = Array.from({ length: statement.parameterCount }, (_, index) => {
      const name = statement.parameterName(index + 1)
      const bound = values(index, name)
      bindValue(statement, index + 1, bound)
      return { name, type: bound.type ?? SQLNULL }
    })
    const result = await statement.stream()
    const columns = result.columnNames().map((name, index) => ({ name, type: result.columnType(index) }))
    await result.fetchAllChunks()
    return { columns, parameters }
  }
}

/** Writes the statement that takes a definition away: of a type, a macro, a setting or a variable. */
function dropOf(definition: string): string {
  const [, variable = '', setting] = /^SET (VARIABLE )?("(?:[^"]|"")*")/.exec(definition) ?? []
  if (setting !== undefined) return `RESET ${variable}${setting}`
  const [, kind = '', name = ''] = /^CREATE OR REPLACE (TYPE|MACRO) ("(?:[^"]|"")*")/.exec(definition) ?? []
  const table = kind === 'MACRO' && /\bAS\s+TABLE\b/i.test(definition) ? ' TABLE' : ''
  return `DROP ${kind}${table} IF EXISTS ${name}`
}

/** Gives a statement the value of a parameter, by its place from 1. */
export function bindValue(
  statement: DuckDBPreparedStatement,
  index: number,
  { value, type }: BoundValue,
): void {
  if (type === undefined) statement.bindValue(index, value)
  else statement.bindValue(index, value, type)
}

function shapeOf(statement: DuckDBPreparedStatement): StatementShape {
  return {
    columns: Array.from({ length: statement.columnCount }, (_, index) => ({
      name: statement.columnName(index),
      type: statement.columnType(index),
    })),
    parameters: Array.from({ length: statement.parameterCount }, (_, index) => ({
      name: statement.parameterName(index + 1),
      type: statement.parameterType(index + 1),
    })),
  }
}
