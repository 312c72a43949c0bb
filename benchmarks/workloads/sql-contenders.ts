import { duckRows, openDuckDB } from '../engines/duckdb.ts'
import type { Contender } from '../src/workload.ts'
import { type CachedData, openCached } from './cached-tables.ts'

type Row = Record<string, unknown>

/** Shortens numbers, since sums of doubles depend on the order in which they are added. */
export function comparable(rows: readonly Row[]): Row[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(8)) : value,
      ]),
    ),
  )
}

/** Runs SQL by Sheaf, and by DuckDB with one thread and with two, over the same data. */
export async function sqlContenders(data: CachedData, sql: string): Promise<readonly Contender[]> {
  const store = await openCached(data)
  const connections = await Promise.all(
    [1, 2].map((threads) => openDuckDB(threads, data.duckdb, { readOnly: true })),
  )
  return [
    {
      engine: 'Sheaf',
      run: async () => comparable(await store.relational.query(sql).rows()),
      close: () => store.close(),
    },
    ...connections.map((connection, at) => ({
      engine: `DuckDB (${at + 1} thread${at === 0 ? '' : 's'})`,
      run: async () => comparable(await duckRows(connection, sql)),
      close: () => connection.closeSync(),
    })),
  ]
}
