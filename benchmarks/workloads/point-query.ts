import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { openDuckDB } from '../engines/duckdb.ts'
import type { Workload } from '../src/workload.ts'

const ROWS = 1_000_000
const LOOKUPS = 1000
const GENERATE = `SELECT i AS id, 'name ' || i AS name, i * 0.5::DOUBLE AS value FROM range(${ROWS}) t(i)`

const keys = Array.from({ length: LOOKUPS }, (_, at) => (at * 7919) % ROWS)

/** Looks up rows by key with a prepared query; the figure is a thousand lookups. */
export const pointQuery: Workload = {
  name: 'point-query',
  title: `prepared point query by key, warm, 1 M rows (${LOOKUPS} lookups)`,
  asked: {
    text: '30 us each',
    reached: (medians) => (medians.get('Sheaf') as number) * 1000 <= 30 * LOOKUPS,
  },
  runs: 15,
  warmups: 5,
  async prepare(folder) {
    const store = await openStore(join(folder, 'points.sheaf'), { models: [relational()] })
    await store.relational.run('CREATE TABLE points (id BIGINT PRIMARY KEY, name VARCHAR, value DOUBLE)')
    await store.relational.run(`INSERT INTO points ${GENERATE}`)
    await store.compact()
    const duck = await openDuckDB(2)
    await duck.run('CREATE TABLE points (id BIGINT PRIMARY KEY, name VARCHAR, value DOUBLE)')
    await duck.run(`INSERT INTO points ${GENERATE}`)
    const prepared = await duck.prepare('SELECT id, name, value FROM points WHERE id = $1')
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          let total = 0
          for (const key of keys) {
            const [row] = await store.relational
              .query('SELECT id, name, value FROM points WHERE id = $1', [key])
              .rows()
            total += (row as { value: number }).value
          }
          return total
        },
        close: () => store.close(),
      },
      {
        engine: 'DuckDB',
        run: async () => {
          let total = 0
          for (const key of keys) {
            prepared.bindBigInt(1, BigInt(key))
            const reader = await prepared.runAndReadAll()
            total += reader.getRowObjectsJS()[0]?.['value'] as number
          }
          return total
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
