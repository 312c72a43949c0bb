import { duckRows, openDuckDB } from '../../engines/duckdb.ts'
import { median } from '../../src/harness.ts'
import type { Workload } from '../../src/workload.ts'
import { openCached } from '../cached-tables.ts'
import { comparable, sqlContenders } from '../sql-contenders.ts'
import { tpchData } from './data.ts'
import { tpchQueries } from './queries.ts'

type Row = Record<string, unknown>

const single: readonly Workload[] = tpchQueries.map((sql, at) => ({
  name: `tpch-${at + 1}`,
  title: `TPC-H query ${at + 1}, 6 M line items`,
  asked:
    at === 0
      ? {
          text: '2 times DuckDB',
          reached: (medians) =>
            (medians.get('DuckDB (1 thread)') as number) / (medians.get('Sheaf') as number) >= 2,
        }
      : {
          text: 'within 1.3 times DuckDB with the same threads',
          reached: (medians) =>
            (medians.get('Sheaf') as number) <= 1.3 * (medians.get('DuckDB (1 thread)') as number),
        },
  runs: 5,
  warmups: 2,
  prepare: async () => sqlContenders(await tpchData(), sql),
}))

/** Runs each query to its end and gives its rows; the time of each is kept. */
function timed(run: (sql: string) => Promise<Row[]>, times: number[][]): () => Promise<Row[][]> {
  return async () => {
    const results: Row[][] = []
    for (const [at, sql] of tpchQueries.entries()) {
      const start = performance.now()
      const rows = await run(sql)
      ;(times[at] as number[]).push(performance.now() - start)
      results.push(comparable(rows))
    }
    return results
  }
}

const newTimes = (): number[][] => tpchQueries.map(() => [])

/** The runs after the first two: those are for checking results and warming up. */
const typical = (times: readonly number[]): number => median(times.slice(Math.min(2, times.length - 1)))

function geometricMean(times: readonly number[][]): number {
  return Math.exp(times.reduce((sum, each) => sum + Math.log(typical(each)), 0) / times.length)
}

const ownTimes = newTimes()
const duckTimes = newTimes()

/** Runs all 22 queries, natively or routed as the planner decides. */
const all: Workload = {
  name: 'tpch-all',
  title: 'all 22 queries of TPC-H, 6 M line items',
  asked: {
    text: "geometric mean within 1.3 times DuckDB's own, two threads",
    reached: () => geometricMean(ownTimes) <= 1.3 * geometricMean(duckTimes),
  },
  runs: 3,
  warmups: 1,
  async prepare() {
    const data = await tpchData()
    const store = await openCached(data)
    const connection = await openDuckDB(2, data.duckdb, { readOnly: true })
    return [
      {
        engine: 'Sheaf',
        run: timed((sql) => store.relational.query(sql).rows() as Promise<Row[]>, ownTimes),
        close: () => store.close(),
      },
      {
        engine: 'DuckDB (2 threads)',
        run: timed((sql) => duckRows(connection, sql), duckTimes),
        close: () => connection.closeSync(),
      },
    ]
  },
  figures() {
    const each = tpchQueries.map((_, at): [string, string] => [
      `query ${at + 1}`,
      `${typical(ownTimes[at] as number[]).toFixed(0)} ms, DuckDB ${typical(duckTimes[at] as number[]).toFixed(0)} ms`,
    ])
    return {
      'geometric mean': `${geometricMean(ownTimes).toFixed(1)} ms, DuckDB ${geometricMean(duckTimes).toFixed(1)} ms`,
      ...Object.fromEntries(each),
    }
  },
}

/** The queries of TPC-H, each alone and all together. */
export const tpch: readonly Workload[] = [all, ...single]
