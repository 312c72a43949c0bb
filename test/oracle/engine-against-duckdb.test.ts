import { type DuckDBConnection, DuckDBDateValue, DuckDBInstance } from '@duckdb/node-api'
import { explainPlan, type LogicalPlan } from '@sheafdb/core'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { optimize } from '../../packages/core/src/optimizer/optimizer.ts'
import { optimizerContext } from '../../packages/core/src/optimizer/statistics.ts'
import { batchRowCount, columnReader } from '../../packages/core/src/types/column.ts'
import { differenceOf, type Row } from '../../packages/core/test/oracle/compare-rows.ts'
import { type MemoryTable, memorySnapshot } from '../../packages/core/test/oracle/memory-snapshot.ts'
import { drawPlan, SQL_STEPS } from '../../packages/core/test/oracle/random-plan.ts'
import {
  type ColumnKind,
  columnKinds,
  drawTable,
  oneIn,
  upTo,
} from '../../packages/core/test/oracle/random-table.ts'
import { runByEngine } from '../../packages/core/test/oracle/run-plan.ts'
import { NotInSql, renderPlan, sqlConstant, sqlType } from './render-sql.ts'

const RUNS = Number(process.env.SHEAF_PLAN_RUNS ?? 300)

/** Kinds of which DuckDB and the one total order mean the same: no NaN, no integers that a double does not hold. */
const KINDS: readonly ColumnKind[] = ['flag', 'small', 'integer', 'wide', 'double', 'text', 'day'].map(
  (name) => {
    const kind = columnKinds.find((candidate) => candidate.name === name) as ColumnKind
    return { ...kind, values: kind.values.filter(isShared) }
  },
)

function isShared(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) < 2 ** 31 && !Object.is(value, -0)
  return typeof value !== 'bigint'
}

async function load(connection: DuckDBConnection, { definition, batches }: MemoryTable): Promise<void> {
  const columns = definition.fields.map((field) => `"${field.name}" ${sqlType(field.type)}`)
  await connection.run(
    `CREATE OR REPLACE TABLE "${definition.name}" (${[...columns, '_ INTEGER'].join(', ')})`,
  )
  for (const batch of batches) {
    const readers = batch.columns.map(columnReader)
    const rows = Array.from({ length: batchRowCount(batch) }, (_, at) => {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      const cells = definition.fields.map((field, place) => sqlConstant(readers[place]?.(row), field.type))
      return `(${[...cells, '1'].join(', ')})`
    })
    if (rows.length > 0) await connection.run(`INSERT INTO "${definition.name}" VALUES ${rows.join(', ')}`)
  }
}

async function runByDuckdb(connection: DuckDBConnection, plan: LogicalPlan): Promise<Row[]> {
  const reader = await connection.runAndReadAll(renderPlan(plan))
  return reader.getRows().map((row) => row.slice(1).map(plainValue))
}

function plainValue(value: unknown): unknown {
  if (value instanceof DuckDBDateValue) return value.days
  return typeof value === 'bigint' ? Number(value) : value
}

describe('the native engine', () => {
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

  test('gives the rows that DuckDB gives, optimized or not', async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const tables = ['one', 'two'].map((name) =>
          drawTable(
            draw,
            name,
            KINDS.filter(() => !oneIn(draw, 3)),
            [1],
          ),
        )
        const snapshot = memorySnapshot(tables)
        const definitions = tables.map((table) => table.definition)
        const plan = drawPlan(
          { draw, tables: definitions, edges: [], steps: SQL_STEPS, kinds: KINDS },
          upTo(draw, 3),
        )
        const expected = await duckdbRows(connection, tables, plan)
        if (expected === null) return
        compared += 1
        const optimized = optimize(plan, optimizerContext(snapshot))
        for (const each of [plan, optimized]) {
          const difference = differenceOf(expected, runByEngine(each, snapshot, 'auto'))
          if (difference !== null)
            expect.fail(`DuckDB differs: ${difference}\n${explainPlan(each)}\n${renderPlan(plan)}`)
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
    expect(compared).toBeGreaterThan(RUNS / 3)
  })
})

/** Gives DuckDB's rows, `null` for plans that SQL does not say. */
async function duckdbRows(
  connection: DuckDBConnection,
  tables: readonly MemoryTable[],
  plan: LogicalPlan,
): Promise<Row[] | null> {
  try {
    renderPlan(plan)
  } catch (error) {
    if (error instanceof NotInSql) return null
    throw error
  }
  for (const table of tables) await load(connection, table)
  return runByDuckdb(connection, plan)
}
