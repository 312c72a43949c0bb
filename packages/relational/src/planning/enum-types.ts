import { createHash } from 'node:crypto'
import { type Token, tokenize } from '../language/lexer.ts'
import { quoteIdentifier } from '../language/quote.ts'

/**
 * Gives each type `ENUM('a', …)` in a text a name, and the statements that define them: DuckDB's parse tree has no place
 * for such a type inside another.
 */
export function nameEnumTypes(text: string): {
  readonly text: string
  readonly definitions: readonly string[]
} {
  const tokens = tokenize(text)
  const definitions = new Set<string>()
  let named = ''
  let from = 0
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as Token
    if (!(token.name.toUpperCase() === 'ENUM' && tokens[at + 1]?.key === '(')) continue
    while (at < tokens.length && tokens[at]?.key !== ')') at += 1
    const end = tokens[at]?.end ?? text.length
    const type = text.slice(token.start, end).replace(/^"ENUM"/i, 'ENUM')
    const name = quoteIdentifier(`sheaf_enum_${createHash('sha1').update(type).digest('hex').slice(0, 12)}`)
    definitions.add(`CREATE OR REPLACE TYPE ${name} AS ${type}`)
    named += text.slice(from, token.start) + name
    from = end
  }
  return { text: named + text.slice(from), definitions: [...definitions] }
}
