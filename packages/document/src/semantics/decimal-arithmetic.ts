import type { Value } from '@sheafdb/core'
import { Decimal128 } from 'bson'
import { asDecimal128, isDecimal128 } from './decimal128.ts'

/** Is how many digits a Decimal128 holds (IEEE 754-2008). */
const DIGITS = 34
/** MongoDB takes so many digits of a double that meets a decimal. */
const DOUBLE_DIGITS = 15

/** Is `coefficient * 10 ** exponent`. */
type Parts = { readonly coefficient: bigint; readonly exponent: number }

/** Adds numbers of which some are Decimal128, exactly, and rounds once. NaN and infinities go on as they do in doubles. */
export function sumOfDecimals(values: readonly Value[]): Decimal128 {
  const special = specialSum(values)
  return special ?? fromParts(exactSum(values))
}

/** Averages numbers of which some are Decimal128, and rounds once. */
export function averageOfDecimals(values: readonly Value[]): Decimal128 {
  const special = specialSum(values)
  if (special !== null) return special
  const sum = exactSum(values)
  const count = BigInt(values.length)
  const shift = DIGITS + 1 + count.toString().length
  const scaled = sum.coefficient * 10n ** BigInt(shift)
  // A rest leaves a digit behind, so that what is half of the last place is told from what is more.
  const quotient = (scaled / count) * 10n + (scaled % count === 0n ? 0n : scaled < 0n ? -1n : 1n)
  return fromParts(shortened({ coefficient: quotient, exponent: sum.exponent - shift - 1 }, sum.exponent))
}

function specialSum(values: readonly Value[]): Decimal128 | null {
  const special = values.map(numberOf).filter((number) => !Number.isFinite(number))
  if (special.length === 0) return null
  return Decimal128.fromString(String(special.reduce((sum, number) => sum + number, 0)))
}

function numberOf(value: Value): number {
  return isDecimal128(value) ? specialOf(asDecimal128(value).toString()) : Number(value)
}

/** Reads a text of a decimal as far as it is no finite number; a large finite one must not pass for an infinity. */
function specialOf(text: string): number {
  return /^(-?Infinity|NaN)$/.test(text) ? Number(text) : 0
}

function exactSum(values: readonly Value[]): Parts {
  const all = values.map(partsOf)
  const exponent = Math.min(...all.map((parts) => parts.exponent))
  const coefficient = all.reduce(
    (sum, parts) => sum + parts.coefficient * 10n ** BigInt(parts.exponent - exponent),
    0n,
  )
  return { coefficient, exponent }
}

function partsOf(value: Value): Parts {
  if (typeof value === 'bigint') return { coefficient: value, exponent: 0 }
  if (!isDecimal128(value) && Number.isSafeInteger(value))
    return { coefficient: BigInt(value as number), exponent: 0 }
  const text = isDecimal128(value)
    ? asDecimal128(value).toString()
    : String(Number((value as number).toPrecision(DOUBLE_DIGITS)))
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? []
  const coefficient = BigInt(`${whole}${fraction}`)
  return {
    coefficient: sign === '-' ? -coefficient : coefficient,
    exponent: Number(exponent) - fraction.length,
  }
}

/** Takes zeros off the end, as far as an exponent that is wanted. */
function shortened(parts: Parts, wanted: number): Parts {
  let { coefficient, exponent } = parts
  while (exponent < wanted && coefficient % 10n === 0n) {
    coefficient /= 10n
    exponent += 1
  }
  return { coefficient, exponent }
}

/** Rounds to the digits of a Decimal128, halves to the even digit. */
function fromParts({ coefficient, exponent }: Parts): Decimal128 {
  const size = coefficient < 0n ? -coefficient : coefficient
  const dropped = size.toString().length - DIGITS
  if (dropped <= 0) return Decimal128.fromString(`${coefficient}E${exponent}`)
  const unit = 10n ** BigInt(dropped)
  const rest = size % unit
  const half = unit / 2n
  const kept = size / unit
  const rounded = rest > half || (rest === half && kept % 2n === 1n) ? kept + 1n : kept
  const sign = coefficient < 0n ? '-' : ''
  // One more digit may come of the rounding: 99…9 becomes 10…0.
  const isLonger = rounded.toString().length > DIGITS
  return Decimal128.fromString(
    `${sign}${isLonger ? rounded / 10n : rounded}E${exponent + dropped + (isLonger ? 1 : 0)}`,
  )
}
