import { syntaxError, type Token, tokenize } from '../lexer.ts'
import type { Expression, Name, PathPattern, Query, Span } from '../syntax.ts'

/** Holds the rules that refer to each other across files; `parser.ts` ties them together. */
export type Rules = {
  readonly expression: (cursor: Cursor) => Expression
  readonly pathPattern: (cursor: Cursor) => PathPattern
  readonly query: (cursor: Cursor) => Query
}

const MAX_DEPTH = 200

/** Words that cannot name a variable without backticks, since what follows would be read wrongly. */
const RESERVED = new Set(
  'and as case create delete detach distinct false in is match merge not null optional or order remove return set then true union unwind when where with xor'.split(
    ' ',
  ),
)

/** Reads tokens in turn. */
export class Cursor {
  readonly text: string
  readonly tokens: readonly Token[]
  readonly rules: Rules
  /** For each opening bracket the index of the token that closes it. */
  readonly closing: ReadonlyMap<number, number>
  /** Places where a pattern was tried in vain, so that each is tried once. */
  readonly notPatterns: Set<number> = new Set<number>()
  at = 0
  /** Whether `|` ends the expression that is being read, as in a comprehension. */
  barEnds = false
  private depth = 0

  constructor(text: string, rules: Rules) {
    this.text = text
    this.tokens = tokenize(text)
    this.rules = rules
    this.closing = matchBrackets(this.tokens)
  }

  /** Gives the token `ahead` places on. */
  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as Token
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.at += 1
    return token
  }

  /** Gives the end of the token before this one. */
  lastEnd(): number {
    return this.at === 0 ? 0 : (this.tokens[this.at - 1] as Token).end
  }

  /** Tells whether a symbol stands `ahead` places on. */
  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  /** Tells whether words stand here, whatever their case. */
  isWords(...words: readonly string[]): boolean {
    return words.every((word, ahead) => {
      const token = this.peek(ahead)
      return token.kind === 'word' && token.text.length === word.length && token.text.toLowerCase() === word
    })
  }

  /** Takes a symbol where it stands here. */
  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.at += 1
    return true
  }

  /** Takes words where they stand here. */
  takeWords(...words: readonly string[]): boolean {
    if (!this.isWords(...words)) return false
    this.at += words.length
    return true
  }

  /** Takes a symbol. @throws `SYNTAX` where another token stands. */
  expectSymbol(symbol: string): Token {
    if (!this.isSymbol(symbol)) throw this.unexpected(`"${symbol}"`)
    return this.next()
  }

  /** Takes words. @throws `SYNTAX` where another token stands. */
  expectWords(...words: readonly string[]): void {
    if (!this.takeWords(...words)) throw this.unexpected(words.join(' ').toUpperCase())
  }

  /** Tells whether a name that may be a variable stands `ahead` places on. */
  isVariable(ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'quoted' || (token.kind === 'word' && !RESERVED.has(token.text.toLowerCase()))
  }

  /** Takes the name of a variable. */
  variable(): Name {
    if (!this.isVariable()) throw this.unexpected('the name of a variable')
    return this.anyName()
  }

  /** Takes the name of a variable where one stands here. */
  optionalVariable(): Name | null {
    return this.isVariable() ? this.anyName() : null
  }

  /** Takes a name that may be any word: a label, a type, a property key. */
  schemaName(what: string): Name {
    const { kind } = this.peek()
    if (kind !== 'word' && kind !== 'quoted') throw this.unexpected(what)
    return this.anyName()
  }

  /** Makes a span from an offset to the end of the token before this one. */
  span(start: number): Span {
    return { start, end: this.lastEnd() }
  }

  /** Builds the error that something else was expected here. */
  unexpected(expected: string): Error {
    const token = this.peek()
    const found =
      token.kind === 'end'
        ? 'the end of the query'
        : `"${this.text.slice(token.start, token.end).slice(0, 40)}"`
    return syntaxError(this.text, token.start, `Found ${found} where ${expected} is expected.`)
  }

  /** Builds a syntax error about an offset. */
  error(offset: number, message: string, detail?: string): Error {
    return syntaxError(this.text, offset, message, detail)
  }

  /** Runs a rule that nests, within the limit on depth. @throws `SYNTAX` past it. */
  nested<T>(rule: () => T): T {
    this.depth += 1
    if (this.depth > MAX_DEPTH) {
      throw this.error(
        this.peek().start,
        `The query is nested over ${MAX_DEPTH} levels deep. Split it with WITH or pass parts as parameters.`,
        'NestedTooDeep',
      )
    }
    try {
      return rule()
    } finally {
      this.depth -= 1
    }
  }

  /** Runs a rule in which `|` ends an expression or does not. */
  withBar<T>(barEnds: boolean, rule: () => T): T {
    const before = this.barEnds
    this.barEnds = barEnds
    try {
      return rule()
    } finally {
      this.barEnds = before
    }
  }

  private anyName(): Name {
    const token = this.next()
    return { name: token.text, start: token.start, end: token.end }
  }
}

/** Reads items with commas between them. */
export function commaList<T>(cursor: Cursor, item: (cursor: Cursor) => T): readonly T[] {
  const items = [item(cursor)]
  while (cursor.takeSymbol(',')) items.push(item(cursor))
  return items
}

function matchBrackets(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const closing = new Map<number, number>()
  const open: number[] = []
  tokens.forEach((token, index) => {
    if (token.kind !== 'symbol') return
    if (token.text === '(' || token.text === '[' || token.text === '{') open.push(index)
    else if (token.text === ')' || token.text === ']' || token.text === '}') {
      const start = open.pop()
      if (start !== undefined) closing.set(start, index)
    }
  })
  return closing
}
