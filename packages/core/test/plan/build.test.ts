import { describe, expect, test } from 'vitest'
import { call, conjunction, conjuncts, literal, parameter } from '../../src/expression/build.ts'
import {
  aggregate,
  aggregateExpression,
  columnNamed,
  distinct,
  extend,
  filter,
  join,
  keepColumns,
  limit,
  named,
  planField,
  project,
  scanFields,
  singleRow,
  sort,
  sortKey,
  unnest,
  values,
} from '../../src/plan/build.ts'
import { explainPlan } from '../../src/plan/explain.ts'
import { bindParameters } from '../../src/plan/parameters.ts'
import { union } from '../../src/plan/set-operations.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { typeName, types } from '../../src/types/data-type.ts'
import type { ErrorCode } from '../../src/types/errors.ts'

const failing = (code: ErrorCode) => expect.objectContaining({ code })
const people = () =>
  scanFields('people', [
    { name: 'id', type: types.int64, nullable: false },
    { name: 'name', type: types.utf8, nullable: true },
    { name: 'tags', type: types.variant, nullable: true },
  ])
const of = (plan: ReturnType<typeof people>, name: string) => columnNamed(plan, name)

describe('a plan', () => {
  test('is frozen data', () => {
    const plan = people()
    expect(Object.isFrozen(plan)).toBe(true)
    expect(Object.isFrozen(plan.output[0])).toBe(true)
  })

  test('gives a column that is passed on its own id, and one that is computed a new id', () => {
    const plan = people()
    const projected = project(plan, [
      named('id', of(plan, 'id')),
      named('next', call('add', of(plan, 'id'), literal(1))),
      named('again', of(plan, 'id')),
    ])
    expect(projected.output[0]?.id).toBe(plan.output[0]?.id)
    expect(new Set(projected.output.map(({ id }) => id)).size).toBe(3)
    expect(projected.output.map(({ type }) => typeName(type))).toEqual(['int64', 'int64', 'int64'])
    expect(projected.output.map(({ nullable }) => nullable)).toEqual([false, false, false])
  })

  test('refuses expressions over columns that are not there', () => {
    const other = people()
    expect(() => filter(people(), call('is_null', of(other, 'name')))).toThrow(failing('INTERNAL'))
    expect(() => columnNamed(people(), 'none')).toThrow(/id, name, tags.*none/)
  })

  test('refuses conditions that are no truth values', () => {
    const plan = people()
    expect(() => filter(plan, of(plan, 'id'))).toThrow(failing('TYPE'))
    expect(filter(plan, literal(true))).toBe(plan)
    expect(filter(plan, of(plan, 'tags')).kind).toBe('filter')
  })

  test('of a join makes the columns of outer sides nullable, and refuses inputs that share ids', () => {
    const [left, right] = [people(), people()]
    const nullable = (how: 'inner' | 'left' | 'right' | 'full') =>
      join(left, right, { how }).output.map((field) => field.nullable)
    expect(nullable('inner')).toEqual([false, true, true, false, true, true])
    expect(nullable('left')).toEqual([false, true, true, true, true, true])
    expect(nullable('right')).toEqual([true, true, true, false, true, true])
    expect(nullable('full')).toEqual([true, true, true, true, true, true])
    expect(join(left, right, { how: 'semi' }).output).toEqual(left.output)
    expect(() => join(left, left, { how: 'inner' })).toThrow(failing('INTERNAL'))
  })

  test('of a union widens types, and refuses unlike counts of columns', () => {
    const one = (type: typeof types.int32 | typeof types.float64 | typeof types.utf8) =>
      values([planField('a', type)], [columnFromValues(type, [])], 0)
    expect(typeName(union([one(types.int32), one(types.float64)]).output[0]?.type as never)).toBe('float64')
    expect(typeName(union([one(types.int32), one(types.utf8)]).output[0]?.type as never)).toBe('variant')
    expect(() => union([one(types.int32), people()])).toThrow(failing('TYPE'))
  })

  test('refuses limits that are no counts', () => {
    expect(() => limit(people(), -1)).toThrow(failing('ARGUMENT'))
    expect(() => limit(people(), 1, 0.5)).toThrow(failing('ARGUMENT'))
  })

  test('keeps and adds columns', () => {
    const plan = people()
    const [id, name] = plan.output
    expect(
      keepColumns(plan, [name?.id as number, id?.id as number]).output.map((field) => field.name),
    ).toEqual(['name', 'id'])
    expect(extend(plan, [named('one', literal(1))]).output.map((field) => field.name)).toEqual([
      'id',
      'name',
      'tags',
      'one',
    ])
  })

  test('names an aggregate that is not there, or that does not take the type', () => {
    const plan = people()
    expect(() => aggregateExpression('x', 'nonsense', [])).toThrow(failing('NOT_FOUND'))
    expect(() => aggregateExpression('x', 'sum', [of(plan, 'name')])).toThrow(failing('TYPE'))
    expect(() => aggregateExpression('x', 'sum', [])).toThrow(failing('TYPE'))
  })

  test('with a parameter that has no value says which', () => {
    const plan = people()
    const open = filter(plan, call('eq', of(plan, 'id'), parameter('who', types.int64)))
    expect(() => bindParameters(open, new Map())).toThrow(/\$who/)
    expect(explainPlan(bindParameters(open, new Map([['who', 7]])))).toContain('(id = 7)')
  })
})

describe('predicates', () => {
  test('are joined by and, and taken apart again', () => {
    const parts = [literal(true), call('is_null', literal(null)), literal(false)]
    expect(conjuncts(conjunction(parts))).toEqual(parts.slice(1))
    expect(conjunction([])).toEqual(literal(true))
  })
})

describe('explain', () => {
  test('shows each kind of node with what matters of it', () => {
    const plan = people()
    const other = people()
    const joined = join(filter(plan, call('gt', of(plan, 'id'), literal(1))), other, {
      how: 'left',
      keys: [{ left: of(plan, 'id'), right: of(other, 'id') }],
      residual: call('like', of(other, 'name'), literal("it's %")),
    })
    const grouped = aggregate(
      unnest(joined, of(plan, 'tags'), { name: 'tag', ordinality: 'at', outer: true }),
      [named('name', of(plan, 'name'))],
      [
        aggregateExpression('rows', 'count', []),
        aggregateExpression('least', 'min', [of(plan, 'id')], {
          distinct: true,
          filter: call('is_null', of(plan, 'name')),
        }),
      ],
    )
    const sorted = limit(
      sort(distinct(grouped), [sortKey(of(grouped, 'rows'), { descending: true, nullsFirst: true })]),
      3,
      1,
    )
    expect(
      explainPlan(sorted)
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      'limit 3 offset 1',
      '  sort by rows desc nulls first',
      '    distinct',
      '      aggregate by [name] [count(*) as rows, min(distinct id) filter is_null(name) as least]',
      '        unnest tags as tag, at outer',
      "          join left on id = id#2 AND like(name#2, 'it's %')",
      '            filter (id > 1)',
      '              scan people [id, name, tags]',
      '            scan people [id as id#2, name as name#2, tags as tags#2]',
    ])
    expect(explainPlan(singleRow())).toBe('values [] 1 rows')
  })
})
