import {
  call,
  type Expression,
  elementType,
  isInteger,
  isList,
  isNumeric,
  isText,
  lambda,
  literal,
  parameter,
  types,
  variable,
} from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { asBoolean, COMPARISONS, compare, isPlain } from './comparison.ts'
import { bound, entityKey, entityOf, lowerError } from './entities.ts'
import { facetsOf, propertyOf, wholeValue } from './facets.ts'
import { type Frame, type Locals, type LowerContext, NO_LOCALS, rememberSource } from './frame.ts'
import { lowerFunction } from './functions.ts'
import { lowerLabels, lowerTypes, lowerValueLabels } from './labels.ts'

/** Lowers an expression over a frame, which gets the columns that the expression needs. */
export function lowerExpression(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression,
  locals: Locals = NO_LOCALS,
): Expression {
  const lower = (part: syntax.Expression): Expression => lowerExpression(context, frame, part, locals)
  switch (expression.kind) {
    case 'literal':
      return lowerLiteral(expression)
    case 'parameter':
      return parameter(expression.name, context.parameterType(expression.name))
    case 'variable':
      return lowerVariable(context, frame, expression.name, locals)
    case 'property':
      return lowerProperty(context, frame, expression, locals)
    case 'index':
      return lowerIndex(context, frame, expression, locals)
    case 'slice': {
      const from = expression.from === null ? literal(0) : lower(expression.from)
      const to = expression.to === null ? literal(Number.MAX_SAFE_INTEGER) : lower(expression.to)
      return call('cypher.slice', lower(expression.object), from, to)
    }
    case 'list':
      return lowerList(expression.items, lower)
    case 'map':
      return call(
        'object',
        ...expression.entries.flatMap(({ key, value }) => [literal(key.name), lower(value)]),
      )
    case 'mapProjection':
      return lowerMapProjection(context, frame, expression, locals)
    case 'listComprehension':
      return lowerComprehension(context, frame, expression, locals)
    case 'quantifier': {
      const list = lower(expression.list)
      const item = variable(expression.variable.name, elementType(list.type))
      const inner = lambdaLocals(locals, expression, item)
      const test = asBoolean(lowerExpression(context, frame, expression.where, inner))
      return call(`cypher.${expression.quantifier}`, list, lambda([item], test))
    }
    case 'reduce':
      return lowerReduce(context, frame, expression, locals)
    case 'function':
      return lowerFunction(context, frame, expression, locals)
    case 'case':
      return lowerCase(context, frame, expression, locals)
    case 'not':
      return call('not', asBoolean(lower(expression.operand)))
    case 'plus':
      return lower(expression.operand)
    case 'negate': {
      const operand = lower(expression.operand)
      return isNumeric(operand.type) ? call('negate', operand) : call('cypher.negate', operand)
    }
    case 'and':
    case 'or':
      return expression.operands
        .map((operand) => asBoolean(lower(operand)))
        .reduce((left, right) => call(expression.kind, left, right))
    case 'binary':
      return lowerBinary(expression.operator, lower(expression.left), lower(expression.right))
    case 'comparison':
      return lowerComparison(context, frame, expression, locals)
    case 'isNull': {
      const entity = entityOf(context, frame, expression.operand, locals)
      const operand = entity === null ? lower(expression.operand) : entityKey(entity)
      return call(expression.negated ? 'is_not_null' : 'is_null', operand)
    }
    case 'hasLabels': {
      const entity = entityOf(context, frame, expression.operand, locals)
      if (entity?.kind === 'node')
        return lowerLabels(facetsOf(context, frame, entity).labels as Expression, expression.labels, lower)
      if (entity?.kind === 'relationship')
        return lowerTypes(facetsOf(context, frame, entity).type as Expression, expression.labels, lower)
      return lowerValueLabels(lower(expression.operand), expression.labels, lower)
    }
    case 'pattern':
    case 'patternComprehension':
    case 'exists':
    case 'count':
    case 'collect':
      return context.rules.subquery(context, frame, expression, locals)
    case 'countStar':
      throw lowerError(
        context,
        expression,
        'An aggregate cannot stand here. Compute it in WITH or RETURN.',
        'InvalidAggregation',
      )
  }
}

function lowerLiteral({ value, isFloat: float }: syntax.LiteralExpression): Expression {
  return literal(value, float ? types.float64 : typeof value === 'number' ? types.int64 : undefined)
}

function lowerVariable(context: LowerContext, frame: Frame, name: string, locals: Locals): Expression {
  const local = locals.get(name)
  return local ?? wholeValue(context, frame, bound(context, frame, name))
}

function lowerProperty(
  context: LowerContext,
  frame: Frame,
  expression: syntax.PropertyExpression,
  locals: Locals,
): Expression {
  const entity = entityOf(context, frame, expression.object, locals)
  if (entity?.kind === 'node' || entity?.kind === 'relationship') {
    return propertyOf(
      context,
      { kind: entity.kind, properties: facetsOf(context, frame, entity).properties },
      expression.key.name,
    )
  }
  return call(
    'cypher.property',
    lowerExpression(context, frame, expression.object, locals),
    literal(expression.key.name),
  )
}

function lowerIndex(
  context: LowerContext,
  frame: Frame,
  expression: syntax.IndexExpression,
  locals: Locals,
): Expression {
  const index = lowerExpression(context, frame, expression.index, locals)
  const entity = entityOf(context, frame, expression.object, locals)
  if (entity?.kind === 'node' || entity?.kind === 'relationship') {
    return call('cypher.property', facetsOf(context, frame, entity).properties, index)
  }
  return call('cypher.index', lowerExpression(context, frame, expression.object, locals), index)
}

/** Lowers a list; one of constants alone becomes a constant. */
function lowerList(
  items: readonly syntax.Expression[],
  lower: (part: syntax.Expression) => Expression,
): Expression {
  const lowered = items.map(lower)
  const made = call('list', ...lowered)
  if (lowered.length === 0 || !lowered.every((item) => item.kind === 'literal')) return made
  return literal(
    lowered.map((item) => (item.kind === 'literal' ? item.value : null)),
    made.type,
  )
}

function lowerMapProjection(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression & { kind: 'mapProjection' },
  locals: Locals,
): Expression {
  const subject: syntax.Expression = { kind: 'variable', ...expression.variable }
  const whole = (): Expression => {
    const entity = entityOf(context, frame, subject, locals)
    if (entity?.kind === 'node' || entity?.kind === 'relationship')
      return facetsOf(context, frame, entity).properties
    return lowerExpression(context, frame, subject, locals)
  }
  const parts = expression.entries.flatMap((entry): Expression[] => {
    if (entry.kind === 'allProperties') return [literal(null), whole()]
    const { key } = entry
    const value: syntax.Expression =
      entry.kind === 'entry'
        ? entry.value
        : { kind: 'property', object: subject, key, start: entry.start, end: entry.end }
    return [literal(key.name), lowerExpression(context, frame, value, locals)]
  })
  const entity = entityOf(context, frame, subject, locals)
  const test = call(
    'is_null',
    entity === null ? lowerExpression(context, frame, subject, locals) : entityKey(entity),
  )
  return call('case', test, literal(null, types.variant), call('cypher.map', ...parts))
}

function lowerComprehension(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression & { kind: 'listComprehension' },
  locals: Locals,
): Expression {
  let list = lowerExpression(context, frame, expression.list, locals)
  const inner = (item: ReturnType<typeof variable>): Locals => lambdaLocals(locals, expression, item)
  if (expression.where !== null) {
    const item = variable(expression.variable.name, elementType(list.type))
    const test = asBoolean(lowerExpression(context, frame, expression.where, inner(item)))
    list = call('list.filter', list, lambda([item], test))
  }
  if (expression.projection === null) return list
  const item = variable(expression.variable.name, elementType(list.type))
  return call(
    'list.map',
    list,
    lambda([item], lowerExpression(context, frame, expression.projection, inner(item))),
  )
}

/** Adds a lambda's variable to those around, and remembers the list that it runs over. */
function lambdaLocals(
  locals: Locals,
  { variable: name, list }: { readonly variable: syntax.Name; readonly list: syntax.Expression },
  item: Expression,
): Locals {
  rememberSource(item, list)
  return new Map(locals).set(name.name, item)
}

function lowerReduce(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression & { kind: 'reduce' },
  locals: Locals,
): Expression {
  const list = lowerExpression(context, frame, expression.list, locals)
  const initial = lowerExpression(context, frame, expression.initial, locals)
  const state = variable(expression.accumulator.name, types.variant)
  const item = variable(expression.variable.name, elementType(list.type))
  const inner = new Map(locals).set(expression.accumulator.name, state).set(expression.variable.name, item)
  const step = lowerExpression(context, frame, expression.step, inner)
  return call('list.reduce', list, initial, lambda([state, item], step))
}

function lowerCase(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression & { kind: 'case' },
  locals: Locals,
): Expression {
  const lower = (part: syntax.Expression): Expression => lowerExpression(context, frame, part, locals)
  const parts = expression.branches.flatMap(({ when, result }) => {
    const condition =
      expression.subject === null
        ? asBoolean(lower(when))
        : compare('=', lower(expression.subject), lower(when))
    return [condition, lower(result)]
  })
  const otherwise = expression.otherwise === null ? literal(null) : lower(expression.otherwise)
  return call('case', ...parts, otherwise)
}

const CORE_ARITHMETIC = new Map<syntax.BinaryOperator, string>([
  ['+', 'add'],
  ['-', 'subtract'],
  ['*', 'multiply'],
])

const CYPHER_OPERATORS: Record<Exclude<syntax.BinaryOperator, 'in' | 'xor'>, string> = {
  '+': 'cypher.add',
  '||': 'cypher.add',
  '-': 'cypher.subtract',
  '*': 'cypher.multiply',
  '/': 'cypher.divide',
  '%': 'cypher.modulo',
  '^': 'cypher.power',
  '=~': 'cypher.matches',
  startsWith: 'cypher.starts_with',
  endsWith: 'cypher.ends_with',
  contains: 'cypher.contains',
}

const CORE_TEXT = new Map<syntax.BinaryOperator, string>([
  ['startsWith', 'starts_with'],
  ['endsWith', 'ends_with'],
  ['contains', 'contains'],
])

function lowerBinary(operator: syntax.BinaryOperator, left: Expression, right: Expression): Expression {
  if (operator === 'in') return lowerIn(left, right)
  if (operator === 'xor') return call('xor', asBoolean(left), asBoolean(right))
  const numeric = isNumeric(left.type) && isNumeric(right.type)
  const core = numeric ? CORE_ARITHMETIC.get(operator) : undefined
  if (core !== undefined) return call(core, left, right)
  if (isText(left.type) && isText(right.type)) {
    const test = CORE_TEXT.get(operator)
    if (test !== undefined) return call(test, left, right)
  }
  if (operator === '/' && isInteger(left.type) && isInteger(right.type))
    return call('divide_integer', left, right)
  return call(CYPHER_OPERATORS[operator], left, right)
}

/** Lowers IN; a constant list of plain values is searched by its set. */
function lowerIn(value: Expression, list: Expression): Expression {
  const constant = list.kind === 'literal' || list.kind === 'parameter'
  if (constant && isList(list.type) && isPlain(elementType(list.type))) return call('in', value, list)
  return call('cypher.in', value, list)
}

function lowerComparison(
  context: LowerContext,
  frame: Frame,
  expression: syntax.Expression & { kind: 'comparison' },
  locals: Locals,
): Expression {
  const { operands, operators } = expression
  const tests = operators.map((operator, at) => {
    const [left, right] = [operands[at] as syntax.Expression, operands[at + 1] as syntax.Expression]
    if (operator === '=' || operator === '<>') {
      const same = compareEntities(context, frame, operator, [left, right], locals)
      if (same !== null) return same
    }
    return compare(
      operator,
      lowerExpression(context, frame, left, locals),
      lowerExpression(context, frame, right, locals),
    )
  })
  return tests.reduce((left, right) => call('and', left, right))
}

function compareEntities(
  context: LowerContext,
  frame: Frame,
  operator: '=' | '<>',
  [left, right]: readonly [syntax.Expression, syntax.Expression],
  locals: Locals,
): Expression | null {
  const a = entityOf(context, frame, left, locals)
  const b = entityOf(context, frame, right, locals)
  if (a === null || b === null || a.kind !== b.kind || (a.kind !== 'node' && a.kind !== 'relationship'))
    return null
  return call(COMPARISONS[operator].core, entityKey(a), entityKey(b))
}
