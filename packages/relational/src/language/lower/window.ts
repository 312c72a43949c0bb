import {
  call,
  DEFAULT_FRAME,
  type Expression,
  type FrameBound,
  frameRows,
  type LogicalPlan,
  literal,
  rangeBound,
  type SortKey,
  types,
  type WindowExpression,
  type WindowFrame,
  window,
  windowExpression,
  windowFrame,
} from '@sheafdb/core'
import type { ExpressionNode, OrderNode, WindowNode } from '../syntax.ts'
import { preparedArguments, sortKeysOf, structuralKey } from './aggregate.ts'
import { condition } from './condition.ts'
import { AGGREGATES } from './expression.ts'
import { notNative } from './native.ts'
import { convert, familyOf, unify } from './types.ts'

/** Lowers an expression over the rows that windows see. */
type Lower = (node: ExpressionNode) => Expression

const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['row_number', 'row_number'],
  ['rank', 'rank'],
  ['dense_rank', 'dense_rank'],
  ['rank_dense', 'dense_rank'],
  ['percent_rank', 'percent_rank'],
  ['cume_dist', 'cume_dist'],
  ['ntile', 'ntile'],
  ['lag', 'lag'],
  ['lead', 'lead'],
  ['first_value', 'first_value'],
  ['first', 'first_value'],
  ['last_value', 'last_value'],
  ['last', 'last_value'],
  ['nth_value', 'nth_value'],
])

/** Functions whose value does not depend on the frame. */
const FRAMELESS: ReadonlySet<string> = new Set([
  'row_number',
  'rank',
  'dense_rank',
  'percent_rank',
  'cume_dist',
  'ntile',
  'lag',
  'lead',
])

/** Collects the windows in expressions, subqueries left out. */
export function windowNodes(nodes: readonly ExpressionNode[]): WindowNode[] {
  const found: WindowNode[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const { class: kind } = node as { class?: string }
    if (kind === 'SUBQUERY') return
    if (kind === 'WINDOW') found.push(node as WindowNode)
    else for (const item of Object.values(node)) visit(item)
  }
  visit(nodes)
  return found
}

/** Adds a window function to a plan; one over the same window as the plan's last joins it there. */
export function addWindow(
  input: () => LogicalPlan,
  node: WindowNode,
  lower: Lower,
): { readonly plan: LogicalPlan; readonly function: WindowExpression } {
  const partition = (node.partitions ?? []).map(lower).map(partitionKey)
  const order = orderOf(node.orders, lower)
  const made = windowFunction(node, order, lower)
  // Lowering may have joined subqueries to the input.
  const plan = input()
  const last = plan.kind === 'window' ? plan : undefined
  if (
    last !== undefined &&
    windowKey(last.partition, last.order) === windowKey(partition, order) &&
    readsInput(last, made)
  )
    return {
      plan: window(last.input, { partition, order, functions: [...last.functions, made] }),
      function: made,
    }
  return { plan: window(plan, { partition, order, functions: [made] }), function: made }
}

function partitionKey(expression: Expression): Expression {
  return familyOf(expression) === 'other'
    ? notNative('a partition by a type that only DuckDB knows')
    : expression
}

function orderOf(orders: readonly OrderNode[] | undefined, lower: Lower): SortKey[] {
  return (orders ?? []).flatMap((order) => sortKeysOf(order, lower(order.expression)))
}

function windowKey(partition: readonly Expression[], order: readonly SortKey[]): string {
  const keys = order.map((key) => `${structuralKey(key.expression)} ${key.descending} ${key.nullsFirst}`)
  return JSON.stringify([partition.map(structuralKey), keys])
}

/** Tells whether a function reads nothing that the window itself computes. */
function readsInput(last: Extract<LogicalPlan, { kind: 'window' }>, made: WindowExpression): boolean {
  const own = new Set(last.functions.map((item) => item.id))
  const text = JSON.stringify([made.args, made.filter, made.order, made.frame], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return ![...own].some((id) => text.includes(`"id":${id},`))
}

function windowFunction(node: WindowNode, order: readonly SortKey[], lower: Lower): WindowExpression {
  const name = node.function_name.toLowerCase()
  const args = (node.children ?? []).map(lower)
  const own = FUNCTIONS.get(name)
  const ignoreNulls = node.ignore_nulls === true
  if (own !== undefined && node.type !== 'WINDOW_AGGREGATE') {
    if (node.distinct || node.filter_expr) return notNative('a window function with DISTINCT or FILTER')
    if ((node.arg_orders ?? []).length > 0) return notNative('a window function with an order of its own')
    const frame = FRAMELESS.has(own) ? DEFAULT_FRAME : frameOf(node, order, lower)
    return windowExpression(name, own, functionArguments(own, args, node, lower), { frame, ignoreNulls })
  }
  const wanted = AGGREGATES.get(name)
  if (wanted === undefined) return notNative(`the window function ${name}`)
  const filter = node.filter_expr ? condition(lower(node.filter_expr)) : null
  const frame = frameOf(node, order, lower)
  if (wanted === 'count' && args.length === 0) return windowExpression(name, 'count', [], { frame, filter })
  if (ignoreNulls) return notNative('an aggregate that ignores nulls')
  return windowExpression(name, wanted, preparedArguments(name, wanted, args), {
    frame,
    filter,
    distinct: node.distinct === true,
    order: orderOf(node.arg_orders, lower),
  })
}

function functionArguments(
  name: string,
  args: readonly Expression[],
  node: WindowNode,
  lower: Lower,
): Expression[] {
  const [first, second] = args
  switch (name) {
    case 'lag':
    case 'lead': {
      if (first === undefined || familyOf(first) === 'null') return notNative(`${name} of NULL`)
      const distance = node.offset_expr ? count(lower(node.offset_expr)) : literal(1, types.int64)
      if (!node.default_expr) return [first, distance]
      const [value, otherwise] = unify([first, lower(node.default_expr)]) as [Expression, Expression]
      return [value, distance, familyOf(otherwise) === 'null' ? literal(null, value.type) : otherwise]
    }
    case 'ntile':
      return [count(first)]
    case 'nth_value':
      return [value(first, name), positive(count(second))]
    case 'first_value':
    case 'last_value':
      return [value(first, name)]
    default:
      return args.length === 0 ? [] : notNative(`${name} with arguments`)
  }
}

function value(expression: Expression | undefined, name: string): Expression {
  return expression === undefined || familyOf(expression) === 'null'
    ? notNative(`${name} of NULL`)
    : expression
}

function count(expression: Expression | undefined): Expression {
  if (expression === undefined || familyOf(expression) !== 'integer')
    return notNative('a count that is no integer')
  return convert(expression, types.int64)
}

/** The row before the first is none. */
function positive(place: Expression): Expression {
  if (place.kind === 'literal' && Number(place.value) > 0) return place
  return call('case', call('gt', place, literal(0, types.int64)), place, literal(null, types.int64))
}

function frameOf(node: WindowNode, order: readonly SortKey[], lower: Lower): WindowFrame {
  const unit = /_(ROWS|RANGE|GROUPS)\b/.exec(`${node.start} ${node.end}`)?.[1]
  const shown = (unit?.toLowerCase() ?? 'rows') as WindowFrame['unit']
  const bound = (kind: string, expression: ExpressionNode | undefined): FrameBound =>
    boundOf(kind, shown, expression === undefined ? undefined : lower(expression), order)
  return windowFrame(
    shown,
    bound(node.start, node.start_expr),
    bound(node.end, node.end_expr),
    excludeOf(node.exclude_clause),
  )
}

function boundOf(
  kind: string,
  unit: WindowFrame['unit'],
  offset: Expression | undefined,
  order: readonly SortKey[],
): FrameBound {
  if (kind === 'UNBOUNDED_PRECEDING') return { kind: 'unbounded-preceding' }
  if (kind === 'UNBOUNDED_FOLLOWING') return { kind: 'unbounded-following' }
  if (kind.startsWith('CURRENT_ROW')) return { kind: 'current-row' }
  const side = kind.includes('PRECEDING') ? 'preceding' : 'following'
  if (offset === undefined || familyOf(offset) !== 'integer')
    return notNative('a frame at an offset that is no integer')
  if (unit !== 'range') return frameRows(side, convert(offset, types.int64))
  const [key] = order
  if (order.length !== 1 || key === undefined || familyOf(key.expression) !== 'integer')
    return notNative('a range over what is no integer')
  return rangeBound(side, key, offset)
}

function excludeOf(clause: string | undefined): WindowFrame['exclude'] {
  switch (clause) {
    case 'CURRENT_ROW':
      return 'current-row'
    case 'GROUP':
      return 'group'
    case 'TIES':
      return 'ties'
    default:
      return 'none'
  }
}
