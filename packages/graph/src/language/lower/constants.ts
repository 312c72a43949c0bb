import { type Expression, functionNamed, SheafError, sourceError, type Value } from '@sheafdb/core'
import type * as syntax from '../syntax.ts'
import { emptyFrame, type LowerContext } from './frame.ts'

/** Computes an expression that reads no rows. */
export function evaluateConstant(context: LowerContext, expression: Expression): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'parameter':
      return context.parameterValue(expression.name)
    case 'call': {
      const args = expression.args.map((arg) => evaluateConstant(context, arg))
      const definition = functionNamed(expression.function)
      if (definition.nulls === 'strict' && args.some((arg) => arg === null || arg === undefined)) return null
      return definition.evaluator(
        expression.args.map((arg) => arg.type),
        expression.type,
      )(...args)
    }
    default:
      throw new SheafError(
        'UNSUPPORTED',
        'This expression cannot be computed without rows. Use a constant or a parameter.',
      )
  }
}

/** Computes SKIP or LIMIT. @throws `ARGUMENT` where it is no whole number, or negative */
export function evaluateCount(context: LowerContext, expression: syntax.Expression): number {
  const value = evaluateConstant(context, context.rules.expression(context, emptyFrame(), expression))
  const source = { text: context.text, offset: expression.start, phase: 'runtime' as const }
  if (!Number.isInteger(value) && typeof value !== 'bigint') {
    throw sourceError('ARGUMENT', 'SKIP and LIMIT take a whole number.', {
      ...source,
      detail: 'InvalidArgumentType',
    })
  }
  if (Number(value) < 0) {
    throw sourceError('ARGUMENT', 'SKIP and LIMIT take a number that is not negative.', {
      ...source,
      detail: 'NegativeIntegerArgument',
    })
  }
  return Number(value)
}
