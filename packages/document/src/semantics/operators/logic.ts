import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import type { ExpressionSyntax } from '../../language/syntax.ts'
import { compileExpression, type Evaluator } from '../expression.ts'
import { compareMongo, isNullish, isTruthy } from '../value.ts'
import { argumentList, fixed, namedParts, type Operator, type Operators, partsOf } from './define.ts'

function comparison(name: string, test: (order: number) => boolean) {
  return fixed(name, 2, (left, right) => test(compareMongo(left, right)))
}

const and: Operator = (argument, context) => {
  const parts = argumentList(argument).map((part) => compileExpression(part, context))
  return (scope) => parts.every((part) => isTruthy(part(scope)))
}

const or: Operator = (argument, context) => {
  const parts = argumentList(argument).map((part) => compileExpression(part, context))
  return (scope) => parts.some((part) => isTruthy(part(scope)))
}

const COND = {
  required: [],
  optional: ['if', 'then', 'else'],
  codes: { object: 16020, unknown: 17083, missing: 17080 },
}

const cond: Operator = (argument, context) => {
  const args = argument.kind === 'object' ? condParts(argument) : argumentList(argument)
  if (args.length !== 3) throw mongoError(16020, `$cond takes 3 arguments. It got ${args.length}.`)
  const [test, yes, no] = args.map((part) => compileExpression(part, context)) as [
    Evaluator,
    Evaluator,
    Evaluator,
  ]
  return (scope) => (isTruthy(test(scope)) ? yes(scope) : no(scope))
}

function condParts(argument: ExpressionSyntax): ExpressionSyntax[] {
  const parts = partsOf('$cond', COND, argument)
  return (['if', 'then', 'else'] as const).map((key, index) => {
    const part = parts.get(key)
    if (part === undefined) throw mongoError(17080 + index, `$cond misses a part. Add it: ${key}`)
    return part
  })
}

const ifNull: Operator = (argument, context) => {
  const parts = argumentList(argument).map((part) => compileExpression(part, context))
  if (parts.length < 2)
    throw mongoError(1257300, `$ifNull takes 2 arguments or more. It got ${parts.length}.`)
  return (scope) => {
    let value: Value
    for (const part of parts) {
      value = part(scope)
      if (!isNullish(value)) return value
    }
    return value
  }
}

const BRANCH = {
  required: [],
  optional: ['case', 'then'],
  codes: { object: 40062, unknown: 40063, missing: 40064 },
}

const switchOperator = namedParts(
  '$switch',
  {
    required: [],
    optional: ['branches', 'default'],
    codes: { object: 40060, unknown: 40067, missing: 40068 },
  },
  (parts, context) => {
    const list = parts.get('branches')
    if (list !== undefined && list.kind !== 'array')
      throw mongoError(40061, "$switch takes an array of branches. Give it objects of 'case' and 'then'.")
    if (list === undefined || list.items.length === 0)
      throw mongoError(40068, '$switch needs a branch. Add one.')
    const branches = list.items.map((item) => {
      const branch = partsOf('A branch of $switch', BRANCH, item)
      const test = branch.get('case')
      const result = branch.get('then')
      if (test === undefined) throw mongoError(40064, "A branch of $switch misses its 'case'. Add it.")
      if (result === undefined) throw mongoError(40065, "A branch of $switch misses its 'then'. Add it.")
      return { test: compileExpression(test, context), result: compileExpression(result, context) }
    })
    const otherwise = parts.get('default')
    const fallback = otherwise === undefined ? null : compileExpression(otherwise, context)
    return (scope) => {
      const branch = branches.find(({ test }) => isTruthy(test(scope)))
      if (branch !== undefined) return branch.result(scope)
      if (fallback === null) throw mongoError(40066, '$switch found no branch that is true. Add a default.')
      return fallback(scope)
    }
  },
)

/** Holds the comparison, boolean and conditional operators. */
export const logicOperators: Operators = [
  fixed('$cmp', 2, (left, right) => Math.sign(compareMongo(left, right))),
  comparison('$eq', (order) => order === 0),
  comparison('$ne', (order) => order !== 0),
  comparison('$gt', (order) => order > 0),
  comparison('$gte', (order) => order >= 0),
  comparison('$lt', (order) => order < 0),
  comparison('$lte', (order) => order <= 0),
  ['$and', and],
  ['$or', or],
  fixed('$not', 1, (value) => !isTruthy(value)),
  ['$cond', cond],
  ['$ifNull', ifNull],
  switchOperator,
]
