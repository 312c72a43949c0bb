import { type DuckDBEnumType, DuckDBTypeId } from '@duckdb/node-api'
import { type Batch, type DataType, makeBatch, types } from '@sheafdb/core'
import { resultReader } from '../duckdb/column-reader.ts'
import { EnumReader } from '../duckdb/enum-reader.ts'
import type { DuckSession } from '../duckdb/session.ts'
import type { ColumnReader } from '../duckdb/vector-buffers.ts'
import { quoteIdentifier } from '../language/quote.ts'

/** Rows of a batch: few commits of buffers, and little memory held at once. */
const BATCH_ROWS = 262_144
const SAMPLE_ROWS = 100_000
/** A column with more distinct values than this share of its rows gains nothing from a dictionary. */
const MAX_DISTINCT_SHARE = 0.1
const MAX_DISTINCT = 50_000

/** Is a column to read: its expression over the source, and the type in which it is wanted. */
export type ReadColumn = {
  readonly name: string
  readonly text: string
  readonly type: DataType
  readonly isText: boolean
}

/**
 * Reads a source of DuckDB in large batches. Text columns of few distinct values are read as codes of an ENUM, so that
 * no text is copied a row.
 */
export async function* readBatches(
  session: DuckSession,
  source: string,
  columns: readonly ReadColumn[],
  check: () => void,
): AsyncGenerator<Batch, void, undefined> {
  const dictionaries = await dictionaryTypes(session, source, columns)
  const items = columns.map((column, index) => {
    const type = dictionaries.get(index)
    return `${type === undefined ? column.text : `CAST(${column.text} AS ${type})`} AS ${quoteIdentifier(column.name)}`
  })
  const text = `SELECT ${items.join(', ')} FROM ${source}`
  const statement = await session.prepare(text)
  try {
    const result = await statement.stream()
    const readers = columns.map((column, index): ColumnReader => {
      const type = result.columnType(index)
      return type.typeId === DuckDBTypeId.ENUM && dictionaries.has(index)
        ? new EnumReader(types.utf8, (type as DuckDBEnumType).values, BATCH_ROWS)
        : resultReader(column.type, type, BATCH_ROWS)
    })
    let rowCount = 0
    for (;;) {
      const chunk = await result.fetchChunk()
      check()
      if (chunk === null || chunk.rowCount === 0) break
      const count = chunk.rowCount
      for (let index = 0; index < readers.length; index += 1)
        (readers[index] as ColumnReader).append(chunk.getColumnVector(index), count)
      rowCount += count
      if (rowCount < BATCH_ROWS - 2048) continue
      yield makeBatch(
        readers.map((reader) => reader.finish()),
        rowCount,
      )
      rowCount = 0
    }
    if (rowCount > 0)
      yield makeBatch(
        readers.map((reader) => reader.finish()),
        rowCount,
      )
  } catch (error) {
    throw session.error(error, text)
  } finally {
    statement.destroySync()
    for (const type of dictionaries.values()) await session.execute(`DROP TYPE IF EXISTS ${type}`)
  }
}

/** Makes an ENUM type for each text column that repeats its values, judged by the first rows. */
async function dictionaryTypes(
  session: DuckSession,
  source: string,
  columns: readonly ReadColumn[],
): Promise<Map<number, string>> {
  const made = new Map<number, string>()
  const texts = columns.flatMap((column, index) => (column.isText ? [{ column, index }] : []))
  if (texts.length === 0) return made
  const counts = texts.map(({ column }) => `approx_count_distinct(${column.text})`)
  const sample = `(SELECT * FROM ${source} LIMIT ${SAMPLE_ROWS})`
  const [row] = await session.rows(`SELECT count(*), ${counts.join(', ')} FROM ${sample}`)
  const [total = 0, ...distinct] = (row ?? []).map(Number)
  for (const [place, { column, index }] of texts.entries()) {
    const count = distinct[place] as number
    if (total < 1000 || count === 0 || count > total * MAX_DISTINCT_SHARE || count > MAX_DISTINCT) continue
    const name = `sheaf_values_${index}`
    await session.execute(
      `CREATE OR REPLACE TYPE ${name} AS ENUM (SELECT DISTINCT CAST(${column.text} AS VARCHAR) FROM ${source} WHERE ${column.text} IS NOT NULL)`,
    )
    made.set(index, name)
  }
  return made
}
