import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { isPlain } from '../../language/parser-values.ts'
import { addNumbers, isDouble, multiplyNumbers } from '../operators/number.ts'
import { bsonType, isNumber } from '../value.ts'
import type { Change } from './path-change.ts'

/** Makes the change of `$inc` and `$mul`. */
export function arithmeticChange(operator: '$inc' | '$mul', argument: Value, path: string): Change {
  if (!isNumber(argument))
    throw mongoError(14, `${operator} takes a number. It got a ${bsonType(argument)} for ${path}.`)
  return (value) => {
    if (value === undefined) return operator === '$inc' ? argument : typeof argument === 'bigint' ? 0n : 0
    if (!isNumber(value))
      throw mongoError(14, `${operator} needs a number in the document. ${path} is a ${bsonType(value)}.`)
    const result = operator === '$inc' ? addNumbers(value, argument) : multiplyNumbers(value, argument)
    const wide = typeof value === 'bigint' || typeof argument === 'bigint'
    if (wide && typeof result !== 'bigint' && !isDouble(value) && !isDouble(argument))
      throw mongoError(2, `${operator} would leave the range of 64 bits. Use a double: ${path}`)
    return Object.is(result, value) ? value : result
  }
}

/** Makes the change of `$currentDate`. */
export function currentDateChange(argument: Value): Change {
  const type = isPlain(argument) ? argument.$type : undefined
  if (isPlain(argument)) {
    if (Object.keys(argument).some((key) => key !== '$type'))
      throw mongoError(2, "$currentDate takes true or { $type: 'date' }. Give it one of them.")
    if (type !== 'date' && type !== 'timestamp')
      throw mongoError(2, "$currentDate takes the types 'date' and 'timestamp'. Give it one of them.")
  } else if (typeof argument !== 'boolean') {
    throw mongoError(2, "$currentDate takes true or { $type: 'date' }. Give it one of them.")
  }
  return () => new Date()
}

/** Makes the change of `$bit`. */
export function bitChange(argument: Value, path: string): Change {
  if (!isPlain(argument) || Object.keys(argument).length === 0)
    throw mongoError(2, `$bit takes an object of and, or, xor. It got a ${bsonType(argument)} for ${path}.`)
  const steps = Object.entries(argument).map(([name, operand]) => {
    if (!['and', 'or', 'xor'].includes(name))
      throw mongoError(2, `$bit knows and, or and xor. Correct: ${name}`)
    if (!isNumber(operand) || isDouble(operand))
      throw mongoError(2, `$bit takes ints and longs. Correct: ${path}`)
    return { name, operand }
  })
  return (value) => {
    if (value !== undefined && (!isNumber(value) || isDouble(value)))
      throw mongoError(2, `$bit needs an int or a long in the document. ${path} is a ${bsonType(value)}.`)
    return steps.reduce<number | bigint>(
      (state, { name, operand }) => {
        if (typeof state === 'number' && typeof operand === 'number') {
          return name === 'and' ? state & operand : name === 'or' ? state | operand : state ^ operand
        }
        const [left, right] = [BigInt(state), BigInt(operand)]
        return name === 'and' ? left & right : name === 'or' ? left | right : left ^ right
      },
      (value as number | bigint | undefined) ?? 0,
    )
  }
}
