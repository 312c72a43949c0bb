/**
 * Runs regular expressions that a stranger wrote. JavaScript's engine tries all ways to match, which for some patterns
 * takes for ever (`(a+)+$`); such patterns run on RE2's algorithm, whose time grows with the text alone.
 */
import { RE2JS } from 're2js'
import { mongoError } from './errors.ts'

/** Is a match: where it is, the text, and what the groups caught. */
export type PatternMatch = {
  readonly index: number
  readonly text: string
  readonly captures: readonly (string | null)[]
}

/** Is a pattern that ends in time on any text. */
export type SafePattern = {
  test(text: string): boolean
  /** Gives up to `most` matches, one after the other. */
  matches(text: string, most: number): PatternMatch[]
}

/** Finds a group that is repeated without bound. */
const REPEATED_GROUP = /\)(?:[*+]|\{\d+,\})/
const UNBOUNDED = /[*+]|\{\d+,\}/g
const MOST_UNBOUNDED = 2

/** Tells whether trying all ways to match may take time that grows faster than the square of the text. */
function mayExplode(source: string): boolean {
  const bare = source.replaceAll(/\\.|\[(?:\\.|[^\]])*\]/gs, 'c')
  if (REPEATED_GROUP.test(bare)) return true
  return (bare.match(UNBOUNDED)?.length ?? 0) > MOST_UNBOUNDED
}

const kept = new WeakMap<RegExp, SafePattern>()

/** Makes a pattern safe. @throws Location51091 for one that may take for ever and uses what only trying can match */
export function safePattern(pattern: RegExp): SafePattern {
  let safe = kept.get(pattern)
  if (safe === undefined) {
    safe = mayExplode(pattern.source) ? linearPattern(pattern) : plainPattern(pattern)
    kept.set(pattern, safe)
  }
  return safe
}

/** Compiles a pattern's source; null for one that is no pattern. */
export function compilePattern(source: string, flags: string): ((text: string) => boolean) | null {
  try {
    const safe = safePattern(new RegExp(source, flags))
    return (text) => safe.test(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function plainPattern({ source, flags }: RegExp): SafePattern {
  const own = flags.replaceAll(/[dgy]/g, '')
  const pattern = new RegExp(source, own)
  return {
    test: (text) => pattern.test(text),
    matches(text, most) {
      const global = new RegExp(source, `${own}g`)
      const found: PatternMatch[] = []
      for (let match = global.exec(text); match !== null && found.length < most; match = global.exec(text)) {
        found.push({
          index: match.index,
          text: match[0],
          captures: match.slice(1).map((part) => part ?? null),
        })
        if (match[0] === '') global.lastIndex += 1
      }
      return found
    },
  }
}

const RE2_FLAGS: readonly (readonly [string, number])[] = [
  ['i', RE2JS.CASE_INSENSITIVE],
  ['s', RE2JS.DOTALL],
  ['m', RE2JS.MULTILINE],
]

function linearPattern(pattern: RegExp): SafePattern {
  const flags = RE2_FLAGS.reduce((sum, [flag, bit]) => (pattern.flags.includes(flag) ? sum | bit : sum), 0)
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(RE2JS.translateRegExp(pattern.source), flags)
  } catch {
    throw mongoError(
      51091,
      `A regular expression may take for ever. Leave out repeated groups or what looks around and back: ${pattern.source}`,
    )
  }
  return {
    test: (text) => compiled.matcher(text).find(),
    matches(text, most) {
      const matcher = compiled.matcher(text)
      const found: PatternMatch[] = []
      while (found.length < most && matcher.find()) {
        const captures = Array.from(
          { length: compiled.groupCount() },
          (_, at) => matcher.group(at + 1) ?? null,
        )
        found.push({ index: matcher.start(), text: matcher.group() ?? '', captures })
      }
      return found
    },
  }
}
