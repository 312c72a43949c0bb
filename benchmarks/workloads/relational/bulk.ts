import type { DuckDBConnection } from '@duckdb/node-api'
import { Float64, Int32, Int64, makeVector, Table, Utf8, vectorFromArray } from 'apache-arrow'
import type { Contender, Workload } from '../../src/workload.ts'
import {
  fillSqlite,
  MODES,
  type Order,
  openDuckFile,
  openSqlite,
  openTables,
  orderAt,
  orderTable,
  within,
} from './tables.ts'

const ROWS = 1_000_000

function arrowOrders(): Table {
  const orders = Array.from({ length: ROWS }, (_, id) => orderAt(id))
  return new Table({
    id: makeVector({ type: new Int64(), data: BigInt64Array.from(orders, ({ id }) => BigInt(id)) } as never),
    customer: makeVector({
      type: new Int32(),
      data: Int32Array.from(orders, ({ customer }) => customer),
    } as never),
    status: vectorFromArray(
      orders.map(({ status }) => status),
      new Utf8(),
    ),
    total: makeVector({
      type: new Float64(),
      data: Float64Array.from(orders, ({ total }) => total),
    } as never),
  })
}

/** Appends rows through DuckDB's appender, and makes them durable. */
async function appendDuck(duck: DuckDBConnection, name: string, orders: readonly Order[]): Promise<void> {
  const appender = await duck.createAppender(name)
  for (const { id, customer, status, total } of orders) {
    appender.appendBigInt(BigInt(id))
    appender.appendInteger(customer)
    appender.appendVarchar(status)
    appender.appendDouble(total)
    appender.endRow()
  }
  appender.closeSync()
  await duck.run('CHECKPOINT')
}

async function contend(
  folder: string,
  insert: (table: ReturnType<Awaited<ReturnType<typeof openTables>>['sql']>) => Promise<unknown>,
): Promise<Contender[]> {
  const { sql, close } = await openTables(folder)
  const sqlite = openSqlite(folder)
  const duck = await openDuckFile(folder)
  const orders = Array.from({ length: ROWS }, (_, id) => orderAt(id))
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
        await insert(sql(name))
        const count = await sql(name).count()
        await sql.run(`DROP TABLE ${name}`)
        return count
      },
      close,
    },
    {
      engine: 'SQLite',
      mode: MODES.sqlite,
      run: () => {
        const name = fresh()
        sqlite.exec(orderTable(name))
        fillSqlite(sqlite, name, ROWS)
        const count = sqlite.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.['n']
        sqlite.exec(`DROP TABLE ${name}`)
        return count
      },
      close: () => sqlite.close(),
    },
    {
      engine: 'DuckDB',
      mode: `${MODES.duck}, appender, checkpoint`,
      run: async () => {
        const name = fresh()
        await duck.run(orderTable(name))
        await appendDuck(duck, name, orders)
        const reader = await duck.runAndReadAll(`SELECT count(*)::INTEGER AS n FROM ${name}`)
        await duck.run(`DROP TABLE ${name}`)
        return reader.getRowObjectsJS()[0]?.['n']
      },
      close: () => duck.closeSync(),
    },
  ]
}

const figures: NonNullable<Workload['figures']> = (medians) =>
  Object.fromEntries(
    [...medians].map(([engine, time]) => [
      `${engine}, rows a second`,
      `${(ROWS / time / 1000).toFixed(2)} M`,
    ]),
  )

/** Inserts an Arrow table. */
export const relationalBulkArrow: Workload = {
  name: 'relational-bulk-arrow',
  title: 'SQL: bulk insert of 1 M rows from Arrow, with a primary key',
  asked: {
    text: '2 M rows/s durable',
    reached: (medians) => (medians.get('Sheaf') as number) <= (ROWS / 2_000_000) * 1000,
  },
  runs: 3,
  warmups: 1,
  prepare: (folder) => {
    const table = arrowOrders()
    return contend(folder, (target) => target.insert(table))
  },
  figures,
}

/** Inserts objects. */
export const relationalBulkObjects: Workload = {
  name: 'relational-bulk-objects',
  title: 'SQL: bulk insert of 1 M rows from objects, with a primary key',
  asked: { text: 'no slower than SQLite', reached: (medians) => within(medians, 'SQLite') },
  runs: 3,
  warmups: 1,
  prepare: (folder) => {
    const orders = Array.from({ length: ROWS }, (_, id) => orderAt(id))
    return contend(folder, (target) => target.insert(orders))
  },
  figures,
}
