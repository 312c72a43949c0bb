import { join } from 'node:path'
import type { Workload } from '../../src/workload.ts'
import {
  bytesUnder,
  fillSqlite,
  MODES,
  openDuckFile,
  openSqlite,
  openTables,
  orderQuery,
  orderTable,
  ownFolder,
  within,
} from './tables.ts'

const ROWS = 1_000_000

const copyFrom = (format: 'parquet' | 'csv'): Workload => ({
  name: `relational-copy-${format}`,
  title: `SQL: COPY of 1 M rows from ${format === 'csv' ? 'CSV' : 'Parquet'}, with a primary key`,
  asked: { text: 'within 2 times DuckDB', reached: (medians) => within(medians, 'DuckDB', 2) },
  runs: 3,
  warmups: 1,
  async prepare(folder) {
    const path = join(folder, `orders.${format}`)
    const duck = await openDuckFile(folder)
    await duck.run(`COPY (${orderQuery(ROWS)}) TO '${path}'`)
    const { sql, close } = await openTables(folder)
    let round = 0
    const fresh = () => {
      round += 1
      return `orders_${round}`
    }
    return [
      {
        engine: 'Sheaf',
        mode: MODES.sheaf,
        run: async () => {
          const name = fresh()
          await sql.run(orderTable(name))
          const { rowsAffected } = await sql.run(`COPY ${name} FROM '${path}'`)
          await sql.run(`DROP TABLE ${name}`)
          return rowsAffected
        },
        close,
      },
      {
        engine: 'DuckDB',
        mode: `${MODES.duck}, checkpoint`,
        run: async () => {
          const name = fresh()
          await duck.run(orderTable(name))
          const reader = await duck.runAndReadAll(`COPY ${name} FROM '${path}'`)
          await duck.run('CHECKPOINT')
          await duck.run(`DROP TABLE ${name}`)
          return Number(reader.getRows()[0]?.[0])
        },
        close: () => duck.closeSync(),
      },
    ]
  },
})

/** Loads files into tables. */
export const relationalCopies: readonly Workload[] = [copyFrom('parquet'), copyFrom('csv')]

const SIZE_ROWS = 2_500_000
const sizes = { sheaf: 0, duck: 0, sqlite: 0 }

/** Weighs a table on disk. */
export const relationalSize: Workload = {
  name: 'relational-size',
  title: 'SQL: bytes on disk of 2.5 M rows with a primary key',
  asked: { text: 'at most DuckDB', reached: () => sizes.sheaf <= sizes.duck },
  runs: 1,
  warmups: 0,
  async prepare(folder) {
    const [a, b, c] = [
      await ownFolder(folder, 'sheaf'),
      await ownFolder(folder, 'duck'),
      await ownFolder(folder, 'sqlite'),
    ]
    const { sql, compact, close } = await openTables(a)
    await sql.run(orderTable('orders'))
    await sql.run(`INSERT INTO orders ${orderQuery(SIZE_ROWS)}`)
    await compact()
    await close()
    sizes.sheaf = await bytesUnder(a)
    const duck = await openDuckFile(b)
    await duck.run(orderTable('orders'))
    await duck.run(`INSERT INTO orders ${orderQuery(SIZE_ROWS)}`)
    await duck.run('CHECKPOINT')
    duck.closeSync()
    sizes.duck = await bytesUnder(b)
    const sqlite = openSqlite(c)
    sqlite.exec(orderTable('orders'))
    fillSqlite(sqlite, 'orders', SIZE_ROWS)
    sqlite.close()
    sizes.sqlite = await bytesUnder(c)
    return [{ engine: 'Sheaf', run: () => SIZE_ROWS }]
  },
  figures: () =>
    Object.fromEntries(
      Object.entries(sizes).map(([engine, bytes]) => [
        `${engine}, on disk`,
        `${(bytes / 1e6).toFixed(1)} MB`,
      ]),
    ),
}
