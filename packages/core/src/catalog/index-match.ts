import { call } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import { functionNamed } from '../expression/registry.ts'
import type { ScanPlan } from '../plan/logical-plan.ts'
import { type DataType, isDecimal, isTemporal, isVariant } from '../types/data-type.ts'
import type { TableDefinition } from './definition.ts'
import {
  bindIndexExpression,
  fieldResolver,
  type IndexDefinition,
  type IndexExpression,
  type IndexPart,
} from './index-definition.ts'

/** Compares an expression with a constant, as a filter implies it. */
type Implied = {
  readonly operand: Expression
  readonly operator: 'eq' | 'in' | 'lt' | 'le' | 'gt' | 'ge'
  readonly constant: Expression
}

/** Is what the filters of a scan say about the parts of an index: constants are literals or parameters. */
export type IndexMatch = {
  /** A constant for each of the first parts; `list` where it holds several values, each of which is wanted. */
  readonly equal: readonly { readonly constant: Expression; readonly list: boolean }[]
  readonly lower: { readonly constant: Expression; readonly inclusive: boolean } | null
  readonly upper: { readonly constant: Expression; readonly inclusive: boolean } | null
}

const FLIPPED: ReadonlyMap<string, Implied['operator']> = new Map([
  ['eq', 'eq'],
  ['lt', 'gt'],
  ['le', 'ge'],
  ['gt', 'lt'],
  ['ge', 'le'],
])
const OPERATORS: ReadonlySet<string> = new Set(['eq', 'in', 'lt', 'le', 'gt', 'ge'])

/** Finds an index whose first parts are the given expressions over a scan, in whatever order; `order[i]` is the expression of part i. */
export function indexOver(
  expressions: readonly Expression[],
  scan: ScanPlan,
  table: TableDefinition,
): { readonly index: IndexDefinition; readonly order: readonly number[] } | null {
  const trees = expressions.map((expression) => treeOf(expression, scan))
  for (const index of table.indexes) {
    if (index.where !== null || index.parts.length < trees.length) continue
    const first = index.parts.slice(0, trees.length)
    if (first.some((part) => part.multiple === true)) continue
    const order = first.map((part) =>
      trees.findIndex((tree) => tree !== null && sameTree(tree, part.expression)),
    )
    if (order.every((at) => at >= 0) && new Set(order).size === order.length) return { index, order }
  }
  return null
}

/** Finds what the filters of a scan say about an index; `null` where it is of no use to them. */
export function matchIndex(
  scan: ScanPlan,
  table: TableDefinition,
  index: IndexDefinition,
): IndexMatch | null {
  if (
    index.where !== null &&
    !scan.filters.some((filter) => saysSo(filter, scan, index.where as IndexExpression))
  )
    return null
  const implied = scan.filters.flatMap(impliedBy)
  const equal: { constant: Expression; list: boolean }[] = []
  for (const part of index.parts) {
    const about = implied.filter(({ operand }) => isPart(operand, scan, part))
    const found = about.find((each) => each.operator === 'eq') ?? about.find((each) => each.operator === 'in')
    if (found === undefined) {
      const range = rangeOf(about, (each) => constantFor(each, part, table))
      return equal.length === 0 && range === null ? null : { equal, lower: null, upper: null, ...range }
    }
    equal.push({ constant: constantFor(found, part, table), list: found.operator === 'in' })
  }
  return { equal, lower: null, upper: null }
}

function rangeOf(
  about: readonly Implied[],
  constantOf: (each: Implied) => Expression,
): Pick<IndexMatch, 'lower' | 'upper'> | null {
  const lower = about.find(({ operator }) => operator === 'gt' || operator === 'ge')
  const upper = about.find(({ operator }) => operator === 'lt' || operator === 'le')
  if (lower === undefined && upper === undefined) return null
  const bound = (each: Implied | undefined): IndexMatch['lower'] =>
    each === undefined ? null : { constant: constantOf(each), inclusive: each.operator.endsWith('e') }
  return { lower: bound(lower), upper: bound(upper) }
}

/** Gives a constant as the values of a part are: one that means what its type says becomes self-describing for a variant. */
function constantFor({ operand, constant }: Implied, part: IndexPart, table: TableDefinition): Expression {
  const meansByType = isTemporal(operand.type) || isDecimal(operand.type)
  return meansByType && isVariant(typeOf(part, table)) ? call('cast.variant', constant) : constant
}

function typeOf(part: IndexPart, table: TableDefinition): DataType {
  return bindIndexExpression(part.expression, fieldResolver(table.fields)).type
}

/** Lists the comparisons with constants that hold wherever a filter does. */
function impliedBy(filter: Expression): Implied[] {
  if (filter.kind !== 'call') return []
  const { implies } = functionNamed(filter.function)
  if (implies !== undefined) return implies(filter.args).flatMap(impliedBy)
  if (!OPERATORS.has(filter.function)) return []
  const [left, right] = filter.args as [Expression, Expression]
  const operator = filter.function as Implied['operator']
  if (isConstant(right) && !isConstant(left)) return usable({ operand: left, operator, constant: right })
  const flipped = FLIPPED.get(operator)
  if (!isConstant(left) || isConstant(right) || flipped === undefined) return []
  return usable({ operand: right, operator: flipped, constant: left })
}

/** A comparison with null is true for no row, which filters say better than an index. */
function usable(implied: Implied): Implied[] {
  return implied.constant.kind === 'literal' && implied.constant.value === null ? [] : [implied]
}

function isConstant(expression: Expression): boolean {
  return expression.kind === 'literal' || expression.kind === 'parameter'
}

/** Tells whether an expression over a scan is what a part of an index holds, or one of the keys that it lists. */
function isPart(operand: Expression, scan: ScanPlan, part: IndexPart): boolean {
  const tree = treeOf(operand, scan)
  if (tree === null) return false
  if (sameTree(tree, part.expression)) return true
  if (part.multiple !== true || !('call' in part.expression) || !('call' in tree)) return false
  const { lists } = functionNamed(part.expression.call)
  return lists?.includes(tree.call) === true && sameTree(tree, { ...part.expression, call: tree.call })
}

function sameTree(left: IndexExpression, right: IndexExpression): boolean {
  if ('call' in left)
    return (
      'call' in right &&
      left.call === right.call &&
      left.args.length === right.args.length &&
      left.args.every((arg, at) => sameTree(arg, right.args[at] as IndexExpression))
    )
  if ('field' in left) return 'field' in right && left.field === right.field
  return 'value' in right && left.value === right.value
}

/** Writes an expression over the columns of a scan as the catalog would keep it; `null` where it cannot. */
function treeOf(expression: Expression, scan: ScanPlan): IndexExpression | null {
  switch (expression.kind) {
    case 'column': {
      const found = scan.columns.find((candidate) => candidate.id === expression.id)
      if (found === undefined) return null
      if (found.access === undefined) return { field: found.field }
      const path = found.access.path.map((value) => ({ value }))
      return { call: indexedAs(found.access.function), args: [{ field: found.field }, ...path] }
    }
    case 'literal': {
      const { value } = expression
      const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value)
      return isPlain ? { value: value as string | number | boolean | null } : null
    }
    case 'call': {
      const args = expression.args.map((arg) => treeOf(arg, scan))
      return args.includes(null)
        ? null
        : { call: indexedAs(expression.function), args: args as IndexExpression[] }
    }
    default:
      return null
  }
}

/** Names the function whose values an index would hold to serve a function. */
function indexedAs(name: string): string {
  return functionNamed(name).readsAs ?? name
}

/** Tells whether a filter is the condition of a partial index. */
function saysSo(filter: Expression, scan: ScanPlan, where: IndexExpression): boolean {
  const tree = treeOf(filter, scan)
  return tree !== null && sameTree(tree, where)
}
