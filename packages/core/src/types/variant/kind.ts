import { isExtensionValue, type Value } from '../value.ts'

/** Numbers the kinds of values that the variant encoding and its shredding tell apart. */
export const ValueKind = {
  null: 0,
  boolean: 1,
  /** A `number` that is a whole number of 32 bits, -0 excluded. */
  int32: 2,
  /** Any other `number`. */
  double: 3,
  /** A `bigint` of 64 bits. */
  int64: 4,
  /** Well-formed text. */
  text: 5,
  /** A valid `Date`. */
  date: 6,
  bytes: 7,
  object: 8,
  array: 9,
  /** What has no Parquet primitive: extensions, regular expressions, wide bigints, ill-formed text, invalid dates. */
  other: 10,
  /** What cannot be stored: functions and symbols. */
  unsupported: 11,
} as const

/** Is the number of a kind. */
export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind]

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Tells the kind of a value; `undefined` counts as null, as MongoDB's driver stores it. */
export function kindOf(value: Value): ValueKind {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? ValueKind.text : ValueKind.other
    case 'number':
      return (value | 0) === value && (value !== 0 || 1 / value > 0) ? ValueKind.int32 : ValueKind.double
    case 'boolean':
      return ValueKind.boolean
    case 'bigint':
      return value >= INT64_MIN && value <= INT64_MAX ? ValueKind.int64 : ValueKind.other
    case 'object':
      return value === null ? ValueKind.null : objectKind(value)
    case 'undefined':
      return ValueKind.null
    default:
      return ValueKind.unsupported
  }
}

function objectKind(value: object): ValueKind {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    return isExtensionValue(value) ? ValueKind.other : ValueKind.object
  }
  if (Array.isArray(value)) return ValueKind.array
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? ValueKind.other : ValueKind.date
  if (value instanceof Uint8Array) return ValueKind.bytes
  if (ArrayBuffer.isView(value)) return value instanceof DataView ? ValueKind.unsupported : ValueKind.array
  if (isExtensionValue(value) || value instanceof RegExp) return ValueKind.other
  if (value instanceof Map) return ValueKind.object
  return Object.prototype.toString.call(value) === '[object Object]'
    ? ValueKind.object
    : ValueKind.unsupported
}
