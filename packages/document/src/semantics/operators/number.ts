import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { bsonType, isInt32, isNullish, isNumber } from '../value.ts'
import { fixed, type Operators, variadic } from './define.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Tells whether a number is kept as a double: not a bigint, and no whole number of 32 bits. */
export function isDouble(value: number | bigint): boolean {
  return typeof value === 'number' && !isInt32(value)
}

/** Does arithmetic as MongoDB types it: doubles give doubles, longs longs, ints ints that widen to longs. */
export function arithmetic(
  left: number | bigint,
  right: number | bigint,
  onNumbers: (left: number, right: number) => number,
  onBigints: (left: bigint, right: bigint) => bigint,
): number | bigint {
  if (isDouble(left) || isDouble(right)) return onNumbers(Number(left), Number(right))
  if (typeof left === 'number' && typeof right === 'number') {
    const result = onNumbers(left, right)
    return isInt32(result) || Object.is(result, -0) ? result + 0 : onBigints(BigInt(left), BigInt(right))
  }
  const exact = onBigints(BigInt(left), BigInt(right))
  return exact >= INT64_MIN && exact <= INT64_MAX ? exact : onNumbers(Number(left), Number(right))
}

/** Adds two numbers. */
export function addNumbers(left: number | bigint, right: number | bigint): number | bigint {
  return arithmetic(
    left,
    right,
    (a, b) => a + b,
    (a, b) => a + b,
  )
}

/** Subtracts two numbers. */
export function subtractNumbers(left: number | bigint, right: number | bigint): number | bigint {
  return arithmetic(
    left,
    right,
    (a, b) => a - b,
    (a, b) => a - b,
  )
}

/** Multiplies two numbers. */
export function multiplyNumbers(left: number | bigint, right: number | bigint): number | bigint {
  return arithmetic(
    left,
    right,
    (a, b) => a * b,
    (a, b) => a * b,
  )
}

/** Moves a date by milliseconds. @throws Overflow past the range of dates */
export function moveDate(date: Date, ms: number | bigint): Date {
  const moved = new Date(date.getTime() + Math.round(Number(ms)))
  if (Number.isNaN(moved.getTime())) throw mongoError(15, 'A date is out of range. Use smaller amounts.')
  return moved
}

function add(args: readonly Value[]): Value {
  if (args.some(isNullish)) {
    args.filter((arg) => !isNullish(arg)).forEach(requireAddable)
    return null
  }
  let total: number | bigint = 0
  let date: Date | null = null
  for (const arg of args) {
    requireAddable(arg)
    if (!(arg instanceof Date)) total = addNumbers(total, arg as number | bigint)
    else if (date === null) date = arg
    else throw mongoError(16612, '$add takes only one date. Use $dateAdd, or subtract dates.')
  }
  return date === null ? total : moveDate(date, total)
}

function requireAddable(value: Value): void {
  if (!isNumber(value) && !(value instanceof Date))
    throw mongoError(14, `$add takes numbers and dates. It got a ${bsonType(value)}.`)
}

function subtract(left: Value, right: Value): Value {
  if (isNullish(left) || isNullish(right)) return null
  if (left instanceof Date) {
    if (right instanceof Date) return BigInt(left.getTime() - right.getTime())
    if (isNumber(right)) return moveDate(left, -Number(right))
  } else if (isNumber(left) && isNumber(right)) {
    return subtractNumbers(left, right)
  }
  throw mongoError(
    14,
    `$subtract takes numbers, or a date and a number or date. It got a ${bsonType(left)} and a ${bsonType(right)}.`,
  )
}

function multiply(args: readonly Value[]): Value {
  let product: number | bigint = 1
  if (args.some(isNullish)) return null
  for (const arg of args) {
    if (!isNumber(arg)) throw mongoError(14, `$multiply takes numbers. It got a ${bsonType(arg)}.`)
    product = multiplyNumbers(product, arg)
  }
  return product
}

function divide(left: Value, right: Value): Value {
  if (isNullish(left) || isNullish(right)) return null
  if (!isNumber(left) || !isNumber(right))
    throw mongoError(14, `$divide takes numbers. It got a ${bsonType(left)} and a ${bsonType(right)}.`)
  if (Number(right) === 0) throw mongoError(2, '$divide cannot divide by zero. Check the divisor first.')
  return Number(left) / Number(right)
}

function modulo(left: Value, right: Value): Value {
  if (isNullish(left) || isNullish(right)) return null
  if (!isNumber(left) || !isNumber(right))
    throw mongoError(16611, `$mod takes numbers. It got a ${bsonType(left)} and a ${bsonType(right)}.`)
  if (Number(right) === 0) throw mongoError(16610, '$mod cannot divide by zero. Check the divisor first.')
  return arithmetic(
    left,
    right,
    (a, b) => a % b,
    (a, b) => a % b,
  )
}

/** Defines a function of one number, null for null. */
function unary(
  name: string,
  evaluate: (value: number | bigint) => Value,
  code: number = 28765,
): readonly [string, ReturnType<typeof fixed>[1]] {
  return fixed(name, 1, (value) => {
    if (isNullish(value)) return null
    if (!isNumber(value)) throw mongoError(code, `${name} takes a number. It got a ${bsonType(value)}.`)
    return evaluate(value)
  })
}

function absolute(value: number | bigint): Value {
  if (typeof value === 'bigint') {
    if (value === INT64_MIN)
      throw mongoError(28680, '$abs has no result for the least long. Convert it first.')
    return value < 0n ? -value : value
  }
  const result = Math.abs(value)
  return value === -2147483648 ? 2147483648n : result
}

function power(base: Value, exponent: Value): Value {
  if (isNullish(base) || isNullish(exponent)) return null
  if (!isNumber(base)) throw mongoError(28762, `$pow takes a numeric base. It got a ${bsonType(base)}.`)
  if (!isNumber(exponent))
    throw mongoError(28763, `$pow takes a numeric exponent. It got a ${bsonType(exponent)}.`)
  if (Number(base) === 0 && Number(exponent) < 0)
    throw mongoError(28764, '$pow cannot raise 0 to a negative exponent. Check the base first.')
  if (isDouble(base) || isDouble(exponent) || exponent < 0) return Number(base) ** Number(exponent)
  if (Number(exponent) > 64 && base !== 0 && base !== 1 && base !== -1)
    return Number(base) ** Number(exponent)
  const exact = BigInt(base) ** (BigInt(exponent) > 64n ? BigInt(exponent) % 2n : BigInt(exponent))
  const wide = typeof base === 'bigint' || typeof exponent === 'bigint'
  if (exact < INT64_MIN || exact > INT64_MAX) return Number(base) ** Number(exponent)
  return wide || !isInt32(Number(exact)) ? exact : Number(exact)
}

function logarithm(value: Value, base: Value): Value {
  if (isNullish(value) || isNullish(base)) return null
  if (!isNumber(value)) throw mongoError(28756, `$log takes a numeric argument. It got a ${bsonType(value)}.`)
  if (!isNumber(base)) throw mongoError(28757, `$log takes a numeric base. It got a ${bsonType(base)}.`)
  if (Number(value) <= 0) throw mongoError(28758, '$log takes a positive number. Check the argument first.')
  if (Number(base) <= 0 || Number(base) === 1)
    throw mongoError(28759, '$log takes a positive base that is not 1. Check the base first.')
  return Math.log(Number(value)) / Math.log(Number(base))
}

function positiveLog(name: string, code: number, log: (value: number) => number) {
  return unary(name, (value) => {
    if (Number(value) <= 0) throw mongoError(code, `${name} takes a positive number. Check it first.`)
    return log(Number(value))
  })
}

type Rounding = (value: number) => number

function rounded(name: string, round: Rounding): (value: Value, place?: Value) => Value {
  return (value, place = 0) => {
    if (isNullish(value)) return null
    const digits = placeOf(name, place)
    if (digits === null) return null
    if (!isNumber(value)) throw mongoError(51081, `${name} takes a number. It got a ${bsonType(value)}.`)
    if (typeof value === 'bigint') return roundLong(name, value, digits)
    if (!Number.isFinite(value)) return value
    if (isInt32(value) && digits >= 0) return value
    const result = roundDecimal(value, digits, round)
    return isInt32(value) && !isInt32(result) && Number.isInteger(result) && !Object.is(result, -0)
      ? BigInt(result)
      : result
  }
}

function placeOf(name: string, place: Value): number | null {
  if (isNullish(place)) return null
  if (!isNumber(place)) throw mongoError(16004, `${name} takes a numeric place. It got a ${bsonType(place)}.`)
  const digits = Number(place)
  if (!Number.isFinite(digits)) throw mongoError(31109, `${name} takes a finite place. Give it -20 to 100.`)
  if (!Number.isInteger(digits)) throw mongoError(51082, `${name} takes a whole place. Give it -20 to 100.`)
  if (digits < -20 || digits > 100)
    throw mongoError(51083, `${name} takes a place of -20 to 100. It got ${digits}.`)
  return digits
}

/** Rounds by moving the decimal point in the number's text, which is exact. */
function roundDecimal(value: number, digits: number, round: Rounding): number {
  const [mantissa, exponent = '0'] = String(value).split('e') as [string, string?]
  const shifted = Number(`${mantissa}e${Number(exponent) + digits}`)
  if (!Number.isFinite(shifted)) return value
  const [result, back = '0'] = String(round(shifted)).split('e') as [string, string?]
  return Number(`${result}e${Number(back) - digits}`)
}

function roundLong(name: string, value: bigint, digits: number): bigint {
  if (digits >= 0) return value
  const unit = 10n ** BigInt(-digits)
  const whole = value / unit
  const rest = value % unit
  if (name === '$trunc') return whole * unit
  const twice = (rest < 0n ? -rest : rest) * 2n
  const up = twice > unit || (twice === unit && whole % 2n !== 0n)
  return (whole + (up ? (value < 0n ? -1n : 1n) : 0n)) * unit
}

/** Rounds halves to the even neighbour. */
function roundEven(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  if (rest !== 0.5) return Object.is(value, -0) ? -0 : Math.round(value)
  return low % 2 === 0 ? low : low + 1
}

function wholeUnary(name: string, round: Rounding) {
  return unary(name, (value) => (typeof value === 'bigint' ? value : round(value)))
}

function nonNegativeRoot(value: number | bigint): Value {
  if (Number(value) < 0) throw mongoError(28714, '$sqrt takes a number that is not negative. Check it first.')
  return Math.sqrt(Number(value))
}

function bitwise(
  name: string,
  start: number,
  onNumbers: (left: number, right: number) => number,
  onBigints: (left: bigint, right: bigint) => bigint,
) {
  return variadic(name, (args) => {
    let state: number | bigint = start
    for (const arg of args) {
      if (isNullish(arg)) return null
      if (!isNumber(arg) || isDouble(arg))
        throw mongoError(14, `${name} takes ints and longs. It got a ${bsonType(arg)}.`)
      state =
        typeof state === 'number' && typeof arg === 'number'
          ? onNumbers(state, arg)
          : onBigints(BigInt(state), BigInt(arg))
    }
    return state
  })
}

/** Holds the arithmetic, trigonometric and bitwise operators. */
export const numberOperators: Operators = [
  variadic('$add', add),
  fixed('$subtract', 2, subtract),
  variadic('$multiply', multiply),
  fixed('$divide', 2, divide),
  fixed('$mod', 2, modulo),
  unary('$abs', absolute),
  wholeUnary('$ceil', Math.ceil),
  wholeUnary('$floor', Math.floor),
  fixed('$round', [1, 2], rounded('$round', roundEven)),
  fixed('$trunc', [1, 2], rounded('$trunc', Math.trunc)),
  unary('$exp', (value) => Math.exp(Number(value))),
  unary('$sqrt', nonNegativeRoot),
  positiveLog('$ln', 28766, Math.log),
  positiveLog('$log10', 28761, Math.log10),
  fixed('$log', 2, logarithm),
  fixed('$pow', 2, power),
  unary('$sigmoid', (value) => 1 / (1 + Math.exp(-Number(value))), 14),
  ...(
    [
      ['$sin', Math.sin],
      ['$cos', Math.cos],
      ['$tan', Math.tan],
      ['$asin', Math.asin],
      ['$acos', Math.acos],
      ['$atan', Math.atan],
      ['$sinh', Math.sinh],
      ['$cosh', Math.cosh],
      ['$tanh', Math.tanh],
      ['$asinh', Math.asinh],
      ['$acosh', Math.acosh],
      ['$atanh', Math.atanh],
      ['$degreesToRadians', (degrees: number) => (degrees * Math.PI) / 180],
      ['$radiansToDegrees', (radians: number) => (radians * 180) / Math.PI],
    ] as const
  ).map(([name, compute]) => unary(name, (value) => compute(Number(value)))),
  fixed('$atan2', 2, (y, x) => {
    if (isNullish(y) || isNullish(x)) return null
    if (!isNumber(y) || !isNumber(x)) throw mongoError(51044, '$atan2 takes two numbers. Convert them first.')
    return Math.atan2(Number(y), Number(x))
  }),
  bitwise(
    '$bitAnd',
    -1,
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  bitwise(
    '$bitOr',
    0,
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  bitwise(
    '$bitXor',
    0,
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  unary('$bitNot', (value) => {
    if (isDouble(value)) throw mongoError(28765, '$bitNot takes ints and longs. Convert the number first.')
    return typeof value === 'bigint' ? ~value : ~value
  }),
]
