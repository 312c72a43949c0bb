import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/catalog/table-store.ts'
import { makeContext } from '../../src/execution/driver.ts'
import { isBatch } from '../../src/execution/operators/steps.ts'
import { startPlan } from '../../src/execution/planner.ts'
import { call, column, literal, parameter } from '../../src/expression/build.ts'
import {
  distinct,
  extension,
  filter,
  foreign,
  join,
  limit,
  named,
  nearest,
  planField,
  project,
  recursive,
  recursiveInput,
  scan,
  singleRow,
  sort,
  sortKey,
  unnest,
  values,
} from '../../src/plan/build.ts'
import type { JoinKind, LogicalPlan, Metric } from '../../src/plan/logical-plan.ts'
import { union } from '../../src/plan/set-operations.ts'
import { makeBatch } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { type DataType, types } from '../../src/types/data-type.ts'
import type { ErrorCode } from '../../src/types/errors.ts'
import type { Value } from '../../src/types/value.ts'
import { memorySnapshot } from '../oracle/memory-snapshot.ts'
import { columnKinds, definitionOf } from '../oracle/random-table.ts'
import { runByEngine, runByInterpreter } from '../oracle/run-plan.ts'

const failing = (code: ErrorCode) => expect.objectContaining({ code })
const nothing = memorySnapshot([])

function table(types: readonly DataType[], rows: readonly (readonly Value[])[]): LogicalPlan {
  return values(
    types.map((type, at) => planField(`c${at}`, type)),
    types.map((type, at) =>
      columnFromValues(
        type,
        rows.map((row) => row[at] ?? null),
      ),
    ),
    rows.length,
  )
}

const field = (plan: LogicalPlan, at: number) => column(plan.output[at] as never)

async function expectRows(
  plan: LogicalPlan,
  rows: readonly (readonly Value[])[],
  snapshot = nothing,
): Promise<void> {
  for (const mode of ['interpreted', 'compiled', 'auto'] as const)
    expect(runByEngine(plan, snapshot, mode), mode).toEqual(rows)
  expect(await runByInterpreter(plan, snapshot)).toEqual(rows)
}

describe('a join', () => {
  const left = table(
    [types.int64, types.utf8],
    [
      [1, 'a'],
      [2, 'b'],
      [null, 'c'],
      [1, 'd'],
    ],
  )
  const right = table(
    [types.float64, types.int64],
    [
      [1, 10],
      [1, 20],
      [3, 30],
      [null, 40],
    ],
  )
  const residual = call('lt', field(right, 1), literal(15))
  const joined = (how: JoinKind, nullsEqual = false, withResidual = true): LogicalPlan =>
    join(left, right, {
      how,
      keys: how === 'cross' ? [] : [{ left: field(left, 0), right: field(right, 0), nullsEqual }],
      residual: withResidual ? residual : null,
    })

  test('of each kind gives the rows that match on key and residual, and those that do not', async () => {
    const pairs = [
      [1, 'a', 1, 10],
      [1, 'd', 1, 10],
    ]
    const leftAlone = [
      [2, 'b', null, null],
      [null, 'c', null, null],
    ]
    const rightAlone = [
      [null, null, 1, 20],
      [null, null, 3, 30],
      [null, null, null, 40],
    ]
    await expectRows(joined('inner'), pairs)
    await expectRows(joined('left'), [...pairs, ...leftAlone])
    await expectRows(joined('right'), [...pairs, ...rightAlone])
    await expectRows(joined('full'), [...pairs, ...leftAlone, ...rightAlone])
    await expectRows(joined('semi'), [
      [1, 'a'],
      [1, 'd'],
    ])
    await expectRows(joined('anti'), [
      [2, 'b'],
      [null, 'c'],
    ])
    expect(runByEngine(joined('cross', false, false), nothing, 'auto')).toHaveLength(16)
  })

  test('takes nulls for equal where it is told to', async () => {
    await expectRows(joined('inner', true, false), [
      [1, 'a', 1, 10],
      [1, 'a', 1, 20],
      [null, 'c', null, 40],
      [1, 'd', 1, 10],
      [1, 'd', 1, 20],
    ])
  })

  test('with an empty side gives what its kind says', async () => {
    const empty = table([types.float64, types.int64], [])
    const by = (how: JoinKind) =>
      join(left, empty, { how, keys: [{ left: field(left, 0), right: field(empty, 0) }] })
    for (const [how, count] of [
      ['inner', 0],
      ['left', 4],
      ['right', 0],
      ['full', 4],
      ['semi', 0],
      ['anti', 4],
      ['cross', 0],
    ] as const)
      expect(runByEngine(by(how), nothing, 'auto'), how).toHaveLength(count)
  })

  test('with many matches of one key gives them all', () => {
    const rows = Array.from({ length: 600 }, () => [1])
    const [a, b] = [table([types.int32], rows), table([types.int32], rows)]
    const plan = join(a, b, { how: 'inner', keys: [{ left: field(a, 0), right: field(b, 0) }] })
    expect(runByEngine(plan, nothing, 'auto')).toHaveLength(360_000)
  })
})

describe('a sort', () => {
  const rows = table(
    [types.float64, types.utf8],
    [
      [1, 'a'],
      [null, 'b'],
      [Number.NaN, 'c'],
      [-1, 'd'],
      [1, 'e'],
    ],
  )

  test('stands nulls first or last whatever the direction, and keeps the order of equal rows', async () => {
    const letters = async (descending: boolean, nullsFirst: boolean, expected: string) => {
      const sorted = sort(rows, [sortKey(field(rows, 0), { descending, nullsFirst })])
      await expectRows(
        project(sorted, [named('letter', field(rows, 1))]),
        [...expected].map((letter) => [letter]),
      )
    }
    await letters(false, false, 'cdaeb')
    await letters(false, true, 'bcdae')
    await letters(true, false, 'aedcb')
    await letters(true, true, 'baedc')
  })

  test('stands NaN before or after every other number, in all of the rows and in the first of them', async () => {
    const letters = async (descending: boolean, nansLast: boolean, expected: string) => {
      const sorted = sort(rows, [sortKey(field(rows, 0), { descending, nansLast })])
      for (const wanted of [sorted, limit(sorted, literal(3, types.int64))])
        await expectRows(
          project(wanted, [named('letter', field(rows, 1))]),
          [...expected].slice(0, wanted === sorted ? 5 : 3).map((letter) => [letter]),
        )
    }
    await letters(false, false, 'cdaeb')
    await letters(false, true, 'daecb')
    await letters(true, false, 'aedcb')
    await letters(true, true, 'caedb')
  })

  test('of which few rows are wanted gives the same as the whole', () => {
    const numbers = Array.from({ length: 200_000 }, (_, at) => (at * 7_919) % 200_003)
    const plan = table(
      [types.int32, types.int32],
      numbers.map((number, at) => [number % 1000, at]),
    )
    const sorted = sort(plan, [sortKey(field(plan, 0), { descending: true })])
    const whole = runByEngine(sorted, nothing, 'auto')
    expect(runByEngine(limit(sorted, 5, 3), nothing, 'auto')).toEqual(whole.slice(3, 8))
    expect(runByEngine(limit(sorted, 0), nothing, 'auto')).toEqual([])
  })
})

describe('a limit', () => {
  const definition = definitionOf(
    'numbers',
    columnKinds.filter((kind) => kind.name === 'integer'),
  )
  const batches = Array.from({ length: 10 }, (_, at) =>
    makeBatch([columnFromValues(types.int32, [at, at])], 2),
  )
  const numbers = () => scan('numbers', [{ ...planField('integer', types.int32), field: 'integer' }])

  test('stops reading where it has enough', () => {
    let read = 0
    const source = memorySnapshot([{ definition, batches }]).source('numbers')
    const counting: Snapshot = {
      ...nothing,
      source: () => ({
        ...source,
        *scan(request) {
          for (const batch of source.scan(request)) {
            read += 1
            yield batch
          }
        },
      }),
    }
    expect(runByEngine(limit(numbers(), 3, 1), counting, 'auto')).toEqual([[0], [1], [1]])
    expect(read).toBe(2)
  })

  test('takes its counts from parameters, and refuses what is no count', () => {
    const snapshot = memorySnapshot([{ definition, batches }])
    const open = limit(numbers(), parameter('count'), parameter('offset'))
    const given = (count: Value, offset: Value) =>
      runByEngine(
        open,
        snapshot,
        'auto',
        new Map([
          ['count', count],
          ['offset', offset],
        ]),
      )
    expect(given(2, 3n)).toEqual([[1], [2]])
    expect(() => given(-1, 0)).toThrow(failing('ARGUMENT'))
    expect(() => given(1, 0.5)).toThrow(failing('ARGUMENT'))
    expect(() => runByEngine(open, snapshot, 'auto')).toThrow(failing('ARGUMENT'))
  })
})

describe('sets of rows', () => {
  test('give each row once, nulls being equal', async () => {
    const rows = table(
      [types.float64, types.utf8],
      [
        [1, null],
        [null, 'a'],
        [1, null],
        [null, 'a'],
        [-0, ''],
        [0, ''],
      ],
    )
    await expectRows(distinct(rows), [
      [1, null],
      [null, 'a'],
      [-0, ''],
    ])
    await expectRows(distinct(project(rows, [])), [[]])
  })

  // Cause: a union converted rows that a filter had dropped, and failed on them. Fix: it converts what is selected.
  test('convert only the rows that are there', async () => {
    const wide = table([types.uint64], [[2n ** 64n - 1n], [5]])
    const signed = table([types.int64], [[-1]])
    const small = filter(wide, call('lt', field(wide, 0), literal(10)))
    await expectRows(union([small, signed]), [[5], [-1]])
  })

  test('of dates and times keep the values what they are', async () => {
    const days = table([types.date], [[1]])
    const moments = table([types.timestamp], [[1_000]])
    await expectRows(union([days, moments]), [[new Date(86_400_000)], [new Date(1)]])
  })
})

describe('an unnesting', () => {
  test('gives a row an element, and keeps rows without elements where it is outer', async () => {
    const rows = table([types.variant], [[[1, null]], [[]], [null]])
    const options = { name: 'item', ordinality: 'at' }
    await expectRows(unnest(rows, field(rows, 0), options), [
      [[1, null], 1, 0],
      [[1, null], null, 1],
    ])
    expect(
      runByEngine(unnest(rows, field(rows, 0), { ...options, outer: true }), nothing, 'auto'),
    ).toHaveLength(4)
    const wrong = table([types.variant], [['text']])
    expect(() => runByEngine(unnest(wrong, field(wrong, 0), options), nothing, 'auto')).toThrow(
      failing('TYPE'),
    )
  })
})

describe('a recursion', () => {
  test('of a set ends where it finds nothing new, though its steps go in a circle', async () => {
    const base = table([types.int64], [[0]])
    const last = recursiveInput('loop', base)
    const step = project(last, [
      named('next', call('modulo', call('add', field(last, 0), literal(1)), literal(5))),
    ])
    await expectRows(recursive('loop', base, step, { distinct: true }), [[0], [1], [2], [3], [4]])
  })

  test('of a bag keeps equal rows', async () => {
    const base = table([types.int64], [[0], [0]])
    const last = recursiveInput('loop', base)
    const step = project(filter(last, call('lt', field(last, 0), literal(1))), [
      named('next', call('add', field(last, 0), literal(1))),
    ])
    await expectRows(recursive('loop', base, step, { distinct: false }), [[0], [0], [1], [1]])
  })
})

describe('the nearest rows', () => {
  const kind = columnKinds.find((candidate) => candidate.name === 'vector')
  const vectors = table(
    [kind?.type as DataType, types.int32],
    [
      [[1, 0], 1],
      [null, 2],
      [[0, 2], 3],
      [[3, 4], 4],
    ],
  )
  const near = (metric: Metric, k: number, query: readonly number[]) =>
    nearest(vectors, {
      vector: field(vectors, 0) as never,
      query: literal(query, types.variant),
      k: literal(k),
      metric,
    })

  test('come nearest first, without those that have no vector', () => {
    const ids = (metric: Metric, k = 10) =>
      runByEngine(near(metric, k, [1, 0]), nothing, 'auto').map((row) => row[1])
    expect(ids('l2')).toEqual([1, 3, 4])
    expect(ids('cosine')).toEqual([1, 4, 3])
    expect(ids('dot')).toEqual([4, 1, 3])
    expect(ids('l2', 1)).toEqual([1])
  })

  test('refuse a query of another length', async () => {
    const plan = near('l2', 1, [1, 2, 3])
    expect(() => runByEngine(plan, nothing, 'auto')).toThrow(failing('ARGUMENT'))
    await expect(runByInterpreter(plan, nothing)).rejects.toThrow(failing('ARGUMENT'))
  })
})

describe('engines and operators', () => {
  const output = [planField('n', types.int64)]
  const context = makeContext(nothing, new Map(), { memoryLimitBytes: 1000, now: () => 0 })
  const runtime = { context, engines: new Map(), operators: new Map(), mode: 'auto' } as const

  test('that are not there are named', async () => {
    const plans = [
      foreign({ engine: 'abacus', text: 'add', inputs: [], parameters: [], output }),
      extension({ operator: 'abacus', inputs: [], output }),
    ]
    for (const plan of plans) {
      expect(() => startPlan(plan, runtime)).toThrow(/abacus/)
      await expect(runByInterpreter(plan, nothing)).rejects.toThrow(failing('MISSING_DEPENDENCY'))
    }
  })

  test('are told to stop where no more of their rows are wanted', async () => {
    let stopped = false
    const engine = {
      name: 'endless',
      async *execute() {
        try {
          for (;;) yield makeBatch([columnFromValues(types.int64, [1])], 1)
        } finally {
          stopped = true
        }
      },
    }
    const plan = limit(foreign({ engine: 'endless', text: '', inputs: [], parameters: [], output }), 2)
    const steps = startPlan(plan, { ...runtime, engines: new Map([['endless', engine]]) })
    let rows = 0
    for (const step of steps) {
      if (isBatch(step)) rows += step.length
      else await step
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(rows).toBe(2)
    expect(stopped).toBe(true)
  })
})

test('a row of no columns is a row', async () => {
  await expectRows(project(singleRow(), [named('one', literal(1))]), [[1]])
})
