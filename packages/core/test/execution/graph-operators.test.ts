import { List } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { column } from '../../src/expression/build.ts'
import { degree, expand, path, planField, values } from '../../src/plan/build.ts'
import type { Direction, LogicalPlan, PathSemantics } from '../../src/plan/logical-plan.ts'
import { makeBatch } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import type { Value } from '../../src/types/value.ts'
import { memorySnapshot } from '../oracle/memory-snapshot.ts'
import { definitionOf } from '../oracle/random-table.ts'
import { runByEngine, runByInterpreter } from '../oracle/run-plan.ts'

/** Edges by row id: a triangle 0, 1, 2 with one parallel edge, a tail 2 -> 3, a loop at 3. */
const EDGES = [
  [0, 1],
  [1, 2],
  [2, 0],
  [0, 1],
  [2, 3],
  [3, 3],
] as const

const snapshot = memorySnapshot([
  {
    definition: {
      ...definitionOf('edges', []),
      fields: ['source', 'target'].map((name) => makeField(name, types.int64)),
      adjacencies: [{ name: 'all', source: 'source', target: 'target', partition: null }],
    },
    batches: [
      makeBatch(
        [0, 1].map((at) =>
          columnFromValues(
            types.int64,
            EDGES.map((edge) => edge[at as 0 | 1]),
          ),
        ),
        EDGES.length,
      ),
    ],
  },
])
const adjacency = { table: 'edges', source: 'source', target: 'target', partition: null } as const

function nodes(...rows: (readonly [Value, Value])[]): LogicalPlan {
  const columns = [0, 1].map((at) =>
    columnFromValues(
      types.int64,
      rows.map((row) => row[at as 0 | 1]),
    ),
  )
  return values([planField('from', types.int64), planField('to', types.int64)], columns, rows.length)
}

const field = (plan: LogicalPlan, at: number) => column(plan.output[at] as never)

async function rowsOf(plan: LogicalPlan): Promise<unknown[][]> {
  const rows = [...runByEngine(plan, snapshot, 'auto')].map((row) => [...row])
  const order = (list: readonly (readonly Value[])[]) => list.map((row) => JSON.stringify(row)).sort()
  expect(order(await runByInterpreter(plan, snapshot))).toEqual(order(rows))
  return rows.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
}

function hop(input: LogicalPlan, direction: Direction, options: { closes?: boolean } = {}): LogicalPlan {
  return expand(input, {
    from: field(input, 0),
    adjacency,
    direction,
    target: planField('node', types.int64, false),
    edge: planField('edge', types.int64, false),
    closes: options.closes === true ? field(input, 1) : null,
  })
}

describe('one hop', () => {
  test('gives a row an edge, parallel ones each', async () => {
    expect(await rowsOf(hop(nodes([0, null]), 'out'))).toEqual([
      [0, null, 1, 0],
      [0, null, 1, 3],
    ])
    expect(await rowsOf(hop(nodes([1, null]), 'in'))).toEqual([
      [1, null, 0, 0],
      [1, null, 0, 3],
    ])
    expect(await rowsOf(hop(nodes([9, null], [null, null]), 'both'))).toEqual([])
  })

  test('follows a loop once, whichever way it goes', async () => {
    for (const direction of ['out', 'in', 'both'] as const) {
      const rows = await rowsOf(hop(nodes([3, null]), direction))
      expect(rows.filter((row) => row[3] === 5)).toEqual([[3, null, 3, 5]])
    }
  })

  test('closes a cycle at the node asked for', async () => {
    expect(await rowsOf(hop(nodes([2, 3], [2, 1], [2, null]), 'out', { closes: true }))).toEqual([
      [2, 3, 3, 4],
    ])
  })

  test('leaves out edges that were followed already', async () => {
    const first = hop(nodes([0, null]), 'out')
    const back = expand(first, {
      from: field(first, 2),
      adjacency,
      direction: 'both',
      target: planField('end', types.int64, false),
      edge: planField('last', types.int64, false),
      exclude: [field(first, 3)],
    })
    const rows = await rowsOf(back)
    expect(rows.map((row) => row.slice(2))).toEqual([
      [1, 0, 0, 3],
      [1, 0, 2, 1],
      [1, 3, 0, 0],
      [1, 3, 2, 1],
    ])
  })

  test('is counted without being walked', async () => {
    const input = nodes([0, null], [3, null], [9, null], [null, null])
    const counted = degree(input, {
      from: field(input, 0),
      adjacency,
      direction: 'both',
      count: planField('count', types.int64, false),
    })
    expect(await rowsOf(counted)).toEqual([
      [0, null, 3],
      [3, null, 2],
      [9, null, 0],
      [null, null, 0],
    ])
  })

  test('says which adjacency is not there', () => {
    const input = nodes([0, null])
    const plan = expand(input, {
      from: field(input, 0),
      adjacency: { ...adjacency, target: 'nowhere' },
      direction: 'out',
      target: planField('node', types.int64),
    })
    expect(() => runByEngine(plan, snapshot, 'auto')).toThrow(/edges \(source, nowhere\)/)
  })
})

const NUMBERS = new List(makeField('item', types.int64, { nullable: false }))

function paths(
  input: LogicalPlan,
  semantics: PathSemantics,
  bounds: readonly [number, number | null],
  options: { readonly to?: boolean; readonly direction?: Direction; readonly bare?: boolean } = {},
): LogicalPlan {
  const bare = options.bare === true
  return path(input, {
    from: field(input, 0),
    to: options.to === true ? field(input, 1) : null,
    adjacency,
    direction: options.direction ?? 'out',
    semantics,
    minimum: bounds[0],
    maximum: bounds[1],
    target: planField('end', types.int64, false),
    edges: bare ? null : planField('edges', NUMBERS, false),
    nodes: bare ? null : planField('nodes', NUMBERS, false),
  })
}

describe('paths', () => {
  const ends = (rows: readonly unknown[][]) => rows.map((row) => row[2])
  const edges = (rows: readonly unknown[][]) => rows.map((row) => row[3])

  test('as walks may repeat edges, up to the bound', async () => {
    const rows = await rowsOf(paths(nodes([3, null]), 'walk', [0, 2]))
    expect(edges(rows)).toEqual([[5, 5], [5], []])
  })

  test('as trails repeat no edge, and end by themselves', async () => {
    const rows = await rowsOf(paths(nodes([2, 3]), 'trail', [1, null], { to: true }))
    expect(edges(rows)).toEqual([[2, 0, 1, 4, 5], [2, 0, 1, 4], [2, 3, 1, 4, 5], [2, 3, 1, 4], [4, 5], [4]])
  })

  test('as reachability give each end once, itself where the bounds allow it', async () => {
    expect(ends(await rowsOf(paths(nodes([0, null]), 'reachability', [0, null], { bare: true })))).toEqual([
      0, 1, 2, 3,
    ])
    expect(ends(await rowsOf(paths(nodes([0, null]), 'reachability', [2, 2], { bare: true })))).toEqual([2])
    expect(ends(await rowsOf(paths(nodes([0, null]), 'reachability', [3, 3], { bare: true })))).toEqual([
      0, 3,
    ])
    expect(ends(await rowsOf(paths(nodes([9, null]), 'reachability', [0, null], { bare: true })))).toEqual([
      9,
    ])
    expect(ends(await rowsOf(paths(nodes([9, null]), 'reachability', [1, null], { bare: true })))).toEqual([])
  })

  test('as shortest give one path an end, or all of the same length', async () => {
    const one = await rowsOf(paths(nodes([0, 3]), 'shortest', [1, null], { to: true, bare: true }))
    expect(one).toEqual([[0, 3, 3]])
    const all = await rowsOf(paths(nodes([0, 3]), 'all-shortest', [1, null], { to: true }))
    expect(edges(all)).toEqual([
      [0, 1, 4],
      [3, 1, 4],
    ])
    expect(all[0]?.[4]).toEqual([0, 1, 2, 3])
  })

  test('as shortest come back to their start where a hop is asked for', async () => {
    expect(edges(await rowsOf(paths(nodes([0, 0]), 'all-shortest', [1, null], { to: true })))).toEqual([
      [0, 1, 2],
      [3, 1, 2],
    ])
    expect(edges(await rowsOf(paths(nodes([0, 0]), 'all-shortest', [0, null], { to: true })))).toEqual([[]])
    expect(edges(await rowsOf(paths(nodes([3, 3]), 'all-shortest', [1, null], { to: true })))).toEqual([[5]])
  })

  test('start nowhere from null', async () => {
    expect(await rowsOf(paths(nodes([null, 1], [1, null]), 'trail', [0, null], { to: true }))).toEqual([])
  })

  test('of great length overflow no stack', () => {
    const length = 50_000
    const chain = memorySnapshot([
      {
        definition: {
          ...definitionOf('edges', []),
          fields: ['source', 'target'].map((name) => makeField(name, types.int64)),
          adjacencies: [{ name: 'all', source: 'source', target: 'target', partition: null }],
        },
        batches: [
          makeBatch(
            [0, 1].map((shift) =>
              columnFromValues(
                types.int64,
                Array.from({ length }, (_, at) => at + shift),
              ),
            ),
            length,
          ),
        ],
      },
    ])
    const plan = paths(nodes([0, length]), 'shortest', [1, null], { to: true, bare: true })
    expect(runByEngine(plan, chain, 'auto')).toEqual([[0, length, length]])
    const reached = paths(nodes([0, null]), 'reachability', [1, null], { bare: true })
    expect(runByEngine(reached, chain, 'auto')).toHaveLength(length)
  })
})
