import { call, column, literal, mapExpression, outer } from '../../src/expression/build.ts'
import type { Expression } from '../../src/expression/expression.ts'
import { apply } from '../../src/plan/apply.ts'
import { filter, limit, named, project } from '../../src/plan/build.ts'
import type { LogicalPlan, PlanField } from '../../src/plan/logical-plan.ts'
import { mapNodeExpressions } from '../../src/plan/map-expressions.ts'
import { mapPlan } from '../../src/plan/traverse.ts'
import { isNumeric, typesEqual } from '../../src/types/data-type.ts'
import { drawTruth } from './random-expression.ts'
import { totalSort } from './random-order.ts'
import { type Draw, oneIn, pick, upTo } from './random-table.ts'

/** Draws an apply: a plan some of whose constants became columns of the left, under a filter that compares with them. */
export function drawApply(draw: Draw, left: LogicalPlan, plan: LogicalPlan): LogicalPlan {
  if (left.output.length === 0) return left
  const inner = correlated(draw, plan, left.output)
  const narrowed = oneIn(draw, 3) ? inner : filter(inner, drawCorrelation(draw, inner, left))
  const how = pick(draw, ['inner', 'left', 'semi', 'anti', 'single'] as const)
  const right = decorated(draw, narrowed, left)
  return apply(how, left, how === 'single' ? limit(totalSort(right), 1) : right)
}

function drawCorrelation(draw: Draw, inner: LogicalPlan, left: LogicalPlan): Expression {
  const pairs = inner.output.flatMap((own) =>
    left.output
      .filter((other) => typesEqual(own.type, other.type) || (isNumeric(own.type) && isNumeric(other.type)))
      .map((other) => [column(own), outer(other)] as const),
  )
  if (pairs.length === 0 || oneIn(draw, 4))
    return toOuters(
      draw,
      drawTruth({ draw, fields: [...inner.output, ...left.output] }, 1),
      left.output,
      true,
    )
  const name = pick(draw, ['eq', 'eq', 'eq', 'is_not_distinct_from', 'lt', 'ge'])
  const tests = Array.from({ length: 1 + upTo(draw, 1) }, () => call(name, ...pick(draw, pairs)))
  return tests.reduce<Expression>((all, test) => call('and', all, test), literal(true))
}

/** Puts a column of the left in place of some constants of a plan. */
function correlated(draw: Draw, plan: LogicalPlan, fields: readonly PlanField[]): LogicalPlan {
  if (oneIn(draw, 2)) return plan
  return mapPlan(plan, (node) => {
    if (node.kind !== 'filter' && node.kind !== 'project' && node.kind !== 'scan') return node
    return mapNodeExpressions(node, (expression) => toOuters(draw, expression, fields, false))
  })
}

function toOuters(
  draw: Draw,
  expression: Expression,
  fields: readonly PlanField[],
  isColumns: boolean,
): Expression {
  return mapExpression(expression, (node) => {
    if (isColumns) {
      const field = node.kind === 'column' ? fields.find(({ id }) => id === node.id) : undefined
      return field === undefined ? node : outer(field)
    }
    // Only a comparison takes any value of the type that its constant has.
    if (node.kind !== 'call' || !['eq', 'ne', 'lt', 'gt'].includes(node.function) || !oneIn(draw, 2))
      return node
    const [left, right] = node.args as [Expression, Expression]
    const alike = fields.filter((field) => typesEqual(field.type, right.type))
    return right.kind === 'literal' && alike.length > 0
      ? call(node.function, left, outer(pick(draw, alike)))
      : node
  })
}

function decorated(draw: Draw, plan: LogicalPlan, left: LogicalPlan): LogicalPlan {
  if (oneIn(draw, 2)) return plan
  const field = pick(draw, left.output)
  if (oneIn(draw, 2)) return limit(totalSort(plan), upTo(draw, 2), upTo(draw, 1))
  return project(plan, [
    named('around', outer(field)),
    ...plan.output.slice(0, 2).map((own) => named(own.name, column(own))),
  ])
}
