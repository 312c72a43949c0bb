import { isList, isText, types } from '../../types/data-type.ts'
import { SheafError } from '../../types/errors.ts'
import { compareValues, type Value } from '../../types/value.ts'
import type { FunctionDefinition } from '../registry.ts'
import { requireCount, requireType, textFunction } from './signature.ts'

/** Joins the text of its arguments; null gives null. */
const concat: FunctionDefinition = {
  name: 'concat',
  nulls: 'strict',
  type: (argumentTypes) => {
    for (const type of argumentTypes) requireType('concat', type, isText, 'text')
    return types.utf8
  },
  evaluator:
    () =>
    (...args: Value[]) =>
      args.map(requireText).join(''),
  compile: (args, argumentTypes) =>
    argumentTypes.every(isText) && args.length > 0 ? `('' + ${args.join(' + ')})` : undefined,
}

function requireText(value: Value): string {
  if (typeof value === 'string') return value
  throw new SheafError('TYPE', `The function concat needs text. It got a ${typeof value}.`)
}

/** Counts the code points of a text or the elements of a list. */
const length: FunctionDefinition = {
  name: 'length',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('length', argumentTypes, 1)
    requireType('length', argumentTypes[0], (type) => isText(type) || isList(type), 'text or a list')
    return types.int64
  },
  evaluator: () => (value) => {
    if (typeof value === 'string') return codePointCount(value)
    if (Array.isArray(value) || ArrayBuffer.isView(value)) return (value as ArrayLike<Value>).length
    throw new SheafError('TYPE', `The function length needs text or a list. It got a ${typeof value}.`)
  },
}

function codePointCount(text: string): number {
  let count = 0
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit < 0xdc00 || unit > 0xdfff) count += 1
  }
  return count
}

/** Takes a part of a text by code points: `substring(text, start from 1, length?)`. */
const substring: FunctionDefinition = {
  name: 'substring',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('substring', argumentTypes, 2, 3)
    requireType('substring', argumentTypes[0], isText, 'text')
    return types.utf8
  },
  evaluator: () => (text, start, count) => {
    const points = Array.from(text as string)
    const from = Number(start) - 1
    const to = count === undefined ? points.length : from + Number(count)
    return points.slice(Math.max(0, from), Math.max(0, to)).join('')
  },
}

const splitPart = (text: Value, separator: Value): Value => (text as string).split(separator as string)

/**
 * Matches a text with an SQL pattern: `%` any run, `_` one code point, a backslash before either for itself. Linear in
 * text times pattern, without backtracking through a regular expression.
 */
export function matchesLike(text: string, pattern: string): boolean {
  let matches = likePatterns.get(pattern)
  if (matches === undefined) {
    if (likePatterns.size >= MAX_PATTERNS) likePatterns.clear()
    matches = likeMatcher(pattern)
    likePatterns.set(pattern, matches)
  }
  return matches(text)
}

const MAX_PATTERNS = 200
const likePatterns = new Map<string, (text: string) => boolean>()

function likeMatcher(pattern: string): (text: string) => boolean {
  const parts = likeParts(pattern)
  return parts.includes(ANY_ONE) ? (text) => matchesParts(text, parts) : runMatcher(parts)
}

/** Matches a pattern without `_`: its texts must follow one another, the first at the start, the last at the end. */
function runMatcher(parts: readonly (string | symbol)[]): (text: string) => boolean {
  const texts: string[] = ['']
  for (const part of parts) {
    if (typeof part === 'string') texts[texts.length - 1] += part
    else texts.push('')
  }
  const [first, ...rest] = texts as [string, ...string[]]
  const last = rest.pop()
  if (last === undefined) return (text) => text === first
  const middle = rest.filter((part) => part !== '')
  return (text) => {
    const end = text.length - last.length
    if (!text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    for (const part of middle) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= end
  }
}

function matchesParts(text: string, parts: readonly (string | symbol)[]): boolean {
  const points = Array.from(text)
  let at = 0
  let part = 0
  let star = -1
  let resume = 0
  while (at < points.length) {
    const current = parts[part]
    if (current !== undefined && current !== ANY_RUN && (current === ANY_ONE || current === points[at])) {
      at += 1
      part += 1
    } else if (current === ANY_RUN) {
      star = part
      resume = at
      part += 1
    } else if (star >= 0) {
      part = star + 1
      resume += 1
      at = resume
    } else return false
  }
  while (parts[part] === ANY_RUN) part += 1
  return part === parts.length
}

const ANY_RUN = Symbol('%')
const ANY_ONE = Symbol('_')

function likeParts(pattern: string): (string | symbol)[] {
  const parts: (string | symbol)[] = []
  const points = Array.from(pattern)
  for (let index = 0; index < points.length; index += 1) {
    const point = points[index] as string
    const next = points[index + 1]
    if (point === '\\' && (next === '%' || next === '_' || next === '\\')) {
      parts.push(next)
      index += 1
    } else parts.push(point === '%' ? ANY_RUN : point === '_' ? ANY_ONE : point)
  }
  return parts
}

/** Holds the functions of text. Positions and lengths count code points. */
export const textFunctions: readonly FunctionDefinition[] = [
  concat,
  length,
  substring,
  textFunction(
    'lower',
    1,
    types.utf8,
    (text) => (text as string).toLowerCase(),
    ([text]) => `${text}.toLowerCase()`,
  ),
  textFunction(
    'upper',
    1,
    types.utf8,
    (text) => (text as string).toUpperCase(),
    ([text]) => `${text}.toUpperCase()`,
  ),
  textFunction('trim', 1, types.utf8, (text) => (text as string).trim()),
  textFunction('trim_start', 1, types.utf8, (text) => (text as string).trimStart()),
  textFunction('trim_end', 1, types.utf8, (text) => (text as string).trimEnd()),
  textFunction('reverse', 1, types.utf8, (text) =>
    Array.from(text as string)
      .reverse()
      .join(''),
  ),
  textFunction('replace', 3, types.utf8, (text, from, to) =>
    (text as string).replaceAll(from as string, () => to as string),
  ),
  textFunction('split', 2, types.variant, splitPart),
  textFunction(
    'starts_with',
    2,
    types.bool,
    (text, part) => (text as string).startsWith(part as string),
    ([text, part]) => `${text}.startsWith(${part})`,
  ),
  textFunction(
    'ends_with',
    2,
    types.bool,
    (text, part) => (text as string).endsWith(part as string),
    ([text, part]) => `${text}.endsWith(${part})`,
  ),
  textFunction(
    'contains',
    2,
    types.bool,
    (text, part) => (text as string).includes(part as string),
    ([text, part]) => `${text}.includes(${part})`,
  ),
  textFunction('like', 2, types.bool, (text, pattern) => matchesLike(text as string, pattern as string)),
  textFunction('ilike', 2, types.bool, (text, pattern) =>
    matchesLike((text as string).toLowerCase(), (pattern as string).toLowerCase()),
  ),
  textFunction('compare_text', 2, types.int32, (left, right) => Math.sign(compareValues(left, right))),
]
