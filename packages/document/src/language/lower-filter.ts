import {
  call,
  canonicalInteger,
  conjunction,
  type DataType,
  dateToUnits,
  type Expression,
  isTemporal,
  literal,
  types,
  type Value,
} from '@sheafdb/core'
import type { TestCall } from '../functions/calls.ts'
import { Kind, knowPath, listShape, scalarType, shapeAt } from '../layout/shape.ts'
import { isNumber } from '../semantics/value.ts'
import type { DocumentColumns, PathSource } from './lower-source.ts'
import type { Comparison, Condition, Filter } from './syntax.ts'

/** Gives paths as columns, and the key. */
export type FilterSource = PathSource & {
  id(): Expression
  readonly idType: DataType
  /** Tells whether an index starts with a path. */
  isIndexed?(path: readonly string[]): boolean
}

/** Makes the constant call settings of a filter part that no column answers. */
export type MatchLiteral = (filter: Filter) => Expression

const CORE_COMPARISONS: Readonly<Record<Comparison, string>> = {
  eq: 'eq',
  gt: 'gt',
  gte: 'ge',
  lt: 'lt',
  lte: 'le',
}

/**
 * Lowers a filter to an expression that is true or not: parts on paths that always held one type of scalar become
 * plain comparisons of their columns, the others are matched against the document.
 */
export function lowerFilter(filter: Filter, columns: DocumentColumns, match: MatchLiteral): Expression {
  return lowerExact(filter, columns) ?? lowerPart(filter, columns, match)
}

function lowerPart(filter: Filter, columns: DocumentColumns, match: MatchLiteral): Expression {
  if (filter.kind === 'and') {
    return conjunction(filter.filters.map((part) => lowerFilter(part, columns, match)))
  }
  return call('mongo.match', columns.document(), match(filter))
}

/** Lowers what columns answer exactly; `null` for the rest. True of the result means a match, false or null none. */
export function lowerExact(filter: Filter, columns: FilterSource): Expression | null {
  switch (filter.kind) {
    case 'constant':
      return literal(filter.value)
    case 'and':
      return lowerAll(filter.filters, columns, (parts) => conjunction(parts))
    case 'or':
      return lowerAll(filter.filters, columns, disjunction)
    case 'nor':
      return lowerAll(filter.filters, columns, (parts) => conjunction(parts.map(isNotTrue)))
    case 'field':
      return lowerField(filter.path, filter.condition, columns)
    default:
      return null
  }
}

function disjunction(parts: readonly Expression[]): Expression {
  const [first = literal(false), ...rest] = parts
  return rest.reduce((left, right) => call('or', left, right), first)
}

function lowerAll(
  filters: readonly Filter[],
  columns: FilterSource,
  join: (parts: readonly Expression[]) => Expression,
): Expression | null {
  const parts: Expression[] = []
  for (const filter of filters) {
    const part = lowerExact(filter, columns)
    if (part === null) return null
    parts.push(part)
  }
  return join(parts)
}

/** Is true where a condition is false or unknown. */
function isNotTrue(condition: Expression): Expression {
  return call('not', condition.nullable ? call('coalesce', condition, literal(false)) : condition)
}

function lowerField(path: readonly string[], condition: Condition, columns: FilterSource): Expression | null {
  if (path.length === 1 && path[0] === '_id') return lowerId(condition, columns)
  const { kinds } = knowPath(columns.shape, path)
  const type = kinds === null ? null : scalarType(kinds)
  const column = type === null ? null : columns.path(path, type)
  const exact =
    type === null || kinds === null || column === null
      ? null
      : lowerScalar(condition, { column, type, kinds })
  return exact ?? lowerTest(path, condition, columns)
}

/** Tests the values of the longest beginning of a path that leads through objects alone; `null` where none does. */
function lowerTest(path: readonly string[], condition: Condition, columns: FilterSource): Expression | null {
  const { directLength } = knowPath(columns.shape, path)
  // An index on a path through arrays is found by the path whole, in the document.
  if (directLength === 0 || (directLength < path.length && columns.isIndexed?.(path) === true)) return null
  const start = path.slice(0, directLength)
  const rest = path.slice(directLength)
  const { kinds } = knowPath(columns.shape, start)
  const tellsNull = kinds !== null && (kinds & Kind.null) === 0
  if (rest.length === 0 && !tellsNull && tellsMissing(condition)) return null
  const test: TestCall = { condition, rest, nullIsMissing: tellsNull }
  const type = kinds === null ? null : scalarType(kinds)
  const list = rest.length === 0 ? scalarList(columns, start) : null
  const column = columns.path(start, list ?? (type === null || isTemporal(type) ? types.variant : type))
  return column === null ? null : call('mongo.test', column, literal(test, types.variant))
}

/** Gives the type of lists of scalars, where a path holds nothing else. */
function scalarList(columns: FilterSource, path: readonly string[]): DataType | null {
  const shape = shapeAt(columns.shape, path)
  const list = shape === null ? null : listShape(shape)
  return list === null || list.ofObjects ? null : list.type
}

/** Tells whether a condition tells null from missing, which a column does not. */
function tellsMissing(condition: Condition): boolean {
  if (condition.kind === 'not') return condition.conditions.some(tellsMissing)
  return condition.kind === 'exists' || condition.kind === 'type'
}

type ScalarColumn = { readonly column: Expression; readonly type: DataType; readonly kinds: number }

function lowerScalar(condition: Condition, scalar: ScalarColumn): Expression | null {
  const { column, kinds } = scalar
  switch (condition.kind) {
    case 'eq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return lowerComparison(condition.kind, condition.value, scalar)
    case 'in':
      return lowerIn(condition, scalar)
    case 'not': {
      const parts = condition.conditions.map((part) => lowerScalar(part, scalar))
      if (parts.some((part) => part === null)) return null
      return isNotTrue(conjunction(parts as Expression[]))
    }
    case 'exists':
      return (kinds & Kind.null) === 0 ? call('is_not_null', column) : null
    case 'size':
    case 'element':
    case 'never':
      return literal(false)
    default:
      return null
  }
}

function lowerComparison(kind: Comparison, value: Value, scalar: ScalarColumn): Expression | null {
  const { column, type } = scalar
  if (value === null || value === undefined)
    return kind === 'gt' || kind === 'lt' ? literal(false) : call('is_null', column)
  const constant = constantOf(value, type)
  return constant === null ? literal(false) : call(CORE_COMPARISONS[kind], column, constant)
}

/** Makes the constant to compare a column with; `null` for a value that no value of the column compares with. */
function constantOf(value: Value, type: DataType): Expression | null {
  if (type === types.int32 || type === types.float64) {
    if (!isNumber(value) || Number.isNaN(value)) return null
    return literal(typeof value === 'bigint' ? canonicalInteger(value) : value)
  }
  if (type === types.utf8) return typeof value === 'string' ? literal(value) : null
  if (type === types.bool) return typeof value === 'boolean' ? literal(value) : null
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return null
  return literal(canonicalInteger(BigInt(dateToUnits(types.timestamp, value))), types.timestamp)
}

function lowerIn(condition: Condition & { readonly kind: 'in' }, scalar: ScalarColumn): Expression | null {
  // Dates of a list stay dates only as values of the documents.
  if (condition.patterns.length > 0 || isTemporal(scalar.type)) return null
  const constants = condition.values.flatMap((value) => {
    const constant = value === null ? null : constantOf(value, scalar.type)
    return constant?.kind === 'literal' ? [constant.value] : []
  })
  const isMember =
    constants.length === 0 ? literal(false) : call('in', scalar.column, literal(constants, types.variant))
  return condition.values.includes(null) ? call('or', call('is_null', scalar.column), isMember) : isMember
}

/** Lowers a condition on the key, so that it finds rows by lookup. */
function lowerId(condition: Condition, columns: FilterSource): Expression | null {
  if (condition.kind === 'eq' && isKeyValue(condition.value)) {
    const constant = keyConstant(condition.value, columns.idType)
    return constant === null ? literal(false) : call('eq', columns.id(), constant)
  }
  if (condition.kind === 'in' && condition.patterns.length === 0 && condition.values.every(isKeyValue))
    return call('in', columns.id(), literal([...condition.values], types.variant))
  return null
}

function keyConstant(value: Value, type: DataType): Expression | null {
  return type === types.variant ? literal(value, types.variant) : constantOf(value, type)
}

/** Tells whether an equality with a value finds at most the document of that key. */
export function isKeyValue(value: Value): boolean {
  return value !== null && value !== undefined && !Array.isArray(value) && !(value instanceof RegExp)
}
