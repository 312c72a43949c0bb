import type { LabelExpression, LabelName } from '../syntax.ts'
import type { Cursor } from './cursor.ts'

/** Tells whether a condition on labels starts here: `:` or `IS`. */
export function startsLabels(cursor: Cursor): boolean {
  return cursor.isSymbol(':') || (cursor.isWords('is') && !isPredicateAfterIs(cursor))
}

function isPredicateAfterIs(cursor: Cursor): boolean {
  const after = cursor.peek(1)
  const word = after.kind === 'word' ? after.text.toLowerCase() : ''
  return (
    word === 'null' ||
    word === 'not' ||
    word === 'typed' ||
    word === 'normalized' ||
    (after.kind === 'symbol' && after.text === '::')
  )
}

/** Reads `:A`, `:A:B`, `:A|B`, `:A|:B`, `:A&!B`, `:%`, `IS A`. */
export function parseLabels(cursor: Cursor): LabelExpression {
  const { start } = cursor.next()
  const first = orLabels(cursor)
  if (!cursor.isSymbol(':')) return first
  const operands = [first]
  while (cursor.takeSymbol(':')) operands.push(orLabels(cursor))
  return { kind: 'labelAnd', operands, colons: true, ...cursor.span(start) }
}

/** Reads `:A:B`, the labels that SET and REMOVE name. */
export function parseLabelNames(cursor: Cursor): readonly LabelName[] {
  const labels: LabelName[] = []
  const viaIs = cursor.takeWords('is')
  if (!viaIs) cursor.expectSymbol(':')
  labels.push(labelName(cursor))
  while (cursor.takeSymbol(':') || (viaIs && cursor.takeSymbol('&'))) labels.push(labelName(cursor))
  return labels
}

function orLabels(cursor: Cursor): LabelExpression {
  const { start } = cursor.peek()
  const operands = [andLabels(cursor)]
  while (!cursor.barEnds && cursor.takeSymbol('|')) {
    cursor.takeSymbol(':')
    operands.push(andLabels(cursor))
  }
  return operands.length === 1
    ? (operands[0] as LabelExpression)
    : { kind: 'labelOr', operands, ...cursor.span(start) }
}

function andLabels(cursor: Cursor): LabelExpression {
  const { start } = cursor.peek()
  const operands = [notLabels(cursor)]
  while (cursor.takeSymbol('&')) operands.push(notLabels(cursor))
  return operands.length === 1
    ? (operands[0] as LabelExpression)
    : { kind: 'labelAnd', operands, colons: false, ...cursor.span(start) }
}

function notLabels(cursor: Cursor): LabelExpression {
  const { start } = cursor.peek()
  if (cursor.takeSymbol('!')) {
    const operand = cursor.nested(() => notLabels(cursor))
    return { kind: 'labelNot', operand, ...cursor.span(start) }
  }
  if (cursor.takeSymbol('%')) return { kind: 'labelAny', ...cursor.span(start) }
  if (cursor.takeSymbol('(')) {
    const inner = cursor.nested(() => cursor.withBar(false, () => orLabels(cursor)))
    cursor.expectSymbol(')')
    return inner
  }
  return labelName(cursor)
}

function labelName(cursor: Cursor): LabelName {
  const { start } = cursor.peek()
  const which = dynamicWord(cursor)
  if (which !== null) {
    const any = which === 'any'
    cursor.expectSymbol('(')
    const expression = cursor.withBar(false, () => cursor.rules.expression(cursor))
    cursor.expectSymbol(')')
    return { kind: 'dynamicLabel', expression, any, ...cursor.span(start) }
  }
  if (cursor.peek().kind === 'parameter') {
    throw cursor.error(
      start,
      'A parameter cannot stand for a label or a type. Write $(…) around it.',
      'InvalidParameterUse',
    )
  }
  const name = cursor.schemaName('a label or a type')
  return { kind: 'label', ...name }
}

/** Takes what starts a dynamic label: `$`, or `$all` and `$any`, which look like parameters. */
function dynamicWord(cursor: Cursor): 'all' | 'any' | null {
  if (cursor.takeSymbol('$')) {
    if (cursor.takeWords('any')) return 'any'
    cursor.takeWords('all')
    return 'all'
  }
  const token = cursor.peek()
  const word = token.text.toLowerCase()
  if (token.kind !== 'parameter' || !cursor.isSymbol('(', 1) || (word !== 'all' && word !== 'any'))
    return null
  cursor.next()
  return word
}
