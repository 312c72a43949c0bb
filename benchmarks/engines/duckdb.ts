import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'

/** Opens DuckDB in memory or on a file, with a count of threads. */
export async function openDuckDB(
  threads: number,
  path = ':memory:',
  options: { readonly readOnly?: boolean } = {},
): Promise<DuckDBConnection> {
  const access: Record<string, string> = options.readOnly === true ? { access_mode: 'READ_ONLY' } : {}
  const instance = await DuckDBInstance.create(path, { threads: String(threads), ...access })
  return instance.connect()
}

/** Runs a query and gives its rows with numbers for integers, to compare with others. */
export async function duckRows(
  connection: DuckDBConnection,
  sql: string,
  values?: DuckDBValue[],
): Promise<Record<string, unknown>[]> {
  const reader = await connection.runAndReadAll(sql, values)
  return reader
    .getRowObjectsJS()
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
      ),
    )
}
