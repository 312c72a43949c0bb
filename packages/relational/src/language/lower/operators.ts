import { call, type Expression, isText, literal, types } from '@sheafdb/core'
import { notNative } from './native.ts'
import { comparable, convert, decimalAsFloat, familyOf, unify } from './types.ts'

const COMPARISONS: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: 'eq',
  COMPARE_NOTEQUAL: 'ne',
  COMPARE_LESSTHAN: 'lt',
  COMPARE_GREATERTHAN: 'gt',
  COMPARE_LESSTHANOREQUALTO: 'le',
  COMPARE_GREATERTHANOREQUALTO: 'ge',
}

/** Compares two expressions by DuckDB's name of the comparison. */
export function compare(type: string, left: Expression, right: Expression): Expression {
  const [a, b] = comparable(left, right)
  if (type === 'COMPARE_NOT_DISTINCT_FROM') return call('is_not_distinct_from', a, b)
  if (type === 'COMPARE_DISTINCT_FROM') return call('not', call('is_not_distinct_from', a, b))
  const name = COMPARISONS[type]
  return name === undefined ? notNative(`the comparison ${type}`) : call(name, a, b)
}

/** Brings the operands of arithmetic to integers, or both to one kind of float. */
function numbers(
  left: Expression,
  right: Expression,
): readonly [Expression, Expression, 'integer' | 'float32' | 'float64' | 'variant'] {
  const a = familyOf(left)
  const b = familyOf(right)
  const families = [a, b]
  if (families.includes('variant')) return [asFloat64(left), asFloat64(right), 'variant']
  if (families.some((family) => !['integer', 'float32', 'float64', 'decimal'].includes(family)))
    return notNative('arithmetic of types that only DuckDB knows')
  if (a === 'integer' && b === 'integer') return [left, right, 'integer']
  if (families.includes('float64')) return [asFloat64(left), asFloat64(right), 'float64']
  if (families.includes('float32')) return [asFloat32(left), asFloat32(right), 'float32']
  return notNative('decimal arithmetic')
}

function asFloat64(expression: Expression): Expression {
  return familyOf(expression) === 'decimal' ? decimalAsFloat(expression, false) : expression
}

function asFloat32(expression: Expression): Expression {
  return familyOf(expression) === 'decimal'
    ? decimalAsFloat(expression, true)
    : convert(expression, types.float32)
}

const ARITHMETIC: Readonly<Record<string, string>> = { '+': 'add', '-': 'subtract', '*': 'multiply' }

/** Computes with two numbers as DuckDB does: `/` gives a float, `//` and `%` give null for a zero divisor. */
export function arithmetic(operator: string, left: Expression, right: Expression): Expression {
  const known = [left, right].find((side) => ['integer', 'float64'].includes(familyOf(side)))
  if (familyOf(left) === 'null' || familyOf(right) === 'null')
    return known === undefined
      ? notNative('arithmetic with NULL')
      : literal(null, operator === '/' ? types.float64 : known.type)
  const [a, b, kind] = numbers(left, right)
  if (operator === '/') return rounded(call('divide', a, b), kind)
  if (operator === '//' || operator === '%') {
    if (kind === 'float64' && operator === '%') return call('sql.fmod', a, b)
    if (kind !== 'integer' && kind !== 'variant') return notNative('the remainder of floats')
    return guarded(operator === '//' ? 'divide_integer' : 'modulo', a, b)
  }
  const name = ARITHMETIC[operator]
  return name === undefined ? notNative(`the operator ${operator}`) : rounded(call(name, a, b), kind)
}

/** Rounds to 32 bits after each step, which is exact for one operation on two floats. */
function rounded(result: Expression, kind: 'integer' | 'float32' | 'float64' | 'variant'): Expression {
  return kind === 'float32' ? convert(result, types.float32) : result
}

function guarded(name: string, dividend: Expression, divisor: Expression): Expression {
  if (divisor.kind === 'literal' && divisor.value !== 0) return call(name, dividend, divisor)
  const zero = call('eq', divisor, literal(0, types.int64))
  return call('case', zero, literal(null, types.int64), call(name, dividend, divisor))
}

/** Changes the sign of a number. */
export function negative(value: Expression): Expression {
  switch (familyOf(value)) {
    case 'integer':
    case 'float64':
    case 'variant':
      return call('negate', value)
    case 'float32':
      return convert(call('negate', value), types.float32)
    default:
      return notNative('a sign before what is no number')
  }
}

/** Matches with LIKE. DuckDB's LIKE has no escape character, so a pattern with a backslash goes to DuckDB. */
export function like(name: 'like' | 'ilike', value: Expression, pattern: Expression): Expression {
  if (!isText(value.type) || !isText(pattern.type)) return notNative('LIKE of what is no text')
  if (pattern.kind !== 'literal' || String(pattern.value).includes('\\'))
    return notNative('a LIKE pattern with a backslash')
  return call(name, value, pattern)
}

/** Tests a value against a list: by one lookup where the list is constant. */
export function inList(value: Expression, items: readonly Expression[]): Expression {
  const pairs = items.map((item) => comparable(value, item))
  const values = pairs.map(([, item]) => item)
  const constant = values.every((item) => item.kind === 'literal') && pairs.every(([self]) => self === value)
  if (constant && familyOf(value) !== 'null')
    return call(
      'in',
      value,
      literal(
        values.map((item) => (item.kind === 'literal' ? item.value : null)),
        types.variant,
      ),
    )
  if (pairs.length === 0) return notNative('an empty list')
  return joinConditions(
    'or',
    pairs.map(([self, item]) => call('eq', self, item)),
  )
}

/** Chooses the first value that is not null. */
export function coalesce(values: readonly Expression[]): Expression {
  const unified = unify(values)
  return unified.length === 1 ? (unified[0] as Expression) : call('coalesce', ...unified)
}

/** Joins conditions by `and` or `or` as a tree of little depth, so that thousands of them are no deep recursion. */
export function joinConditions(name: 'and' | 'or', conditions: readonly Expression[]): Expression {
  const [first] = conditions
  if (first === undefined) return literal(name === 'and', types.bool)
  if (conditions.length === 1) return first
  const middle = conditions.length >> 1
  return call(
    name,
    joinConditions(name, conditions.slice(0, middle)),
    joinConditions(name, conditions.slice(middle)),
  )
}
