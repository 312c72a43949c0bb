import type { Expression } from '../syntax.ts'
import type { Cursor } from './cursor.ts'

/** Words that go on with the name of a type. */
const SECOND_WORDS = new Set(['TIME', 'DATETIME', 'NOT', 'NULL'])

/** Reads the names of types: `STRING | LIST<INTEGER>`. */
export function parseTypes(cursor: Cursor): readonly string[] {
  const types = [parseType(cursor)]
  while (cursor.takeSymbol('|')) types.push(parseType(cursor))
  return types
}

/** Reads the name of a type: words, and for a list the type of its elements. */
function parseType(cursor: Cursor): string {
  const words = [cursor.schemaName('a type').name.toUpperCase()]
  while (cursor.peek().kind === 'word' && SECOND_WORDS.has(cursor.peek().text.toUpperCase()))
    words.push(cursor.next().text.toUpperCase())
  if (words[0] !== 'LIST' || !cursor.takeSymbol('<'))
    return words.filter((word) => word !== 'NOT' && word !== 'NULL').join(' ')
  const element = cursor.nested(() => parseType(cursor))
  cursor.expectSymbol('>')
  if (cursor.takeWords('not')) cursor.expectWords('null')
  return `LIST<${element}>`
}

/** Reads `IS [NOT] :: type` after a value, as a call of `isTyped`; `null` where none stands here. */
export function takeTypeTest(cursor: Cursor, operand: Expression): Expression | null {
  const { start } = operand
  const isNegated = cursor.isWords('is', 'not') && isTypeMark(cursor, 2)
  if (!isNegated && !(cursor.isWords('is') && isTypeMark(cursor, 1))) return null
  for (let skipped = isNegated ? 3 : 2; skipped > 0; skipped -= 1) cursor.next()
  const at = cursor.peek().start
  const types = parseTypes(cursor)
  const span = cursor.span(start)
  const test: Expression = {
    kind: 'function',
    name: 'isTyped',
    distinct: false,
    arguments: [operand, { kind: 'literal', value: types.join('|'), isFloat: false, ...cursor.span(at) }],
    ...span,
  }
  return isNegated ? { kind: 'not', operand: test, ...span } : test
}

function isTypeMark(cursor: Cursor, ahead: number): boolean {
  const { kind, text } = cursor.peek(ahead)
  return (kind === 'symbol' && text === '::') || (kind === 'word' && text.toLowerCase() === 'typed')
}
