import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { indexOver } from '../../src/catalog/index-match.ts'
import type { Snapshot } from '../../src/catalog/table-store.ts'
import { optimize } from '../../src/optimizer/optimizer.ts'
import { optimizerContext } from '../../src/optimizer/statistics.ts'
import { explainPlan } from '../../src/plan/explain.ts'
import type { LogicalPlan } from '../../src/plan/logical-plan.ts'
import { mapPlan } from '../../src/plan/traverse.ts'
import { differenceOf, show } from './compare-rows.ts'
import { memorySnapshot } from './memory-snapshot.ts'
import { drawFalliblePlan, drawPlan } from './random-plan.ts'
import { columnKinds, type Draw, drawEdges, drawTable, oneIn, upTo } from './random-table.ts'
import { type Outcome, outcomeOf, runByEngine, runByInterpreter } from './run-plan.ts'
import { drawStore } from './stored-tables.ts'

const RUNS = Number(process.env.SHEAF_PLAN_RUNS ?? 400)
/** Shrinking takes minutes: a failure shows its seed, and is shrunk where that is asked for. */
const SHRINKS = process.env.SHEAF_PLAN_SHRINK === '1'
const MODES = ['interpreted', 'compiled', 'auto'] as const

function drawSnapshot(draw: Draw) {
  const tables = ['one', 'two'].map((name) =>
    drawTable(
      draw,
      name,
      columnKinds.filter(() => oneIn(draw, 2)),
    ),
  )
  const edges = [drawEdges(draw, 'edges')]
  return {
    snapshot: memorySnapshot([...tables, ...edges]),
    tables: tables.map((table) => table.definition),
    edges: edges.map((table) => table.definition),
  }
}

function agreement(expected: Outcome, actual: Outcome): string | null {
  if ('code' in expected)
    return 'code' in actual && actual.code === expected.code
      ? null
      : `expected ${expected.code}: ${describeOutcome(actual)}`
  if ('code' in actual) return `expected ${expected.rows.length} rows: ${describeOutcome(actual)}`
  return differenceOf(expected.rows, actual.rows)
}

function describeOutcome(outcome: Outcome): string {
  if ('code' in outcome) return `${outcome.code} ${outcome.message}`
  return `${outcome.rows.length} rows ${outcome.rows.slice(0, 5).map(show).join(' ')}`
}

async function checkModes(plan: LogicalPlan, snapshot: Snapshot, expected: Outcome, label: string) {
  for (const mode of MODES) {
    const actual = await outcomeOf(() => runByEngine(plan, snapshot, mode))
    const difference = agreement(expected, actual)
    if (difference !== null) expect.fail(`${label}, ${mode}: ${difference}\n${explainPlan(plan)}`)
  }
}

test('the vectorised engine gives the rows of the interpreter, in every mode, optimized or not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (draw) => {
      const { snapshot, tables, edges } = drawSnapshot(draw)
      const plan = drawPlan({ draw, tables, edges }, upTo(draw, 3))
      const expected = await outcomeOf(() => runByInterpreter(plan, snapshot))
      await checkModes(plan, snapshot, expected, 'as it is')
      const optimized = optimize(plan, optimizerContext(snapshot))
      await checkModes(optimized, snapshot, expected, `optimized from\n${explainPlan(plan)}\n`)
    }),
    { numRuns: RUNS, endOnFailure: !SHRINKS },
  )
})

/** Lets each join that can be read from an index be read so, whatever it costs. */
function joinedByIndex(plan: LogicalPlan, snapshot: Snapshot): LogicalPlan {
  return mapPlan(plan, (node) => {
    if (node.kind !== 'join' || node.right.kind !== 'scan' || node.keys.length === 0) return node
    if (!['inner', 'left', 'semi', 'anti'].includes(node.how) || node.keys.some((key) => key.nullsEqual))
      return node
    const table = snapshot.catalog.table(node.right.table)
    const sides = node.keys.map((key) => key.right)
    const found = table === undefined ? null : indexOver(sides, node.right, table)
    return found === null
      ? node
      : Object.freeze({ ...node, access: 'index' as const, index: found.index.name })
  })
}

test('the vectorised engine fails where the interpreter fails, with the same code', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (draw) => {
      const { snapshot, tables, edges } = drawSnapshot(draw)
      const plan = drawFalliblePlan({ draw, tables, edges })
      const expected = await outcomeOf(() => runByInterpreter(plan, snapshot))
      await checkModes(plan, snapshot, expected, 'as it is')
      await checkModes(optimize(plan, optimizerContext(snapshot)), snapshot, expected, 'optimized')
    }),
    { numRuns: RUNS, endOnFailure: !SHRINKS },
  )
})

test('over tables in a store, with keys, indexes and pushed filters, the engine gives the rows of the interpreter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (draw) => {
      const { store, snapshot, tables, edges } = await drawStore(draw)
      const plan = drawPlan({ draw, tables, edges, short: true }, upTo(draw, 3))
      const expected = await outcomeOf(() => runByInterpreter(plan, snapshot))
      await checkModes(plan, snapshot, expected, 'as it is')
      const optimized = optimize(plan, optimizerContext(snapshot))
      await checkModes(optimized, snapshot, expected, `optimized from\n${explainPlan(plan)}\n`)
      await checkModes(joinedByIndex(plan, snapshot), snapshot, expected, 'joined by indexes')
      snapshot.close()
      await store.close()
    }),
    { numRuns: Math.ceil(RUNS / 4), endOnFailure: !SHRINKS },
  )
})
