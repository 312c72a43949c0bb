import type { Workload } from '../../src/workload.ts'
import { fillSqlite, openDuckFile, openSqlite, openTables, orderQuery, orderTable, within } from './tables.ts'

const ROWS = 1_000_000
const LOOKUPS = 1000
const keys = Array.from({ length: LOOKUPS }, (_, at) => (at * 7919) % ROWS)
const TEXT = 'SELECT id, customer, status, total FROM orders WHERE id = $1'

/** Looks up rows by key with a prepared query. */
export const relationalPoints: Workload = {
  name: 'relational-point-lookup',
  title: `SQL: prepared lookup by key, 1 M rows (${LOOKUPS})`,
  asked: {
    text: '20 times DuckDB; within 2 times SQLite',
    reached: (medians) => within(medians, 'DuckDB', 1 / 20) && within(medians, 'SQLite', 2),
  },
  runs: 15,
  warmups: 5,
  async prepare(folder) {
    const { sql, compact, close } = await openTables(folder)
    await sql.run(orderTable('orders'))
    await sql.run(`INSERT INTO orders ${orderQuery(ROWS)}`)
    await compact()
    const sqlite = openSqlite(folder)
    sqlite.exec(orderTable('orders'))
    fillSqlite(sqlite, 'orders', ROWS)
    const one = sqlite.prepare('SELECT id, customer, status, total FROM orders WHERE id = ?')
    const duck = await openDuckFile(folder)
    await duck.run(orderTable('orders'))
    await duck.run(`INSERT INTO orders ${orderQuery(ROWS)}`)
    const prepared = await duck.prepare(TEXT)
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          let sum = 0
          for (const key of keys) {
            const [row] = await sql.query<{ total: number }>(TEXT, [key]).rows()
            sum += row?.total ?? Number.NaN
          }
          return sum
        },
        close,
      },
      {
        engine: 'SQLite',
        run: () => {
          let sum = 0
          for (const key of keys) sum += one.get(key)?.['total'] as number
          return sum
        },
        close: () => sqlite.close(),
      },
      {
        engine: 'DuckDB',
        run: async () => {
          let sum = 0
          for (const key of keys) {
            prepared.bindBigInt(1, BigInt(key))
            const reader = await prepared.runAndReadAll()
            sum += reader.getRowObjectsJS()[0]?.['total'] as number
          }
          return sum
        },
        close: () => duck.closeSync(),
      },
    ]
  },
  figures: (medians) =>
    Object.fromEntries(
      [...medians].map(([engine, time]) => [`${engine}, each`, `${((time * 1000) / LOOKUPS).toFixed(1)} us`]),
    ),
}
