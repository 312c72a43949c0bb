import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { averageOf, deviationOf, extremeOf, percentilesOf, sumOf } from '../accumulators.ts'
import { compileExpression } from '../expression.ts'
import { bsonType, isNumber } from '../value.ts'
import { evaluatedParts, type Operator, type Operators } from './define.ts'

/** Defines an operator over its arguments, or over the elements of its only argument. */
function overList(name: string, compute: (values: readonly Value[]) => Value): readonly [string, Operator] {
  const operator: Operator = (argument, context) => {
    if (argument.kind !== 'array' || argument.items.length === 1) {
      const only = argument.kind === 'array' ? argument.items[0] : argument
      const evaluate = compileExpression(only as never, context)
      return (scope) => {
        const value = evaluate(scope)
        return compute(Array.isArray(value) ? value : [value])
      }
    }
    const evaluators = argument.items.map((item) => compileExpression(item, context))
    return (scope) => compute(evaluators.map((evaluate) => evaluate(scope)))
  }
  return [name, operator]
}

/** Reads the parts that `$percentile` wants. */
export function percentileParts(value: Value): number[] {
  if (!Array.isArray(value) || value.length === 0)
    throw mongoError(7750300, "$percentile takes an array 'p' that is not empty. Give it numbers of 0 to 1.")
  return value.map((part: Value) => {
    if (!isNumber(part)) throw mongoError(7750302, `'p' holds numbers of 0 to 1. It has a ${bsonType(part)}.`)
    if (Number(part) < 0 || Number(part) > 1)
      throw mongoError(7750303, `'p' holds numbers of 0 to 1: ${part}`)
    return Number(part)
  })
}

/** Checks the method of a percentile. */
export function checkMethod(value: Value): void {
  if (value !== 'approximate') throw mongoError(2, "The method of a percentile is 'approximate'. Give it so.")
}

const listOf = (value: Value): readonly Value[] => (Array.isArray(value) ? value : [value])

/** Holds the operators that compute of several values. */
export const statisticOperators: Operators = [
  overList('$sum', sumOf),
  overList('$avg', averageOf),
  overList('$min', (values) => extremeOf(values, 1)),
  overList('$max', (values) => extremeOf(values, -1)),
  overList('$stdDevPop', (values) => deviationOf(values, false)),
  overList('$stdDevSamp', (values) => deviationOf(values, true)),
  evaluatedParts(
    '$percentile',
    { required: ['input', 'p', 'method'], codes: { object: 7436200, unknown: 40415, missing: 40414 } },
    (values) => {
      checkMethod(values.get('method'))
      return percentilesOf(listOf(values.get('input')), percentileParts(values.get('p')))
    },
  ),
  evaluatedParts(
    '$median',
    { required: ['input', 'method'], codes: { object: 7436100, unknown: 40415, missing: 40414 } },
    (values) => {
      checkMethod(values.get('method'))
      return percentilesOf(listOf(values.get('input')), [0.5])[0]
    },
  ),
]
