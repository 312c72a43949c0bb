import { openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import { openDuckDB } from '../../engines/duckdb.ts'
import type { Contender, Workload } from '../../src/workload.ts'

const REPEATS = 1000

async function repeated(run: (at: number) => Promise<number>): Promise<number> {
  let sum = 0
  for (let at = 0; at < REPEATS; at += 1) sum += await run(at)
  return sum
}

async function contenders(isPrepared: boolean): Promise<readonly Contender[]> {
  const store = await openStore(':memory:', { models: [relational()] })
  const query = store.relational.query('SELECT 1 + 1 AS two')
  const duckdb = await openDuckDB(1)
  const statement = await duckdb.prepare('SELECT 1 + 1 AS two')
  return [
    {
      engine: 'Sheaf',
      run: () =>
        repeated(async (at) => {
          const [row] = await (isPrepared
            ? query
            : store.relational.query('SELECT $1::INTEGER + 1 - $1::INTEGER + 1 AS two', [at])
          ).rows()
          return row?.['two'] as number
        }),
      close: () => store.close(),
    },
    {
      engine: 'DuckDB (1 thread)',
      run: () =>
        repeated(async () => {
          const reader = isPrepared
            ? await statement.runAndReadAll()
            : await duckdb.runAndReadAll('SELECT 1 + 1 AS two')
          return Number(reader.getRowObjectsJS()[0]?.['two'])
        }),
      close: () => duckdb.closeSync(),
    },
  ]
}

function workload(name: string, title: string, askedUs: number, isPrepared: boolean): Workload {
  const each = (medians: ReadonlyMap<string, number>): number =>
    ((medians.get('Sheaf') as number) / REPEATS) * 1000
  return {
    name,
    title: `${title} (${REPEATS} of them)`,
    asked: { text: `${askedUs} us each`, reached: (medians) => each(medians) <= askedUs },
    runs: 15,
    warmups: 5,
    prepare: () => contenders(isPrepared),
    figures: (medians) => ({ 'Sheaf, each': `${each(medians).toFixed(1)} us` }),
  }
}

/** Runs the smallest query, as a query made once and as text each time. */
export const smallest: readonly Workload[] = [
  workload('engine-prepared', 'the smallest query, prepared', 20, true),
  workload('engine-text', 'the smallest query as text with a parameter, in a warm plan cache', 40, false),
]
