import {
  canonicalInteger,
  type FunctionDefinition,
  isFloat,
  isText,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import { arrayOf, isIntegerValue, isListValue, isNumeric } from '../values.ts'
import { custom, strict } from './define.ts'
import { runtimeTypeError } from './errors.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

function checked(value: bigint): number | bigint {
  if (value < INT64_MIN || value > INT64_MAX) {
    throw new SheafError(
      'OVERFLOW',
      `An integer result is out of the range of 64 bits. Convert to a float first: ${value}`,
      {
        phase: 'runtime',
        detail: 'IntegerOverflow',
      },
    )
  }
  return canonicalInteger(value)
}

type Operation = {
  readonly plain: (left: number, right: number) => number
  readonly wide: (left: bigint, right: bigint) => bigint
  readonly verb: string
}

/** Computes in doubles, and exactly where both are integers and the double may have rounded. */
function compute({ plain, wide, verb }: Operation, left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') {
    const result = plain(left, right)
    if (Number.isSafeInteger(result) || !Number.isInteger(left) || !Number.isInteger(right)) return result
    return checked(wide(BigInt(left), BigInt(right)))
  }
  if (!isNumeric(left)) throw runtimeTypeError(`Only numbers can be ${verb}.`, left)
  if (!isNumeric(right)) throw runtimeTypeError(`Only numbers can be ${verb}.`, right)
  if (isIntegerValue(left) && isIntegerValue(right)) return checked(wide(BigInt(left), BigInt(right)))
  return plain(Number(left), Number(right))
}

const ADD: Operation = { plain: (a, b) => a + b, wide: (a, b) => a + b, verb: 'added' }
const SUBTRACT: Operation = { plain: (a, b) => a - b, wide: (a, b) => a - b, verb: 'subtracted' }
const MULTIPLY: Operation = { plain: (a, b) => a * b, wide: (a, b) => a * b, verb: 'multiplied' }

/** Is a value that brings its own arithmetic, such as a duration. */
type Computable = { arithmetic(operator: string, other: Value, reversed: boolean): Value | undefined }

function computed(operator: string, left: Value, right: Value): Value | undefined {
  for (const [value, other, reversed] of [
    [left, right, false],
    [right, left, true],
  ] as const) {
    if (
      typeof value === 'object' &&
      value !== null &&
      typeof (value as Partial<Computable>).arithmetic === 'function'
    ) {
      const result = (value as Computable).arithmetic(operator, other, reversed)
      if (result !== undefined) return result
    }
  }
  return undefined
}

/** Adds numbers, joins text and lists, puts an element at the end or the start of a list. */
function add(left: Value, right: Value): Value {
  if (isListValue(left))
    return isListValue(right) ? [...arrayOf(left), ...arrayOf(right)] : [...arrayOf(left), right]
  if (isListValue(right)) return [left, ...arrayOf(right)]
  if (typeof left === 'string' && typeof right === 'string') return left + right
  if (typeof left === 'string' && isNumeric(right)) return left + String(right)
  if (typeof right === 'string' && isNumeric(left)) return String(left) + right
  return computed('+', left, right) ?? compute(ADD, left, right)
}

function divide(left: Value, right: Value): Value {
  if (!isNumeric(left) || !isNumeric(right)) {
    const result = computed('/', left, right)
    if (result !== undefined) return result
    throw runtimeTypeError('Only numbers can be divided.', isNumeric(left) ? right : left)
  }
  if (!isIntegerValue(left) || !isIntegerValue(right)) return Number(left) / Number(right)
  if (Number(right) === 0) throw divisionByZero()
  const [a, b] = [BigInt(left), BigInt(right)]
  return typeof left === 'number' && typeof right === 'number' ? Math.trunc(left / right) : checked(a / b)
}

function divisionByZero(): SheafError {
  return new SheafError(
    'DIVISION_BY_ZERO',
    'An integer is divided by zero. Divide by a float, or filter zeros out first.',
    {
      phase: 'runtime',
      detail: 'DivisionByZero',
    },
  )
}

function modulo(left: Value, right: Value): Value {
  if (!isNumeric(left) || !isNumeric(right)) {
    throw runtimeTypeError('Only numbers have a remainder.', isNumeric(left) ? right : left)
  }
  if (typeof left === 'number' && typeof right === 'number') {
    if (right === 0 && isIntegerValue(left)) throw divisionByZero()
    return left % right
  }
  if (!isIntegerValue(left) || !isIntegerValue(right)) return Number(left) % Number(right)
  if (Number(right) === 0) throw divisionByZero()
  return checked(BigInt(left) % BigInt(right))
}

/** Holds the arithmetic of values whose kind is known at run time only, and of floats beside them. */
export const arithmeticFunctions: readonly FunctionDefinition[] = [
  strict('add', (args) => (args.length === 2 && args.every(isText) ? types.utf8 : types.variant), add),
  custom('append', types.variant, (left, right) => {
    if (isListValue(left)) return [...arrayOf(left), right ?? null]
    return right === null || left === null ? null : add(left, right)
  }),
  strict('subtract', types.variant, (a, b) => computed('-', a, b) ?? compute(SUBTRACT, a, b)),
  strict('multiply', types.variant, (a, b) => computed('*', a, b) ?? compute(MULTIPLY, a, b)),
  {
    ...strict('divide', (args) => (args.some(isFloat) ? types.float64 : types.variant), divide),
    evaluator: (argumentTypes) =>
      argumentTypes.some(isFloat)
        ? (left, right) => {
            if (!isNumeric(left) || !isNumeric(right)) return divide(left, right)
            return Number(left) / Number(right)
          }
        : divide,
  },
  {
    ...strict('modulo', (args) => (args.some(isFloat) ? types.float64 : types.variant), modulo),
    evaluator: (argumentTypes) =>
      argumentTypes.some(isFloat) ? (left, right) => Number(left) % Number(right) : modulo,
  },
  strict('power', types.float64, (left, right) => {
    if (!isNumeric(left) || !isNumeric(right))
      throw runtimeTypeError('Only numbers have powers.', isNumeric(left) ? right : left)
    return Number(left) ** Number(right)
  }),
  strict('negate', types.variant, (value) => computed('-', 0, value) ?? compute(SUBTRACT, 0, value)),
]
