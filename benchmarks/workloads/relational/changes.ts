import type { Contender, Workload } from '../../src/workload.ts'
import {
  fillSqlite,
  MODES,
  openDuckFile,
  openSqlite,
  openTables,
  orderQuery,
  orderTable,
  within,
} from './tables.ts'

const ROWS = 1_000_000
const UPSERTS = 100_000
const SUM = 'SELECT count(*)::INTEGER AS n, sum(total) AS total FROM orders'

async function contend(
  folder: string,
  statement: string,
  sqliteChange: (database: ReturnType<typeof openSqlite>) => void,
): Promise<Contender[]> {
  const { sql, compact, close } = await openTables(folder)
  await sql.run(orderTable('orders'))
  await sql.run(`INSERT INTO orders ${orderQuery(ROWS)}`)
  await compact()
  const duck = await openDuckFile(folder)
  await duck.run(orderTable('orders'))
  await duck.run(`INSERT INTO orders ${orderQuery(ROWS)}`)
  await duck.run('CHECKPOINT')
  const sqlite = openSqlite(folder)
  sqlite.exec(orderTable('orders'))
  fillSqlite(sqlite, 'orders', ROWS)
  return [
    {
      engine: 'Sheaf',
      mode: MODES.sheaf,
      run: async () => {
        await sql.run(statement)
        return sql.query(SUM).first()
      },
      close,
    },
    {
      engine: 'DuckDB',
      mode: MODES.duck,
      run: async () => {
        await duck.run(statement)
        return (await duck.runAndReadAll(SUM)).getRowObjectsJS()[0]
      },
      close: () => duck.closeSync(),
    },
    {
      engine: 'SQLite',
      mode: MODES.sqlite,
      run: () => {
        sqliteChange(sqlite)
        const { n, total } = sqlite
          .prepare('SELECT count(*) AS n, sum(total) AS total FROM orders')
          .get() as {
          n: number
          total: number
        }
        return { n, total }
      },
      close: () => sqlite.close(),
    },
  ]
}

/** Upserts rows of which half are there. */
export const relationalUpsert: Workload = {
  name: 'relational-upsert',
  title: 'SQL: upsert of 100 K rows, half of them there, into 1 M',
  asked: { text: 'faster than DuckDB', reached: (medians) => within(medians, 'DuckDB') },
  runs: 5,
  warmups: 1,
  prepare: (folder) =>
    contend(
      folder,
      `INSERT INTO orders SELECT ${ROWS - UPSERTS / 2} + i, 7, 'paid', i * 0.5 FROM range(${UPSERTS}) t(i) ON CONFLICT (id) DO UPDATE SET total = excluded.total, status = excluded.status`,
      (sqlite) => {
        const upsert = sqlite.prepare(
          'INSERT INTO orders VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET total = excluded.total, status = excluded.status',
        )
        sqlite.exec('BEGIN')
        for (let at = 0; at < UPSERTS; at += 1) upsert.run(ROWS - UPSERTS / 2 + at, 7, 'paid', at * 0.5)
        sqlite.exec('COMMIT')
      },
    ),
}

const UPDATE = 'UPDATE orders SET total = total + 1 WHERE id % 10 = 3'

/** Updates every tenth row. */
export const relationalUpdate: Workload = {
  name: 'relational-update',
  title: 'SQL: update of 10 % of 1 M rows',
  asked: { text: 'faster than DuckDB', reached: (medians) => within(medians, 'DuckDB') },
  runs: 5,
  warmups: 1,
  prepare: (folder) => contend(folder, UPDATE, (sqlite) => sqlite.exec(UPDATE)),
}
