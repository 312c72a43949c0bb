import { type LiteralTerm, languageLiteral, stringLiteral, typedLiteral } from '../layout/term.ts'

/** Makes the literal of a token without escapes: `"text"`, `"text"@tag` or `"text"^^<datatype>`. */
export function literalOf(token: string): LiteralTerm {
  const close = token.lastIndexOf('"')
  const value = token.slice(1, close)
  const mark = token[close + 1]
  if (mark === '@') return languageLiteral(value, token.slice(close + 2))
  if (mark === '^') return typedLiteral(value, token.slice(close + 4, -1))
  return stringLiteral(value)
}
