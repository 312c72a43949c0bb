import { SheafError } from '@sheafdb/core'

/** Is a number or a bigint. */
export type Numeric = number | bigint

/** Combines two numbers bit by bit; beyond 53 bits give bigints. */
type BitName = 'and' | 'or' | 'xor'

/** Adds numbers: of a bigint and an integer, a bigint. @throws `TYPE` */
export function added(value: unknown, by: unknown): Numeric {
  if (typeof value === 'number' && typeof by === 'number') return value + by
  return asBigInt(value, 'incremented') + asBigInt(by, 'incremented')
}

/** Gives the lesser or the greater of a stored number and another; the other where there is none. @throws `TYPE` */
export function extreme(value: unknown, other: unknown, isLeast: boolean): Numeric {
  if (!isNumeric(other)) throw notNumeric(other, 'compared')
  if (value === undefined) return other
  if (!isNumeric(value)) throw notNumeric(value, 'compared')
  return value < other === isLeast ? value : other
}

/** Combines a stored value with another bit by bit, integers or bytes of one length; without one it is zeros. @throws `TYPE`, `ARGUMENT` */
export function bits(value: unknown, other: unknown, name: BitName): Numeric | Uint8Array {
  if (other instanceof Uint8Array) return bitsOfBytes(value ?? new Uint8Array(other.length), other, name)
  const [own, given] = [asBigInt(value ?? 0, 'combined bit by bit'), asBigInt(other, 'combined bit by bit')]
  const result = name === 'and' ? own & given : name === 'or' ? own | given : own ^ given
  const isWide = typeof value === 'bigint' || typeof other === 'bigint'
  return isWide || !Number.isSafeInteger(Number(result)) ? result : Number(result)
}

function bitsOfBytes(value: unknown, other: Uint8Array, name: BitName): Uint8Array {
  if (!(value instanceof Uint8Array))
    throw new SheafError('TYPE', `Bytes are combined with bytes. The value is a ${typeof value}.`)
  if (value.length !== other.length)
    throw new SheafError(
      'ARGUMENT',
      `Bytes are combined with as many bytes: ${value.length} and ${other.length}`,
    )
  return value.map((byte, at) => {
    const given = other[at] as number
    return name === 'and' ? byte & given : name === 'or' ? byte | given : byte ^ given
  })
}

/** Puts text after text, bytes after bytes, items after the items of an array; without a value it is what is added. @throws `TYPE` */
export function appended(value: unknown, more: unknown): unknown {
  if (value === undefined) return more
  if (typeof value === 'string' && typeof more === 'string') return value + more
  if (value instanceof Uint8Array && more instanceof Uint8Array) return joined(value, more)
  if (Array.isArray(value) && Array.isArray(more)) return [...value, ...more]
  throw new SheafError(
    'TYPE',
    'Text is appended to text, bytes to bytes and an array to an array. These are of two kinds.',
  )
}

function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value))
}

function asBigInt(value: unknown, what: string): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  throw notNumeric(value, what)
}

function notNumeric(value: unknown, what: string): SheafError {
  const kind = typeof value === 'number' ? `number ${value}` : typeof value
  return new SheafError('TYPE', `Only a number can be ${what}, with a number. This is a ${kind}.`)
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length)
  bytes.set(left)
  bytes.set(right, left.length)
  return bytes
}
