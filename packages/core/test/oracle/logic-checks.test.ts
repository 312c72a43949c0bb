import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { call, column, literal } from '../../src/expression/build.ts'
import { optimize } from '../../src/optimizer/optimizer.ts'
import { optimizerContext } from '../../src/optimizer/statistics.ts'
import { aggregate, aggregateExpression, filter, named, project } from '../../src/plan/build.ts'
import { explainPlan } from '../../src/plan/explain.ts'
import type { LogicalPlan, PlanField } from '../../src/plan/logical-plan.ts'
import { union } from '../../src/plan/set-operations.ts'
import { withFreshIds } from '../../src/plan/traverse.ts'
import { types } from '../../src/types/data-type.ts'
import { isSheafError } from '../../src/types/errors.ts'
import { differenceOf } from './compare-rows.ts'
import { memorySnapshot } from './memory-snapshot.ts'
import { drawTruth } from './random-expression.ts'
import { drawPlan, SQL_STEPS } from './random-plan.ts'
import { columnKinds, type Draw, drawTable, oneIn, upTo } from './random-table.ts'
import { runByEngine } from './run-plan.ts'

const RUNS = Number(process.env.SHEAF_PLAN_RUNS ?? 300)

/** Draws a plan over two tables, and a predicate over what it gives. */
function drawCase(draw: Draw) {
  const tables = ['one', 'two'].map((name) =>
    drawTable(
      draw,
      name,
      columnKinds.filter(() => oneIn(draw, 2)),
      [1],
    ),
  )
  const definitions = tables.map((table) => table.definition)
  const plan = drawPlan({ draw, tables: definitions, edges: [], steps: SQL_STEPS }, upTo(draw, 3))
  const predicate = drawTruth({ draw, fields: plan.output }, 2)
  const snapshot = memorySnapshot(tables)
  return { plan, predicate, run: (other: LogicalPlan) => runByEngine(other, snapshot, 'auto'), snapshot }
}

/** Checks cases but those whose arithmetic leaves 64 bits. */
async function forCases(check: (drawn: ReturnType<typeof drawCase>) => void): Promise<void> {
  await fc.assert(
    fc.property(fc.gen(), (draw) => {
      const drawn = drawCase(draw)
      try {
        drawn.run(drawn.plan)
      } catch (error) {
        if (isSheafError(error) && error.code !== 'INTERNAL') return
        throw error
      }
      check(drawn)
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
}

test('the rows for which a predicate is true, false and unknown are all rows (TLP)', async () => {
  await forCases(({ plan, predicate, run, snapshot }) => {
    const parts = [predicate, call('not', predicate), call('is_null', predicate)]
    const united = union(parts.map((part) => withFreshIds(filter(plan, part))))
    const optimized = optimize(united, optimizerContext(snapshot))
    expect(differenceOf(run(plan), run(optimized)), explainPlan(optimized)).toBe(null)
  })
})

test('an aggregate over the three parts of a plan is that over all of it (TLP)', async () => {
  await forCases(({ plan, predicate, run, snapshot }) => {
    const parts = [predicate, call('not', predicate), call('is_null', predicate)]
    const count = (input: LogicalPlan) => aggregate(input, [], [aggregateExpression('rows', 'count', [])])
    const united = union(parts.map((part) => count(withFreshIds(filter(plan, part)))))
    const total = aggregate(
      united,
      [],
      [aggregateExpression('rows', 'sum', [column(united.output[0] as PlanField)])],
    )
    const optimized = optimize(total, optimizerContext(snapshot))
    expect(run(optimized), explainPlan(optimized)).toEqual(run(count(plan)))
  })
})

test('a filter that the optimizer moves keeps as many rows as one that is only computed (NoREC)', async () => {
  await forCases(({ plan, predicate, run, snapshot }) => {
    const filtered = optimize(filter(plan, predicate), optimizerContext(snapshot))
    const computed = project(plan, [
      named('kept', call('case', predicate, literal(1, types.int64), literal(0, types.int64))),
    ])
    const kept = run(computed).filter(([value]) => value === 1).length
    expect(run(filtered).length, explainPlan(filtered)).toBe(kept)
  })
})
