import {
  column,
  type Expression,
  isList,
  type LogicalPlan,
  named,
  type PlanField,
  project,
  singleRow,
  unnest,
} from '@sheafdb/core'
import type { ExpressionNode } from '../syntax.ts'
import { lowerExpression } from './expression.ts'
import { notNative } from './native.ts'
import type { Environment } from './scope.ts'
import { seriesPlan } from './series.ts'
import { familyOf } from './types.ts'

/** Lowers a table function of SQL: `range`, `generate_series` and `unnest` of constants. */
export function lowerTableFunction(node: ExpressionNode, environment: Environment): LogicalPlan {
  if (node.class !== 'FUNCTION') return notNative('a table function of DuckDB')
  const name = node.function_name.toLowerCase()
  if (name !== 'range' && name !== 'generate_series' && name !== 'unnest')
    return notNative(`the table function ${name}`)
  const args = (node.children ?? []).map((child) =>
    lowerExpression(child, { environment, scope: { columns: [], outer: null } }),
  )
  return name === 'unnest' ? unnestList(args) : series(name, args)
}

function series(name: 'range' | 'generate_series', args: readonly Expression[]): LogicalPlan {
  const [first, second, third] = args.map(integerOf)
  const [start, end] = second === undefined ? [0, first] : [first, second]
  const step = third ?? 1
  if (start === undefined || end === undefined || args.length > 3 || step === 0)
    return notNative(`${name} of other arguments`)
  const span = (end - start) / step
  const count = name === 'range' ? Math.ceil(span) : Math.floor(span) + 1
  return seriesPlan(name, { start, step, count: Math.max(0, count) })
}

const LARGEST = 2 ** 50

function integerOf(expression: Expression): number {
  const { value, negated } = plainValue(expression)
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > LARGEST)
    return notNative('a series of what is no constant integer')
  return negated ? -value : value
}

function plainValue(expression: Expression): { readonly value: unknown; readonly negated: boolean } {
  if (expression.kind === 'literal') return { value: expression.value, negated: false }
  const [inner] = expression.kind === 'call' && expression.function === 'negate' ? expression.args : []
  return inner?.kind === 'literal'
    ? { value: inner.value, negated: true }
    : { value: undefined, negated: false }
}

function unnestList(args: readonly Expression[]): LogicalPlan {
  const [list] = args
  if (list === undefined || args.length > 1 || !isList(list.type) || familyOf(list) === 'null')
    return notNative('unnest of other arguments')
  const plan = unnest(singleRow(), list, { name: 'unnest' })
  const field = plan.output[plan.output.length - 1] as PlanField
  return project(plan, [named('unnest', column(field))])
}
