import { type FunctionDefinition, isFloat, makeField, SheafError, types, type Value } from '@sheafdb/core'
import { List } from 'apache-arrow'
import {
  arrayOf,
  isIntegerValue,
  isListValue,
  isMap,
  isNumeric,
  NodeValue,
  PathValue,
  RelationshipValue,
} from '../values.ts'
import { custom, strict } from './define.ts'
import { runtimeArgumentError, runtimeTypeError } from './errors.ts'
import { isTypeName, valueHasType } from './value-type.ts'

function textArgument(name: string, value: Value): string {
  if (typeof value === 'string') return value
  throw runtimeTypeError(`The function ${name} takes text.`, value)
}

function textFunction(name: string, evaluate: (text: string, ...rest: Value[]) => Value): FunctionDefinition {
  return strict(name, types.utf8, (text, ...rest) => evaluate(textArgument(name, text), ...rest))
}

/** Tests text; unknown where either side is no text. */
function textTest(name: string, test: (text: string, part: string) => boolean): FunctionDefinition {
  return strict(name, types.bool, (text, part) =>
    typeof text === 'string' && typeof part === 'string' ? test(text, part) : null,
  )
}

function count(value: Value): number {
  if (!isIntegerValue(value)) throw runtimeTypeError('A count of characters is a whole number.', value)
  if (value < 0) throw runtimeArgumentError('A count of characters cannot be negative.', 'NumberOutOfRange')
  return Number(value)
}

function substring(text: string, start: Value, length: Value): Value {
  const points = Array.from(text)
  const from = count(start)
  return points.slice(from, length === undefined ? points.length : from + count(length)).join('')
}

/** Renders a float as openCypher does: always with a point or an exponent. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

function toText(value: Value): Value {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : floatText(value)
  if (
    value instanceof NodeValue ||
    value instanceof RelationshipValue ||
    value instanceof PathValue ||
    isListValue(value) ||
    isMap(value)
  ) {
    throw runtimeTypeError('This value has no text form.', value)
  }
  return String(value)
}

const INTEGER_TEXT = /^\s*[+-]?\d+\s*$/
const NUMBER_TEXT = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/

function toInteger(value: Value): Value {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) + 0 : null
  if (typeof value !== 'string') throw runtimeTypeError('This value does not convert to an integer.', value)
  if (INTEGER_TEXT.test(value)) return integerFromText(value)
  return NUMBER_TEXT.test(value) ? Math.trunc(Number(value)) + 0 : null
}

function integerFromText(text: string): Value {
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number + 0
  const wide = BigInt(text.trim().replace(/^\+/, ''))
  return wide >= -(2n ** 63n) && wide < 2n ** 63n ? wide : null
}

function toFloat(value: Value): Value {
  if (isNumeric(value)) return Number(value)
  if (typeof value !== 'string') throw runtimeTypeError('This value does not convert to a float.', value)
  return NUMBER_TEXT.test(value) ? Number(value) : null
}

function toBoolean(value: Value): Value {
  if (typeof value === 'boolean') return value
  if (isIntegerValue(value)) return Number(value) !== 0
  if (typeof value !== 'string') throw runtimeTypeError('This value does not convert to a boolean.', value)
  const text = value.trim().toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : null
}

/** Gives null in place of an error. */
function orNull(convert: (value: Value) => Value): (value: Value) => Value {
  return (value) => {
    if (
      typeof value === 'object' &&
      (isListValue(value) ||
        isMap(value) ||
        value instanceof NodeValue ||
        value instanceof RelationshipValue ||
        value instanceof PathValue)
    )
      return null
    if (typeof value === 'boolean' && convert === toFloat) return null
    return convert(value)
  }
}

function split(text: Value, separator: Value): Value {
  const source = textArgument('split', text)
  if (!isListValue(separator)) return source.split(textArgument('split', separator))
  const parts = arrayOf(separator).map((item) =>
    textArgument('split', item).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  )
  return source.split(new RegExp(parts.join('|')))
}

const patterns = new Map<string, RegExp>()
const MAX_PATTERNS = 200

/** Matches a whole text with a regular expression, `(?i)` and the like before it taken as flags. */
function matches(text: string, pattern: string): boolean {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    const flags = /^\(\?([ims]+)\)/.exec(pattern)
    const body = flags === null ? pattern : pattern.slice(flags[0].length)
    try {
      compiled = new RegExp(`^(?:${body})$`, `u${flags?.[1] ?? ''}`)
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
      throw runtimeArgumentError(
        `A regular expression is not well formed: ${pattern}`,
        'InvalidArgumentValue',
      )
    }
    if (patterns.size >= MAX_PATTERNS) patterns.clear()
    patterns.set(pattern, compiled)
  }
  return compiled.test(text)
}

const textList = new List(makeField('item', types.utf8))

/** Holds the functions of text and the conversions. */
export const textFunctions: readonly FunctionDefinition[] = [
  textTest('starts_with', (text, part) => text.startsWith(part)),
  textTest('ends_with', (text, part) => text.endsWith(part)),
  textTest('contains', (text, part) => text.includes(part)),
  textTest('matches', matches),
  textFunction('upper', (text) => text.toUpperCase()),
  textFunction('lower', (text) => text.toLowerCase()),
  textFunction('trim', (text, characters) => trimmed(text, characters, true, true)),
  textFunction('ltrim', (text, characters) => trimmed(text, characters, true, false)),
  textFunction('rtrim', (text, characters) => trimmed(text, characters, false, true)),
  textFunction('left', (text, length) => Array.from(text).slice(0, count(length)).join('')),
  textFunction('right', (text, length) => {
    const points = Array.from(text)
    return points.slice(Math.max(0, points.length - count(length))).join('')
  }),
  textFunction('substring', substring),
  textFunction('replace', (text, from, to) =>
    text.replaceAll(textArgument('replace', from), () => textArgument('replace', to)),
  ),
  strict('split', textList, split),
  {
    ...strict('to_string', types.utf8, toText),
    evaluator: ([type]) =>
      type !== undefined && isFloat(type) ? (value) => floatText(value as number) : toText,
  },
  strict('to_integer', types.int64, toInteger),
  strict('to_float', types.float64, toFloat),
  strict('to_boolean', types.bool, toBoolean),
  strict('to_string_or_null', types.utf8, orNull(toText)),
  strict('to_integer_or_null', types.int64, orNull(toInteger)),
  strict('to_float_or_null', types.float64, orNull(toFloat)),
  strict('to_boolean_or_null', types.bool, orNull(toBoolean)),
  custom('value_type', types.utf8, (value) => valueTypeName(value)),
  custom('is_typed', types.bool, (value, names) => isTyped(value, names)),
]

/** Tells whether a value has one of some types, whose names are joined by bars. Null is of every type. */
function isTyped(value: Value, names: Value): boolean {
  const types = String(names).split('|')
  for (const type of types)
    if (!isTypeName(type))
      throw new SheafError(
        'ARGUMENT',
        `There is no type of this name. Name one such as INTEGER, STRING or LIST<DATE>: ${type}`,
        { phase: 'runtime', detail: 'InvalidArgumentValue' },
      )
  return value === null || value === undefined || types.some((type) => valueHasType(value, type))
}

function trimmed(text: string, characters: Value, start: boolean, end: boolean): string {
  const drop = characters === undefined ? null : new Set(Array.from(textArgument('trim', characters)))
  const isDropped = (point: string): boolean => (drop === null ? /\s/u.test(point) : drop.has(point))
  const points = Array.from(text)
  let from = 0
  let to = points.length
  if (start) while (from < to && isDropped(points[from] as string)) from += 1
  if (end) while (to > from && isDropped(points[to - 1] as string)) to -= 1
  return points.slice(from, to).join('')
}

function valueTypeName(value: Value): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') return 'STRING NOT NULL'
  if (typeof value === 'boolean') return 'BOOLEAN NOT NULL'
  if (isNumeric(value)) return isIntegerValue(value) ? 'INTEGER NOT NULL' : 'FLOAT NOT NULL'
  if (value instanceof NodeValue) return 'NODE NOT NULL'
  if (value instanceof RelationshipValue) return 'RELATIONSHIP NOT NULL'
  if (value instanceof PathValue) return 'PATH NOT NULL'
  return isListValue(value) ? 'LIST<ANY> NOT NULL' : 'MAP NOT NULL'
}
