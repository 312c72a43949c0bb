import { type SheafError, sourceError } from '@sheafdb/core'

/** Names the kinds of tokens. Keywords are words: which of them are keywords depends on where they stand. */
export type TokenKind = 'word' | 'quoted' | 'integer' | 'float' | 'string' | 'parameter' | 'symbol' | 'end'

/** Is a token. `text` is a word as written, a symbol, a string's or a quoted name's value, or a number's text. */
export type Token = {
  readonly kind: TokenKind
  readonly text: string
  readonly start: number
  readonly end: number
}

const SYMBOLS_TWO = new Set(['<>', '<=', '>=', '=~', '..', '+=', '||', '::', '!='])
const SYMBOLS_ONE = new Set('()[]{},.:;|+-*/%^<>=!&?')
const WORD_START = /[\p{L}\p{Nl}_\p{Pc}]/u
const WORD = /[\p{L}\p{Nl}_\p{Pc}][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Sc}]*/uy
const NUMBER =
  /0[xX][\da-zA-Z_]+|0[oO][\da-zA-Z_]+|(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*(?:[eE][+-]?\d+)|\d[\d_]*/y
const BLANK = /(?:\s|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/)+/y

/** Splits a query text into tokens, the last of kind `end`. @throws `SYNTAX` at a character that cannot stand there. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let at = skipBlank(text, 0)
  while (at < text.length) {
    const token = nextToken(text, at)
    tokens.push(token)
    at = skipBlank(text, token.end)
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length })
  return tokens
}

/** Builds a syntax error about an offset in the text. */
export function syntaxError(
  text: string,
  offset: number,
  message: string,
  detail = 'UnexpectedSyntax',
): SheafError {
  return sourceError('SYNTAX', message, { text, offset, phase: 'compile time', detail })
}

function skipBlank(text: string, at: number): number {
  BLANK.lastIndex = at
  const end = BLANK.test(text) ? BLANK.lastIndex : at
  if (text.startsWith('/*', end)) throw syntaxError(text, end, 'A comment is not closed. End it with */')
  return end
}

function nextToken(text: string, start: number): Token {
  const char = text[start] as string
  if (char === "'" || char === '"') return stringToken(text, start)
  if (char === '`') return quotedToken(text, start)
  if (isDigit(char) || (char === '.' && isDigit(text[start + 1] ?? ''))) return numberToken(text, start)
  if (char === '$') return parameterToken(text, start)
  const word = wordAt(text, start)
  if (word !== null) return { kind: 'word', text: word, start, end: start + word.length }
  return symbolToken(text, start)
}

function wordAt(text: string, start: number): string | null {
  WORD.lastIndex = start
  return WORD.exec(text)?.[0] ?? null
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9'
}

function symbolToken(text: string, start: number): Token {
  const two = text.slice(start, start + 2)
  if (SYMBOLS_TWO.has(two)) return { kind: 'symbol', text: two, start, end: start + 2 }
  const one = text[start] as string
  if (SYMBOLS_ONE.has(one)) return { kind: 'symbol', text: one, start, end: start + 1 }
  const isUnicode = (text.codePointAt(start) as number) > 127
  throw syntaxError(
    text,
    start,
    `A character cannot stand here. Remove it or put it in quotes: ${String.fromCodePoint(text.codePointAt(start) as number)}`,
    isUnicode ? 'InvalidUnicodeCharacter' : 'UnexpectedSyntax',
  )
}

function numberToken(text: string, start: number): Token {
  NUMBER.lastIndex = start
  const found = (NUMBER.exec(text) as RegExpExecArray)[0]
  const end = start + found.length
  const isFloat = !/^0[xXoO]/.test(found) && /[.eE]/.test(found)
  if (WORD_START.test(text[end] ?? '') || !isNumber(found)) {
    throw syntaxError(
      text,
      start,
      'A number is not well formed. Write digits, 0x with hexadecimal or 0o with octal digits.',
      'InvalidNumberLiteral',
    )
  }
  return { kind: isFloat ? 'float' : 'integer', text: found.replaceAll('_', ''), start, end }
}

function isNumber(text: string): boolean {
  if (/^0[xX]/.test(text)) return /^0[xX][\da-fA-F_]*[\da-fA-F]$/.test(text)
  if (/^0[oO]/.test(text)) return /^0[oO][0-7_]*[0-7]$/.test(text)
  return !text.endsWith('_')
}

function parameterToken(text: string, start: number): Token {
  if (text[start + 1] === '`') {
    const name = quotedToken(text, start + 1)
    return { kind: 'parameter', text: name.text, start, end: name.end }
  }
  if (text[start + 1] === '(' || wordAt(text, start + 1) === null) {
    const digits = /^\d+/.exec(text.slice(start + 1, start + 20))?.[0]
    if (digits !== undefined)
      return { kind: 'parameter', text: digits, start, end: start + 1 + digits.length }
    return { kind: 'symbol', text: '$', start, end: start + 1 }
  }
  const name = wordAt(text, start + 1) as string
  return { kind: 'parameter', text: name, start, end: start + 1 + name.length }
}

function quotedToken(text: string, start: number): Token {
  let value = ''
  let at = start + 1
  for (;;) {
    const close = text.indexOf('`', at)
    if (close === -1) throw syntaxError(text, start, 'A quoted name is not closed. End it with `')
    value += text.slice(at, close)
    if (text[close + 1] !== '`') return { kind: 'quoted', text: value, start, end: close + 1 }
    value += '`'
    at = close + 2
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['`', '`'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

function stringToken(text: string, start: number): Token {
  const quote = text[start] as string
  const parts: string[] = []
  let at = start + 1
  let from = at
  while (at < text.length && text[at] !== quote) {
    if (text[at] !== '\\') {
      at += 1
      continue
    }
    parts.push(text.slice(from, at))
    const escaped = readEscape(text, at)
    parts.push(escaped.value)
    at = escaped.end
    from = at
  }
  if (at >= text.length) throw syntaxError(text, start, `A string is not closed. End it with ${quote}`)
  parts.push(text.slice(from, at))
  return { kind: 'string', text: parts.join(''), start, end: at + 1 }
}

function readEscape(text: string, at: number): { readonly value: string; readonly end: number } {
  const char = text[at + 1] ?? ''
  const known = ESCAPES.get(char)
  if (known !== undefined) return { value: known, end: at + 2 }
  const length = char === 'u' ? 4 : char === 'U' ? 8 : 0
  const digits = text.slice(at + 2, at + 2 + length)
  const code = Number.parseInt(digits, 16)
  if (length === 0)
    throw syntaxError(text, at, 'An escape in a string is not known. Write a backslash as \\\\')
  if (digits.length < length || !/^[\da-fA-F]+$/.test(digits) || code > 0x10ffff) {
    throw syntaxError(
      text,
      at,
      'A Unicode escape is not well formed. Write \\u and 4 hexadecimal digits.',
      'InvalidUnicodeLiteral',
    )
  }
  return {
    value: length === 4 ? String.fromCharCode(code) : String.fromCodePoint(code),
    end: at + 2 + length,
  }
}
