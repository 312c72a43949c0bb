import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { explainPlan, type LogicalPlan, openStore } from '@sheafdb/core'
import { relational } from '@sheafdb/relational'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { optimize } from '../../packages/core/src/optimizer/optimizer.ts'
import { optimizerContext } from '../../packages/core/src/optimizer/statistics.ts'
import { differenceOf, type Row } from '../../packages/core/test/oracle/compare-rows.ts'
import { type MemoryTable, memorySnapshot } from '../../packages/core/test/oracle/memory-snapshot.ts'
import { drawPlan, SQL_STEPS } from '../../packages/core/test/oracle/random-plan.ts'
import { type Draw, drawTable, oneIn, upTo } from '../../packages/core/test/oracle/random-table.ts'
import { runByEngine } from '../../packages/core/test/oracle/run-plan.ts'
import { runInDuckdb, SHARED_KINDS, statementsFor } from './duckdb-tables.ts'
import { NotInSql, renderPlan } from './render-sql.ts'

const RUNS = Number(process.env.SHEAF_PLAN_RUNS ?? 300)

type Case = {
  readonly tables: readonly MemoryTable[]
  readonly plan: LogicalPlan
  readonly text: string
}

/** Draws tables and a plan over them; `null` for a plan that SQL does not say. */
function drawCase(draw: Draw): Case | null {
  const tables = ['one', 'two'].map((name) =>
    drawTable(
      draw,
      name,
      SHARED_KINDS.filter(() => !oneIn(draw, 3)),
      [1],
    ),
  )
  const definitions = tables.map((table) => table.definition)
  const sources = { draw, tables: definitions, edges: [], steps: SQL_STEPS, kinds: SHARED_KINDS }
  const plan = drawPlan(sources, upTo(draw, 3))
  try {
    return { tables, plan, text: renderPlan(plan) }
  } catch (error) {
    if (error instanceof NotInSql) return null
    throw error
  }
}

describe('over random tables', () => {
  let instance: DuckDBInstance
  let connection: DuckDBConnection

  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    connection = await instance.connect()
  })
  afterAll(() => {
    connection.closeSync()
    instance.closeSync()
  })

  /** Checks cases that SQL says, and that there are enough of them. */
  async function forCases(
    runs: number,
    check: (drawn: Case, expected: Row[]) => Promise<void>,
  ): Promise<void> {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const drawn = drawCase(draw)
        if (drawn === null) return
        compared += 1
        for (const statement of drawn.tables.flatMap(statementsFor)) await connection.run(statement)
        await check(drawn, await runInDuckdb(connection, drawn.text))
      }),
      { numRuns: runs, endOnFailure: true },
    )
    expect(compared).toBeGreaterThan(runs / 3)
  }

  test('the native engine gives the rows that DuckDB gives, optimized or not', async () => {
    await forCases(RUNS, async ({ tables, plan, text }, expected) => {
      const snapshot = memorySnapshot(tables)
      for (const each of [plan, optimize(plan, optimizerContext(snapshot))]) {
        const difference = differenceOf(expected, runByEngine(each, snapshot, 'auto'))
        if (difference !== null) expect.fail(`DuckDB differs: ${difference}\n${explainPlan(each)}\n${text}`)
      }
    })
  })

  test('SQL text gives the rows that DuckDB gives', async () => {
    const store = await openStore(':memory:', { models: [relational()] })
    await forCases(Math.ceil(RUNS / 3), async ({ tables, text }, expected) => {
      for (const statement of tables.flatMap(statementsFor)) await store.relational.run(statement)
      const query = store.relational.query(text)
      const rows = (await query.rows()).map((row) => Object.values(row).slice(1).map(plainValue))
      const difference = differenceOf(expected, rows)
      if (difference !== null) expect.fail(`DuckDB differs: ${difference}\n${text}\n${await query.explain()}`)
    })
    await store.close()
  })
})

const MS_PER_DAY = 86_400_000

function plainValue(value: unknown): unknown {
  return value instanceof Date ? value.getTime() / MS_PER_DAY : value
}
