import { aggregateNamed } from '../expression/aggregates.ts'
import { call, column, isDeterministic, literal } from '../expression/build.ts'
import type { ColumnExpression, Expression } from '../expression/expression.ts'
import { aggregate, aggregateExpression, distinct, keepColumns, project } from '../plan/build.ts'
import type {
  AggregateExpression,
  AggregatePlan,
  DistinctPlan,
  LogicalPlan,
  NamedExpression,
} from '../plan/logical-plan.ts'
import { columnsRead, mapPlan, withInputs } from '../plan/traverse.ts'
import { isUniqueColumn } from '../plan/unique-column.ts'
import { isFloat, typeName } from '../types/data-type.ts'
import type { Rule } from './rule.ts'
import { type Mode, walkWays } from './ways.ts'

/**
 * Counts paths instead of making them: under an aggregation or DISTINCT, a hop of which only the node reached is looked
 * at gives each node once with the count of ways there, and a hop of which nothing is looked at becomes the degree of
 * its node. What is aggregated is weighed by the counts; where it does not matter how often a row comes, they are left
 * out and only the set of nodes is kept.
 */
export const countWays: Rule = {
  name: 'count-ways',
  apply: (plan) =>
    mapPlan(plan, (node) =>
      node.kind === 'aggregate'
        ? (countAggregate(node) ?? node)
        : node.kind === 'distinct'
          ? (countDistinct(node) ?? node)
          : node,
    ),
}

function countDistinct(plan: DistinctPlan): LogicalPlan | null {
  const live = new Set(plan.output.map(({ id }) => id))
  const walked = walkWays(plan.input, live, 'set')
  if (walked === null) return null
  return distinct(
    keepColumns(
      walked.plan,
      plan.output.map(({ id }) => id),
    ),
  )
}

function countAggregate(plan: AggregatePlan): LogicalPlan | null {
  const mode: Mode = plan.aggregates.every(ignoresRepeats) ? 'set' : 'count'
  if (plan.sets !== null || (plan.aggregates.length === 0 && plan.groups.length === 0)) return null
  if (!plan.aggregates.every((item) => ignoresRepeats(item) || isWeighable(item))) return null
  const expressions = [
    ...plan.groups.map(({ expression }) => expression),
    ...plan.aggregates.flatMap(({ args, filter }) => (filter === null ? args : [...args, filter])),
  ]
  if (!expressions.every(isDeterministic)) return null
  const walked = walkWays(plan.input, columnsRead(plan), mode)
  if (walked === null) return null
  const { weight } = walked
  if (weight === null) {
    const aggregates = plan.aggregates.map((item) =>
      plan.groups.length === 0 && isOverUnique(item, walked.plan) ? { ...item, distinct: false } : item,
    )
    return Object.freeze({ ...plan, aggregates, input: walked.plan })
  }
  const weighed = plan.aggregates.map((item) =>
    ignoresRepeats(item) ? unweighed(item) : weigh(item, weight),
  )
  // Rows that stand for none add nothing to a count; a group, a sum or an extreme must not see them.
  const countsOnly =
    plan.groups.length === 0 &&
    plan.aggregates.every(({ function: name, distinct: isDistinct }) => name === 'count' && !isDistinct)
  const summed = aggregate(
    countsOnly ? withoutTest(walked.plan, weight) : walked.plan,
    plan.groups,
    weighed.flatMap(({ parts }) => parts),
  )
  return project(summed, [
    ...plan.groups.map((group) => own(group, group.expression.type, group.expression.nullable)),
    ...plan.aggregates.map((item, at) => ({
      id: item.id,
      name: item.name,
      expression: (weighed[at] as Weighed).result,
    })),
  ])
}

/** Leaves out the filter at the top that keeps rows which stand for at least one. */
function withoutTest(plan: LogicalPlan, weight: ColumnExpression): LogicalPlan {
  if (plan.kind === 'project' && plan.input.kind === 'filter')
    return withInputs(plan, [withoutTest(plan.input, weight)])
  if (plan.kind !== 'filter' || plan.predicate.kind !== 'call' || plan.predicate.function !== 'gt')
    return plan
  const [tested, bound] = plan.predicate.args
  const isTest =
    tested?.kind === 'column' && tested.id === weight.id && bound?.kind === 'literal' && bound.value === 0
  return isTest ? plan.input : plan
}

/** Tells whether a distinct aggregate is over a column in which no value comes twice anyway. */
function isOverUnique(
  { args, distinct: isDistinct, filter }: AggregateExpression,
  input: LogicalPlan,
): boolean {
  const [arg] = args
  return (
    isDistinct &&
    filter === null &&
    args.length === 1 &&
    arg?.kind === 'column' &&
    isUniqueColumn(input, arg.id)
  )
}

function own(
  { id, name }: { readonly id: number; readonly name: string },
  type: Expression['type'],
  nullable: boolean,
): NamedExpression {
  return { id, name, expression: column({ id, name, type, nullable }) }
}

const SET_AGGREGATES: ReadonlySet<string> = new Set(['min', 'max', 'bool_and', 'bool_or'])

/** Tells whether it does not matter to an aggregate how often a row comes. */
function ignoresRepeats({ function: name, distinct: isDistinct, order }: AggregateExpression): boolean {
  return (
    (isDistinct || SET_AGGREGATES.has(name) || aggregateNamed(name).ignoresRepeats === true) &&
    order.length === 0
  )
}

function isWeighable({ function: name, args, order }: AggregateExpression): boolean {
  if (order.length > 0) return false
  if (name === 'count') return args.length <= 1
  const [arg] = args
  return (name === 'sum' || name === 'avg') && arg !== undefined && isPlainNumber(arg)
}

function isPlainNumber({ type }: Expression): boolean {
  return typeName(type) === 'int64' || typeName(type) === 'float64'
}

/** Is what an aggregate becomes: what is computed by group, and its result from these. */
type Weighed = { readonly parts: readonly AggregateExpression[]; readonly result: Expression }

function unweighed(item: AggregateExpression): Weighed {
  return { parts: [item], result: column(item) }
}

function weigh(item: AggregateExpression, weight: ColumnExpression): Weighed {
  const [arg] = item.args
  const given = arg === undefined || !arg.nullable ? item.filter : both(item.filter, call('is_not_null', arg))
  if (item.function === 'count' || arg === undefined) {
    const ways = sum(item.name, weight, given)
    return { parts: [ways], result: call('coalesce', column(ways), literal(0)) }
  }
  if (item.function === 'sum') {
    const factor = isFloat(arg.type) ? call('cast.float64', weight) : weight
    const total = sum(item.name, call('multiply', arg, factor), item.filter)
    return { parts: [total], result: column(total) }
  }
  const total = sum(
    item.name,
    call('multiply', call('cast.float64', arg), call('cast.float64', weight)),
    item.filter,
  )
  const ways = sum(`${item.name} ways`, weight, given)
  return { parts: [total, ways], result: call('divide', column(total), call('cast.float64', column(ways))) }
}

function both(left: Expression | null, right: Expression): Expression {
  return left === null ? right : call('and', left, right)
}

function sum(name: string, value: Expression, filter: Expression | null): AggregateExpression {
  return { ...aggregateExpression(name, 'sum', [value]), filter }
}
