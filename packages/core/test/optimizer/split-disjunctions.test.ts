import { expect, test } from 'vitest'
import { call, column, literal } from '../../src/expression/build.ts'
import { pushFilters } from '../../src/optimizer/push-filters.ts'
import { splitDisjunctions } from '../../src/optimizer/split-disjunctions.ts'
import { optimizerContext } from '../../src/optimizer/statistics.ts'
import { filter, join, scanFields } from '../../src/plan/build.ts'
import { explainPlan } from '../../src/plan/explain.ts'
import { types } from '../../src/types/data-type.ts'
import { memorySnapshot } from '../oracle/memory-snapshot.ts'

const fields = ['id', 'size', 'weight'].map((name) => ({ name, type: types.int64, nullable: true }))

test('finds the key and the filters of both inputs of a join in the branches of a disjunction', () => {
  const left = scanFields('a', fields)
  const right = scanFields('b', fields)
  const of = (plan: typeof left, at: number) => column(plan.output[at] as (typeof left.output)[number])
  const branch = (size: number, weight: number) =>
    call(
      'and',
      call('and', call('eq', of(left, 0), of(right, 0)), call('eq', of(left, 1), literal(size))),
      call('gt', of(right, 2), literal(weight)),
    )
  const plan = filter(join(left, right, { how: 'cross' }), call('or', branch(1, 10), branch(2, 20)))
  const context = optimizerContext(memorySnapshot([]))
  expect(explainPlan(pushFilters.apply(splitDisjunctions.apply(plan, context), context)).split('\n')).toEqual(
    [
      'join inner on id = id#2 AND (((size = 1) AND (weight#2 > 10)) OR ((size = 2) AND (weight#2 > 20)))',
      '  scan a [id, size, weight] where ((size = 1) OR (size = 2))',
      '  scan b [id as id#2, size as size#2, weight as weight#2] where ((weight#2 > 10) OR (weight#2 > 20))',
    ],
  )
})
