import { type DuckDBConnection, DuckDBDateValue } from '@duckdb/node-api'
import { batchRowCount, columnReader } from '@sheafdb/core'
import type { Row } from '../../packages/core/test/oracle/compare-rows.ts'
import type { MemoryTable } from '../../packages/core/test/oracle/memory-snapshot.ts'
import { type ColumnKind, columnKinds } from '../../packages/core/test/oracle/random-table.ts'
import { sqlConstant, sqlType } from './render-sql.ts'

/** Kinds of which DuckDB and the one total order mean the same: no NaN, no integers that a double does not hold. */
export const SHARED_KINDS: readonly ColumnKind[] = [
  'flag',
  'small',
  'integer',
  'wide',
  'double',
  'text',
  'day',
].map((name) => {
  const kind = columnKinds.find((candidate) => candidate.name === name) as ColumnKind
  return { ...kind, values: kind.values.filter(isShared) }
})

function isShared(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) < 2 ** 31 && !Object.is(value, -0)
  return typeof value !== 'bigint'
}

/** Gives the statements that make a table and fill it. */
export function statementsFor({ definition, batches }: MemoryTable): string[] {
  const columns = definition.fields.map((field) => `"${field.name}" ${sqlType(field.type)}`)
  const rows = batches.flatMap((batch) => {
    const readers = batch.columns.map(columnReader)
    return Array.from({ length: batchRowCount(batch) }, (_, at) => {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      const cells = definition.fields.map((field, place) => sqlConstant(readers[place]?.(row), field.type))
      return `(${[...cells, '1'].join(', ')})`
    })
  })
  return [
    `DROP TABLE IF EXISTS "${definition.name}"`,
    `CREATE TABLE "${definition.name}" (${[...columns, '_ INTEGER'].join(', ')})`,
    ...(rows.length === 0 ? [] : [`INSERT INTO "${definition.name}" VALUES ${rows.join(', ')}`]),
  ]
}

/** Runs a query in DuckDB and gives its rows, without the column that is there so that no list is empty. */
export async function runInDuckdb(connection: DuckDBConnection, text: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(text)
  return reader.getRows().map((row) => row.slice(1).map(plainValue))
}

function plainValue(value: unknown): unknown {
  if (value instanceof DuckDBDateValue) return value.days
  return typeof value === 'bigint' ? Number(value) : value
}
