import { SheafError } from '../types/errors.ts'
import { canonicalInteger, type Value } from '../types/value.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/**
 * Checks a 64-bit integer result and gives its canonical form.
 *
 * @throws `OVERFLOW`
 */
export function checkInt64(value: bigint): number | bigint {
  if (value < INT64_MIN || value > INT64_MAX) {
    throw new SheafError(
      'OVERFLOW',
      `An integer result is out of the range of 64 bits. Convert to a floating-point number first: ${value}`,
    )
  }
  return canonicalInteger(value)
}

function isInteger(value: Value): value is number | bigint {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

type Operation = {
  readonly plain: (left: number, right: number) => number
  readonly wide: (left: bigint, right: bigint) => bigint
  readonly verb: string
}

/** Computes in doubles, and again in 64-bit integers where both are integers and the double may have rounded. */
function exact({ plain, wide, verb }: Operation): (left: Value, right: Value) => Value {
  return (left, right) => {
    if (typeof left === 'number' && typeof right === 'number') {
      const result = plain(left, right)
      if (Number.isSafeInteger(result) || !isInteger(left) || !isInteger(right)) return result
      return checkInt64(wide(BigInt(left), BigInt(right)))
    }
    if (isInteger(left) && isInteger(right)) return checkInt64(wide(BigInt(left), BigInt(right)))
    if (typeof left === 'bigint' && typeof right === 'number') return plain(Number(left), right)
    if (typeof left === 'number' && typeof right === 'bigint') return plain(left, Number(right))
    throw new SheafError(
      'TYPE',
      `Only numbers can be ${verb}. Convert the values first: ${typeof left} and ${typeof right}`,
    )
  }
}

/** Adds numbers: integers exactly in 64 bits, else as doubles. @throws `OVERFLOW`, `TYPE` */
export const addExact: (left: Value, right: Value) => Value = exact({
  plain: (a, b) => a + b,
  wide: (a, b) => a + b,
  verb: 'added',
})

/** Subtracts numbers: integers exactly in 64 bits, else as doubles. @throws `OVERFLOW`, `TYPE` */
export const subtractExact: (left: Value, right: Value) => Value = exact({
  plain: (a, b) => a - b,
  wide: (a, b) => a - b,
  verb: 'subtracted',
})

/** Multiplies numbers: integers exactly in 64 bits, else as doubles. @throws `OVERFLOW`, `TYPE` */
export const multiplyExact: (left: Value, right: Value) => Value = exact({
  plain: (a, b) => a * b,
  wide: (a, b) => a * b,
  verb: 'multiplied',
})

/** Divides integers, dropping the fraction. @throws `DIVISION_BY_ZERO`, `OVERFLOW` */
export function divideIntegers(left: Value, right: Value): Value {
  if (right === 0) throw divisionByZero()
  if (typeof left === 'number' && typeof right === 'number') return Math.trunc(left / right) + 0
  return checkInt64(BigInt(left as bigint) / BigInt(right as bigint))
}

/** Gives the remainder with the sign of the dividend. @throws `DIVISION_BY_ZERO` for integers */
export function remainder(left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') {
    if (right === 0 && isInteger(left)) throw divisionByZero()
    return (left % right) + 0
  }
  if (isInteger(left) && isInteger(right)) {
    if (BigInt(right) === 0n) throw divisionByZero()
    return canonicalInteger(BigInt(left) % BigInt(right))
  }
  return Number(left) % Number(right)
}

/** Changes the sign. @throws `OVERFLOW` for the smallest 64-bit integer */
export function negate(value: Value): Value {
  return typeof value === 'bigint' ? checkInt64(-value) : -(value as number) + (isInteger(value) ? 0 : 0)
}

function divisionByZero(): SheafError {
  return new SheafError(
    'DIVISION_BY_ZERO',
    'An integer was divided by zero. Guard the divisor with a condition.',
  )
}
