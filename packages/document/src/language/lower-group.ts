/** Lowers groupings over columns of known types to the core's aggregates. */
import {
  type AggregateExpression,
  aggregate,
  aggregateExpression,
  call,
  column,
  type DataType,
  type Expression,
  filter as filterPlan,
  type LogicalPlan,
  literal,
  type NamedExpression,
  named,
  project,
  sort,
  sortKey,
  types,
  type Value,
} from '@sheafdb/core'
import { knowPath, scalarType } from '../layout/shape.ts'
import { requireCountName } from '../semantics/pipeline.ts'
import type { Lowered } from './lower.ts'
import type { DocumentColumns } from './lower-source.ts'
import { isPlain } from './parser-values.ts'
import type { StageSyntax } from './syntax.ts'

type MakeGroup = (source: () => LogicalPlan) => Lowered

/** Lowers a grouping; `null` where a path is not of one type, or an expression is more than a path. */
export function lowerGroup({ name, argument }: StageSyntax, columns: DocumentColumns): MakeGroup | null {
  switch (name) {
    case '$count':
      return lowerCount(requireCountName(argument))
    case '$sortByCount': {
      const group = groupOf({ _id: argument, count: { $sum: 1 } }, columns)
      if (group === null) return null
      return (source) => {
        const { plan, names } = group(source)
        const count = column(plan.output[1] as (typeof plan.output)[number])
        return { plan: sort(plan, [sortKey(count, { descending: true })]), names }
      }
    }
    default:
      return groupOf(argument, columns)
  }
}

function lowerCount(name: string): MakeGroup {
  return (source) => {
    const counted = aggregate(source(), [], [aggregateExpression(name, 'count', [])])
    const count = column(counted.output[0] as (typeof counted.output)[number])
    return { plan: filterPlan(counted, call('gt', count, literal(0))), names: [name] }
  }
}

/** Is a field of the result: an aggregate, and what its value is shown as. */
type Field = { readonly aggregate: AggregateExpression; readonly emptyIsZero: boolean }

function groupOf(argument: Value, columns: DocumentColumns): MakeGroup | null {
  if (!isPlain(argument)) return null
  const { _id: id, ...accumulators } = argument
  const group = id === null ? 'all' : pathColumn(id, columns)
  if (group === null) return null
  const fields: Field[] = []
  for (const [name, accumulator] of Object.entries(accumulators)) {
    const field = accumulatorOf(name, accumulator, columns)
    if (field === null) return null
    fields.push(field)
  }
  const groups: NamedExpression[] = group === 'all' ? [] : [named('_id', group.expression)]
  return (source) => build(source(), groups, fields)
}

function build(source: LogicalPlan, groups: readonly NamedExpression[], fields: readonly Field[]): Lowered {
  const rowCount = groups.length === 0 ? aggregateExpression('rows', 'count', []) : null
  const aggregates = fields.map((field) => field.aggregate)
  let plan = aggregate(source, groups, rowCount === null ? aggregates : [...aggregates, rowCount])
  // With no groups there is one row even of no documents; MongoDB then gives none.
  if (rowCount !== null) plan = filterPlan(plan, call('gt', column(rowCount), literal(0)))
  const [first] = groups
  const id =
    first === undefined ? literal(null, types.null) : column(plan.output[0] as (typeof plan.output)[number])
  const outputs = fields.map(({ aggregate: item, emptyIsZero }) => {
    const value = column(item)
    return named(item.name, emptyIsZero ? call('coalesce', value, literal(0)) : value)
  })
  const isPlainOutput = first !== undefined && fields.every(({ emptyIsZero }) => !emptyIsZero)
  return {
    plan: isPlainOutput ? plan : project(plan, [named('_id', id), ...outputs]),
    names: ['_id', ...fields.map(({ aggregate: item }) => item.name)],
  }
}

type PathColumn = { readonly expression: Expression; readonly type: DataType }

/** Reads `$path` as a column, where it always held one type of scalar. */
function pathColumn(value: Value, columns: DocumentColumns): PathColumn | null {
  if (typeof value !== 'string' || !/^\$[^$]/.test(value)) return null
  const path = value.slice(1).split('.')
  if (path.includes('')) return null
  const { kinds } = knowPath(columns.shape, path)
  const type = kinds === null ? null : scalarType(kinds)
  return type === null ? null : { expression: columns.path(path, type), type }
}

const CORE_AGGREGATES: ReadonlyMap<string, string> = new Map([
  ['$sum', 'sum'],
  ['$avg', 'avg'],
  ['$min', 'min'],
  ['$max', 'max'],
])

function accumulatorOf(name: string, accumulator: Value, columns: DocumentColumns): Field | null {
  if (!isPlain(accumulator)) return null
  const [[operator, argument] = ['', undefined], ...more] = Object.entries(accumulator)
  if (more.length > 0) return null
  const counts = (operator === '$sum' && argument === 1) || operator === '$count'
  if (counts) return { aggregate: aggregateExpression(name, 'count', []), emptyIsZero: false }
  const fn = CORE_AGGREGATES.get(operator)
  const path = fn === undefined ? null : pathColumn(argument, columns)
  if (fn === undefined || path === null) return null
  const isNumber = path.type === types.int32 || path.type === types.float64
  if ((operator === '$sum' || operator === '$avg') && !isNumber) return null
  return { aggregate: aggregateExpression(name, fn, [path.expression]), emptyIsZero: operator === '$sum' }
}
