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
  isTemporal,
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
import { Kind, knowPath, scalarType } from '../layout/shape.ts'
import { requireCountName } from '../semantics/stages/arguments.ts'
import type { Lowered } from './lower.ts'
import type { PathSource } from './lower-source.ts'
import { isPlain } from './parser-values.ts'
import type { StageSyntax } from './syntax.ts'

type MakeGroup = (source: () => LogicalPlan) => Lowered

/** Lowers a grouping; `null` where what it computes is more than columns give. */
export function lowerGroup(stage: StageSyntax, columns: PathSource): MakeGroup | null {
  return lowerStage(stage, columns)
}

function lowerStage({ name, argument }: StageSyntax, read: PathSource): MakeGroup | null {
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

function groupOf(argument: Value, read: PathSource): MakeGroup | null {
  if (!isPlain(argument)) return null
  const { _id: id, ...accumulators } = argument
  const key = groupKey(id, read)
  if (key === null) return null
  const fields: Field[] = []
  for (const [name, accumulator] of Object.entries(accumulators)) {
    const field = accumulatorOf(name, accumulator, read)
    if (field === null) return null
    fields.push(field)
  }
  return (source) => build(source(), key, fields)
}

/** Is what documents are grouped by: columns, and the `_id` made of those of a group. */
type GroupKey = {
  readonly groups: readonly NamedExpression[]
  /** Names of the fields of an `_id` that is an object; null where it is the one column, or null. */
  readonly names: readonly string[] | null
}

function groupKey(id: Value, read: PathSource): GroupKey | null {
  if (id === null) return { groups: [], names: null }
  if (!isPlain(id)) {
    const expression = valueColumn(id, read)
    return expression === null ? null : { groups: [named('_id', expression)], names: null }
  }
  const entries = Object.entries(id)
  if (entries.length === 0) return null
  const groups: NamedExpression[] = []
  for (const [name, value] of entries) {
    if (name.startsWith('$') || name.includes('.') || name === '' || !tellsPresence(value, read)) return null
    const expression = valueColumn(value, read)
    if (expression === null) return null
    groups.push(named(name, expression))
  }
  const isDistinct = new Set(groups.map((group) => group.id)).size === groups.length
  return isDistinct ? { groups, names: entries.map(([name]) => name) } : null
}

/** Tells whether null of a path's column can only mean that it is missing: an object then lacks the key. */
function tellsPresence(value: Value, { shape }: PathSource): boolean {
  const path = pathOf(value)
  const kinds = path === null ? null : knowPath(shape, path).kinds
  return kinds !== null && (kinds & Kind.null) === 0
}

function build(source: LogicalPlan, { groups, names }: GroupKey, fields: readonly Field[]): Lowered {
  const rowCount = groups.length === 0 ? aggregateExpression('rows', 'count', []) : null
  const aggregates = fields.map((field) => field.aggregate)
  let plan = aggregate(source, groups, rowCount === null ? aggregates : [...aggregates, rowCount])
  // With no groups there is one row even of no documents; MongoDB then gives none.
  if (rowCount !== null) plan = filterPlan(plan, call('gt', column(rowCount), literal(0)))
  const keys = groups.map((_, at) => column(plan.output[at] as (typeof plan.output)[number]))
  const [first = literal(null, types.null)] = keys
  const id = names === null ? first : idObject(names, keys)
  const outputs = fields.map(({ aggregate: item, emptyIsZero }) => {
    const value = column(item)
    return named(item.name, emptyIsZero ? call('coalesce', value, literal(0)) : value)
  })
  const isPlainOutput = keys.length > 0 && names === null && fields.every(({ emptyIsZero }) => !emptyIsZero)
  return {
    plan: isPlainOutput ? plan : project(plan, [named('_id', id), ...outputs]),
    names: ['_id', ...fields.map(({ aggregate: item }) => item.name)],
  }
}

/** Makes the object of a group's keys; those that are null are missing. */
function idObject(names: readonly string[], keys: readonly Expression[]): Expression {
  const entries = names.flatMap((name, at) => {
    const key = keys[at] as Expression
    return [literal(name), isTemporal(key.type) ? call('mongo.value', key) : key]
  })
  return call('mongo.present', ...entries)
}

type PathColumn = { readonly expression: Expression; readonly type: DataType }

/** Reads `$path` as a path; null for any other value. */
function pathOf(value: Value): readonly string[] | null {
  if (typeof value !== 'string' || !/^\$[^$]/.test(value)) return null
  const path = value.slice(1).split('.')
  return path.includes('') ? null : path
}

/** Reads `$path` as a column, of one type or of values of any. */
function valueColumn(value: Value, source: PathSource): Expression | null {
  const path = pathOf(value)
  if (path === null) return null
  const typed = typedColumn(path, source)
  if (typed !== null) return typed.expression
  const { kinds, direct } = knowPath(source.shape, path)
  return direct && kinds !== null ? source.path(path, types.variant) : null
}

function typedColumn(path: readonly string[], source: PathSource): PathColumn | null {
  const { kinds } = knowPath(source.shape, path)
  const type = kinds === null ? null : scalarType(kinds)
  if (type === null) return null
  const expression = source.path(path, type)
  return expression === null ? null : { expression, type }
}

const CORE_AGGREGATES: ReadonlyMap<string, string> = new Map([
  ['$sum', 'sum'],
  ['$avg', 'avg'],
  ['$min', 'min'],
  ['$max', 'max'],
])

function accumulatorOf(name: string, accumulator: Value, read: PathSource): Field | null {
  if (!isPlain(accumulator)) return null
  const [[operator, argument] = ['', undefined], ...more] = Object.entries(accumulator)
  if (more.length > 0) return null
  const counts = (operator === '$sum' && argument === 1) || operator === '$count'
  if (counts) return { aggregate: aggregateExpression(name, 'count', []), emptyIsZero: false }
  const fn = CORE_AGGREGATES.get(operator)
  const at = fn === undefined ? null : pathOf(argument)
  const path = at === null ? null : typedColumn(at, read)
  if (fn === undefined || path === null) return null
  const isNumber = path.type === types.int32 || path.type === types.float64
  if ((operator === '$sum' || operator === '$avg') && !isNumber) return null
  return { aggregate: aggregateExpression(name, fn, [path.expression]), emptyIsZero: operator === '$sum' }
}
