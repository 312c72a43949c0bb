import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { makePattern } from '../../language/parser-values.ts'
import { safePattern } from '../../language/pattern.ts'

import { requireTextLength } from '../limits.ts'
import { bsonType, isInt32, isNullish, isNumber } from '../value.ts'
import { searchBounds } from './array.ts'
import { textOf } from './convert.ts'
import {
  compilePart,
  counted,
  evaluatedParts,
  fixed,
  namedParts,
  type Operators,
  variadic,
} from './define.ts'

function concat(args: readonly Value[]): Value {
  for (const arg of args) {
    if (isNullish(arg)) return null
    if (typeof arg !== 'string')
      throw mongoError(16702, `$concat takes text only. It got a ${bsonType(arg)}.`)
  }
  requireTextLength(args.reduce<number>((sum, arg) => sum + (arg as string).length, 0))
  return args.join('')
}

function requireText(name: string, value: Value, code: number): string {
  if (typeof value === 'string') return value
  throw mongoError(code, `${name} takes a text. It got a ${bsonType(value)}.`)
}

/** Gives the text that case functions work on: null is empty, numbers and dates are written out. */
function coerced(name: string, value: Value): string {
  if (isNullish(value)) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number' && !isInt32(value)) return shortNumber(value)
  const text = isNumber(value) || value instanceof Date ? textOf(value) : undefined
  if (text === undefined) throw mongoError(16007, `${name} takes a text. It got a ${bsonType(value)}.`)
  return text
}

const SHORT_DIGITS = 6

/** Writes a double with six digits, as C's `%g` does. */
function shortNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa, exponent] = value.toExponential(SHORT_DIGITS - 1).split('e') as [string, string]
  const power = Number(exponent)
  if (power < -4 || power >= SHORT_DIGITS) {
    const sign = power < 0 ? '-' : '+'
    return `${withoutZeros(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`
  }
  return withoutZeros(value.toFixed(SHORT_DIGITS - 1 - power))
}

function withoutZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
}

/** Changes the case of ASCII letters, and of those alone. */
function asciiCase(name: string, letters: RegExp, change: (letter: string) => string) {
  return fixed(name, 1, (value) => coerced(name, value).replaceAll(letters, change))
}

function compareCaseless(left: Value, right: Value): Value {
  const upper = (value: Value): string =>
    coerced('$strcasecmp', value).replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
  const [a, b] = [upper(left), upper(right)]
  return a < b ? -1 : a > b ? 1 : 0
}

function lengthOf(name: string, code: number, measure: (text: string) => number) {
  return fixed(name, 1, (value) => measure(requireText(name, value, code)))
}

function substringBytes(value: Value, start: Value, count: Value): Value {
  const text = coerced('$substrBytes', value)
  if (!isNumber(start))
    throw mongoError(16034, `$substrBytes takes a numeric start. It got a ${bsonType(start)}.`)
  if (!isNumber(count))
    throw mongoError(16035, `$substrBytes takes a numeric length. It got a ${bsonType(count)}.`)
  const bytes = Buffer.from(text)
  const from = wholeBytes(start)
  const length = wholeBytes(count)
  if (from < 0) throw mongoError(50752, '$substrBytes takes no negative start. Count from 0.')
  const to = length < 0 ? bytes.length : Math.min(from + length, bytes.length)
  if (isContinuation(bytes[from]))
    throw mongoError(28656, '$substrBytes starts inside a character. Use $substrCP.')
  if (from < bytes.length && isContinuation(bytes[to]))
    throw mongoError(28657, '$substrBytes ends inside a character. Use $substrCP.')
  return bytes.toString('utf8', from, to)
}

function wholeBytes(value: number | bigint): number {
  const number = Math.trunc(Number(value))
  if (!(Math.abs(number) <= 2 ** 63))
    throw mongoError(31109, `$substrBytes takes finite numbers. It got ${value}.`)
  return number
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

function substringPoints(value: Value, start: Value, count: Value): Value {
  const text = coerced('$substrCP', value)
  const read = (number: Value, codes: readonly [number, number, number]): number => {
    if (!isNumber(number))
      throw mongoError(codes[0], `$substrCP takes numbers. It got a ${bsonType(number)}.`)
    if (!Number.isInteger(Number(number)) || Math.abs(Number(number)) > 2 ** 31 - 1)
      throw mongoError(codes[1], `$substrCP takes whole numbers. It got ${number}.`)
    if (Number(number) < 0)
      throw mongoError(codes[2], `$substrCP takes no negative numbers. It got ${number}.`)
    return Number(number)
  }
  const from = read(start, [34450, 34451, 34455])
  const length = read(count, [34452, 34453, 34454])
  return [...text].slice(from, from + length).join('')
}

function indexOf(name: string, points: boolean) {
  const unit = points ? (text: string) => [...text].length : (text: string) => Buffer.byteLength(text)
  return fixed(name, [2, 4], (value, wanted, from, to) => {
    if (isNullish(value)) return null
    const text = requireText(name, value, points ? 40093 : 40091)
    const token = requireText(name, wanted, points ? 40094 : 40092)
    const { start, end } = searchBounds(name, [from, to], unit(text))
    if (start > end) return -1
    if (points) return indexOfItems([...text], [...token], start, end)
    const bytes = Buffer.from(text).subarray(0, end)
    return bytes.indexOf(Buffer.from(token), start)
  })
}

function indexOfItems(
  items: readonly string[],
  token: readonly string[],
  start: number,
  end: number,
): number {
  for (let at = start; at + token.length <= end; at += 1)
    if (token.every((item, index) => items[at + index] === item)) return at
  return -1
}

const WHITE_SPACE =
  '\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a'

function trim(name: string, sides: 'both' | 'left' | 'right') {
  return evaluatedParts(
    name,
    { required: ['input'], optional: ['chars'], codes: { object: 50696, unknown: 50694, missing: 50695 } },
    (values) => {
      const input = values.get('input')
      const chars = values.get('chars')
      if (isNullish(input)) return null
      requireText(name, input, 50699)
      if (values.has('chars') && !isNullish(chars)) requireText(name, chars, 50700)
      if (isNullish(input) || (values.has('chars') && isNullish(chars))) return null
      const drop = new Set(chars === undefined ? WHITE_SPACE : (chars as string))
      const points = [...(input as string)]
      let start = 0
      let end = points.length
      while (sides !== 'right' && start < end && drop.has(points[start] as string)) start += 1
      while (sides !== 'left' && end > start && drop.has(points[end - 1] as string)) end -= 1
      return points.slice(start, end).join('')
    },
  )
}

function split(value: Value, separator: Value): Value {
  if (isNullish(value) || isNullish(separator)) return null
  const text = requireText('$split', value, 40085)
  if (separator instanceof RegExp) return splitBy(text, separator)
  const by = requireText('$split', separator, 40086)
  if (by === '') throw mongoError(40087, '$split takes a separator that is not empty. Give one.')
  return text.split(by)
}

/** Splits a text where a pattern matches; what its groups caught stands between the parts. */
function splitBy(text: string, separator: RegExp): string[] {
  const parts: string[] = []
  let at = 0
  for (const { index, text: found, captures } of safePattern(separator).matches(
    text,
    Number.POSITIVE_INFINITY,
  )) {
    if (found === '') continue
    parts.push(text.slice(at, index), ...captures.map((part) => part ?? ''))
    at = index + found.length
  }
  parts.push(text.slice(at))
  return parts
}

function replaceMatches(text: string, pattern: RegExp, replacement: string, most: number): string {
  let result = ''
  let at = 0
  for (const { index, text: found } of safePattern(pattern).matches(text, most)) {
    result += text.slice(at, index) + replacement
    requireTextLength(result.length)
    at = index + found.length
  }
  return result + text.slice(at)
}

function replace(name: '$replaceOne' | '$replaceAll') {
  return evaluatedParts(
    name,
    {
      required: ['input', 'find', 'replacement'],
      codes: { object: 51751, unknown: 51750, missing: 51749 },
    },
    (values) => {
      const parts = (['input', 'find', 'replacement'] as const).map((key, index) => {
        const value = values.get(key)
        if (isNullish(value) || typeof value === 'string') return value
        if (key === 'find' && value instanceof RegExp) return value
        throw mongoError(
          [10503904, 10503901, 10503902][index] as number,
          `${name} takes text. Its ${key} is a ${bsonType(value)}.`,
        )
      })
      if (parts.some(isNullish)) return null
      const [input, find, replacement] = parts as [string, string | RegExp, string]
      const by = (): string => replacement
      if (find instanceof RegExp)
        return replaceMatches(input, find, replacement, name === '$replaceAll' ? Number.POSITIVE_INFINITY : 1)
      if (name === '$replaceOne') return input.replace(find, by)
      requireTextLength((input.length + 1) * Math.max(1, replacement.length / Math.max(1, find.length)))
      return input.replaceAll(find, by)
    },
  )
}

type Found = { readonly match: string; readonly idx: number; readonly captures: readonly (string | null)[] }

function regexOperator(
  name: string,
  result: (text: string | null, pattern: RegExp | null) => Value,
): ReturnType<typeof namedParts> {
  return namedParts(
    name,
    {
      required: ['input', 'regex'],
      optional: ['options'],
      codes: { object: 51103, unknown: 31024, missing: 31022 },
    },
    (parts, context) => {
      const input = compilePart(parts, 'input', context)
      const regex = compilePart(parts, 'regex', context)
      const options = compilePart(parts, 'options', context)
      const fixedPattern =
        parts.get('regex')?.kind === 'literal' && (parts.get('options')?.kind ?? 'literal') === 'literal'
      let known: RegExp | null | undefined
      return (scope) => {
        const text = input(scope)
        if (!isNullish(text) && typeof text !== 'string')
          throw mongoError(51104, `${name} takes a text. It got a ${bsonType(text)}.`)
        const pattern =
          fixedPattern && known !== undefined ? known : patternOf(name, regex(scope), options(scope))
        known = pattern
        return result(text ?? null, pattern)
      }
    },
  )
}

function patternOf(name: string, regex: Value, options: Value): RegExp | null {
  if (!isNullish(options) && typeof options !== 'string')
    throw mongoError(51106, `${name} takes options that are text. They are a ${bsonType(options)}.`)
  if (isNullish(regex)) return null
  if (regex instanceof RegExp) {
    const own = regex.flags.replaceAll(/[gudy]/g, '')
    if (own !== '' && !isNullish(options))
      throw mongoError(51107, `${name} has options in both regex and options. Set them once.`)
    return options ? makePattern(regex.source, options) : regex
  }
  if (typeof regex !== 'string')
    throw mongoError(51105, `${name} takes a regular expression. It got a ${bsonType(regex)}.`)
  if (regex.includes('\0')) throw mongoError(51109, `${name} takes no null bytes in a pattern. Remove them.`)
  if (typeof options === 'string' && options.includes('\0'))
    throw mongoError(51110, `${name} takes no null bytes in options. Remove them.`)
  return makePattern(regex, options ?? '')
}

function findAll(text: string, pattern: RegExp, most: number): Found[] {
  const found: Found[] = []
  let at = 0
  let points = 0
  for (const { index, text: match, captures } of safePattern(pattern).matches(text, most)) {
    points += [...text.slice(at, index)].length
    at = index
    found.push({ match, idx: points, captures })
  }
  return found
}

/** Holds the operators of text. */
export const textOperators: Operators = [
  counted(variadic('$concat', concat)),
  asciiCase('$toUpper', /[a-z]/g, (letter) => letter.toUpperCase()),
  asciiCase('$toLower', /[A-Z]/g, (letter) => letter.toLowerCase()),
  fixed('$strcasecmp', 2, compareCaseless),
  lengthOf('$strLenBytes', 34473, (text) => Buffer.byteLength(text)),
  lengthOf('$strLenCP', 34471, (text) => [...text].length),
  fixed('$substr', 3, substringBytes),
  fixed('$substrBytes', 3, substringBytes),
  fixed('$substrCP', 3, substringPoints),
  indexOf('$indexOfCP', true),
  indexOf('$indexOfBytes', false),
  trim('$trim', 'both'),
  trim('$ltrim', 'left'),
  trim('$rtrim', 'right'),
  fixed('$split', 2, split),
  replace('$replaceOne'),
  replace('$replaceAll'),
  regexOperator('$regexMatch', (text, pattern) =>
    text === null || pattern === null ? false : findAll(text, pattern, 1).length > 0,
  ),
  regexOperator('$regexFind', (text, pattern) =>
    text === null || pattern === null ? null : (findAll(text, pattern, 1)[0] ?? null),
  ),
  regexOperator('$regexFindAll', (text, pattern) =>
    text === null || pattern === null ? [] : findAll(text, pattern, Number.POSITIVE_INFINITY),
  ),
]
