import type { LogicalPlan } from '@sheafdb/core'
import { tokenize } from '../language/lexer.ts'
import { quoteIdentifier } from '../language/quote.ts'

type Call = { readonly name: string; readonly plan: LogicalPlan }

/**
 * Replaces the calls of other models' table functions by names of relations, so that DuckDB reads their results.
 * `calls` are by place in the text, in UTF-8 bytes as DuckDB counts.
 */
export function replaceCalls(
  text: string,
  calls: ReadonlyMap<number, Call>,
): { readonly text: string; readonly relations: ReadonlyMap<string, LogicalPlan> } {
  const relations = new Map<string, LogicalPlan>()
  if (calls.size === 0) return { text, relations }
  const tokens = tokenize(text)
  const bytes = Buffer.from(text)
  let replaced = ''
  let from = 0
  for (const [location, { name, plan }] of [...calls].sort(([a], [b]) => a - b)) {
    const start = bytes.subarray(0, location).toString('utf8').length
    let at = tokens.findIndex((token) => token.start >= start)
    let depth = 0
    do {
      at += 1
      if (tokens[at]?.key === '(') depth += 1
      else if (tokens[at]?.key === ')') depth -= 1
    } while (depth > 0 && at < tokens.length)
    const relation = `sheaf_call_${relations.size + 1}`
    relations.set(relation, plan)
    const alias = isAlias(tokens[at + 1]) ? '' : ` AS ${quoteIdentifier(name)}`
    replaced += text.slice(from, start) + relation + alias
    from = tokens[at]?.end ?? text.length
  }
  return { text: replaced + text.slice(from), relations }
}

const AFTER_TABLE =
  /^(WHERE|GROUP|HAVING|ORDER|LIMIT|OFFSET|UNION|EXCEPT|INTERSECT|JOIN|INNER|LEFT|RIGHT|FULL|CROSS|NATURAL|SEMI|ANTI|ASOF|POSITIONAL|ON|USING|QUALIFY|WINDOW|SAMPLE|TABLESAMPLE|FETCH|SELECT)$/

function isAlias(token: { readonly kind: string; readonly key: string } | undefined): boolean {
  return token?.kind === 'quoted' || (token?.kind === 'word' && !AFTER_TABLE.test(token.key))
}
