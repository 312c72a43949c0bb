import { expect, test } from 'vitest'
import { call, column, literal } from '../../src/expression/build.ts'
import { planField, sortKey, values } from '../../src/plan/build.ts'
import type { PlanField, WindowFrame } from '../../src/plan/logical-plan.ts'
import {
  frameRows,
  rangeBound,
  WHOLE_PARTITION,
  window,
  windowExpression,
  windowFrame,
} from '../../src/plan/window.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { types } from '../../src/types/data-type.ts'
import { differenceOf } from '../oracle/compare-rows.ts'
import { memorySnapshot } from '../oracle/memory-snapshot.ts'
import { runByEngine, runByInterpreter } from '../oracle/run-plan.ts'

const COUNT = 120
const at = Array.from({ length: COUNT }, (_, row) => row)
const FIELDS = [
  planField('group', types.utf8),
  planField('id', types.int32),
  planField('number', types.int64),
  planField('real', types.float64),
  planField('day', types.date),
]
const VALUES = [
  at.map((row) => (row % 9 === 0 ? null : `g${row % 3}`)),
  at.map((row) => (row * 37) % COUNT),
  at.map((row) => (row % 7 === 0 ? null : ((row * 13) % 50) - 25)),
  at.map((row) =>
    row % 11 === 0 ? Number.NaN : row % 13 === 0 ? Number.POSITIVE_INFINITY : row % 5 === 0 ? null : row / 4,
  ),
  at.map((row) => 19_000 + ((row * 7) % 40)),
]
const INPUT = values(
  FIELDS,
  FIELDS.map((field, index) => columnFromValues(field.type, VALUES[index] as unknown[])),
  COUNT,
)
const [GROUP, ID, NUMBER, REAL, DAY] = FIELDS.map((field) => column(field as PlanField)) as [
  ReturnType<typeof column>,
  ReturnType<typeof column>,
  ReturnType<typeof column>,
  ReturnType<typeof column>,
  ReturnType<typeof column>,
]
const ORDER = [sortKey(ID, { descending: true })]

const FRAMES: Readonly<Record<string, WindowFrame>> = {
  'the whole partition': WHOLE_PARTITION,
  'rows up to this one': windowFrame('rows', { kind: 'unbounded-preceding' }, { kind: 'current-row' }),
  'some rows around': windowFrame('rows', frameRows('preceding', 5), frameRows('following', 2)),
  'rows before, without this one': windowFrame(
    'rows',
    frameRows('preceding', 6),
    frameRows('following', 3),
    'current-row',
  ),
  'rows ahead': windowFrame('rows', frameRows('following', 3), frameRows('following', 8)),
  'a range of values': windowFrame(
    'range',
    rangeBound('preceding', ORDER[0] as (typeof ORDER)[number], literal(10)),
    rangeBound('following', ORDER[0] as (typeof ORDER)[number], literal(4)),
    'ties',
  ),
  'groups of peers': windowFrame('groups', frameRows('preceding', 2), { kind: 'current-row' }, 'group'),
}

for (const [name, frame] of Object.entries(FRAMES)) {
  test(`aggregates and values over a frame are those of the interpreter: ${name}`, async () => {
    const filtered = { frame, filter: call('gt', ID, literal(30)) }
    const plan = window(INPUT, {
      partition: [GROUP],
      order: ORDER,
      functions: [
        windowExpression('rows', 'count', [], { frame }),
        windowExpression('numbers', 'count', [NUMBER], filtered),
        windowExpression('sum', 'sum', [NUMBER], { frame }),
        windowExpression('mean', 'avg', [NUMBER], filtered),
        windowExpression('least', 'min', [NUMBER], { frame }),
        windowExpression('most', 'max', [NUMBER], filtered),
        windowExpression('real sum', 'sum', [REAL], { frame }),
        windowExpression('real least', 'min', [REAL], { frame }),
        windowExpression('real most', 'max', [REAL], filtered),
        windowExpression('last day', 'max', [DAY], { frame }),
        windowExpression('all', 'list', [NUMBER], { frame, order: [sortKey(REAL)] }),
        windowExpression('distinct', 'count', [DAY], { frame, distinct: true }),
        windowExpression('first', 'first_value', [NUMBER], { frame, ignoreNulls: true }),
        windowExpression('last', 'last_value', [REAL], { frame }),
        windowExpression('third', 'nth_value', [NUMBER, literal(3)], { frame }),
        windowExpression('before', 'lag', [NUMBER, literal(2), literal(0)], { ignoreNulls: true }),
        windowExpression('rank', 'percent_rank', []),
        windowExpression('tile', 'ntile', [literal(7)]),
      ],
    })
    const expected = await runByInterpreter(plan, memorySnapshot([]))
    for (const mode of ['interpreted', 'compiled'] as const)
      expect(differenceOf(expected, runByEngine(plan, memorySnapshot([]), mode))).toBe(null)
  })
}

test('a frame at a negative or missing offset is refused', () => {
  const offset = call(
    'case',
    call('gt', ID, literal(3)),
    literal(-1, types.int64),
    literal(null, types.int64),
  )
  const frame = windowFrame('rows', frameRows('preceding', offset), { kind: 'current-row' })
  const plan = window(INPUT, {
    order: ORDER,
    functions: [windowExpression('sum', 'sum', [NUMBER], { frame })],
  })
  expect(() => runByEngine(plan, memorySnapshot([]), 'auto')).toThrow(
    expect.objectContaining({ code: 'ARGUMENT' }),
  )
})

test('sums over wide frames of many rows do not step through each frame', () => {
  let reads = 0
  const count = 20_000
  const many = values(
    [planField('number', types.int32)],
    [
      columnFromValues(
        types.int32,
        Array.from({ length: count }, (_, row) => row % 100),
      ),
    ],
    count,
  )
  const number = column(many.output[0] as PlanField)
  const frame = windowFrame('rows', frameRows('preceding', 5000), frameRows('following', 5000))
  const plan = window(many, { functions: [windowExpression('sum', 'sum', [number], { frame })] })
  for (const [, sum] of runByEngine(plan, memorySnapshot([]), 'auto')) {
    reads += 1
    if (reads === 10_001) expect(sum).toBe(495_000)
  }
  expect(reads).toBe(count)
})
