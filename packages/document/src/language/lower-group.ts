/** Lowers groupings over columns of known types to the core's aggregates. */
import {
  type AggregateExpression,
  aggregate,
  aggregateExpression,
  call,
  column,
  columnNamed,
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
  unnest,
  type Value,
} from '@sheafdb/core'
import { knowPath, scalarType } from '../layout/shape.ts'
import { requireCountName } from '../semantics/stages/arguments.ts'
import { parseUnwind } from '../semantics/stages/unwind.ts'
import type { Lowered } from './lower.ts'
import type { DocumentColumns } from './lower-source.ts'
import { isPlain } from './parser-values.ts'
import type { StageSyntax } from './syntax.ts'

type MakeGroup = (source: () => LogicalPlan) => Lowered

/** Reads `$path` as a column; `null` where it is not one column of one type. */
type ReadPath = (path: readonly string[]) => PathColumn | null

/** Lowers a grouping; `null` where a path is not of one type, or an expression is more than a path. */
export function lowerGroup(stage: StageSyntax, columns: DocumentColumns): MakeGroup | null {
  return lowerStage(stage, (path) => typedColumn(path, columns))
}

/** Lowers `$unwind` of a path together with a grouping by its elements, which need not carry the document along. */
export function lowerUnwoundGroup(
  unwind: StageSyntax,
  stage: StageSyntax,
  columns: DocumentColumns,
): MakeGroup | null {
  const { path, keepEmpty, index } = parseUnwind(unwind.argument)
  const { directLength } = knowPath(columns.shape, path)
  if (keepEmpty || index !== null || directLength < path.length) return null
  const list = columns.path(path, types.variant)
  const readWith =
    (element: Expression): ReadPath =>
    (other) => {
      if (other.join('.') === path.join('.')) return { expression: element, type: types.variant }
      const isNested =
        path.every((part, at) => other[at] === part) || other.every((part, at) => path[at] === part)
      return isNested ? null : typedColumn(other, columns)
    }
  // The column of elements is made only after all columns of the scan are known: so lower once to ask for those.
  if (lowerStage(stage, readWith(literal(null, types.variant))) === null) return null
  return (source) => {
    const unwound = unnest(source(), call('mongo.elements', list), { name: 'element', type: types.variant })
    const group = lowerStage(stage, readWith(columnNamed(unwound, 'element'))) as MakeGroup
    return group(() => unwound)
  }
}

function lowerStage({ name, argument }: StageSyntax, read: ReadPath): MakeGroup | null {
  switch (name) {
    case '$count':
      return lowerCount(requireCountName(argument))
    case '$sortByCount': {
      const group = groupOf({ _id: argument, count: { $sum: 1 } }, read)
      if (group === null) return null
      return (source) => {
        const { plan, names } = group(source)
        const count = column(plan.output[1] as (typeof plan.output)[number])
        return { plan: sort(plan, [sortKey(count, { descending: true })]), names }
      }
    }
    default:
      return groupOf(argument, read)
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

function groupOf(argument: Value, read: ReadPath): MakeGroup | null {
  if (!isPlain(argument)) return null
  const { _id: id, ...accumulators } = argument
  const group = id === null ? 'all' : pathColumn(id, read)
  if (group === null) return null
  const fields: Field[] = []
  for (const [name, accumulator] of Object.entries(accumulators)) {
    const field = accumulatorOf(name, accumulator, read)
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

/** Reads `$path` as a column. */
function pathColumn(value: Value, read: ReadPath): PathColumn | null {
  if (typeof value !== 'string' || !/^\$[^$]/.test(value)) return null
  const path = value.slice(1).split('.')
  if (path.includes('')) return null
  return read(path)
}

function typedColumn(path: readonly string[], columns: DocumentColumns): PathColumn | null {
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

function accumulatorOf(name: string, accumulator: Value, read: ReadPath): Field | null {
  if (!isPlain(accumulator)) return null
  const [[operator, argument] = ['', undefined], ...more] = Object.entries(accumulator)
  if (more.length > 0) return null
  const counts = (operator === '$sum' && argument === 1) || operator === '$count'
  if (counts) return { aggregate: aggregateExpression(name, 'count', []), emptyIsZero: false }
  const fn = CORE_AGGREGATES.get(operator)
  const path = fn === undefined ? null : pathColumn(argument, read)
  if (fn === undefined || path === null) return null
  const isNumber = path.type === types.int32 || path.type === types.float64
  if ((operator === '$sum' || operator === '$avg') && !isNumber) return null
  return { aggregate: aggregateExpression(name, fn, [path.expression]), emptyIsZero: operator === '$sum' }
}
