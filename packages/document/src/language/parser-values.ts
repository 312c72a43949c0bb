import { mongoError } from './errors.ts'
import type { Document, Value } from './syntax.ts'

/** Tells whether a value is a plain object of the language, not a value of its own. */
export function isPlain(value: Value): value is Document {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Tells whether a plain object starts with an operator. */
export function hasOperator(value: Value): value is Document {
  if (!isPlain(value)) return false
  const [first] = Object.keys(value)
  return first?.startsWith('$') === true
}

/** Names the type of a value in a message. */
export function typeWord(value: Value): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (isPlain(value)) return 'object'
  if (typeof value === 'object') return value.constructor.name
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Demands a plain object. @throws MongoDB's code `code` */
export function requirePlain(value: Value, what: string, code: number): Document {
  if (isPlain(value)) return value
  throw mongoError(code, `${what} must be an object. It is of type ${typeWord(value)}.`)
}

const LONGEST_PATTERN = 32_764
const FLAGS = /^[imsxu]*$/

/**
 * Makes a JavaScript pattern of MongoDB's pattern and options.
 *
 * @throws BadValue for unknown options, Location51091 for a pattern that is none
 */
export function makePattern(source: string, options: string): RegExp {
  if (!FLAGS.test(options)) {
    throw mongoError(51108, `A regular expression has an unknown option. Use i, m, s, x or u: ${options}`)
  }
  if (source.includes('\0')) {
    throw mongoError(51109, 'A regular expression must not contain a null byte. Remove it.')
  }
  if (source.length > LONGEST_PATTERN)
    throw mongoError(51091, `A regular expression is too long. Use at most ${LONGEST_PATTERN} letters.`)
  const inline = /^\(\?([imsx]+)\)/.exec(source)
  const body = inline === null ? source : source.slice(inline[0].length)
  const all = new Set(options + (inline?.[1] ?? ''))
  const text = all.has('x') ? withoutSpace(body) : body
  const flags = ['i', 'm', 's'].filter((flag) => all.has(flag)).join('')
  for (const unicode of ['u', '']) {
    try {
      return new RegExp(translate(text), flags + unicode)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  throw mongoError(51091, `A regular expression is not valid. Correct its pattern: ${source}`)
}

/** Rewrites what PCRE writes otherwise than JavaScript. */
function translate(source: string): string {
  return source
    .replaceAll(/\[:(\w+):\]/g, (whole, name: string) => POSIX_CLASSES.get(name) ?? whole)
    .replaceAll(/^(\(\*(UCP|UTF8?|UTF)\))+/g, '')
    .replaceAll(
      /\\p\{(Latin|Greek|Cyrillic|Han|Arabic|Hebrew|Hiragana|Katakana|Thai|Hangul|Devanagari)\}/g,
      '\\p{Script=$1}',
    )
    .replaceAll('\\A', '^')
    .replaceAll(/\\[zZ]/g, '$')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/([*+?}])\+/g, '$1')
}

const POSIX_CLASSES: ReadonlyMap<string, string> = new Map([
  ['alpha', 'a-zA-Z'],
  ['digit', '0-9'],
  ['alnum', 'a-zA-Z0-9'],
  ['upper', 'A-Z'],
  ['lower', 'a-z'],
  ['space', '\\s'],
  ['punct', '!-\\/:-@\\[-`{-~'],
  ['xdigit', '0-9a-fA-F'],
  ['word', '\\w'],
])

/** Leaves out white space and comments of an extended pattern. */
function withoutSpace(source: string): string {
  return source.replaceAll(/\\.|\[(?:\\.|[^\]])*\]|\s+|#.*$/gm, (part) => (/^[\s#]/.test(part) ? '' : part))
}
