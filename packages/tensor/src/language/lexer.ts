import { sourceError } from '@sheafdb/core'

/** Is a piece of an expression's text. */
export type Token = {
  readonly kind: 'number' | 'name' | 'symbol' | 'end'
  readonly text: string
  readonly offset: number
}

const TOKEN =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<symbol>\*\*|<=|>=|==|!=|[-+*/%@<>()[\],=.:]))/uy

const MAX_TOKENS = 4000

/** Splits an expression into tokens, the last of kind `end`. @throws `SYNTAX` with the position, `LIMIT` past 4,000 tokens */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match?.groups === undefined) {
      const offset = from + (text.slice(from).length - text.slice(from).trimStart().length)
      throw sourceError('SYNTAX', `An expression cannot hold this character: ${text[offset]}.`, {
        text,
        offset,
      })
    }
    const { number, name } = match.groups
    const kind = number !== undefined ? 'number' : name !== undefined ? 'name' : 'symbol'
    const token = match[0].trimStart()
    tokens.push({ kind, text: token, offset: TOKEN.lastIndex - token.length })
    if (tokens.length > MAX_TOKENS)
      throw sourceError('LIMIT', `An expression has at most ${MAX_TOKENS} tokens. Split it.`, {
        text,
        offset: from,
      })
  }
  tokens.push({ kind: 'end', text: '', offset: end })
  return tokens
}
