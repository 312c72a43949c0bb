import type { Value } from '@sheafdb/core'
import { ObjectId } from 'bson'
import { mongoError } from '../../language/errors.ts'
import { parseTypes } from '../../language/parser-types.ts'
import { parseDate } from '../date/parse.ts'
import { isObjectId, timeOfObjectId } from '../object-id.ts'
import { bsonType, isDocument, isInt32, isNullish, isNumber } from '../value.ts'
import { compilePart, fixed, namedParts, type Operators } from './define.ts'

const INT64_LIMIT = 2n ** 63n

/** Writes a number, date or boolean as `$toString` does; `undefined` for what has no text. */
export function textOf(value: Value): string | undefined {
  switch (bsonType(value)) {
    case 'string':
      return value as string
    case 'int':
    case 'long':
    case 'bool':
      return String(value)
    case 'double':
      return doubleText(value as number)
    case 'date':
      return (value as Date).toISOString()
    case 'objectId':
      return (value as ObjectId).toHexString()
    default:
      return undefined
  }
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(value, -0)) return '-0'
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

type Conversion = (value: Value) => Value

function fail(value: Value, to: string): never {
  throw mongoError(241, `A ${bsonType(value)} cannot be converted to ${to}. Use $convert with onError.`)
}

function toDouble(value: Value): Value {
  if (isNumber(value)) return Number(value)
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'string') return numberOfText(value, 'double')
  return fail(value, 'double')
}

const NUMBER_TEXT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

function numberOfText(text: string, to: string): number {
  if (/^[+-]?0x[0-9a-f]+$/i.test(text))
    return text.startsWith('-') ? -Number(text.slice(1)) : Number(text.replace('+', ''))
  if (NUMBER_TEXT.test(text)) {
    const number = Number(text)
    if (Number.isFinite(number)) return number
  }
  const special = /^([+-]?)(inf|infinity)$/i.exec(text)
  if (special !== null) return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^[+-]?nan$/i.test(text)) return Number.NaN
  return fail(text, to)
}

function toWhole(value: Value, to: 'int' | 'long', low: bigint, high: bigint): bigint {
  const whole = wholeOf(value, to)
  if (whole < low || whole > high) fail(value, `${to}, whose range it is out of`)
  return whole
}

function wholeOf(value: Value, to: string): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) fail(value, to)
    return BigInt(Math.trunc(value))
  }
  if (value instanceof Date && to === 'long') return BigInt(value.getTime())
  if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) return BigInt(value.replace(/^\+/, ''))
  return fail(value, to)
}

function toBool(value: Value): Value {
  if (typeof value === 'boolean') return value
  if (isNumber(value)) return Number(value) !== 0 || Number.isNaN(value)
  return true
}

function toDate(value: Value): Value {
  if (value instanceof Date) return value
  if (isObjectId(value)) return timeOfObjectId(value)
  if (typeof value === 'string') return parseDate(value, {})
  if (typeof value === 'bigint' || (typeof value === 'number' && !isInt32(value))) {
    const date = new Date(Math.trunc(Number(value)))
    return Number.isNaN(date.getTime()) ? fail(value, 'date, whose range it is out of') : date
  }
  return fail(value, 'date')
}

function toObjectId(value: Value): Value {
  if (isObjectId(value)) return value
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value)
  return fail(value, 'objectId')
}

function toText(value: Value): Value {
  return textOf(value) ?? fail(value, 'string')
}

function demand(kind: string, test: (value: Value) => boolean): Conversion {
  return (value) => (test(value) ? value : fail(value, kind))
}

const CONVERSIONS: ReadonlyMap<string, Conversion> = new Map<string, Conversion>([
  ['double', toDouble],
  ['string', toText],
  ['objectId', toObjectId],
  ['bool', toBool],
  ['date', toDate],
  ['int', (value) => Number(toWhole(value, 'int', -(2n ** 31n), 2n ** 31n - 1n))],
  ['long', (value) => toWhole(value, 'long', -INT64_LIMIT, INT64_LIMIT - 1n)],
  ['object', demand('object', isDocument)],
  ['array', demand('array', Array.isArray)],
])

const TYPE_NUMBERS: ReadonlyMap<number, string> = new Map([
  [1, 'double'],
  [2, 'string'],
  [3, 'object'],
  [4, 'array'],
  [7, 'objectId'],
  [8, 'bool'],
  [9, 'date'],
  [16, 'int'],
  [18, 'long'],
  [19, 'decimal'],
])

function targetOf(to: Value): string {
  const type = isDocument(to) ? to.type : to
  if (typeof type === 'string') {
    if (CONVERSIONS.has(type)) return type
    throw mongoError(2, `There is no type of this name to convert to. Check its spelling: ${type}`)
  }
  if (!isNumber(type)) throw mongoError(9, `$convert's 'to' is a name or number. It is a ${bsonType(type)}.`)
  if (!Number.isInteger(Number(type)))
    throw mongoError(9, `$convert's 'to' is a whole number. It is ${type}.`)
  const name = TYPE_NUMBERS.get(Number(type))
  if (name === undefined || !CONVERSIONS.has(name))
    throw mongoError(2, `There is no type of this number to convert to. Use a known one: ${type}`)
  return name
}

/** Checks the name or number of a type, whether values can be converted to it or not. */
function requireTypeName(to: Value): void {
  parseTypes(isDocument(to) ? to.type : to)
}

const convert = namedParts(
  '$convert',
  {
    required: ['input', 'to'],
    optional: ['onError', 'onNull', 'format', 'byteOrder', 'base'],
    codes: { object: 9, unknown: 9, missing: 9 },
  },
  (parts, context) => {
    const input = compilePart(parts, 'input', context)
    const to = compilePart(parts, 'to', context)
    const onNull = compilePart(parts, 'onNull', context)
    const onError = compilePart(parts, 'onError', context)
    return (scope) => {
      const target = to(scope)
      const value = input(scope)
      if (isNullish(value)) {
        if (!isNullish(target)) requireTypeName(target)
        return parts.has('onNull') ? onNull(scope) : null
      }
      if (isNullish(target)) return null
      const conversion = CONVERSIONS.get(targetOf(target)) as Conversion
      if (!parts.has('onError')) return conversion(value)
      try {
        return conversion(value)
      } catch (error) {
        if (isConversionFailure(error)) return onError(scope)
        throw error
      }
    }
  },
)

function isConversionFailure(error: unknown): boolean {
  return (error as { mongoCode?: number }).mongoCode === 241
}

function shorthand(name: string, type: string) {
  const conversion = CONVERSIONS.get(type) as Conversion
  const [, operator] = fixed(name, 1, (value) => (isNullish(value) ? null : conversion(value)))
  return [
    name,
    (argument: Parameters<typeof operator>[0], context: Parameters<typeof operator>[1]) => {
      if (argument.kind === 'array' && argument.items.length !== 1)
        throw mongoError(50723, `${name} takes 1 argument. It got ${argument.items.length}.`)
      return operator(argument, context)
    },
  ] as const
}

/** Holds the operators that tell and change types. */
export const convertOperators: Operators = [
  fixed('$type', 1, (value) => bsonType(value)),
  fixed('$isNumber', 1, isNumber),
  convert,
  shorthand('$toDouble', 'double'),
  shorthand('$toString', 'string'),
  shorthand('$toObjectId', 'objectId'),
  shorthand('$toBool', 'bool'),
  shorthand('$toDate', 'date'),
  shorthand('$toInt', 'int'),
  shorthand('$toLong', 'long'),
]
