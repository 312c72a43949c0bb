import type { DataType } from 'apache-arrow'
import { isDecimal, isFloat, isInteger, isNumeric, isWideInteger, types } from '../../types/data-type.ts'
import { SheafError } from '../../types/errors.ts'
import type { Value } from '../../types/value.ts'
import {
  addExact,
  checkInt64,
  divideIntegers,
  multiplyExact,
  negate,
  remainder,
  subtractExact,
} from '../arithmetic.ts'
import type { Evaluate, FunctionDefinition } from '../registry.ts'
import { isDynamic, requireCount, requireType } from './signature.ts'

/** Finds the type of arithmetic: float64 where an operand is a float, int64 for integers, else variant. */
function arithmeticType(name: string, argumentTypes: readonly DataType[]): DataType {
  for (const type of argumentTypes) {
    if (isDecimal(type))
      throw new SheafError(
        'UNSUPPORTED',
        `Decimals cannot be computed with here. Cast to DOUBLE first, or use SQL: ${name}`,
      )
    requireType(name, type, isNumeric, 'numbers')
  }
  if (argumentTypes.some(isDynamic)) return types.variant
  return argumentTypes.some(isFloat) ? types.float64 : types.int64
}

type Arithmetic = {
  readonly name: string
  readonly symbol: string
  readonly exact: Evaluate
  readonly helper: string
  readonly plain: (left: number, right: number) => number
}

function arithmetic({ name, symbol, exact, helper, plain }: Arithmetic): FunctionDefinition {
  return {
    name,
    nulls: 'strict',
    type: (argumentTypes) => {
      requireCount(name, argumentTypes, 2)
      return arithmeticType(name, argumentTypes)
    },
    evaluator: (_, result) => (isFloat(result) ? (left, right) => plain(Number(left), Number(right)) : exact),
    compile: ([a, b], argumentTypes, result) => {
      if (isFloat(result))
        return `(${argumentTypes.some(isWideInteger) ? `Number(${a}) ${symbol} Number(${b})` : `${a} ${symbol} ${b}`})`
      if (!isInteger(result)) return undefined
      // Narrow operands cannot leave the safe range under + and -, nor under * of 32 bits by 16.
      const narrow = argumentTypes.every((type) => !isWideInteger(type)) && symbol !== '*'
      return narrow ? `(${a} ${symbol} ${b})` : `rt.${helper}(${a}, ${b})`
    },
  }
}

function floatFunction(name: string, compute: (value: number) => number, source: string): FunctionDefinition {
  return {
    name,
    nulls: 'strict',
    type: (argumentTypes) => {
      requireCount(name, argumentTypes, 1)
      requireType(name, argumentTypes[0], isNumeric, 'a number')
      return types.float64
    },
    evaluator: () => (value) => compute(numberOf(name, value)),
    compile: ([value], [type]) =>
      type !== undefined && isNumeric(type) ? `${source}(Number(${value}))` : undefined,
  }
}

function numberOf(name: string, value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  throw new SheafError('TYPE', `The function ${name} needs a number. It got a ${typeof value}.`)
}

/** Defines a function that keeps integers as they are and works on floats. */
function roundingFunction(name: string, compute: (value: number) => number): FunctionDefinition {
  return {
    name,
    nulls: 'strict',
    type: (argumentTypes) => {
      requireCount(name, argumentTypes, 1)
      return arithmeticType(name, argumentTypes)
    },
    evaluator: () => (value) => (typeof value === 'bigint' ? value : compute(numberOf(name, value))),
  }
}

/** Rounds half away from zero, as SQL does. */
function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value))
}

const round: FunctionDefinition = {
  name: 'round',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('round', argumentTypes, 1, 2)
    return arithmeticType('round', argumentTypes.slice(0, 1))
  },
  evaluator: () => (value, digits) => {
    if (typeof value === 'bigint') return value
    const number = numberOf('round', value)
    if (digits === undefined || digits === 0) return roundHalfAway(number)
    const scaled = shiftPoint(number, numberOf('round', digits))
    return Number.isFinite(scaled) ? shiftPoint(roundHalfAway(scaled), -numberOf('round', digits)) : number
  },
}

/** Moves the decimal point by digits, exactly, where a multiplication would round. */
function shiftPoint(value: number, digits: number): number {
  const [mantissa, exponent = '0'] = String(value).split('e')
  return Number(`${mantissa}e${Number(exponent) + digits}`)
}

/** Divides as floating-point numbers; by zero gives an infinity or NaN. */
const divide: FunctionDefinition = {
  name: 'divide',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('divide', argumentTypes, 2)
    const type = arithmeticType('divide', argumentTypes)
    return isInteger(type) ? types.float64 : type
  },
  evaluator: () => (left, right) => numberOf('divide', left) / numberOf('divide', right),
  compile: ([a, b], argumentTypes) =>
    argumentTypes.every(isNumeric) ? `(Number(${a}) / Number(${b}))` : undefined,
}

/** Divides integers, dropping the fraction; division by zero is an error. */
const divideInteger: FunctionDefinition = {
  name: 'divide_integer',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('divide_integer', argumentTypes, 2)
    arithmeticType('divide_integer', argumentTypes)
    return types.int64
  },
  evaluator: () => (left, right) => divideIntegers(wholeNumber(left), wholeNumber(right)),
}

/** Drops the fraction of a number that is to be an integer. @throws `VALUE`, `OVERFLOW`, `TYPE` */
function wholeNumber(value: Value): Value {
  if (typeof value === 'bigint') return value
  const whole = Math.trunc(numberOf('divide_integer', value))
  if (Number.isSafeInteger(whole)) return whole
  if (!Number.isFinite(whole)) {
    throw new SheafError(
      'VALUE',
      `Only finite numbers can be divided as integers. Use a division of floats: ${whole}`,
    )
  }
  return checkInt64(BigInt(whole))
}

const modulo: FunctionDefinition = {
  name: 'modulo',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('modulo', argumentTypes, 2)
    return arithmeticType('modulo', argumentTypes)
  },
  evaluator: (_, result) => (isFloat(result) ? (left, right) => Number(left) % Number(right) : remainder),
  compile: (args, _, result) => (isFloat(result) ? `(Number(${args[0]}) % Number(${args[1]}))` : undefined),
}

const negateFunction: FunctionDefinition = {
  name: 'negate',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('negate', argumentTypes, 1)
    return arithmeticType('negate', argumentTypes)
  },
  evaluator: () => negate,
}

const power: FunctionDefinition = {
  name: 'power',
  nulls: 'strict',
  type: (argumentTypes) => {
    requireCount('power', argumentTypes, 2)
    arithmeticType('power', argumentTypes)
    return types.float64
  },
  evaluator: () => (base, exponent) => numberOf('power', base) ** numberOf('power', exponent),
}

const random: FunctionDefinition = {
  name: 'random',
  nulls: 'strict',
  volatile: true,
  type: () => types.float64,
  evaluator: () => () => Math.random(),
}

/** Holds arithmetic and mathematics. */
export const numberFunctions: readonly FunctionDefinition[] = [
  arithmetic({ name: 'add', symbol: '+', exact: addExact, helper: 'addExact', plain: (a, b) => a + b }),
  arithmetic({
    name: 'subtract',
    symbol: '-',
    exact: subtractExact,
    helper: 'subtractExact',
    plain: (a, b) => a - b,
  }),
  arithmetic({
    name: 'multiply',
    symbol: '*',
    exact: multiplyExact,
    helper: 'multiplyExact',
    plain: (a, b) => a * b,
  }),
  divide,
  divideInteger,
  modulo,
  negateFunction,
  power,
  round,
  random,
  roundingFunction('floor', Math.floor),
  roundingFunction('ceil', Math.ceil),
  roundingFunction('truncate', Math.trunc),
  {
    ...roundingFunction('abs', Math.abs),
    evaluator: () => (value) =>
      typeof value === 'bigint' ? (value < 0n ? negate(value) : value) : Math.abs(numberOf('abs', value)),
  },
  {
    ...roundingFunction('sign', Math.sign),
    evaluator: () => (value) =>
      typeof value === 'bigint' ? (value < 0n ? -1 : 1) : Math.sign(numberOf('sign', value)),
  },
  ...(['sqrt', 'exp', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'log10', 'log2', 'cbrt'] as const).map(
    (name) => floatFunction(name, Math[name], `Math.${name}`),
  ),
  floatFunction('ln', Math.log, 'Math.log'),
  floatFunction('degrees', (value) => (value * 180) / Math.PI, '(180 / Math.PI) * '),
  floatFunction('radians', (value) => (value * Math.PI) / 180, '(Math.PI / 180) * '),
]
