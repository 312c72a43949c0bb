/** Renders an unscaled decimal exactly. */
export function decimalText(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return `${negative ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(digits.length - scale)}`}`
}

/**
 * Gives a number as the unscaled integer of a decimal type, `undefined` where it has more digits than the scale holds.
 *
 * @example unscaledDecimal(5.25, 2) // 525n
 */
export function unscaledDecimal(value: number | bigint, scale: number): bigint | undefined {
  if (typeof value === 'bigint') return value * 10n ** BigInt(scale)
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(value))
  if (match === null) return undefined
  const [, sign, whole, fraction = ''] = match
  if (fraction.length > scale) return undefined
  const unscaled = BigInt(`${whole}${fraction.padEnd(scale, '0')}`)
  return sign === '-' ? -unscaled : unscaled
}
