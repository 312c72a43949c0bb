import {
  addDecimals,
  decimalOfInteger,
  divideDecimals,
  multiplyDecimals,
  roundDecimal,
  subtractDecimals,
} from './decimal.ts'
import { type NumericValue, safeInteger, toDecimal, toNumber } from './literal-value.ts'

/** Names the operations of arithmetic. */
export type ArithmeticOperator = 'add' | 'subtract' | 'multiply' | 'divide'

const ON_INTEGERS = {
  add: (a: bigint, b: bigint): bigint => a + b,
  subtract: (a: bigint, b: bigint): bigint => a - b,
  multiply: (a: bigint, b: bigint): bigint => a * b,
}
const ON_SMALL = {
  add: (a: number, b: number): number => a + b,
  subtract: (a: number, b: number): number => a - b,
  multiply: (a: number, b: number): number => a * b,
  divide: (a: number, b: number): number => a / b,
}
const ON_DECIMALS = {
  add: addDecimals,
  subtract: subtractDecimals,
  multiply: multiplyDecimals,
  divide: divideDecimals,
}

/**
 * Computes with two numbers, in the wider of their types (integer, decimal, float, double); integers divide to a
 * decimal. `null` is an error: an exact division by zero.
 */
export function arithmetic(
  operator: ArithmeticOperator,
  left: NumericValue,
  right: NumericValue,
): NumericValue | null {
  if (left.kind === 'integer' && right.kind === 'integer' && operator !== 'divide')
    return { kind: 'integer', value: onIntegers(operator, left.value, right.value) }
  if (isExact(left) && isExact(right)) {
    const value = ON_DECIMALS[operator](toDecimal(left), toDecimal(right))
    return value === undefined ? null : { kind: 'decimal', value }
  }
  const value = ON_SMALL[operator](toNumber(left), toNumber(right))
  if (left.kind === 'double' || right.kind === 'double') return { kind: 'double', value }
  return { kind: 'float', value: Math.fround(value) }
}

type Exact = Extract<NumericValue, { kind: 'integer' | 'decimal' }>
const isExact = (value: NumericValue): value is Exact => value.kind === 'integer' || value.kind === 'decimal'

function onIntegers(
  operator: Exclude<ArithmeticOperator, 'divide'>,
  left: number | bigint,
  right: number | bigint,
): number | bigint {
  if (typeof left === 'number' && typeof right === 'number') {
    const value = ON_SMALL[operator](left, right)
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
  }
  return safeInteger(ON_INTEGERS[operator](BigInt(left), BigInt(right)))
}

/** Changes a number's sign. */
export function negated(value: NumericValue): NumericValue {
  switch (value.kind) {
    case 'integer':
      return { kind: 'integer', value: onIntegers('subtract', 0, value.value) }
    case 'decimal':
      return { kind: 'decimal', value: { ...value.value, unscaled: -value.value.unscaled } }
    default:
      return { kind: value.kind, value: -value.value }
  }
}

/** Drops a number's sign. */
export function absolute(value: NumericValue): NumericValue {
  return toNumber(value) < 0 ? negated(value) : value
}

const ROUND_FLOAT = {
  floor: Math.floor,
  ceil: Math.ceil,
  round: Math.round,
}

/** Rounds a number; its type stays. */
export function rounded(value: NumericValue, how: 'floor' | 'ceil' | 'round'): NumericValue {
  switch (value.kind) {
    case 'integer':
      return value
    case 'decimal':
      return { kind: 'decimal', value: roundDecimal(value.value, how) }
    default:
      return { kind: value.kind, value: ROUND_FLOAT[how](value.value) }
  }
}

/** Is the integer zero. */
export const ZERO: NumericValue = { kind: 'integer', value: 0 }

/** Divides a sum by a count, as AVG does. */
export function mean(sum: NumericValue, count: number): NumericValue | null {
  return count === 0 ? ZERO : arithmetic('divide', sum, { kind: 'decimal', value: decimalOfInteger(count) })
}
