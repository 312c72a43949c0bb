import { hasFunction } from '@sheafdb/core'
import type { Expression, PathPattern, Query } from '../syntax.ts'
import { signatureOf } from './functions.ts'
import { type CheckContext, checkError, type Scope } from './scope.ts'
import {
  ANY,
  BOOLEAN,
  commonStaticType,
  elementOf,
  FLOAT,
  INTEGER,
  isNumber,
  listOf,
  MAP,
  mayBe,
  NUMBER,
  STRING,
  type StaticKind,
  type StaticType,
} from './static-type.ts'

/** Holds the rules that patterns and subqueries inside expressions are checked by. */
export type NestedRules = {
  readonly patternExpression: (context: CheckContext, pattern: PathPattern, scope: Scope) => void
  readonly patternScope: (context: CheckContext, pattern: PathPattern, scope: Scope) => Scope
  readonly subquery: (
    context: CheckContext,
    query: Query,
    scope: Scope,
    kind: 'exists' | 'count' | 'collect',
  ) => void
}

/** Checks expressions against a scope and finds what is known of their values. */
export type ExpressionChecker = {
  readonly infer: (expression: Expression, scope: Scope) => StaticType
  readonly predicate: (expression: Expression, scope: Scope) => void
}

/** Makes the checker of one statement's expressions. */
export function expressionChecker(context: CheckContext, rules: NestedRules): ExpressionChecker {
  const infer = (expression: Expression, scope: Scope): StaticType => {
    switch (expression.kind) {
      case 'literal':
        return literalType(expression.value, expression.isFloat)
      case 'parameter':
        return ANY
      case 'variable':
        return variableType(expression.name, expression, scope)
      case 'property':
        return propertyType(expression, scope)
      case 'index':
        return indexType(expression, scope)
      case 'slice':
        return sliceType(expression, scope)
      case 'list':
        return listType(expression.items, scope)
      case 'map':
        for (const { value } of expression.entries) infer(value, scope)
        return MAP
      case 'mapProjection':
        return projectionType(expression, scope)
      case 'listComprehension':
        return comprehensionType(expression, scope)
      case 'patternComprehension': {
        const inner = rules.patternScope(context, expression.pattern, scope)
        if (expression.where !== null) predicate(expression.where, inner)
        return listOf(infer(expression.projection, inner))
      }
      case 'pattern':
        return patternType(expression.pattern, expression, scope)
      case 'quantifier':
        return quantifierType(expression, scope)
      case 'reduce':
        return reduceType(expression, scope)
      case 'function':
        return functionType(expression, scope)
      case 'countStar':
        return INTEGER
      case 'case':
        return caseType(expression, scope)
      case 'not':
        expectKind(inferPredicate(expression.operand, scope), expression.operand, 'boolean')
        return BOOLEAN
      case 'negate':
      case 'plus':
        return expectKind(infer(expression.operand, scope), expression.operand, 'number')
      case 'and':
      case 'or':
        for (const operand of expression.operands)
          expectKind(inferPredicate(operand, scope), operand, 'boolean')
        return BOOLEAN
      case 'binary':
        return binaryType(expression, scope)
      case 'comparison':
        for (const operand of expression.operands) infer(operand, scope)
        return BOOLEAN
      case 'isNull':
        infer(expression.operand, scope)
        return BOOLEAN
      case 'hasLabels':
        expectKind(infer(expression.operand, scope), expression.operand, 'node', 'relationship')
        return BOOLEAN
      case 'exists':
      case 'count':
      case 'collect':
        rules.subquery(context, expression.query, scope, expression.kind)
        return expression.kind === 'exists' ? BOOLEAN : expression.kind === 'count' ? INTEGER : listOf(ANY)
    }
  }

  /** Infers where a pattern may stand as a predicate. */
  const inferPredicate = (expression: Expression, scope: Scope): StaticType => {
    if (expression.kind !== 'pattern') return infer(expression, scope)
    rules.patternExpression(context, expression.pattern, scope)
    return BOOLEAN
  }

  const predicate = (expression: Expression, scope: Scope): void => {
    expectKind(inferPredicate(expression, scope), expression, 'boolean')
  }

  const expectKind = (type: StaticType, place: Expression, ...kinds: readonly StaticKind[]): StaticType => {
    if (mayBe(type, ...kinds)) return type
    throw checkError(
      context,
      place,
      'InvalidArgumentType',
      `A value has the wrong type. Give a ${kinds.join(' or ')}, not a ${type.kind}.`,
    )
  }

  const variableType = (name: string, place: Expression, scope: Scope): StaticType => {
    const type = scope.get(name)
    if (type !== undefined) return type
    throw checkError(
      context,
      place,
      'UndefinedVariable',
      `A variable is not defined here. Bind it in MATCH, WITH or UNWIND first: ${name}`,
    )
  }

  const propertyType = (expression: Expression & { kind: 'property' }, scope: Scope): StaticType => {
    const object = infer(expression.object, scope)
    expectKind(object, expression.object, 'map', 'node', 'relationship')
    return ANY
  }

  const indexType = (expression: Expression & { kind: 'index' }, scope: Scope): StaticType => {
    const object = expectKind(
      infer(expression.object, scope),
      expression.object,
      'list',
      'map',
      'node',
      'relationship',
    )
    const index = infer(expression.index, scope)
    if (object.kind === 'list') expectKind(index, expression.index, 'integer')
    if (object.kind === 'map' || object.kind === 'node') expectKind(index, expression.index, 'string')
    return object.kind === 'list' ? elementOf(object) : ANY
  }

  const sliceType = (expression: Expression & { kind: 'slice' }, scope: Scope): StaticType => {
    for (const bound of [expression.from, expression.to]) {
      if (bound !== null) expectKind(infer(bound, scope), bound, 'integer')
    }
    return expectKind(infer(expression.object, scope), expression.object, 'list')
  }

  const listType = (items: readonly Expression[], scope: Scope): StaticType => {
    const types = items.map((item) => infer(item, scope))
    return listOf(types.length === 0 ? ANY : types.reduce(commonStaticType))
  }

  const projectionType = (expression: Expression & { kind: 'mapProjection' }, scope: Scope): StaticType => {
    const { variable, entries } = expression
    expectKind(
      variableType(variable.name, { kind: 'variable', ...variable }, scope),
      expression,
      'map',
      'node',
      'relationship',
    )
    for (const entry of entries) if (entry.kind === 'entry') infer(entry.value, scope)
    return MAP
  }

  const withVariable = (scope: Scope, name: string, type: StaticType): Scope => new Map(scope).set(name, type)

  const listElement = (list: Expression, scope: Scope): StaticType =>
    elementOf(expectKind(infer(list, scope), list, 'list'))

  const comprehensionType = (
    expression: Expression & { kind: 'listComprehension' },
    scope: Scope,
  ): StaticType => {
    const element = listElement(expression.list, scope)
    const inner = withVariable(scope, expression.variable.name, element)
    if (expression.where !== null) predicate(expression.where, inner)
    return listOf(expression.projection === null ? element : infer(expression.projection, inner))
  }

  const patternType = (pattern: PathPattern, place: Expression, scope: Scope): StaticType => {
    if (pattern.selector !== null) {
      rules.patternScope(context, pattern, scope)
      return pattern.selector.kind === 'shortest' ? { kind: 'path' } : listOf({ kind: 'path' })
    }
    rules.patternExpression(context, pattern, scope)
    throw checkError(
      context,
      place,
      'UnexpectedSyntax',
      'A pattern cannot stand here as a value. Write EXISTS { … }, COUNT { … } or [pattern | value].',
    )
  }

  const quantifierType = (expression: Expression & { kind: 'quantifier' }, scope: Scope): StaticType => {
    const element = listElement(expression.list, scope)
    predicate(expression.where, withVariable(scope, expression.variable.name, element))
    return BOOLEAN
  }

  const reduceType = (expression: Expression & { kind: 'reduce' }, scope: Scope): StaticType => {
    infer(expression.initial, scope)
    const element = listElement(expression.list, scope)
    const inner = withVariable(
      withVariable(scope, expression.accumulator.name, ANY),
      expression.variable.name,
      element,
    )
    return infer(expression.step, inner).kind === 'boolean' ? BOOLEAN : ANY
  }

  const functionType = (expression: Expression & { kind: 'function' }, scope: Scope): StaticType => {
    const signature = signatureOf(expression.name)
    // Functions that models offer to all languages.
    if (signature === undefined && hasFunction(`shared.${expression.name.toLowerCase()}`)) {
      for (const argument of expression.arguments) infer(argument, scope)
      return ANY
    }
    if (signature === undefined) {
      throw checkError(
        context,
        expression,
        'UnknownFunction',
        `There is no function of this name. Check its spelling: ${expression.name}`,
      )
    }
    const { arguments: args } = expression
    if (args.length < signature.minimum || args.length > signature.maximum) {
      const count =
        signature.minimum === signature.maximum
          ? `${signature.minimum}`
          : `${signature.minimum} to ${signature.maximum}`
      throw checkError(
        context,
        expression,
        'InvalidNumberOfArguments',
        `A function has the wrong number of arguments. Give ${expression.name} ${count}.`,
      )
    }
    const allowsPattern = expression.name.toLowerCase() === 'exists'
    const types = args.map((arg) => (allowsPattern ? inferPredicate(arg, scope) : infer(arg, scope)))
    types.forEach((type, at) => {
      const accepted = signature.accepts[at]
      if (accepted !== undefined) expectKind(type, args[at] as Expression, ...accepted)
    })
    return signature.result(types)
  }

  const caseType = (expression: Expression & { kind: 'case' }, scope: Scope): StaticType => {
    if (expression.subject !== null) infer(expression.subject, scope)
    const types = expression.branches.map(({ when, result }) => {
      if (expression.subject === null) predicate(when, scope)
      else infer(when, scope)
      return infer(result, scope)
    })
    if (expression.otherwise !== null) types.push(infer(expression.otherwise, scope))
    return types.reduce(commonStaticType)
  }

  const binaryType = (expression: Expression & { kind: 'binary' }, scope: Scope): StaticType => {
    const { operator } = expression
    if (operator === 'xor') {
      for (const side of [expression.left, expression.right])
        expectKind(inferPredicate(side, scope), side, 'boolean')
      return BOOLEAN
    }
    const left = infer(expression.left, scope)
    const right = infer(expression.right, scope)
    switch (operator) {
      case 'in':
        expectKind(right, expression.right, 'list')
        return BOOLEAN
      case 'startsWith':
      case 'endsWith':
      case 'contains':
      case '=~':
        return BOOLEAN
      case '+':
      case '||':
        return sumType(left, right)
      default:
        if (left.kind !== 'any') expectKind(left, expression.left, 'number')
        if (right.kind !== 'any') expectKind(right, expression.right, 'number')
        return operator === '^' ? FLOAT : arithmeticType(left, right)
    }
  }

  return { infer, predicate }
}

function sumType(left: StaticType, right: StaticType): StaticType {
  if (left.kind === 'list' && right.kind === 'list') return commonStaticType(left, right)
  if (left.kind === 'list') return listOf(commonStaticType(elementOf(left), right))
  if (right.kind === 'list') return listOf(commonStaticType(left, elementOf(right)))
  if (left.kind === 'string' && right.kind === 'string') return STRING
  return arithmeticType(left, right)
}

function arithmeticType(left: StaticType, right: StaticType): StaticType {
  if (!isNumber(left) || !isNumber(right)) return ANY
  if (left.kind === 'float' || right.kind === 'float') return FLOAT
  return left.kind === 'integer' && right.kind === 'integer' ? INTEGER : NUMBER
}

function literalType(value: unknown, isFloat: boolean): StaticType {
  if (value === null) return ANY
  if (typeof value === 'boolean') return BOOLEAN
  if (typeof value === 'string') return STRING
  return isFloat ? FLOAT : INTEGER
}
