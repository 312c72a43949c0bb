import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { duckRows, openDuckDB } from '../engines/duckdb.ts'
import type { Workload } from '../src/workload.ts'
import { flightsParquet } from './flights-data.ts'

const QUERY =
  'SELECT origin, count(*) AS flights, avg(delay) AS delay, max(distance) AS distance FROM flights WHERE distance > 500 GROUP BY origin'
const LOAD = `CREATE TABLE flights AS SELECT * FROM '${flightsParquet}'`

type Row = Record<string, unknown>

const byOrigin = (rows: readonly Row[]): Row[] =>
  [...rows]
    .sort((left, right) => String(left['origin']).localeCompare(String(right['origin'])))
    .map((row) => ({ ...row, delay: Number((row['delay'] as number).toFixed(9)) }))

/** Groups 3 million flights by origin, against DuckDB's own table. */
export const flightsGroup: Workload = {
  name: 'flights-group',
  title:
    '`SELECT origin, count(*), avg(delay), max(distance) … WHERE distance > 500 GROUP BY origin`, 3 M rows',
  asked: {
    text: "no slower than DuckDB's own table with the same threads",
    reached: (medians) => (medians.get('Sheaf') as number) <= (medians.get('DuckDB (1 thread)') as number),
  },
  runs: 25,
  warmups: 8,
  async prepare(folder) {
    const store = await openStore(join(folder, 'flights.sheaf'), { models: [relational()] })
    await store.relational.run(
      'CREATE TABLE flights (date TIMESTAMP, delay BIGINT, distance BIGINT, origin VARCHAR, destination VARCHAR)',
    )
    await store.relational.run(`COPY flights FROM '${flightsParquet}'`)
    const one = await openDuckDB(1)
    const two = await openDuckDB(2)
    await one.run(LOAD)
    await two.run(LOAD)
    return [
      {
        engine: 'Sheaf',
        run: async () => byOrigin(await store.relational.query(QUERY).rows()),
        close: () => store.close(),
      },
      {
        engine: 'DuckDB (1 thread)',
        run: async () => byOrigin(await duckRows(one, QUERY)),
        close: () => one.closeSync(),
      },
      {
        engine: 'DuckDB (2 threads)',
        run: async () => byOrigin(await duckRows(two, QUERY)),
        close: () => two.closeSync(),
      },
    ]
  },
}
