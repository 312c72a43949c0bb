import { call, literal } from '../../src/expression/build.ts'
import type { Expression } from '../../src/expression/expression.ts'
import { evaluateConstant } from '../../src/expression/interpret.ts'
import type { DataType } from '../../src/types/data-type.ts'
import type { Value } from '../../src/types/value.ts'

/** Evaluates a function on constants; a constant given with a type is written `typed(value, type)`. */
export function evaluate(name: string, ...args: (Value | Expression)[]): Value {
  return evaluateConstant(call(name, ...args.map(constant)), new Map())
}

/** Makes a constant of a type. */
export function typed(value: Value, type: DataType): Expression {
  return literal(value, type)
}

function constant(value: Value | Expression): Expression {
  const isExpression = typeof value === 'object' && value !== null && 'kind' in value && 'nullable' in value
  return isExpression ? (value as Expression) : literal(value)
}
