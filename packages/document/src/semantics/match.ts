import type { Value } from '@sheafdb/core'
import { compareValues } from '@sheafdb/core'
import { mongoError } from '../language/errors.ts'
import { compileJsonPath } from '../language/jsonpath/evaluate.ts'
import { safePattern } from '../language/pattern.ts'
import type { Comparison, Condition, ExpressionSyntax, Filter } from '../language/syntax.ts'
import { geoTest } from './geo/region.ts'
import { visitPath } from './path.ts'
import { bsonType, type Document, isNullish, isNumber, keyOf, sameBracket } from './value.ts'

/** Tells whether a value, a whole document most often, passes a filter. */
export type Matcher = (document: Value) => boolean

/** Is what filters need of other parts: expressions and JSON Schema. */
export type MatchSupport = {
  readonly expression: (expression: ExpressionSyntax) => (document: Value) => boolean
  readonly schema: (schema: Document) => (document: Value) => boolean
}

/** Makes the function of a filter. */
export function compileFilter(filter: Filter, support: MatchSupport): Matcher {
  switch (filter.kind) {
    case 'constant':
      return () => filter.value
    case 'expression':
      return support.expression(filter.expression)
    case 'schema':
      return support.schema(filter.schema)
    case 'jsonpath': {
      const evaluate = compileJsonPath(filter.query)
      return (document) => evaluate(document).length > 0
    }
    case 'field':
      return compileField(filter.path, filter.condition, support)
    default: {
      const matchers = filter.filters.map((part) => compileFilter(part, support))
      if (filter.kind === 'and') return (document) => matchers.every((matches) => matches(document))
      if (filter.kind === 'or') return (document) => matchers.some((matches) => matches(document))
      return (document) => !matchers.some((matches) => matches(document))
    }
  }
}

function compileField(path: readonly string[], condition: Condition, support: MatchSupport): Matcher {
  if (condition.kind === 'not') {
    const matchers = condition.conditions.map((part) => compileField(path, part, support))
    return (document) => !matchers.every((matches) => matches(document))
  }
  const test = compileCondition(condition, support)
  const whole = WHOLE_VALUES.has(condition.kind)
  return (document) => visitPath(document, path, whole, test)
}

/** Conditions that are on an array as a whole, and not on its elements too. */
const WHOLE_VALUES: ReadonlySet<Condition['kind']> = new Set(['size', 'element', 'exists', 'geo'])

/** Makes the test of one value. */
function compileCondition(condition: Condition, support: MatchSupport): (value: Value) => boolean {
  switch (condition.kind) {
    case 'eq':
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return comparison(condition.kind, condition.value)
    case 'in':
      return membership(condition.values, condition.patterns)
    case 'regex':
      return patternTest(condition.pattern)
    case 'exists':
      return (value) => value !== undefined
    case 'type':
      return (value) => value !== undefined && condition.types.has(bsonType(value))
    case 'modulo':
      return (value) => isNumber(value) && hasRemainder(value, condition.divisor, condition.remainder)
    case 'size':
      return (value) => Array.isArray(value) && value.length === condition.size
    case 'element':
      return elementTest(condition, support)
    case 'bits':
      return bitTest(condition)
    case 'never':
      return () => false
    case 'geo':
      return geoTest(condition.geo)
    case 'not': {
      const tests = condition.conditions.map((part) => conditionOnValue(part, support))
      return (value) => !tests.every((test) => test(value))
    }
  }
}

/** Makes a test of a value that stands alone, as `$elemMatch` applies conditions to an element. */
function conditionOnValue(condition: Condition, support: MatchSupport): (value: Value) => boolean {
  if (condition.kind === 'not') {
    const tests = condition.conditions.map((part) => conditionOnValue(part, support))
    return (value) => !tests.every((test) => test(value))
  }
  const test = compileCondition(condition, support)
  if (WHOLE_VALUES.has(condition.kind)) return test
  return (value) => test(value) || (Array.isArray(value) && value.some((item: Value) => test(item)))
}

const ORDERS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
}

/** Compares with a constant: only values of the same kind compare; null is also what is missing. */
function comparison(kind: Comparison, constant: Value): (value: Value) => boolean {
  if (isNullish(constant)) return kind === 'gt' || kind === 'lt' ? () => false : isNullish
  const test = ORDERS[kind]
  if (Number.isNaN(constant)) {
    return kind === 'gt' || kind === 'lt' ? () => false : (value) => Number.isNaN(value)
  }
  if (isNumber(constant)) {
    return (value) => isNumber(value) && !Number.isNaN(value) && test(compareValues(value, constant))
  }
  return (value) =>
    value !== undefined && sameBracket(value, constant) && test(compareValues(value, constant))
}

function membership(values: readonly Value[], patterns: readonly RegExp[]): (value: Value) => boolean {
  const keys = new Set(values.map(keyOf))
  const hasNull = values.includes(null)
  const tests = patterns.map(patternTest)
  return (value) =>
    (value === undefined ? hasNull : keys.has(keyOf(value))) || tests.some((test) => test(value))
}

function patternTest(pattern: RegExp): (value: Value) => boolean {
  const own = safePattern(pattern)
  const text = String(pattern)
  return (value) =>
    typeof value === 'string' ? own.test(value) : value instanceof RegExp && String(value) === text
}

function hasRemainder(value: number | bigint, divisor: bigint, remainder: bigint): boolean {
  if (typeof value === 'bigint') return value % divisor === remainder
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63) return false
  return BigInt(Math.trunc(value)) % divisor === remainder
}

function elementTest(
  condition: Condition & { readonly kind: 'element' },
  support: MatchSupport,
): (value: Value) => boolean {
  if (condition.filter !== null) {
    if (usesExpression(condition.filter)) throw mongoError(2, '$elemMatch takes no $expr. Put it beside it.')
    const matches = compileFilter(condition.filter, support)
    return (value) =>
      Array.isArray(value) &&
      value.some((item: Value) => typeof item === 'object' && item !== null && matches(item))
  }
  const tests = condition.conditions.map((part) => conditionOnValue(part, support))
  return (value) => Array.isArray(value) && value.some((item: Value) => tests.every((test) => test(item)))
}

function usesExpression(filter: Filter): boolean {
  if (filter.kind === 'and' || filter.kind === 'or' || filter.kind === 'nor')
    return filter.filters.some(usesExpression)
  return filter.kind === 'expression'
}

function bitTest({ test, mask }: Condition & { readonly kind: 'bits' }): (value: Value) => boolean {
  return (value) => {
    const bits = bitsOf(value)
    if (bits === undefined) return false
    switch (test) {
      case 'all-set':
        return (bits & mask) === mask
      case 'all-clear':
        return (bits & mask) === 0n
      case 'any-set':
        return (bits & mask) !== 0n
      case 'any-clear':
        return (bits & mask) !== mask
    }
  }
}

function bitsOf(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : undefined
  if (!(value instanceof Uint8Array)) return undefined
  return value.reduce((mask, byte, index) => mask | (BigInt(byte) << BigInt(index * 8)), 0n)
}
