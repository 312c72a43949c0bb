import { List } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import type { SpillFile, SpillSpace } from '../../src/catalog/spill.ts'
import { makeContext } from '../../src/execution/driver.ts'
import { isBatch } from '../../src/execution/operators/steps.ts'
import { startPlan } from '../../src/execution/planner.ts'
import { call, column, literal } from '../../src/expression/build.ts'
import {
  aggregate,
  aggregateExpression,
  distinct,
  join,
  named,
  planField,
  project,
  sort,
  sortKey,
  values,
} from '../../src/plan/build.ts'
import type { LogicalPlan } from '../../src/plan/logical-plan.ts'
import { union } from '../../src/plan/set-operations.ts'
import { withFreshIds } from '../../src/plan/traverse.ts'
import { window, windowExpression } from '../../src/plan/window.ts'
import { columnReader } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { makeField, types } from '../../src/types/data-type.ts'
import { compareValues, type Value } from '../../src/types/value.ts'
import { memorySnapshot } from '../oracle/memory-snapshot.ts'
import { runByEngine } from '../oracle/run-plan.ts'

const KIB = 1024

/** Keeps what is put aside in memory, and counts it. */
class CountedSpace implements SpillSpace {
  written = 0
  files = 0
  open = 0

  createFile(): SpillFile {
    const frames: Uint8Array[] = []
    this.files += 1
    this.open += 1
    let isOpen = true
    const append = (bytes: Uint8Array): void => {
      this.written += bytes.length
      frames.push(bytes)
    }
    const close = (): void => {
      if (isOpen) this.open -= 1
      isOpen = false
    }
    return {
      get count() {
        return frames.length
      },
      append,
      read: (index) => frames[index] as Uint8Array,
      remove: close,
    }
  }
}

type Measured = { readonly rows: Value[][]; readonly peak: number; readonly space: CountedSpace }

/** Runs a plan under a limit, and tells the most memory that it accounted for at once. */
function runLimited(plan: LogicalPlan, limitBytes: number): Measured {
  const space = new CountedSpace()
  const context = makeContext(memorySnapshot([]), new Map(), {
    memoryLimitBytes: limitBytes,
    now: () => 0,
    spill: space,
  })
  let held = 0
  let peak = 0
  const counted = {
    ...context,
    reserve(bytes: number) {
      context.reserve(bytes)
      held += bytes
      peak = Math.max(peak, held)
    },
    tryReserve(bytes: number) {
      if (!context.tryReserve(bytes)) return false
      held += bytes
      peak = Math.max(peak, held)
      return true
    },
    release(bytes: number) {
      context.release(bytes)
      held -= bytes
    },
  }
  const rows: Value[][] = []
  const runtime = { context: counted, engines: new Map(), operators: new Map(), mode: 'auto' as const }
  for (const step of startPlan(plan, runtime)) {
    if (!isBatch(step)) continue
    const readers = step.columns.map(columnReader)
    const count = step.selection === null ? step.length : step.selection.length
    for (let at = 0; at < count; at += 1)
      rows.push(
        readers.map((read) => read(step.selection === null ? at : (step.selection[at] as number)) ?? null),
      )
  }
  expect(held).toBe(0)
  return { rows, peak, space }
}

const LISTS = new List(makeField('item', types.int64))

/** Rows of several parts, of every layout, with nulls and keys that repeat. */
function rowsOf(count: number): LogicalPlan {
  const part = (start: number): LogicalPlan => {
    const at = Array.from({ length: Math.min(4000, count - start) }, (_, index) => start + index)
    const fields = [
      planField('id', types.int64),
      planField('key', types.utf8),
      planField('few', types.int32),
      planField('real', types.float64),
      planField('any', types.variant),
      planField('list', LISTS),
    ]
    const columns = [
      at.map((row) => (row * 7919) % count),
      at.map((row) => (row % 11 === 0 ? null : `key ${(row * 31) % (count / 2)}`)),
      at.map((row) => row % 7),
      at.map((row) => (row % 13 === 0 ? null : ((row * 17) % 1000) / 4)),
      at.map((row) =>
        row % 3 === 0 ? { row, name: `n${row % 5}` } : row % 3 === 1 ? `text ${row % 9}` : null,
      ),
      at.map((row) => (row % 5 === 0 ? null : [row % 3, row % 4])),
    ]
    return values(
      fields,
      fields.map((field, index) => columnFromValues(field.type, columns[index] as Value[])),
      at.length,
    )
  }
  return union(Array.from({ length: Math.ceil(count / 4000) }, (_, index) => part(index * 4000)))
}

const fieldAt = (plan: LogicalPlan, place: number) =>
  column(plan.output[place] as LogicalPlan['output'][number])
const inOrder = (rows: readonly (readonly Value[])[]): (readonly Value[])[] => [...rows].sort(compareValues)

const COUNT = 40_000
const LIMIT = 2048 * KIB

const PLANS: Readonly<Record<string, () => LogicalPlan>> = {
  'an aggregation of many groups': () => {
    const input = rowsOf(COUNT)
    return aggregate(
      input,
      [named('id', fieldAt(input, 0)), named('any', fieldAt(input, 4))],
      [
        aggregateExpression('rows', 'count', []),
        aggregateExpression('sum', 'sum', [fieldAt(input, 2)]),
        aggregateExpression('real', 'max', [fieldAt(input, 3)], {
          filter: call('gt', fieldAt(input, 2), literal(2)),
        }),
      ],
    )
  },
  'an aggregation by text, in grouping sets': () => {
    const input = rowsOf(COUNT)
    return aggregate(
      input,
      [named('key', fieldAt(input, 1)), named('few', fieldAt(input, 2))],
      [aggregateExpression('few', 'count', [fieldAt(input, 2)], { distinct: true })],
      { indexes: [[0], [1], [0, 1], []], set: planField('set', types.int64, false) },
    )
  },
  'distinct rows': () => {
    const input = rowsOf(COUNT)
    return distinct(
      project(input, [
        named('id', fieldAt(input, 0)),
        named('key', fieldAt(input, 1)),
        named('any', fieldAt(input, 4)),
      ]),
    )
  },
  'an inner join': () => joined('inner'),
  'a full join': () => joined('full'),
  'an anti join': () => joined('anti'),
  'a window': () => {
    const input = rowsOf(COUNT)
    return window(input, {
      partition: [fieldAt(input, 1)],
      order: [sortKey(fieldAt(input, 0))],
      functions: [
        windowExpression('number', 'row_number', []),
        windowExpression('sum', 'sum', [fieldAt(input, 2)]),
      ],
    })
  },
  'a sort': () => {
    const input = rowsOf(COUNT)
    return sort(input, [
      sortKey(fieldAt(input, 1), { descending: true, nullsFirst: true }),
      sortKey(fieldAt(input, 0)),
    ])
  },
  'a sort over a join over an aggregation': () => {
    const input = rowsOf(COUNT)
    const grouped = aggregate(
      input,
      [named('key', fieldAt(input, 1))],
      [aggregateExpression('rows', 'count', [])],
    )
    const other = rowsOf(COUNT)
    const both = join(other, grouped, {
      how: 'left',
      keys: [{ left: fieldAt(other, 1), right: fieldAt(grouped, 0) }],
    })
    return sort(both, [sortKey(fieldAt(both, 7)), sortKey(fieldAt(both, 0))])
  },
}

function joined(how: 'inner' | 'full' | 'anti'): LogicalPlan {
  const left = rowsOf(COUNT)
  const right = withFreshIds(rowsOf(COUNT))
  return join(left, right, {
    how,
    keys: [
      { left: fieldAt(left, 1), right: fieldAt(right, 1) },
      { left: fieldAt(left, 3), right: fieldAt(right, 3), nullsEqual: true },
    ],
    residual: call('ne', fieldAt(left, 0), fieldAt(right, 0)),
  })
}

describe('a query over more than its memory', () => {
  for (const [name, make] of Object.entries(PLANS)) {
    test(`puts rows aside and gives the same: ${name}`, () => {
      const plan = make()
      const whole = runByEngine(plan, memorySnapshot([]), 'auto')
      const { rows, peak, space } = runLimited(plan, LIMIT)
      const isSorted = plan.kind === 'sort'
      expect(isSorted ? rows : inOrder(rows)).toEqual(isSorted ? whole : inOrder(whole))
      expect(space.written).toBeGreaterThan(LIMIT / 8)
      expect(peak).toBeLessThanOrEqual(LIMIT)
      expect(space.open).toBe(0)
    })
  }

  test('that is stopped early removes what it put aside', () => {
    const space = new CountedSpace()
    const context = makeContext(memorySnapshot([]), new Map(), {
      memoryLimitBytes: LIMIT,
      now: () => 0,
      spill: space,
    })
    const steps = startPlan((PLANS['a sort'] as () => LogicalPlan)(), {
      context,
      engines: new Map(),
      operators: new Map(),
      mode: 'auto',
    })
    for (const step of steps) if (isBatch(step)) break
    expect(space.files).toBeGreaterThan(1)
    expect(space.open).toBe(0)
  })

  test('fails where nothing can be put aside', () => {
    const plan = (PLANS['a sort'] as () => LogicalPlan)()
    const context = makeContext(memorySnapshot([]), new Map(), { memoryLimitBytes: LIMIT, now: () => 0 })
    const runtime = { context, engines: new Map(), operators: new Map(), mode: 'auto' as const }
    expect(() => [...startPlan(plan, runtime)]).toThrow(expect.objectContaining({ code: 'MEMORY_LIMIT' }))
  })
})
