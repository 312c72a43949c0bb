import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { column, mapExpression, parameter } from '../../src/expression/build.ts'
import { optimize } from '../../src/optimizer/optimizer.ts'
import { ruleList } from '../../src/optimizer/rules.ts'
import { optimizerContext } from '../../src/optimizer/statistics.ts'
import { join } from '../../src/plan/build.ts'
import { explainPlan } from '../../src/plan/explain.ts'
import type { LogicalPlan } from '../../src/plan/logical-plan.ts'
import { mapPlanExpressions } from '../../src/plan/map-expressions.ts'
import { bindParameters } from '../../src/plan/parameters.ts'
import { mapPlan, parametersOf, visitPlan, withFreshIds } from '../../src/plan/traverse.ts'
import { isSheafError } from '../../src/types/errors.ts'
import type { Value } from '../../src/types/value.ts'
import { differenceOf } from '../oracle/compare-rows.ts'
import { memorySnapshot } from '../oracle/memory-snapshot.ts'
import { drawPlan } from '../oracle/random-plan.ts'
import { columnKinds, type Draw, drawEdges, drawTable, oneIn, upTo } from '../oracle/random-table.ts'
import { runByEngine, runByInterpreter } from '../oracle/run-plan.ts'

const RUNS = Math.ceil(Number(process.env.SHEAF_PLAN_RUNS ?? 300) / 2)

/** Draws a plan with a snapshot to run it on. */
function drawCase(draw: Draw) {
  const tables = ['one', 'two'].map((name) =>
    drawTable(
      draw,
      name,
      columnKinds.filter(() => oneIn(draw, 2)),
      [1],
    ),
  )
  const edges = [drawEdges(draw, 'edges')]
  const plan = drawPlan(
    { draw, tables: tables.map((table) => table.definition), edges: edges.map((table) => table.definition) },
    upTo(draw, 3),
  )
  return { plan, snapshot: memorySnapshot([...tables, ...edges]) }
}

const idsOf = (plan: LogicalPlan): Set<number> => {
  const ids = new Set<number>()
  visitPlan(plan, (node) => {
    for (const field of node.output) ids.add(field.id)
  })
  return ids
}

/** Tells whether a plan has rows: drawn arithmetic may leave 64 bits, and then there is nothing to compare. */
async function givesRows({ plan, snapshot }: ReturnType<typeof drawCase>): Promise<boolean> {
  try {
    await runByInterpreter(plan, snapshot)
    return true
  } catch (error) {
    if (isSheafError(error)) return false
    throw error
  }
}

async function forPlans(check: (drawn: ReturnType<typeof drawCase>) => Promise<void>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (draw) => {
      const drawn = drawCase(draw)
      fc.pre(await givesRows(drawn))
      await check(drawn)
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
}

describe('any plan', () => {
  test('copied with fresh ids means the same, and can stand beside the first', async () => {
    await forPlans(async ({ plan, snapshot }) => {
      const copy = withFreshIds(plan)
      const before = idsOf(plan)
      expect([...idsOf(copy)].filter((id) => before.has(id))).toEqual([])
      expect(copy.output.map(({ name }) => name)).toEqual(plan.output.map(({ name }) => name))
      const rows = await runByInterpreter(plan, snapshot)
      expect(differenceOf(rows, await runByInterpreter(copy, snapshot))).toBe(null)
      expect(differenceOf(rows, runByEngine(copy, snapshot, 'auto'))).toBe(null)
      const [first] = plan.output
      const [second] = copy.output
      if (first === undefined || second === undefined || rows.length > 300) return
      const keys = [{ left: column(first), right: column(second), nullsEqual: true }]
      const semi = join(plan, copy, { how: 'semi', keys })
      expect(differenceOf(rows, runByEngine(semi, snapshot, 'auto'))).toBe(null)
    })
  })

  test('mapped to itself is itself', async () => {
    await forPlans(async ({ plan }) => {
      expect(mapPlan(plan, (node) => node)).toBe(plan)
    })
  })

  test('is explained in a line a node, the same for a copy', async () => {
    await forPlans(async ({ plan }) => {
      let nodes = 0
      visitPlan(plan, () => {
        nodes += 1
      })
      const text = explainPlan(plan)
      expect(text.split('\n')).toHaveLength(nodes)
      expect(explainPlan(withFreshIds(plan))).toBe(text)
    })
  })

  test('with parameters for its constants means the same', async () => {
    await forPlans(async ({ plan, snapshot }) => {
      const parameters = new Map<string, Value>()
      const open = mapPlanExpressions(plan, (expression) =>
        mapExpression(expression, (node) => {
          if (node.kind !== 'literal') return node
          const name = `p${parameters.size}`
          parameters.set(name, node.value)
          return parameter(name, node.type)
        }),
      )
      expect(parametersOf(open).size).toBeLessThanOrEqual(parameters.size)
      const rows = await runByInterpreter(plan, snapshot)
      for (const mode of ['interpreted', 'compiled'] as const)
        expect(differenceOf(rows, runByEngine(open, snapshot, mode, parameters)), explainPlan(open)).toBe(
          null,
        )
      const optimized = optimize(open, optimizerContext(snapshot))
      expect(
        differenceOf(rows, runByEngine(optimized, snapshot, 'auto', parameters)),
        explainPlan(open),
      ).toBe(null)
      const bound = mapPlanExpressions(open, (expression) => expression)
      expect(parametersOf(bindParameters(bound, parameters)).size).toBe(0)
    })
  })
})

describe('each rule of the optimizer alone', () => {
  for (const rule of new Set(ruleList)) {
    test(`keeps the rows and the columns: ${rule.name}`, async () => {
      await forPlans(async ({ plan, snapshot }) => {
        const changed = rule.apply(plan, optimizerContext(snapshot))
        const rows = await runByInterpreter(plan, snapshot)
        const message = `${explainPlan(plan)}\n->\n${explainPlan(changed)}`
        const places = plan.output.map((field) => changed.output.findIndex((other) => other.id === field.id))
        expect(places, message).not.toContain(-1)
        const given = runByEngine(changed, snapshot, 'auto').map((row) => places.map((place) => row[place]))
        expect(differenceOf(rows, given), message).toBe(null)
      })
    })
  }

  test('all rules run twice keep the rows, and the order of the columns', async () => {
    await forPlans(async ({ plan, snapshot }) => {
      const once = optimize(plan, optimizerContext(snapshot))
      const twice = optimize(once, optimizerContext(snapshot))
      expect(twice.output.map(({ id }) => id)).toEqual(plan.output.map(({ id }) => id))
      const rows = await runByInterpreter(plan, snapshot)
      expect(differenceOf(rows, runByEngine(twice, snapshot, 'auto')), explainPlan(twice)).toBe(null)
    })
  })
})
