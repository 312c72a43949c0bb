import {
  type AggregateExpression,
  aggregateExpression,
  call,
  column,
  columnsOf,
  type Expression,
  explainExpression,
  literal,
  type NamedExpression,
  outersOf,
  type PlanField,
  type SortKey,
  sortKey,
  types,
} from '@sheafdb/core'
import type { ExpressionNode, FunctionNode, OrderNode } from '../syntax.ts'
import { condition } from './condition.ts'
import { AGGREGATES, type ExpressionContext, lowerExpression } from './expression.ts'
import { NotNative, notNative } from './native.ts'
import { decimalAsFloat, familyOf, isOrdered } from './types.ts'

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
  const { aggregate: _, subquery: __, ...plain } = context
  const args = (node.children ?? []).map((child) => lowerExpression(child, plain))
  const filter = node.filter ? condition(lowerExpression(node.filter, plain)) : null
  if (args.some((arg) => outersOf(arg).size > 0 && columnsOf(arg).size === 0))
    return notNative('an aggregate of the query around')
  if (name === 'count_star' || (name === 'count' && args.length === 0))
    return aggregateExpression('count_star()', 'count', [], { filter })
  const wanted = AGGREGATES.get(name) as string
  const order = (node.order_bys?.orders ?? []).flatMap((item) => aggregateOrder(item, plain))
  // An order says nothing where every order gives the same.
  const ordered = ORDERED.has(wanted) ? order : []
  const distinct = node.distinct === true
  if (distinct && order.length > 0) notNative('a distinct aggregate with an order')
  return aggregateExpression(name, wanted, preparedArguments(name, wanted, args), {
    distinct,
    filter,
    ...(ordered.length === 0 ? {} : { order: ordered }),
  })
}

const ORDERED: ReadonlySet<string> = new Set([
  'first',
  'last',
  'sql.any_value',
  'sql.list',
  'sql.string_agg',
  'sql.mode',
  'sql.arg_min',
  'sql.arg_max',
])

function aggregateOrder(order: OrderNode, context: ExpressionContext): SortKey[] {
  const expression = lowerExpression(order.expression, context)
  return sortKeysOf(order, expression)
}

/** Makes the sort keys of a term; DuckDB sorts nulls last unless told, and NaN after every other number. */
export function sortKeysOf(order: OrderNode, expression: Expression): SortKey[] {
  const family = familyOf(expression)
  if (family === 'null') return []
  if (family === 'other' && !isOrdered(expression))
    return notNative('an order of a type that only DuckDB knows')
  const settings = { descending: order.type === 'DESCENDING', nullsFirst: order.null_order === 'NULLS FIRST' }
  return [sortKey(expression, { ...settings, nansLast: family.startsWith('float') })]
}

/** Brings the arguments of an aggregate to what it takes. */
export function preparedArguments(name: string, wanted: string, args: readonly Expression[]): Expression[] {
  const [first, second] = args
  if (first === undefined || args.length > (MAX_ARGUMENTS.get(wanted) ?? 1))
    throw new NotNative(`${name} of ${args.length} arguments`)
  const family = familyOf(first)
  if (name === 'count_if' || name === 'countif')
    return [call('case', condition(first), literal(1, types.int32), literal(null, types.int32))]
  if (wanted === 'count') return [first]
  if (family === 'null') return notNative(`${name} of NULL`)
  if (family === 'variant') return [...args]
  switch (wanted) {
    case 'min':
    case 'max':
      return family !== 'other' || isOrdered(first) ? [first] : notNative(`${name} of this type`)
    case 'first':
    case 'last':
    case 'sql.any_value':
    case 'sql.list':
      return [first]
    case 'sql.mode':
      return family === 'other' || family.startsWith('float') ? notNative(`${name} of this type`) : [first]
    case 'sql.string_agg':
      return [text(name, first), ...(second === undefined ? [] : [constantText(second)])]
    case 'sql.arg_min':
    case 'sql.arg_max':
      if (second === undefined || familyOf(second) === 'other' || familyOf(second).startsWith('float'))
        return notNative(`${name} of this type`)
      return familyOf(second) === 'null' ? notNative(`${name} by NULL`) : [first, second]
    case 'bool_and':
    case 'bool_or':
      return family === 'bool' ? [first] : notNative(`${name} of this type`)
    case 'sql.bit_and':
    case 'sql.bit_or':
    case 'sql.bit_xor':
      return family === 'integer' ? [first] : notNative(`${name} of this type`)
    case 'sql.quantile_cont':
    case 'sql.quantile_disc':
      return [quantileOf(wanted, first), shareOf(second)]
    case 'sum':
      if (family === 'bool') return [call('cast.int32', first)]
      return /^f|kahan/.test(name) ? [call('cast.float64', numberOf(name, first))] : [numberOf(name, first)]
    case 'sql.covar_pop':
    case 'sql.covar_samp':
    case 'sql.corr':
      return second === undefined ? notNative(name) : [numberOf(name, first), numberOf(name, second)]
    default:
      return [numberOf(name, first)]
  }
}

const MAX_ARGUMENTS: ReadonlyMap<string, number> = new Map(
  [...new Set(AGGREGATES.values())].map((name) => [
    name,
    /string_agg|arg_m|quantile|covar|corr/.test(name) ? 2 : 1,
  ]),
)

function numberOf(name: string, value: Expression): Expression {
  return ['integer', 'float32', 'float64'].includes(familyOf(value))
    ? value
    : notNative(`${name} of this type`)
}

function text(name: string, value: Expression): Expression {
  return familyOf(value) === 'text' ? value : notNative(`${name} of what is no text`)
}

function constantText(value: Expression): Expression {
  return value.kind === 'literal' && typeof value.value === 'string'
    ? value
    : notNative('a separator that is no constant')
}

function quantileOf(wanted: string, value: Expression): Expression {
  const family = familyOf(value)
  if (family === 'integer' || family === 'float64') return value
  return wanted === 'sql.quantile_disc' && (family === 'text' || family === 'date')
    ? value
    : notNative('a quantile of this type')
}

function shareOf(value: Expression | undefined): Expression {
  if (value?.kind !== 'literal' || value.value === null) return notNative('a quantile that is no constant')
  if (familyOf(value) === 'decimal') return decimalAsFloat(value, false)
  return ['integer', 'float64'].includes(familyOf(value)) ? value : notNative('several quantiles')
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
