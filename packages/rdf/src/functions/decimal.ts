/** Is an exact decimal number: `unscaled / 10^scale`. */
export type Decimal = { readonly unscaled: bigint; readonly scale: number }

const powers: bigint[] = [1n]

function powerOfTen(exponent: number): bigint {
  for (let at = powers.length; at <= exponent; at += 1) powers.push((powers[at - 1] as bigint) * 10n)
  return powers[exponent] as bigint
}

const MOST_ZEROS = 16

/** Drops zeros at the end of the fraction. */
function trimmed(unscaled: bigint, scale: number): Decimal {
  if (scale === 0 || unscaled % 10n !== 0n) return { unscaled, scale }
  let [digits, places] = [unscaled, scale]
  for (let step = MOST_ZEROS; step >= 1; step >>= 1) {
    const unit = powerOfTen(step)
    while (places >= step && digits % unit === 0n) {
      digits /= unit
      places -= step
    }
  }
  return { unscaled: digits, scale: places }
}

/** Makes a decimal of an integer. */
export function decimalOfInteger(value: number | bigint): Decimal {
  return { unscaled: BigInt(value), scale: 0 }
}

/** Reads the lexical form of an xsd:decimal, or gives `undefined` where it is none. */
export function parseDecimal(text: string): Decimal | undefined {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text)
  if (found === null) return undefined
  const [, sign, whole = '', fraction = ''] = found
  if (whole === '' && fraction === '') return undefined
  const digits = BigInt(`${whole}${fraction}` || '0')
  return trimmed(sign === '-' ? -digits : digits, fraction.length)
}

/** Makes the decimal that a floating-point number shows; `undefined` for infinities and NaN. */
export function decimalOfNumber(value: number): Decimal | undefined {
  if (!Number.isFinite(value)) return undefined
  const [digits = '0', exponent = '0'] = value.toString().split('e')
  const plain = parseDecimal(digits) as Decimal
  const shift = Number(exponent) - plain.scale
  return shift >= 0
    ? { unscaled: plain.unscaled * powerOfTen(shift), scale: 0 }
    : trimmed(plain.unscaled, -shift)
}

/** Writes a decimal in its canonical form, with at least one digit on each side of the point. */
export function formatDecimal({ unscaled, scale }: Decimal): string {
  const negative = unscaled < 0n
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return `${negative ? '-' : ''}${whole}.${scale === 0 ? '0' : digits.slice(digits.length - scale)}`
}

/** Gives the nearest floating-point number. */
export function decimalToNumber({ unscaled, scale }: Decimal): number {
  if (scale === 0) return Number(unscaled)
  return Number(`${unscaled}e-${scale}`)
}

function aligned(a: Decimal, b: Decimal): readonly [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale)
  return [a.unscaled * powerOfTen(scale - a.scale), b.unscaled * powerOfTen(scale - b.scale), scale]
}

/** Adds. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const [left, right, scale] = aligned(a, b)
  return trimmed(left + right, scale)
}

/** Subtracts. */
export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  const [left, right, scale] = aligned(a, b)
  return trimmed(left - right, scale)
}

/** Multiplies. */
export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return trimmed(a.unscaled * b.unscaled, a.scale + b.scale)
}

const QUOTIENT_DIGITS = 24

/** Divides, to 24 digits after the point; `undefined` for a divisor of zero. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal | undefined {
  if (b.unscaled === 0n) return undefined
  const [left, right] = aligned(a, b)
  return shortQuotient(left, right) ?? trimmed((left * powerOfTen(QUOTIENT_DIGITS)) / right, QUOTIENT_DIGITS)
}

const SHORT_DIGITS = 3

/** Divides small numbers whose quotient ends after few digits; null for all others. */
function shortQuotient(left: bigint, right: bigint): Decimal | null {
  let dividend = Number(left)
  const divisor = Number(right)
  for (let scale = 0; scale <= SHORT_DIGITS; scale += 1) {
    if (!Number.isSafeInteger(dividend)) return null
    if (dividend % divisor === 0) return { unscaled: BigInt(dividend / divisor), scale }
    dividend *= 10
  }
  return null
}

/** Compares by value. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [left, right] = aligned(a, b)
  return left < right ? -1 : left > right ? 1 : 0
}

/** Rounds to an integer: down, up, to the nearest (halves up), or towards zero. */
export function roundDecimal(value: Decimal, how: 'floor' | 'ceil' | 'round' | 'truncate'): Decimal {
  if (value.scale === 0) return value
  const unit = powerOfTen(value.scale)
  const truncated = value.unscaled / unit
  const rest = value.unscaled - truncated * unit
  const floor = rest < 0n ? truncated - 1n : truncated
  if (how === 'truncate') return { unscaled: truncated, scale: 0 }
  if (how === 'floor') return { unscaled: floor, scale: 0 }
  if (how === 'ceil') return { unscaled: rest > 0n ? truncated + 1n : truncated, scale: 0 }
  const fraction = value.unscaled - floor * unit
  return { unscaled: fraction * 2n >= unit ? floor + 1n : floor, scale: 0 }
}
