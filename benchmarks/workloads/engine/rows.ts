import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openDuckDB } from '../../engines/duckdb.ts'
import type { Workload } from '../../src/workload.ts'
import { openCached } from '../cached-tables.ts'
import { eventData } from './data.ts'

const COUNT = 100_000
const QUERY = `SELECT id, key, kind, value FROM events WHERE id < ${COUNT} ORDER BY id`

/** Gives what tells results apart without keeping two of them: their length, first, middle and last row. */
function summary(rows: readonly object[]): unknown {
  return [rows.length, ...[0, rows.length >> 1, rows.length - 1].map((at) => ({ ...rows[at] }))]
}

/** Reads 100 thousand rows into objects, against DuckDB and SQLite. */
export const resultRows: Workload = {
  name: 'engine-rows',
  title: '100 K rows of four columns into JavaScript objects',
  asked: {
    text: '10 times DuckDB',
    reached: (medians) =>
      (medians.get('DuckDB (2 threads)') as number) / (medians.get('Sheaf') as number) >= 10,
  },
  runs: 11,
  warmups: 4,
  async prepare(folder) {
    const data = await eventData()
    const store = await openCached(data)
    const duckdb = await openDuckDB(2, data.duckdb, { readOnly: true })
    const file = join(folder, 'events.sqlite')
    const sqlite = new DatabaseSync(file)
    sqlite.exec('CREATE TABLE events (id INTEGER PRIMARY KEY, key TEXT, kind TEXT, value REAL)')
    const insert = sqlite.prepare('INSERT INTO events VALUES (?, ?, ?, ?)')
    sqlite.exec('BEGIN')
    for (const row of await store.relational.query(QUERY).rows())
      insert.run(...(Object.values(row) as (string | number)[]))
    sqlite.exec('COMMIT')
    const statement = sqlite.prepare(QUERY)
    return [
      {
        engine: 'Sheaf',
        run: async () => summary(await store.relational.query(QUERY).rows()),
        close: () => store.close(),
      },
      {
        engine: 'DuckDB (2 threads)',
        run: async () => summary((await duckdb.runAndReadAll(QUERY)).getRowObjectsJS()),
        close: () => duckdb.closeSync(),
      },
      {
        engine: 'SQLite',
        run: () => summary(statement.all()),
        close: async () => {
          sqlite.close()
          await rm(file)
        },
      },
    ]
  },
}
