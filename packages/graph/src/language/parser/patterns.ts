import type {
  Direction,
  Expression,
  GroupPattern,
  LabelExpression,
  Name,
  NodePattern,
  PathElement,
  PathPattern,
  PathSelector,
  Quantifier,
  RelationshipPattern,
} from '../syntax.ts'
import { type Cursor, commaList } from './cursor.ts'
import { parseLabels, startsLabels } from './labels.ts'

/** Reads `pattern, …` of MATCH and CREATE. */
export function parsePatterns(cursor: Cursor): readonly PathPattern[] {
  return commaList(cursor, parsePathPattern)
}

/** Reads `[name =] [selector] path`. */
export function parsePathPattern(cursor: Cursor): PathPattern {
  const { start } = cursor.peek()
  const variable = cursor.isVariable() && cursor.isSymbol('=', 1) ? cursor.variable() : null
  if (variable !== null) cursor.expectSymbol('=')
  const called = shortestFunction(cursor)
  if (called !== null) {
    cursor.expectSymbol('(')
    const elements = parseElements(cursor)
    cursor.expectSymbol(')')
    return { kind: 'path', variable, selector: called, elements, ...cursor.span(start) }
  }
  const selector = parseSelector(cursor)
  const elements = parseElements(cursor)
  return { kind: 'path', variable, selector, elements, ...cursor.span(start) }
}

function shortestFunction(cursor: Cursor): PathSelector | null {
  if (!cursor.isSymbol('(', 1)) return null
  if (cursor.takeWords('shortestpath')) return { kind: 'shortest', count: 1, isFunction: true }
  if (cursor.takeWords('allshortestpaths')) return { kind: 'allShortest', count: 1, isFunction: true }
  return null
}

function parseSelector(cursor: Cursor): PathSelector | null {
  const kind = selectorKind(cursor)
  if (kind === null) return null
  const count = kind !== 'allShortest' && cursor.peek().kind === 'integer' ? Number(cursor.next().text) : 1
  const paths = cursor.takeWords('path') || cursor.takeWords('paths')
  const groups = kind === 'shortest' && (cursor.takeWords('group') || cursor.takeWords('groups'))
  void paths
  return { kind: groups ? 'shortestGroups' : kind, count, isFunction: false }
}

function selectorKind(cursor: Cursor): PathSelector['kind'] | null {
  if (cursor.takeWords('all', 'shortest')) return 'allShortest'
  if (cursor.takeWords('any', 'shortest')) return 'shortest'
  if (cursor.takeWords('shortest')) return 'shortest'
  if (cursor.takeWords('any')) return 'any'
  return null
}

/** Reads nodes and relationships in turn. */
export function parseElements(cursor: Cursor): readonly PathElement[] {
  const elements: PathElement[] = [nodeOrGroup(cursor)]
  for (;;) {
    if (startsRelationship(cursor)) {
      elements.push(parseRelationship(cursor))
      elements.push(nodeOrGroup(cursor))
    } else if (cursor.isSymbol('(') && (endsInGroup(elements) || startsGroup(cursor))) {
      elements.push(nodeOrGroup(cursor))
    } else return elements
  }
}

function endsInGroup(elements: readonly PathElement[]): boolean {
  return elements.at(-1)?.kind === 'group'
}

function startsGroup(cursor: Cursor): boolean {
  return cursor.isSymbol('(') && cursor.isSymbol('(', 1)
}

function nodeOrGroup(cursor: Cursor): NodePattern | GroupPattern {
  return startsGroup(cursor) || isNamedGroup(cursor)
    ? cursor.nested(() => parseGroup(cursor))
    : parseNode(cursor)
}

function isNamedGroup(cursor: Cursor): boolean {
  return cursor.isSymbol('(') && cursor.isVariable(1) && cursor.isSymbol('=', 2) && cursor.isSymbol('(', 3)
}

function parseGroup(cursor: Cursor): GroupPattern {
  const { start } = cursor.expectSymbol('(')
  const pattern = parsePathPattern(cursor)
  const where = cursor.takeWords('where') ? cursor.rules.expression(cursor) : null
  cursor.expectSymbol(')')
  const quantifier = parseQuantifier(cursor) ?? { min: 1, max: 1 }
  return { kind: 'group', pattern, quantifier, where, ...cursor.span(start) }
}

function parseQuantifier(cursor: Cursor): Quantifier | null {
  if (cursor.takeSymbol('+')) return { min: 1, max: null }
  if (cursor.takeSymbol('*')) return { min: 0, max: null }
  if (!cursor.isSymbol('{')) return null
  cursor.next()
  const min = integerHere(cursor)
  if (!cursor.takeSymbol(',')) {
    if (min === null) throw cursor.unexpected('a count')
    cursor.expectSymbol('}')
    return { min, max: min }
  }
  const max = integerHere(cursor)
  cursor.expectSymbol('}')
  return { min: min ?? 0, max }
}

function integerHere(cursor: Cursor): number | null {
  return cursor.peek().kind === 'integer' ? Number(cursor.next().text) : null
}

/** Reads `(variable:Labels {properties} WHERE predicate)`. */
export function parseNode(cursor: Cursor): NodePattern {
  const { start } = cursor.expectSymbol('(')
  const variable = startsLabels(cursor) ? null : cursor.optionalVariable()
  const labels = startsLabels(cursor) ? cursor.withBar(false, () => parseLabels(cursor)) : null
  const properties = parseProperties(cursor)
  const where = parseInlineWhere(cursor)
  cursor.expectSymbol(')')
  return { kind: 'node', variable, labels, properties, where, ...cursor.span(start) }
}

function parseProperties(cursor: Cursor): Expression | null {
  if (cursor.isSymbol('{') || cursor.peek().kind === 'parameter')
    return cursor.withBar(false, () => cursor.rules.expression(cursor))
  return null
}

function parseInlineWhere(cursor: Cursor): Expression | null {
  return cursor.takeWords('where') ? cursor.withBar(false, () => cursor.rules.expression(cursor)) : null
}

/** Tells whether a relationship starts here: `-[`, `--`, `<-` with one of them after. */
export function startsRelationship(cursor: Cursor, ahead = 0): boolean {
  const from = cursor.isSymbol('<', ahead) ? ahead + 1 : ahead
  return cursor.isSymbol('-', from) && (cursor.isSymbol('[', from + 1) || cursor.isSymbol('-', from + 1))
}

type RelationshipBody = {
  readonly variable: Name | null
  readonly types: LabelExpression | null
  readonly range: Quantifier | null
  readonly properties: Expression | null
  readonly where: Expression | null
}

const EMPTY_BODY: RelationshipBody = {
  variable: null,
  types: null,
  range: null,
  properties: null,
  where: null,
}

function parseRelationship(cursor: Cursor): RelationshipPattern {
  const { start } = cursor.peek()
  const pointsLeft = cursor.takeSymbol('<')
  cursor.expectSymbol('-')
  const body = cursor.isSymbol('[') ? parseBody(cursor) : EMPTY_BODY
  cursor.expectSymbol('-')
  const pointsRight = cursor.takeSymbol('>')
  const direction: Direction = pointsLeft === pointsRight ? 'both' : pointsLeft ? 'left' : 'right'
  const range = body.range ?? parseQuantifier(cursor)
  return { kind: 'relationship', ...body, direction, range, ...cursor.span(start) }
}

function parseBody(cursor: Cursor): RelationshipBody {
  cursor.expectSymbol('[')
  const variable = startsLabels(cursor) ? null : cursor.optionalVariable()
  const types = startsLabels(cursor) ? cursor.withBar(false, () => parseLabels(cursor)) : null
  const range = parseRange(cursor)
  const properties = parseProperties(cursor)
  const where = parseInlineWhere(cursor)
  cursor.expectSymbol(']')
  return { variable, types, range, properties, where }
}

function parseRange(cursor: Cursor): Quantifier | null {
  const star = cursor.peek()
  if (cursor.isSymbol('..')) throw rangeError(cursor)
  if (!cursor.takeSymbol('*')) return null
  if (cursor.isSymbol('-')) throw rangeError(cursor)
  const low = integerHere(cursor)
  if (!cursor.takeSymbol('..')) {
    if (cursor.peek().kind === 'float')
      throw cursor.error(
        star.start,
        'A range of lengths has whole numbers: *1..3',
        'InvalidRelationshipPattern',
      )
    return low === null ? { min: 1, max: null } : { min: low, max: low }
  }
  if (cursor.isSymbol('-')) throw rangeError(cursor)
  return { min: low ?? 1, max: integerHere(cursor) }
}

function rangeError(cursor: Cursor): Error {
  return cursor.error(
    cursor.peek().start,
    'A range of lengths is not well formed. Write * or *1..3, without negative numbers.',
    'InvalidRelationshipPattern',
  )
}

/**
 * Tries to read a path pattern where an expression stands. Gives null and reads nothing where the brackets or
 * what is in them do not make one, so that `(a) - [b]` stays arithmetic.
 */
export function tryPattern(cursor: Cursor): PathPattern | null {
  const from = cursor.at
  if (!looksLikePattern(cursor) || cursor.notPatterns.has(from)) return null
  try {
    const { start } = cursor.peek()
    const elements = parseElements(cursor)
    if (elements.length > 1)
      return { kind: 'path', variable: null, selector: null, elements, ...cursor.span(start) }
  } catch (error) {
    if (!isSyntaxError(error) || mustBePattern(cursor, from)) throw error
  }
  cursor.notPatterns.add(from)
  cursor.at = from
  return null
}

function isSyntaxError(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'SYNTAX'
}

/** Tells whether what stands here can be nothing but a pattern: `()`, `(:A`, `(a:A`, `(a {`. */
function mustBePattern(cursor: Cursor, at: number): boolean {
  const symbol = (index: number): string => {
    const token = cursor.tokens[index]
    return token?.kind === 'symbol' ? token.text : ''
  }
  return symbol(at + 1) === ')' || symbol(at + 1) === ':'
}

function looksLikePattern(cursor: Cursor): boolean {
  if (!cursor.isSymbol('(')) return false
  const close = cursor.closing.get(cursor.at)
  if (close === undefined) return false
  const ahead = close - cursor.at + 1
  return startsRelationship(cursor, ahead)
}
