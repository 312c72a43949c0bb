import { sourceError } from '@sheafdb/core'

/** Is a token of SQL. `text` is as written; for quoted names and words `name` is the name meant. */
export type Token = {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'symbol' | 'end'
  readonly text: string
  /** The word in capitals, or the symbol; empty for everything else. */
  readonly key: string
  readonly name: string
  readonly start: number
  readonly end: number
}

const SPACE = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const NUMBER = /0[xX][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y
const PARAMETER = /\$(?:\d+|[\p{L}_][\p{L}\p{N}_]*)|\?\d*/uy
const DOLLAR_TEXT = /\$([\p{L}_]*)\$[\s\S]*?\$\1\$/uy
const SYMBOL = /::|:=|->>|->|=>|<=|>=|<>|!=|\|\||[^\s]/uy

/** Splits SQL into tokens, comments and spaces left out. @throws `SYNTAX` for a text or name that does not end */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  for (;;) {
    at += match(SPACE)?.length ?? 0
    if (at >= text.length) break
    const token = readToken(text, at, match)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', text: '', key: '', name: '', start: text.length, end: text.length })
  return tokens
}

function readToken(text: string, at: number, match: (pattern: RegExp) => string | undefined): Token {
  const make = (kind: Token['kind'], shown: string, key = '', name = ''): Token => ({
    kind,
    text: shown,
    key,
    name,
    start: at,
    end: at + shown.length,
  })
  const first = text[at] as string
  if (first === "'") return make('string', quoted(text, at, "'"))
  if ((first === 'e' || first === 'E') && text[at + 1] === "'") return make('string', escaped(text, at))
  if (first === '"') {
    const shown = quoted(text, at, '"')
    return make('quoted', shown, '', shown.slice(1, -1).replaceAll('""', '"'))
  }
  if (first === '$') {
    const dollar = match(DOLLAR_TEXT)
    if (dollar !== undefined) return make('string', dollar)
  }
  const word = match(WORD)
  if (word !== undefined) return make('word', word, word.toUpperCase(), word)
  const parameter = match(PARAMETER)
  if (parameter !== undefined) return make('parameter', parameter)
  const number = /[\d.]/.test(first) ? match(NUMBER) : undefined
  if (number !== undefined && number !== '.') return make('number', number)
  const symbol = match(SYMBOL) as string
  return make('symbol', symbol, symbol)
}

function quoted(text: string, start: number, quote: string): string {
  let at = start + 1
  for (;;) {
    const end = text.indexOf(quote, at)
    if (end === -1)
      throw sourceError('SYNTAX', `A ${quote} is opened and never closed. Close it.`, { text, offset: start })
    if (text[end + 1] !== quote) return text.slice(start, end + 1)
    at = end + 2
  }
}

/** Reads `E'…'`, where a backslash escapes. */
function escaped(text: string, start: number): string {
  for (let at = start + 2; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === "'" && text[at + 1] === "'") at += 1
    else if (text[at] === "'") return text.slice(start, at + 1)
  }
  throw sourceError('SYNTAX', "A ' is opened and never closed. Close it.", { text, offset: start })
}
