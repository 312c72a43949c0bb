import { mongoError } from './errors.ts'
import { parseJsonPath } from './jsonpath/parser.ts'
import { parseExpression } from './parser-expression.ts'
import { parseNear, parseRegion } from './parser-geo.ts'
import { parseTypes } from './parser-types.ts'
import { hasOperator, isPlain, makePattern, requirePlain, typeWord } from './parser-values.ts'
import type { BitTest, Condition, Document, Filter, Value } from './syntax.ts'

const MAX_DEPTH = 150

/**
 * Parses a query filter.
 *
 * @throws BadValue for an unknown operator or an argument that it does not take
 */
export function parseFilter(filter: Value, depth: number = 0): Filter {
  if (depth > MAX_DEPTH) {
    throw mongoError(15, `A filter is nested too deep. Use fewer levels than ${MAX_DEPTH}.`)
  }
  const document = requirePlain(filter, 'A filter', 14)
  const parts = Object.entries(document).map(([key, value]) =>
    key.startsWith('$') ? parseTopLevel(key, value, depth) : parseField(key, value, depth),
  )
  const filters = parts.filter((part) => part !== null)
  return filters.length === 1 ? (filters[0] as Filter) : { kind: 'and', filters }
}

function parseTopLevel(operator: string, value: Value, depth: number): Filter | null {
  switch (operator) {
    case '$and':
    case '$or':
    case '$nor':
      return { kind: operator.slice(1) as 'and' | 'or' | 'nor', filters: parseList(operator, value, depth) }
    case '$expr':
      return { kind: 'expression', expression: parseExpression(value) }
    case '$jsonSchema':
      return { kind: 'schema', schema: requirePlain(value, '$jsonSchema', 14) }
    case '$jsonpath':
      return parsePathFilter(value)
    case '$comment':
      return null
    case '$alwaysTrue':
    case '$alwaysFalse':
      if (value !== 1) throw mongoError(9, `${operator} takes the number 1. Give it 1.`)
      return { kind: 'constant', value: operator === '$alwaysTrue' }
    case '$text':
    case '$where':
      throw mongoError(238, `This operator is not supported. Express the condition with $expr: ${operator}`)
    default:
      throw mongoError(2, `There is no top level operator of this name. Check its spelling: ${operator}`)
  }
}

function parsePathFilter(value: Value): Filter {
  if (typeof value !== 'string') throw mongoError(14, `$jsonpath takes a text. It got a ${typeWord(value)}.`)
  parseJsonPath(value)
  return { kind: 'jsonpath', query: value }
}

function parseList(operator: string, value: Value, depth: number): Filter[] {
  if (!Array.isArray(value)) throw mongoError(2, `${operator} takes an array. Give it a list of filters.`)
  if (value.length === 0) throw mongoError(2, `${operator} takes a list that is not empty. Add a filter.`)
  return value.map((item: Value) => {
    if (!isPlain(item)) throw mongoError(2, `The list of ${operator} holds objects only. Give it filters.`)
    return parseFilter(item, depth + 1)
  })
}

function parseField(path: string, value: Value, depth: number): Filter {
  const at = path.split('.')
  const field = (condition: Condition): Filter => ({ kind: 'field', path: at, condition })
  if (value instanceof RegExp) return field({ kind: 'regex', pattern: value })
  if (!hasOperator(value)) return field({ kind: 'eq', value: value ?? null })
  const filters = parseConditions(value, depth).map(field)
  return filters.length === 1 ? (filters[0] as Filter) : { kind: 'and', filters }
}

/** Parses the operators of one field. */
function parseConditions(operators: Document, depth: number): Condition[] {
  if (depth > MAX_DEPTH) {
    throw mongoError(15, `A filter is nested too deep. Use fewer levels than ${MAX_DEPTH}.`)
  }
  const conditions: Condition[] = []
  for (const [operator, value] of Object.entries(operators)) {
    if (operator === '$options') {
      if (!Object.hasOwn(operators, '$regex'))
        throw mongoError(2, '$options needs a $regex beside it. Add one.')
    } else if (operator === '$near' || operator === '$nearSphere') {
      conditions.push({ kind: 'geo', geo: parseNear(operator, operators) })
    } else if (operator === '$minDistance' || operator === '$maxDistance') {
      if (operators.$near === undefined && operators.$nearSphere === undefined)
        throw mongoError(2, `${operator} needs a $near or $nearSphere beside it. Add one.`)
    } else if (operator === '$regex') {
      conditions.push(parseRegex(value, operators.$options))
    } else {
      conditions.push(...parseCondition(operator, value, depth))
    }
  }
  return conditions
}

function parseCondition(operator: string, value: Value, depth: number): Condition[] {
  switch (operator) {
    case '$eq':
      return [{ kind: 'eq', value: value ?? null }]
    case '$ne':
      if (value instanceof RegExp) throw mongoError(2, '$ne takes no regular expression. Use $not instead.')
      return [{ kind: 'not', conditions: [{ kind: 'eq', value: value ?? null }] }]
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      if (value instanceof RegExp)
        throw mongoError(2, `${operator} takes no regular expression. Use $regex instead.`)
      return [{ kind: operator.slice(1) as 'gt', value: value ?? null }]
    case '$in':
      return [parseIn(operator, value)]
    case '$nin':
      return [{ kind: 'not', conditions: [parseIn(operator, value)] }]
    case '$not':
      return [{ kind: 'not', conditions: parseNot(value, depth) }]
    case '$exists':
      return truthy(value) ? [{ kind: 'exists' }] : [{ kind: 'not', conditions: [{ kind: 'exists' }] }]
    case '$type':
      return [{ kind: 'type', types: parseTypes(value) }]
    case '$mod':
      return [parseModulo(value)]
    case '$size':
      return [{ kind: 'size', size: parseSize(value) }]
    case '$all':
      return parseAll(value, depth)
    case '$elemMatch':
      return [parseElement(value, depth)]
    case '$bitsAllSet':
      return [parseBits('all-set', operator, value)]
    case '$bitsAllClear':
      return [parseBits('all-clear', operator, value)]
    case '$bitsAnySet':
      return [parseBits('any-set', operator, value)]
    case '$bitsAnyClear':
      return [parseBits('any-clear', operator, value)]
    case '$geoWithin':
    case '$geoIntersects':
      return [{ kind: 'geo', geo: parseRegion(operator, value) }]
    case '$comment':
      return []
    default:
      throw mongoError(2, `There is no operator of this name. Check its spelling: ${operator}`)
  }
}

function truthy(value: Value): boolean {
  return !(value === false || value === 0 || value === 0n || value === null || value === undefined)
}

function parseIn(operator: string, value: Value): Condition {
  if (!Array.isArray(value)) throw mongoError(2, `${operator} needs an array. Give it a list of values.`)
  for (const item of value) {
    if (hasOperator(item)) throw mongoError(2, `${operator} takes values, no operators. Use $or to combine.`)
  }
  return {
    kind: 'in',
    values: value.map((item: Value) => item ?? null),
    patterns: value.filter((item: Value) => item instanceof RegExp),
  }
}

function parseNot(value: Value, depth: number): Condition[] {
  if (value instanceof RegExp) return [{ kind: 'regex', pattern: value }]
  if (!isPlain(value)) throw mongoError(2, '$not needs a regular expression or an object. Give it one.')
  const keys = Object.keys(value)
  if (keys.length === 0) throw mongoError(2, '$not cannot be empty. Give it an operator.')
  if (!hasOperator(value)) throw mongoError(2, `$not needs operators. There is none of this name: ${keys[0]}`)
  return parseConditions(value, depth + 1)
}

function parseRegex(value: Value, options: Value): Condition {
  if (options !== undefined && typeof options !== 'string')
    throw mongoError(2, '$options has to be a string. Give it the letters of the options.')
  if (value instanceof RegExp) {
    if (options !== undefined && value.flags.replaceAll(/[ud]/g, '') !== '') {
      throw mongoError(51075, 'Options are set in both $regex and $options. Set them once.')
    }
    return { kind: 'regex', pattern: options === undefined ? value : makePattern(value.source, options) }
  }
  if (typeof value !== 'string') throw mongoError(2, '$regex has to be a string. Give it a pattern.')
  return { kind: 'regex', pattern: makePattern(value, options ?? '') }
}

function parseModulo(value: Value): Condition {
  if (!Array.isArray(value)) throw mongoError(2, '$mod needs an array. Give it a divisor and a remainder.')
  if (value.length < 2) throw mongoError(2, '$mod has too few elements. Give it a divisor and a remainder.')
  if (value.length > 2) throw mongoError(2, '$mod has too many elements. Give it a divisor and a remainder.')
  const [divisor, remainder] = value.map(truncated) as [bigint, bigint]
  if (divisor === 0n) throw mongoError(2, "$mod's divisor cannot be 0. Give another.")
  return { kind: 'modulo', divisor, remainder }
}

function truncated(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value !== 'number') throw mongoError(2, '$mod takes numbers. Give it two of them.')
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63)
    throw mongoError(2, '$mod takes numbers that fit 64 bits. Give it smaller ones.')
  return BigInt(Math.trunc(value))
}

function parseSize(value: Value): number {
  const size = typeof value === 'bigint' ? Number(value) : value
  if (typeof size !== 'number' || !Number.isInteger(size)) {
    throw mongoError(2, '$size needs a whole number. Give it one.')
  }
  if (size < 0 || size > 2 ** 31 - 1)
    throw mongoError(2, '$size takes a count of 32 bits, not negative. Give one.')
  return size
}

function parseAll(value: Value, depth: number): Condition[] {
  if (!Array.isArray(value)) throw mongoError(2, '$all needs an array. Give it a list of values.')
  if (value.length === 0) return [{ kind: 'never' }]
  const elements = value.filter((item) => isPlain(item) && Object.hasOwn(item, '$elemMatch'))
  if (elements.length > 0 && elements.length < value.length)
    throw mongoError(2, '$all takes $elemMatch in all of its elements or in none. Split the condition.')
  return value.flatMap((item: Value): Condition[] => {
    if (elements.length > 0) return parseConditions(item as Document, depth + 1)
    if (hasOperator(item)) throw mongoError(2, '$all takes values, no operators. Use $and to combine.')
    return [item instanceof RegExp ? { kind: 'regex', pattern: item } : { kind: 'eq', value: item ?? null }]
  })
}

const FIELD_OPERATORS_OF_DOCUMENTS = new Set(['$and', '$or', '$nor', '$expr', '$jsonSchema', '$comment'])

function parseElement(value: Value, depth: number): Condition {
  if (!isPlain(value)) throw mongoError(2, '$elemMatch needs an object. Give it a filter.')
  const [first] = Object.keys(value)
  if (first?.startsWith('$') && !FIELD_OPERATORS_OF_DOCUMENTS.has(first)) {
    return { kind: 'element', filter: null, conditions: parseConditions(value, depth + 1) }
  }
  return { kind: 'element', filter: parseFilter(value, depth + 1), conditions: [] }
}

function parseBits(test: BitTest, operator: string, value: Value): Condition {
  if (Array.isArray(value)) {
    const positions = value.map((item: Value) => bitPosition(operator, item))
    return { kind: 'bits', test, mask: positions.reduce((mask, at) => mask | (1n << BigInt(at)), 0n) }
  }
  if (value instanceof Uint8Array) return { kind: 'bits', test, mask: bytesMask(value) }
  const mask = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
  if (typeof mask !== 'bigint') {
    const code = typeof value === 'number' ? 9 : 2
    throw mongoError(code, `${operator} takes an array of positions, a number or bytes. Give it one of them.`)
  }
  if (mask < 0n) throw mongoError(9, `${operator} takes no negative number. Give it positions instead.`)
  if (mask >= 2n ** 63n)
    throw mongoError(9, `${operator} takes a number of 64 bits. Give it positions instead.`)
  return { kind: 'bits', test, mask }
}

function bitPosition(operator: string, value: Value): number {
  const position = typeof value === 'bigint' ? Number(value) : value
  if (typeof position !== 'number')
    throw mongoError(2, `${operator} takes positions that are numbers. Give it whole ones.`)
  if (!Number.isInteger(position) || Math.abs(position) > 2 ** 31 - 1)
    throw mongoError(2, `${operator} takes whole positions of 32 bits. Give it such ones.`)
  if (position < 0) throw mongoError(2, `${operator} takes no negative positions. Count from 0.`)
  return Math.min(position, MOST_BITS)
}

/** Bits past the sign of 64-bit numbers are all like the sign. */
const MOST_BITS = 4096

function bytesMask(bytes: Uint8Array): bigint {
  return bytes.reduce((mask, byte, index) => mask | (BigInt(byte) << BigInt(index * 8)), 0n)
}
