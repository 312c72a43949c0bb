import { tokenize } from '../language/lexer.ts'

/** Splits SQL at its commas outside of brackets. */
export function splitAtCommas(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (const token of tokenize(text)) {
    if (token.key === '(' || token.key === '[' || token.key === '{') depth += 1
    if (token.key === ')' || token.key === ']' || token.key === '}') depth -= 1
    if (token.key !== ',' || depth > 0) continue
    parts.push(text.slice(from, token.start))
    from = token.end
  }
  parts.push(text.slice(from))
  return parts
}
