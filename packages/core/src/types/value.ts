import { assert } from './errors.ts'

/**
 * Is what a cell holds inside the engine, by the column's type:
 * integers and floats `number` (64-bit integers `number` where safe, else `bigint`), Bool `boolean`, text `string`,
 * bytes `Uint8Array`, Date32 `number` of days, Date64, Timestamp, Time and Duration `number` or `bigint` of their
 * unit, Decimal `bigint` (unscaled), lists arrays or typed arrays, Struct null-prototype objects, Map `Map`;
 * variant the JavaScript value itself (`number`, `bigint`, `string`, `boolean`, `Date`, `Uint8Array`, arrays,
 * plain objects, and the values of extensions). Null is `null`, everywhere.
 */
export type Value = unknown

/**
 * Ranks the kinds of values in the one total order: null, numbers, text, objects, arrays, bytes, other values,
 * booleans, dates. It is the order that MongoDB documents, extended to every value that the store can hold.
 */
export const ValueRank = {
  null: 0,
  number: 1,
  text: 2,
  object: 3,
  array: 4,
  bytes: 5,
  extension: 6,
  boolean: 7,
  date: 8,
} as const

/** Lets values of other packages (an ObjectId, a duration) take part in order, grouping and encoding. */
export const VALUE_KEY: unique symbol = Symbol.for('sheaf.valueKey') as never

/** Is a value of an extension: it tells its own ordering key, which starts with the name of its kind. */
export type ExtensionValue = { readonly [VALUE_KEY]: readonly [kind: string, ...key: Value[]] }

/** Tells whether a value carries an ordering key of its own. */
export function isExtensionValue(value: unknown): value is ExtensionValue {
  return typeof value === 'object' && value !== null && VALUE_KEY in value
}

/** Gives the rank of a value's kind in the one total order. */
export function valueRank(value: Value): number {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return ValueRank.number
    case 'string':
      return ValueRank.text
    case 'boolean':
      return ValueRank.boolean
    default:
      if (value === null || value === undefined) return ValueRank.null
      if (Array.isArray(value)) return ValueRank.array
      if (value instanceof Date) return ValueRank.date
      if (value instanceof Uint8Array) return ValueRank.bytes
      if (ArrayBuffer.isView(value)) return ValueRank.array
      if (isExtensionValue(value) || value instanceof RegExp) return ValueRank.extension
      return ValueRank.object
  }
}

const MAX_DEPTH = 1000

/**
 * Compares two values in the one total order, used for sorting, keys and grouping.
 * Numbers compare by value across `number` and `bigint`, NaN before every other number, -0 equal to 0; text by
 * Unicode code point; arrays and objects element by element.
 *
 * @returns a negative number, zero or a positive number
 */
export function compareValues(left: Value, right: Value, depth = 0): number {
  if (left === right) return 0
  const rank = valueRank(left)
  const byRank = rank - valueRank(right)
  if (byRank !== 0) return byRank
  assert(depth < MAX_DEPTH, 'values are nested too deep to compare')
  switch (rank) {
    case ValueRank.null:
      return 0
    case ValueRank.number:
      return compareNumbers(left as number | bigint, right as number | bigint)
    case ValueRank.text:
      return compareText(left as string, right as string)
    case ValueRank.boolean:
      return Number(left) - Number(right)
    case ValueRank.date:
      return compareNumbers((left as Date).getTime(), (right as Date).getTime())
    case ValueRank.bytes:
      return compareBytes(left as Uint8Array, right as Uint8Array)
    case ValueRank.array:
      return compareArrays(left as ArrayLike<Value>, right as ArrayLike<Value>, depth)
    case ValueRank.extension:
      return compareArrays(extensionKey(left), extensionKey(right), depth)
    default:
      return compareObjects(left as object, right as object, depth)
  }
}

function extensionKey(value: Value): readonly Value[] {
  if (value instanceof RegExp) return ['regexp', value.source, value.flags]
  return (value as ExtensionValue)[VALUE_KEY]
}

/** Compares numbers of both kinds by value, NaN first. */
export function compareNumbers(left: number | bigint, right: number | bigint): number {
  if (left < right) return -1
  if (left > right) return 1
  if (left <= right) return 0
  return Number(Number.isNaN(right)) - Number(Number.isNaN(left))
}

/** Compares text by Unicode code point (JavaScript's own order is by UTF-16 unit and differs past U+FFFF). */
export function compareText(left: string, right: string): number {
  if (left === right) return 0
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a !== b) return codePointRank(a) - codePointRank(b)
  }
  return left.length - right.length
}

/** Moves surrogates above the rest of the basic plane, which makes UTF-16 units sort like code points. */
function codePointRank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800
  return unit >= 0xd800 ? unit + 0x2000 : unit
}

/** Compares bytes lexicographically, a prefix first. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] as number) - (right[index] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function compareArrays(left: ArrayLike<Value>, right: ArrayLike<Value>, depth: number): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index += 1) {
    const difference = compareValues(left[index], right[index], depth + 1)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function compareObjects(left: object, right: object, depth: number): number {
  const a = left instanceof Map ? [...left] : Object.entries(left)
  const b = right instanceof Map ? [...right] : Object.entries(right)
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const [aKey, aValue] = a[index] as [Value, Value]
    const [bKey, bValue] = b[index] as [Value, Value]
    const difference =
      valueRank(aValue) - valueRank(bValue) ||
      compareValues(aKey, bKey, depth + 1) ||
      compareValues(aValue, bValue, depth + 1)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/**
 * Gives a primitive that is equal for exactly the values that {@link compareValues} calls equal, to use as the key
 * of a `Map`: numbers and booleans as they are, text and everything else as tagged text.
 */
export function groupKey(value: Value): string | number | bigint | boolean | null {
  switch (typeof value) {
    case 'number':
      return value === 0 ? 0 : value
    case 'bigint':
      return bigintKey(value)
    case 'boolean':
      return value
    case 'string':
      return `s${value}`
    default:
      return value === null || value === undefined ? null : `o${structuralKey(value, 0)}`
  }
}

/** Gives the number that a bigint equals, or the bigint itself where no number does. */
function bigintKey(value: bigint): number | bigint {
  const near = Number(value)
  return Number.isFinite(near) && BigInt(near) === value ? near : value
}

function structuralKey(value: Value, depth: number): string {
  assert(depth < MAX_DEPTH, 'values are nested too deep to group by')
  switch (valueRank(value)) {
    case ValueRank.null:
      return 'z'
    case ValueRank.number: {
      const key = groupKey(value) as number | bigint
      return `n${String(key)}`
    }
    case ValueRank.text:
      return `s${(value as string).length}:${value as string}`
    case ValueRank.boolean:
      return value ? 't' : 'f'
    case ValueRank.date:
      return `d${(value as Date).getTime()}`
    case ValueRank.bytes:
      return bytesToken(value as Uint8Array)
    case ValueRank.array:
      return `[${Array.from(value as ArrayLike<Value>, (item) => structuralKey(item, depth + 1)).join(',')}]`
    case ValueRank.extension:
      return `x${structuralKey(extensionKey(value), depth + 1)}`
    default: {
      const entries = value instanceof Map ? [...value] : Object.entries(value as object)
      return `{${entries.map(([key, item]) => `${structuralKey(key, depth + 1)}=${structuralKey(item, depth + 1)}`).join(',')}}`
    }
  }
}

/** Tells bytes apart by a text of as many characters, made without copying them first. */
function bytesToken({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return `b${byteLength}:${Buffer.from(buffer, byteOffset, byteLength).toString('latin1')}`
}

const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER)
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** Turns a 64-bit integer into its one form inside the engine: `number` where safe, else `bigint`. */
export function canonicalInteger(value: bigint): number | bigint {
  return value >= MIN_SAFE && value <= MAX_SAFE ? Number(value) : value
}
