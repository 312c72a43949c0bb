import fc from 'fast-check'
import { expect, test } from 'vitest'
import { column } from '../../src/expression/build.ts'
import { multiwayJoins } from '../../src/optimizer/multiway-joins.ts'
import { optimize } from '../../src/optimizer/optimizer.ts'
import { optimizerContext } from '../../src/optimizer/statistics.ts'
import { aggregate, aggregateExpression, expand, planField, scanFields } from '../../src/plan/build.ts'
import { explainPlan } from '../../src/plan/explain.ts'
import type { Direction, LogicalPlan } from '../../src/plan/logical-plan.ts'
import { visitPlan } from '../../src/plan/traverse.ts'
import { makeBatch } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import type { Value } from '../../src/types/value.ts'
import { memorySnapshot } from '../oracle/memory-snapshot.ts'
import { definitionOf } from '../oracle/random-table.ts'
import { runByEngine, runByInterpreter } from '../oracle/run-plan.ts'

type Edge = readonly [source: number, target: number, type: number]

const FIELDS = ['source', 'target', 'type']

function snapshotOf(edges: readonly Edge[], nodeCount: number) {
  const table = (name: string, fields: readonly string[], rows: readonly (readonly Value[])[]) => ({
    definition: {
      ...definitionOf(name, []),
      fields: fields.map((field) => makeField(field, types.int64)),
      adjacencies:
        name === 'edges' ? [{ name: 'all', source: 'source', target: 'target', partition: 'type' }] : [],
    },
    batches: [
      makeBatch(
        fields.map((_, at) =>
          columnFromValues(
            types.int64,
            rows.map((row) => row[at] as Value),
          ),
        ),
        rows.length,
      ),
    ],
  })
  const nodes = Array.from({ length: nodeCount }, (_, node) => [node])
  return memorySnapshot([table('edges', FIELDS, edges), table('nodes', ['node'], nodes)])
}

type Step = {
  readonly from: number
  /** The node that the step closes at; the next new one where it is null. */
  readonly closes: number | null
  readonly direction: Direction
  readonly types: readonly number[]
}

/** Follows steps between the nodes of a pattern, each over an edge of its own where `unique` is set. */
function patternOf(steps: readonly Step[], unique: boolean): LogicalPlan {
  let plan: LogicalPlan = scanFields('nodes', [{ name: 'node', type: types.int64, nullable: false }])
  const nodes = [plan.output[0] as (typeof plan.output)[number]]
  const edges: typeof nodes = []
  for (const { from, closes, direction, types: wanted } of steps) {
    const target = planField('node', types.int64, false)
    const edge = planField('edge', types.uint64, false)
    const known = closes === null ? undefined : nodes[closes % nodes.length]
    plan = expand(plan, {
      from: column(nodes[from % nodes.length] as typeof target),
      adjacency: {
        table: 'edges',
        source: 'source',
        target: 'target',
        partition: { field: 'type', values: wanted },
      },
      direction,
      target,
      edge,
      closes: known === undefined ? null : column(known),
      exclude: unique ? edges.map((each) => column(each)) : [],
    })
    if (known === undefined) nodes.push(target)
    edges.push(edge)
  }
  return plan
}

const direction = fc.constantFrom<Direction>('out', 'in', 'both')
const step: fc.Arbitrary<Step> = fc.record({
  from: fc.nat(4),
  closes: fc.option(fc.nat(4)),
  direction,
  types: fc.constantFrom([0], [1], [0, 1]),
})
const edge = fc.tuple(fc.nat(5), fc.nat(5), fc.nat(1)) as fc.Arbitrary<Edge>

const sorted = (rows: readonly (readonly Value[])[]) => rows.map((row) => JSON.stringify(row)).sort()

test('a pattern gives the same rows and counts whether or not its cycles are intersected', async () => {
  let merged = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(edge, { maxLength: 20 }),
      fc.array(step, { minLength: 2, maxLength: 5 }),
      fc.boolean(),
      async (edges, steps, unique) => {
        const snapshot = snapshotOf(edges, 6)
        const rows = patternOf(steps, unique)
        const counted = aggregate(rows, [], [aggregateExpression('count', 'count', [])])
        for (const plan of [rows, counted]) {
          const better = optimize(plan, optimizerContext(snapshot))
          visitPlan(better, (node) => {
            if (node.kind === 'multiway-join') merged += 1
          })
          const expected = sorted(runByEngine(plan, snapshot, 'auto'))
          expect(sorted(runByEngine(better, snapshot, 'auto'))).toEqual(expected)
          expect(sorted(await runByInterpreter(better, snapshot))).toEqual(expected)
        }
      },
    ),
    { numRuns: 300 },
  )
  expect(merged).toBeGreaterThan(100)
})

test('a triangle binds its last node by intersecting the neighbours of both ends', () => {
  const triangle = patternOf(
    [
      { from: 0, closes: null, direction: 'out', types: [0] },
      { from: 1, closes: null, direction: 'out', types: [0] },
      { from: 2, closes: 0, direction: 'out', types: [0] },
    ],
    true,
  )
  const text = explainPlan(multiwayJoins.apply(triangle, optimizerContext(snapshotOf([], 1))))
  expect(text.split('\n').slice(1)).toEqual([
    '  multiway-join to node#3 by [out edges(source -> target) where type in [0] from node#2 edge edge#2 except [edge]; in edges(source -> target) where type in [0] from node edge edge#3 except [edge] unlike leg 0]',
    '    expand out edges(source -> target) where type in [0] from node to node#2, edge edge',
    '      scan nodes [node]',
  ])
})
