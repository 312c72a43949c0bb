import type { BinaryOperator, ComparisonOperator, Expression, PropertyExpression } from '../syntax.ts'
import { parseAtom } from './atoms.ts'
import type { Cursor } from './cursor.ts'
import { parseLabels, startsLabels } from './labels.ts'
import { takeTypeTest } from './types.ts'

const MAX_CHAIN = 1000

/**
 * Reads an expression. From the loosest: OR, XOR, AND, NOT, comparisons (which chain), predicates on text, lists and
 * null, `+ - ||`, `* / %`, `^`, signs, and what follows an atom (`.key`, `[index]`, `:Label`).
 */
export function parseExpression(cursor: Cursor): Expression {
  return cursor.nested(() => parseOr(cursor))
}

function parseOr(cursor: Cursor): Expression {
  return parseFlat(cursor, 'or', parseXor)
}

function parseXor(cursor: Cursor): Expression {
  return parseLeft(cursor, () => (cursor.takeWords('xor') ? 'xor' : null), parseAnd)
}

function parseAnd(cursor: Cursor): Expression {
  return parseFlat(cursor, 'and', parseNot)
}

function parseFlat(cursor: Cursor, kind: 'and' | 'or', operand: (cursor: Cursor) => Expression): Expression {
  const { start } = cursor.peek()
  const first = operand(cursor)
  if (!cursor.isWords(kind)) return first
  const operands = [first]
  while (cursor.takeWords(kind)) operands.push(operand(cursor))
  return { kind, operands, ...cursor.span(start) }
}

function parseNot(cursor: Cursor): Expression {
  const { start } = cursor.peek()
  if (!cursor.takeWords('not')) return parseComparison(cursor)
  const operand = cursor.nested(() => parseNot(cursor))
  return { kind: 'not', operand, ...cursor.span(start) }
}

const COMPARISONS: ReadonlyMap<string, ComparisonOperator> = new Map([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
])

function parseComparison(cursor: Cursor): Expression {
  const { start } = cursor.peek()
  const first = parsePredicate(cursor)
  const operands = [first]
  const operators: ComparisonOperator[] = []
  for (;;) {
    const operator = cursor.peek().kind === 'symbol' ? COMPARISONS.get(cursor.peek().text) : undefined
    if (operator === undefined) break
    cursor.next()
    operators.push(operator)
    operands.push(parsePredicate(cursor))
  }
  return operators.length === 0 ? first : { kind: 'comparison', operands, operators, ...cursor.span(start) }
}

function parsePredicate(cursor: Cursor): Expression {
  const { start } = cursor.peek()
  let left = parseSum(cursor)
  for (let count = 0; ; count += 1) {
    checkChain(cursor, count)
    const nullTest = takeNullTest(cursor)
    if (nullTest !== null) {
      left = { kind: 'isNull', operand: left, negated: nullTest === 'not null', ...cursor.span(start) }
      continue
    }
    const typeTest = takeTypeTest(cursor, left)
    if (typeTest !== null) {
      left = typeTest
      continue
    }
    const operator = takePredicateOperator(cursor)
    if (operator === null) return left
    left = { kind: 'binary', operator, left, right: parseSum(cursor), ...cursor.span(start) }
  }
}

function takeNullTest(cursor: Cursor): 'null' | 'not null' | null {
  if (cursor.takeWords('is', 'null')) return 'null'
  return cursor.takeWords('is', 'not', 'null') ? 'not null' : null
}

function takePredicateOperator(cursor: Cursor): BinaryOperator | null {
  if (cursor.takeWords('in')) return 'in'
  if (cursor.takeWords('contains')) return 'contains'
  if (cursor.takeWords('starts', 'with')) return 'startsWith'
  if (cursor.takeWords('ends', 'with')) return 'endsWith'
  return cursor.takeSymbol('=~') ? '=~' : null
}

function parseSum(cursor: Cursor): Expression {
  return parseLeft(cursor, () => takeOneOf(cursor, ['+', '-', '||']), parseProduct)
}

function parseProduct(cursor: Cursor): Expression {
  return parseLeft(cursor, () => takeOneOf(cursor, ['*', '/', '%']), parsePower)
}

function parsePower(cursor: Cursor): Expression {
  return parseLeft(cursor, () => takeOneOf(cursor, ['^']), parseSign)
}

function takeOneOf(cursor: Cursor, operators: readonly BinaryOperator[]): BinaryOperator | null {
  return operators.find((operator) => cursor.takeSymbol(operator)) ?? null
}

function parseLeft(
  cursor: Cursor,
  takeOperator: () => BinaryOperator | null,
  operand: (cursor: Cursor) => Expression,
): Expression {
  const { start } = cursor.peek()
  let left = operand(cursor)
  for (let count = 0; ; count += 1) {
    checkChain(cursor, count)
    const operator = takeOperator()
    if (operator === null) return left
    left = { kind: 'binary', operator, left, right: operand(cursor), ...cursor.span(start) }
  }
}

function checkChain(cursor: Cursor, count: number): void {
  if (count < MAX_CHAIN) return
  throw cursor.error(
    cursor.peek().start,
    `An expression has over ${MAX_CHAIN} operators in a row. Use a list or a parameter.`,
    'NestedTooDeep',
  )
}

function parseSign(cursor: Cursor): Expression {
  const { start } = cursor.peek()
  if (cursor.takeSymbol('-')) {
    if (cursor.peek().kind === 'integer') return negativeInteger(cursor, start)
    const operand = cursor.nested(() => parseSign(cursor))
    return { kind: 'negate', operand, ...cursor.span(start) }
  }
  if (cursor.takeSymbol('+')) {
    const operand = cursor.nested(() => parseSign(cursor))
    return { kind: 'plus', operand, ...cursor.span(start) }
  }
  return parsePostfix(cursor, parseAtom(cursor))
}

/** Reads the digits after a minus sign together with it: -9223372036854775808 has no positive counterpart. */
function negativeInteger(cursor: Cursor, start: number): Expression {
  const atom = parseAtom(cursor, true)
  const value = atom.kind === 'literal' ? atom.value : null
  const negated = typeof value === 'bigint' ? -value : -(value as number)
  const literal = {
    kind: 'literal',
    value: negated === 0 ? 0 : negated,
    isFloat: false,
    start,
    end: atom.end,
  } as const
  return parsePostfix(cursor, literal)
}

/** Reads what follows an atom. */
export function parsePostfix(cursor: Cursor, atom: Expression): Expression {
  const { start } = atom
  let left = atom
  for (let count = 0; ; count += 1) {
    checkChain(cursor, count)
    if (cursor.takeSymbol('.')) {
      const key = cursor.schemaName('the name of a property')
      left = { kind: 'property', object: left, key, ...cursor.span(start) }
    } else if (cursor.isSymbol('[')) {
      left = parseIndex(cursor, left)
    } else if (startsLabels(cursor)) {
      left = { kind: 'hasLabels', operand: left, labels: parseLabels(cursor), ...cursor.span(start) }
    } else return left
  }
}

function parseIndex(cursor: Cursor, object: Expression): Expression {
  const { start } = object
  cursor.expectSymbol('[')
  return cursor.withBar(false, () => {
    const from = cursor.isSymbol('..') ? null : cursor.rules.expression(cursor)
    if (cursor.takeSymbol('..')) {
      const to = cursor.isSymbol(']') ? null : cursor.rules.expression(cursor)
      cursor.expectSymbol(']')
      return { kind: 'slice', object, from, to, ...cursor.span(start) }
    }
    cursor.expectSymbol(']')
    return { kind: 'index', object, index: from as Expression, ...cursor.span(start) }
  })
}

/** Reads the target of SET or REMOVE: an atom with what follows it, without labels. */
export function parseTarget(cursor: Cursor): Expression {
  let left = parseAtom(cursor)
  for (;;) {
    if (cursor.takeSymbol('.')) {
      const key = cursor.schemaName('the name of a property')
      left = { kind: 'property', object: left, key, ...cursor.span(left.start) } satisfies PropertyExpression
    } else if (cursor.isSymbol('[')) left = parseIndex(cursor, left)
    else return left
  }
}
