import type {
  Expression,
  ListQuantifier,
  MapExpression,
  Name,
  PathPattern,
  ProjectionEntry,
} from '../syntax.ts'
import { type Cursor, commaList } from './cursor.ts'
import { parsePathPattern, tryPattern } from './patterns.ts'

/** Reads an atom: a literal, parameter, variable, call, list, map, CASE, comprehension, subquery or `( … )`. */
export function parseAtom(cursor: Cursor, negated = false): Expression {
  const token = cursor.peek()
  switch (token.kind) {
    case 'integer':
      return parseInteger(cursor, negated)
    case 'float':
      return parseFloatLiteral(cursor)
    case 'string':
      cursor.next()
      return { kind: 'literal', value: token.text, isFloat: false, ...cursor.span(token.start) }
    case 'parameter':
      cursor.next()
      return { kind: 'parameter', name: token.text, ...cursor.span(token.start) }
    case 'symbol':
      return parseBracketed(cursor)
    case 'word':
      return parseWord(cursor)
    case 'quoted':
      return parseNamed(cursor)
    case 'end':
      throw cursor.unexpected('an expression')
  }
}

const MAX_INTEGER = 2n ** 63n - 1n

function parseInteger(cursor: Cursor, negated: boolean): Expression {
  const token = cursor.next()
  const value = BigInt(
    token.text.replace(/^0[oO]?(?=[0-7]+$)/, (prefix) => (prefix === '0' ? '' : '0o')) || '0',
  )
  if (value > (negated ? MAX_INTEGER + 1n : MAX_INTEGER)) {
    throw cursor.error(
      token.start,
      'An integer is out of the range of 64 bits. Write it as a float or as text.',
      'IntegerOverflow',
    )
  }
  const number = value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
  return { kind: 'literal', value: number, isFloat: false, ...cursor.span(token.start) }
}

function parseFloatLiteral(cursor: Cursor): Expression {
  const token = cursor.next()
  const value = Number(token.text)
  if (!Number.isFinite(value)) {
    throw cursor.error(
      token.start,
      'A float is out of range. Its magnitude is at most 1.8e308.',
      'FloatingPointOverflow',
    )
  }
  return { kind: 'literal', value, isFloat: true, ...cursor.span(token.start) }
}

function parseBracketed(cursor: Cursor): Expression {
  if (cursor.isSymbol('[')) return cursor.withBar(false, () => parseListLike(cursor))
  if (cursor.isSymbol('{')) return cursor.withBar(false, () => parseMap(cursor))
  if (!cursor.isSymbol('(')) throw cursor.unexpected('an expression')
  const { start } = cursor.peek()
  const pattern = tryPattern(cursor)
  if (pattern !== null) return { kind: 'pattern', pattern, ...cursor.span(start) }
  cursor.next()
  const inner = cursor.withBar(false, () => cursor.rules.expression(cursor))
  cursor.expectSymbol(')')
  return inner
}

function parseListLike(cursor: Cursor): Expression {
  const { start } = cursor.expectSymbol('[')
  if (cursor.takeSymbol(']')) return { kind: 'list', items: [], ...cursor.span(start) }
  if (cursor.isVariable() && isInAfterVariable(cursor)) return parseListComprehension(cursor, start)
  const before = cursor.at
  const pattern = comprehensionPattern(cursor)
  if (pattern !== null && (cursor.isSymbol('|') || cursor.isWords('where'))) {
    return parsePatternComprehension(cursor, start, pattern)
  }
  cursor.at = before
  const items = commaList(cursor, cursor.rules.expression)
  cursor.expectSymbol(']')
  return { kind: 'list', items, ...cursor.span(start) }
}

function isInAfterVariable(cursor: Cursor): boolean {
  const after = cursor.peek(1)
  return after.kind === 'word' && after.text.toLowerCase() === 'in'
}

function parseListComprehension(cursor: Cursor, start: number): Expression {
  const variable = cursor.variable()
  cursor.expectWords('in')
  return cursor.withBar(true, () => {
    const list = cursor.rules.expression(cursor)
    const where = cursor.takeWords('where') ? cursor.rules.expression(cursor) : null
    const projection = cursor.takeSymbol('|') ? cursor.rules.expression(cursor) : null
    cursor.expectSymbol(']')
    return { kind: 'listComprehension', variable, list, where, projection, ...cursor.span(start) }
  })
}

function comprehensionPattern(cursor: Cursor): PathPattern | null {
  if (cursor.isVariable() && cursor.isSymbol('=', 1) && cursor.isSymbol('(', 2)) {
    const { start } = cursor.peek()
    const variable = cursor.variable()
    cursor.next()
    const pattern = tryPattern(cursor)
    return pattern === null ? null : { ...pattern, variable, start }
  }
  return tryPattern(cursor)
}

function parsePatternComprehension(cursor: Cursor, start: number, pattern: PathPattern): Expression {
  return cursor.withBar(true, () => {
    const where = cursor.takeWords('where') ? cursor.rules.expression(cursor) : null
    cursor.expectSymbol('|')
    const projection = cursor.rules.expression(cursor)
    cursor.expectSymbol(']')
    return { kind: 'patternComprehension', pattern, where, projection, ...cursor.span(start) }
  })
}

function parseMap(cursor: Cursor): MapExpression {
  const { start } = cursor.expectSymbol('{')
  if (cursor.takeSymbol('}')) return { kind: 'map', entries: [], ...cursor.span(start) }
  const entries = commaList(cursor, () => {
    const key = cursor.schemaName('a key of the map')
    cursor.expectSymbol(':')
    return { key, value: cursor.rules.expression(cursor) }
  })
  cursor.expectSymbol('}')
  return { kind: 'map', entries, ...cursor.span(start) }
}

const QUANTIFIERS: ReadonlySet<string> = new Set(['all', 'any', 'none', 'single'])

function parseWord(cursor: Cursor): Expression {
  const token = cursor.peek()
  const word = token.text.toLowerCase()
  if (word === 'null' || word === 'true' || word === 'false') return parseConstant(cursor, word)
  if (word === 'case') return parseCase(cursor)
  if ((word === 'exists' || word === 'count' || word === 'collect') && cursor.isSymbol('{', 1)) {
    return parseSubquery(cursor, word)
  }
  if (cursor.isSymbol('(', 1)) {
    if (QUANTIFIERS.has(word) && isInVariable(cursor)) return parseQuantifier(cursor, word as ListQuantifier)
    if (word === 'reduce' && cursor.isSymbol('=', 3)) return parseReduce(cursor)
    if ((word === 'filter' || word === 'extract') && isInVariable(cursor))
      return parseLegacyComprehension(cursor)
    if (word === 'shortestpath' || word === 'allshortestpaths') return parseShortest(cursor)
    if (word === 'count' && cursor.isSymbol('*', 2) && cursor.isSymbol(')', 3)) return parseCountStar(cursor)
  }
  return parseNamed(cursor)
}

function isInVariable(cursor: Cursor): boolean {
  const after = cursor.peek(3)
  return cursor.isVariable(2) && after.kind === 'word' && after.text.toLowerCase() === 'in'
}

function parseConstant(cursor: Cursor, word: 'null' | 'true' | 'false'): Expression {
  const { start } = cursor.next()
  const value = word === 'null' ? null : word === 'true'
  return { kind: 'literal', value, isFloat: false, ...cursor.span(start) }
}

function parseCase(cursor: Cursor): Expression {
  const { start } = cursor.next()
  return cursor.withBar(false, () => {
    const subject = cursor.isWords('when') ? null : cursor.rules.expression(cursor)
    const branches: { when: Expression; result: Expression }[] = []
    while (cursor.takeWords('when')) {
      const when = cursor.rules.expression(cursor)
      cursor.expectWords('then')
      branches.push({ when, result: cursor.rules.expression(cursor) })
    }
    if (branches.length === 0) throw cursor.unexpected('WHEN')
    const otherwise = cursor.takeWords('else') ? cursor.rules.expression(cursor) : null
    cursor.expectWords('end')
    return { kind: 'case', subject, branches, otherwise, ...cursor.span(start) }
  })
}

function parseSubquery(cursor: Cursor, kind: 'exists' | 'count' | 'collect'): Expression {
  const { start } = cursor.next()
  cursor.expectSymbol('{')
  const query = cursor.withBar(false, () => cursor.nested(() => cursor.rules.query(cursor)))
  cursor.expectSymbol('}')
  return { kind, query, ...cursor.span(start) }
}

function parseQuantifier(cursor: Cursor, quantifier: ListQuantifier): Expression {
  const { start } = cursor.next()
  cursor.expectSymbol('(')
  return cursor.withBar(false, () => {
    const variable = cursor.variable()
    cursor.expectWords('in')
    const list = cursor.rules.expression(cursor)
    const where = cursor.takeWords('where') ? cursor.rules.expression(cursor) : variableExpression(variable)
    cursor.expectSymbol(')')
    return { kind: 'quantifier', quantifier, variable, list, where, ...cursor.span(start) }
  })
}

function variableExpression(name: Name): Expression {
  return { kind: 'variable', ...name }
}

function parseReduce(cursor: Cursor): Expression {
  const { start } = cursor.next()
  cursor.expectSymbol('(')
  return cursor.withBar(true, () => {
    const accumulator = cursor.variable()
    cursor.expectSymbol('=')
    const initial = cursor.rules.expression(cursor)
    cursor.expectSymbol(',')
    const variable = cursor.variable()
    cursor.expectWords('in')
    const list = cursor.rules.expression(cursor)
    cursor.expectSymbol('|')
    const step = cursor.rules.expression(cursor)
    cursor.expectSymbol(')')
    return { kind: 'reduce', accumulator, initial, variable, list, step, ...cursor.span(start) }
  })
}

/** Reads `filter(x IN list WHERE …)` and `extract(x IN list | …)`, which are list comprehensions of an older form. */
function parseLegacyComprehension(cursor: Cursor): Expression {
  const { start } = cursor.next()
  cursor.expectSymbol('(')
  return cursor.withBar(true, () => {
    const variable = cursor.variable()
    cursor.expectWords('in')
    const list = cursor.rules.expression(cursor)
    const where = cursor.takeWords('where') ? cursor.rules.expression(cursor) : null
    const projection = cursor.takeSymbol('|') ? cursor.rules.expression(cursor) : null
    cursor.expectSymbol(')')
    return { kind: 'listComprehension', variable, list, where, projection, ...cursor.span(start) }
  })
}

function parseShortest(cursor: Cursor): Expression {
  const { start } = cursor.peek()
  const pattern = parsePathPattern(cursor)
  return { kind: 'pattern', pattern, ...cursor.span(start) }
}

function parseCountStar(cursor: Cursor): Expression {
  const { start } = cursor.next()
  cursor.at += 3
  return { kind: 'countStar', ...cursor.span(start) }
}

function parseNamed(cursor: Cursor): Expression {
  const call = callLength(cursor)
  if (call > 0) return parseCall(cursor, call)
  const variable = cursor.variable()
  if (cursor.isSymbol('{')) return parseMapProjection(cursor, variable)
  return variableExpression(variable)
}

/** Counts the tokens of `a.b.c` before `(`, or gives 0 where no call stands here. */
function callLength(cursor: Cursor): number {
  let length = 1
  for (;;) {
    if (cursor.isSymbol('(', length)) return length
    const after = cursor.peek(length + 1)
    if (!cursor.isSymbol('.', length) || (after.kind !== 'word' && after.kind !== 'quoted')) return 0
    length += 2
  }
}

function parseCall(cursor: Cursor, length: number): Expression {
  const { start } = cursor.peek()
  const parts: string[] = []
  for (let index = 0; index < length; index += 2) parts.push(cursor.peek(index).text)
  cursor.at += length
  cursor.expectSymbol('(')
  return cursor.withBar(false, () => {
    const distinct = cursor.takeWords('distinct')
    const items = cursor.isSymbol(')') ? [] : commaList(cursor, cursor.rules.expression)
    cursor.expectSymbol(')')
    return { kind: 'function', name: parts.join('.'), distinct, arguments: items, ...cursor.span(start) }
  })
}

function parseMapProjection(cursor: Cursor, variable: Name): Expression {
  cursor.expectSymbol('{')
  return cursor.withBar(false, () => {
    const entries = cursor.isSymbol('}') ? [] : commaList(cursor, parseProjectionEntry)
    cursor.expectSymbol('}')
    return { kind: 'mapProjection', variable, entries, ...cursor.span(variable.start) }
  })
}

function parseProjectionEntry(cursor: Cursor): ProjectionEntry {
  const { start } = cursor.peek()
  if (cursor.takeSymbol('.')) {
    if (cursor.takeSymbol('*')) return { kind: 'allProperties', ...cursor.span(start) }
    return { kind: 'ownProperty', key: cursor.schemaName('the name of a property'), ...cursor.span(start) }
  }
  const key = cursor.schemaName('a key')
  if (!cursor.takeSymbol(':'))
    return { kind: 'entry', key, value: variableExpression(key), ...cursor.span(start) }
  return { kind: 'entry', key, value: cursor.rules.expression(cursor), ...cursor.span(start) }
}
