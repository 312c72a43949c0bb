import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { openDuckDB } from '../engines/duckdb.ts'
import type { Workload } from '../src/workload.ts'
import { flightsParquet } from './flights-data.ts'

const ROWS = 3_000_000

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  )
  return sizes.reduce((total, size) => total + size, 0)
}

async function load(path: string): Promise<void> {
  const store = await openStore(path, { models: [relational()], durability: 'commit' })
  await store.relational.run(
    'CREATE TABLE flights (date TIMESTAMP, delay BIGINT, distance BIGINT, origin VARCHAR, destination VARCHAR)',
  )
  await store.relational.run(`COPY flights FROM '${flightsParquet}'`)
  await store.close()
}

/** Loads 3 million flights from Parquet into a durable store. */
export const flightsLoad: Workload = {
  name: 'flights-load',
  title: 'load of 3 M flights from Parquet into a durable store, closed at the end',
  asked: {
    text: '1 M rows/s; peak memory under 1 GiB',
    reached: (medians) =>
      ROWS / ((medians.get('Sheaf') as number) / 1000) >= 1_000_000 &&
      process.resourceUsage().maxRSS < 2 ** 20,
  },
  runs: 3,
  warmups: 0,
  async prepare(folder) {
    let round = 0
    const path = (): string => join(folder, `load-${round}.sheaf`)
    return [
      {
        engine: 'Sheaf',
        mode: 'durability commit',
        run: async () => {
          await rm(path(), { recursive: true, force: true })
          round += 1
          await load(path())
          return ROWS
        },
      },
      {
        engine: 'DuckDB',
        mode: 'file, checkpoint',
        run: async () => {
          const file = join(folder, `load-${round}.duckdb`)
          await rm(file, { force: true })
          const connection = await openDuckDB(2, file)
          await connection.run(`CREATE TABLE flights AS SELECT * FROM '${flightsParquet}'`)
          await connection.run('CHECKPOINT')
          connection.closeSync()
          return ROWS
        },
      },
    ]
  },
  figures: async (medians) => ({
    'rows a second': `${(ROWS / (medians.get('Sheaf') as number) / 1000).toFixed(2)} M`,
    'peak memory of the process, both engines': `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  }),
}

/** Measures the size on disk of the flights. */
export const flightsSize: Workload = {
  name: 'flights-size',
  title: 'size on disk of the 3 M flights, cold segments compressed',
  asked: { text: 'at most 1.5 times the Parquet file', reached: () => sizes.store <= 1.5 * sizes.parquet },
  runs: 1,
  warmups: 0,
  async prepare(folder) {
    const path = join(folder, 'flights.sheaf')
    await load(path)
    const store = await openStore(path, { models: [relational()] })
    await store.compact()
    await store.close()
    sizes.store = await folderBytes(path)
    sizes.parquet = (await stat(flightsParquet)).size
    return [{ engine: 'Sheaf', run: () => folderBytes(path).then((bytes) => bytes > 0) }]
  },
  figures: () => ({
    'the store on disk': `${(sizes.store / 1e6).toFixed(2)} MB`,
    'the Parquet file': `${(sizes.parquet / 1e6).toFixed(2)} MB`,
    ratio: (sizes.store / sizes.parquet).toFixed(2),
  }),
}

const sizes = { store: 0, parquet: 1 }

/** Opens the store of flights again, to the first answer. */
export const flightsReopen: Workload = {
  name: 'flights-reopen',
  title: 'reopen of that store after close, to the first answer',
  asked: { text: '150 ms', reached: (medians) => (medians.get('Sheaf') as number) <= 150 },
  runs: 7,
  warmups: 1,
  async prepare(folder) {
    const path = join(folder, 'flights.sheaf')
    await load(path)
    return [
      {
        engine: 'Sheaf',
        run: async () => {
          const store = await openStore(path, { models: [relational()] })
          const rows = await store.relational
            .query('SELECT count(*) AS n, max(distance) AS d FROM flights')
            .rows()
          await store.close()
          return rows
        },
      },
    ]
  },
}
