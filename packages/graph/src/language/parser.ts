import { syntaxError } from './lexer.ts'
import { parseQuery, parseSubqueryBody } from './parser/clauses.ts'
import { parseCommand } from './parser/commands.ts'
import { Cursor, type Rules } from './parser/cursor.ts'
import { parseExpression } from './parser/expressions.ts'
import { parsePathPattern } from './parser/patterns.ts'
import type { Name, Query, Statement } from './syntax.ts'

const RULES: Rules = { expression: parseExpression, pathPattern: parsePathPattern, query: parseSubqueryBody }

const MAX_TREE_DEPTH = 2500

/**
 * Parses an openCypher statement.
 *
 * @throws `SYNTAX` with position, phase `compile time` and openCypher's name of the error in `detail`
 * @see https://s3.amazonaws.com/artifacts.opencypher.org/openCypher9.pdf
 * @example parse('MATCH (n) RETURN n').query.parts.length // 1
 */
export function parse(text: string): Statement {
  const cursor = new Cursor(text, RULES)
  const mode = cursor.takeWords('explain') ? 'explain' : cursor.takeWords('profile') ? 'profile' : 'run'
  const use = parseUse(cursor)
  const command = parseCommand(cursor)
  const { start, end } = cursor.peek()
  const query: Query =
    command === null ? parseQuery(cursor) : { kind: 'query', parts: [], all: [], start, end }
  cursor.takeSymbol(';')
  if (cursor.peek().kind !== 'end') throw cursor.unexpected('the end of the query')
  const statement: Statement = { kind: 'statement', mode, text, use, query, command, ...cursor.span(0) }
  checkDepth(statement)
  return statement
}

function parseUse(cursor: Cursor): Name | null {
  if (!cursor.takeWords('use')) return null
  const first = cursor.schemaName('the name of a graph')
  const parts = [first.name]
  while (cursor.takeSymbol('.')) parts.push(cursor.schemaName('the name of a graph').name)
  return { name: parts.join('.'), ...cursor.span(first.start) }
}

/** Bounds the depth of the tree, so that what walks it afterwards may recurse. It is found without recursion. */
function checkDepth(statement: Statement): void {
  const pending: { readonly value: object; readonly depth: number }[] = [{ value: statement, depth: 0 }]
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    if (entry.depth > MAX_TREE_DEPTH) {
      throw syntaxError(
        statement.text,
        0,
        'The query is nested too deep. Split it with WITH or pass parts as parameters.',
        'NestedTooDeep',
      )
    }
    for (const value of Object.values(entry.value)) {
      if (typeof value === 'object' && value !== null) pending.push({ value, depth: entry.depth + 1 })
    }
  }
}
