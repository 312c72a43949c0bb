import { column } from '../../src/expression/build.ts'
import { limit, sort, sortKey } from '../../src/plan/build.ts'
import type { LogicalPlan } from '../../src/plan/logical-plan.ts'

/** Sorts by every column, so that the order is total but for rows that are equal. */
export function totalSort(input: LogicalPlan): LogicalPlan {
  return sort(
    input,
    input.output.map((field) => sortKey(column(field))),
  )
}

/** Keeps joins of joins small: the first rows in an order that is total. */
export function capped(plan: LogicalPlan): LogicalPlan {
  return limit(totalSort(plan), 40)
}
