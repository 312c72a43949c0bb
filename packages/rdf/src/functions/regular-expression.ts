/**
 * Runs regular expressions of queries. JavaScript's engine tries all ways to match, which takes for ever for some
 * patterns (`(a+)+$`); where that could take long, RE2's algorithm runs, whose time grows with the text alone. It has no
 * references back and looks at nothing around: such patterns are an error there.
 */
import { RE2JS } from 're2js'

/** Is a compiled pattern. */
export type RegularExpression = {
  test(text: string): boolean
  /** Replaces all matches by a replacement of JavaScript (`$1`, `$&`, `$$`). */
  replace(text: string, by: string): string
}

const compiled = new Map<string, RegularExpression | null>()
const MAX_COMPILED = 500
const MAX_PATTERN_LENGTH = 10_000

/**
 * Compiles a pattern of XPath with its flags (`s`, `m`, `i`, `x`, `q`); `null` where either is not valid.
 *
 * @see XQuery and XPath Functions and Operators 3.1, section 5.6.1
 */
export function regularExpression(pattern: string, flags: string): RegularExpression | null {
  const key = `${flags}/${pattern}`
  let expression = compiled.get(key)
  if (expression === undefined) {
    expression = compile(pattern, flags)
    if (compiled.size >= MAX_COMPILED) compiled.clear()
    compiled.set(key, expression)
  }
  return expression
}

function compile(pattern: string, flags: string): RegularExpression | null {
  if (!/^[smixq]*$/.test(flags) || pattern.length > MAX_PATTERN_LENGTH) return null
  let source = pattern
  if (flags.includes('q')) source = pattern.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  else if (flags.includes('x')) source = withoutSpace(pattern)
  const own = Array.from(new Set(flags.replaceAll(/[xq]/g, ''))).join('')
  let plain: RegExp
  try {
    plain = new RegExp(source, `u${own}`)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  const most = longestText(source)
  if (most === Number.POSITIVE_INFINITY) return tryingExpression(plain)
  const linear = linearExpression(source, own)
  if (most === 0 || linear === null) return linear
  const trying = tryingExpression(plain)
  const of = (text: string) => (text.length <= most ? trying : linear)
  return { test: (text) => of(text).test(text), replace: (text, by) => of(text).replace(text, by) }
}

/** Finds a group that is repeated. */
const REPEATED_GROUP = /\)[*+?{]/
const REPETITIONS = /[*+?]|\{\d/g
/** For patterns with no, one and two repetitions: the longest text of which all ways to match are tried. */
const LONGEST_TEXTS = [Number.POSITIVE_INFINITY, 4000, 250]

/** Gives the length of the longest text for which trying all ways to match ends soon; 0 where it may not for any. */
function longestText(source: string): number {
  const bare = source.replaceAll(/\\.|\[(?:\\.|[^\]])*\]/gsu, 'c').replaceAll('(?', '(')
  if (REPEATED_GROUP.test(bare)) return 0
  const choices = bare.includes('|') ? bare.split('(').length - 1 : 0
  return LONGEST_TEXTS[(bare.match(REPETITIONS)?.length ?? 0) + choices] ?? 0
}

function tryingExpression(plain: RegExp): RegularExpression {
  const all = new RegExp(plain.source, `${plain.flags}g`)
  return { test: (text) => plain.test(text), replace: (text, by) => text.replace(all, by) }
}

const RE2_FLAGS: readonly (readonly [string, number])[] = [
  ['i', RE2JS.CASE_INSENSITIVE],
  ['s', RE2JS.DOTALL],
  ['m', RE2JS.MULTILINE],
]

/** Compiles a pattern for RE2; `null` for what it cannot run. */
function linearExpression(source: string, own: string): RegularExpression | null {
  const flags = RE2_FLAGS.reduce((sum, [flag, bit]) => (own.includes(flag) ? sum | bit : sum), 0)
  let pattern: RE2JS
  try {
    pattern = RE2JS.compile(RE2JS.translateRegExp(sameClasses(source, own.includes('s'))), flags)
  } catch {
    return null
  }
  return {
    test: (text) => pattern.matcher(text).find(),
    replace(text, by) {
      const matcher = pattern.matcher(text)
      let result = ''
      let end = 0
      while (matcher.find()) {
        const groups = Array.from({ length: pattern.groupCount() + 1 }, (_, at) => matcher.group(at) ?? '')
        result += text.slice(end, matcher.start()) + expanded(by, groups)
        end = matcher.end()
      }
      return result + text.slice(end)
    },
  }
}

/** Is what `\s` matches in JavaScript, as the inside of a class. */
const SPACES = '\\t-\\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'
const NO_LINE_ENDS = '[^\\n\\r\u2028\u2029]'

/** Spells out the classes that RE2 takes in a narrower sense than JavaScript. */
function sameClasses(source: string, dotAll: boolean): string {
  return source.replaceAll(/\\.|\[(?:\\.|[^\]])*\]|\./gsu, (part) => {
    if (part === '.') return dotAll ? part : NO_LINE_ENDS
    if (part === '\\s') return `[${SPACES}]`
    if (part === '\\S') return `[^${SPACES}]`
    if (!part.startsWith('[')) return part
    return part.replaceAll(/\\./gsu, (each) => (each === '\\s' ? SPACES : each))
  })
}

/** Puts the groups of a match into a replacement of JavaScript. */
function expanded(by: string, groups: readonly string[]): string {
  return by.replaceAll(/\$(?:([$&])|(\d)(\d?))/g, (whole, sign: string, first: string, second: string) => {
    if (sign === '$') return '$'
    if (sign === '&') return groups[0] as string
    const both = Number(first + second)
    if (second !== '' && both > 0 && both < groups.length) return groups[both] as string
    const one = Number(first)
    return one > 0 && one < groups.length ? `${groups[one]}${second}` : whole
  })
}

/** Drops white space outside character classes, as the flag `x` asks. */
function withoutSpace(pattern: string): string {
  let depth = 0
  let kept = ''
  for (let index = 0; index < pattern.length; index += 1) {
    const unit = pattern[index] as string
    if (unit === '\\') {
      kept += unit + (pattern[index + 1] ?? '')
      index += 1
      continue
    }
    if (unit === '[') depth += 1
    else if (unit === ']' && depth > 0) depth -= 1
    if (depth > 0 || !/[\t\n\r ]/.test(unit)) kept += unit
  }
  return kept
}

/** Turns a replacement of XPath (`$1`, `\$`) into one of JavaScript; `null` where it is not valid. */
export function replacement(text: string): string | null {
  let result = ''
  for (let index = 0; index < text.length; index += 1) {
    const unit = text[index] as string
    const next = text[index + 1]
    if (unit === '\\') {
      if (next !== '\\' && next !== '$') return null
      result += next === '$' ? '$$' : '\\'
      index += 1
    } else if (unit === '$') {
      if (next === undefined || !/\d/.test(next)) return null
      result += next === '0' ? '$&' : `$${next}`
      index += 1
    } else result += unit
  }
  return result
}
