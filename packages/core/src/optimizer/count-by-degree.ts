import { call, column, columnsOf, literal } from '../expression/build.ts'
import type { ColumnId } from '../expression/expression.ts'
import { aggregate, aggregateExpression, degree, filter, planField, project } from '../plan/build.ts'
import type { AggregatePlan, ExpandPlan, LogicalPlan } from '../plan/logical-plan.ts'
import { mapPlan, planExpressions } from '../plan/traverse.ts'
import { types } from '../types/data-type.ts'
import type { Rule } from './rule.ts'

/** Turns `count(*)` over a last hop into a sum of degrees, where nothing else of the hop is looked at. */
export const countByDegree: Rule = {
  name: 'count-by-degree',
  apply: (plan) => mapPlan(plan, (node) => (node.kind === 'aggregate' ? (countNode(node) ?? node) : node)),
}

function countNode(plan: AggregatePlan): LogicalPlan | null {
  const hop = lastHop(plan.input)
  if (hop === null || hop.closes !== null || plan.aggregates.length === 0) return null
  const made = new Set<ColumnId>([hop.target.id, ...(hop.edge === null ? [] : [hop.edge.id])])
  if (planExpressions(plan).some((expression) => [...columnsOf(expression)].some((id) => made.has(id))))
    return null
  const onlyCounts = plan.aggregates.every(
    (item) => item.function === 'count' && item.args.length === 0 && !item.distinct && item.filter === null,
  )
  if (!onlyCounts) return null
  const count = planField('degree', types.int64, false)
  const counted = degree(hop.input, {
    from: hop.from,
    adjacency: hop.adjacency,
    direction: hop.direction,
    count,
    exclude: hop.exclude,
  })
  const positive = plan.groups.length === 0 ? counted : filter(counted, call('gt', column(count), literal(0)))
  const sums = plan.aggregates.map((item) => aggregateExpression(item.name, 'sum', [column(count)]))
  const summed = aggregate(positive, plan.groups, sums)
  return project(
    summed,
    plan.output.map((field, index) => {
      const made = column(summed.output[index] as (typeof summed.output)[number])
      return {
        id: field.id,
        name: field.name,
        expression: index < plan.groups.length ? made : call('coalesce', made, literal(0)),
      }
    }),
  )
}

/** Finds the hop right under an aggregation; projections that only pass columns on are looked through. */
function lastHop(plan: LogicalPlan): ExpandPlan | null {
  if (plan.kind === 'expand') return plan
  if (
    plan.kind === 'project' &&
    plan.expressions.every((item) => item.expression.kind === 'column' && item.expression.id === item.id)
  )
    return lastHop(plan.input)
  return null
}
