import { VALUE_KEY, type Value } from '@sheafdb/core'
import { Decimal128 } from 'bson'

const KIND = 'decimal128'

/** Lets Decimal128 of the `bson` package take part in the store's order and encoding: ordered among themselves. */
export function installDecimal128(): void {
  if (Object.hasOwn(Decimal128.prototype, VALUE_KEY)) return
  Object.defineProperty(Decimal128.prototype, VALUE_KEY, {
    get(this: Decimal128): readonly [string, number, string] {
      const text = this.toString()
      return [KIND, Number(text), canonicalDigits(text)]
    },
  })
}

/** Gives a number's digits and exponent in one form, so that 1.0 and 1.00 are equal. */
function canonicalDigits(text: string): string {
  const parts = /^(-?)(\d*)\.?(\d*)(?:E([+-]?\d+))?$/i.exec(text)
  if (parts === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  const digits = (whole + fraction).replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  if (kept === '') return '0'
  return `${sign}${kept}E${Number(exponent) - fraction.length + digits.length - kept.length}`
}

/** Tells how Decimal128 are stored: their 16 bytes. */
export const decimal128Extension: {
  readonly kind: string
  readonly encode: (value: Decimal128) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Value
} = {
  kind: KIND,
  encode: (value) => Uint8Array.from(value.bytes),
  decode: (bytes) => new Decimal128(Uint8Array.from(bytes)),
}

/** Tells whether a value is a Decimal128 of any copy of the `bson` package. */
export function isDecimal128(value: Value): value is Decimal128 {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value instanceof Decimal128 || (value as { _bsontype?: unknown })._bsontype === 'Decimal128')
  )
}

/** Gives a Decimal128 of this copy of the `bson` package. */
export function asDecimal128(value: Decimal128): Decimal128 {
  return value instanceof Decimal128 ? value : new Decimal128((value as { bytes: Uint8Array }).bytes)
}
