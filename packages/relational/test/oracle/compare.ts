import type { DuckDBConnection } from '@duckdb/node-api'
import { type Batch, recordBatchToBatch } from '@sheafdb/core'
import type { RelationalApi } from '../../src/index.ts'
import { textRows } from '../conformance/values.ts'

/** Is the rows of a query as text, in an order of their own, or the fact that it failed. */
export type Answer = { readonly rows: readonly string[][] } | { readonly error: string }

/** Runs a query here. */
export async function ourAnswer(
  sql: RelationalApi,
  text: string,
): Promise<Answer & { readonly native: boolean }> {
  const query = sql.query(text)
  let native = false
  try {
    const plan = await query.plan()
    native = !JSON.stringify(plan, (_, value: unknown) =>
      typeof value === 'bigint' || ArrayBuffer.isView(value) ? null : value,
    ).includes('"kind":"foreign"')
    const batches: Batch[] = []
    for await (const batch of query.batches()) batches.push(recordBatchToBatch(batch))
    return {
      native,
      rows: textRows(
        batches,
        plan.output.map((field) => field.type),
      ),
    }
  } catch (error) {
    return { native, error: error instanceof Error ? error.message : String(error) }
  }
}

/** Runs a query in DuckDB itself. */
export async function duckAnswer(connection: DuckDBConnection, text: string): Promise<Answer> {
  try {
    const result = await connection.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM (${text})`)
    return {
      rows: result
        .getRows()
        .map((row) =>
          row.map((value) => (value === null ? 'NULL' : value === '' ? '(empty)' : String(value))),
        ),
    }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** Brings rows into an order that does not depend on how floats are written. */
export function canonical(rows: readonly string[][]): string[] {
  return rows.map((row) => row.map(shorten).join(' | ')).sort()
}

function shorten(value: string): string {
  const number = Number(value)
  if (value.trim() === '' || Number.isNaN(number)) return value
  return String(Number(number.toPrecision(6)))
}
