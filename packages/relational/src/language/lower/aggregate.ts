import {
  type AggregateExpression,
  aggregateExpression,
  call,
  column,
  type Expression,
  explainExpression,
  type NamedExpression,
  type PlanField,
} from '@sheafdb/core'
import type { ExpressionNode, FunctionNode } from '../syntax.ts'
import { AGGREGATES, condition, type ExpressionContext, lowerExpression } from './expression.ts'
import { NotNative, notNative } from './native.ts'
import { familyOf } from './types.ts'

/** Collects the calls of aggregates in expressions, subqueries left out. */
export function aggregateCalls(nodes: readonly ExpressionNode[]): FunctionNode[] {
  const calls: FunctionNode[] = []
  for (const node of nodes) collect(node, calls)
  return calls
}

function collect(node: unknown, into: FunctionNode[]): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, into)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const { class: kind, function_name: name } = node as { class?: string; function_name?: string }
  if (kind === 'SUBQUERY') return
  if (kind === 'FUNCTION' && name !== undefined && AGGREGATES.has(name.toLowerCase())) {
    into.push(node as FunctionNode)
    return
  }
  for (const value of Object.values(node)) collect(value, into)
}

/** Lowers a call of an aggregate over the rows that it reads. */
export function lowerAggregate(node: FunctionNode, context: ExpressionContext): AggregateExpression {
  const name = node.function_name.toLowerCase()
  if ((node.order_bys?.orders ?? []).length > 0) notNative('an aggregate with an order')
  const { aggregate: _, subquery: __, ...plain } = context
  const args = (node.children ?? []).map((child) => lowerExpression(child, plain))
  const filter = node.filter ? condition(lowerExpression(node.filter, plain)) : null
  if (name === 'count_star' || (name === 'count' && args.length === 0))
    return aggregateExpression('count_star()', 'count', [], { filter })
  checkArguments(name, args)
  return aggregateExpression(name, AGGREGATES.get(name) as string, args, {
    distinct: node.distinct === true,
    filter,
  })
}

const NUMERIC = ['integer', 'float32', 'float64']

function checkArguments(name: string, args: readonly Expression[]): void {
  const [first] = args
  if (first === undefined || args.length > 1) throw new NotNative(`${name} of ${args.length} arguments`)
  const family = familyOf(first)
  if (name === 'count') return
  if (family === 'null' || family === 'decimal' || family === 'other') notNative(`${name} of this type`)
  if (name === 'min' || name === 'max' || family === 'variant') return
  const wanted = name.startsWith('bool_') ? ['bool'] : NUMERIC
  if (!wanted.includes(family)) notNative(`${name} of this type`)
}

/** Gives a text that is equal for equal expressions. */
export function structuralKey(expression: Expression): string {
  return explainExpression(expression, ({ id, name }) => `${name}#${id}`)
}

/** Replaces what a query groups by with the group's column. Gives up where something else is left. */
export function overGroups(
  expression: Expression,
  groups: readonly NamedExpression[],
  fields: readonly PlanField[],
): Expression {
  const byKey = new Map(
    groups.map((group, index) => [structuralKey(group.expression), fields[index] as PlanField]),
  )
  const known = new Set(fields.map((field) => field.id))
  const replace = (node: Expression): Expression => {
    const group = byKey.get(structuralKey(node))
    if (group !== undefined) return column(group)
    if (node.kind === 'call') return call(node.function, ...node.args.map(replace))
    if (node.kind === 'column' && !known.has(node.id)) return notNative('a column that is not grouped by')
    return node
  }
  return replace(expression)
}
