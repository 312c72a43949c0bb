import { compareValues, groupKey, type Value } from '@sheafdb/core'
import { isDecimal128 } from './decimal128.ts'
import { isObjectId } from './object-id.ts'

/** Is a plain object of a document. */
export type Document = Record<string, Value>

/** Names the types of values as `$type` does; `missing` for none. */
export type BsonType =
  | 'missing'
  | 'null'
  | 'int'
  | 'long'
  | 'double'
  | 'decimal'
  | 'string'
  | 'object'
  | 'array'
  | 'binData'
  | 'objectId'
  | 'bool'
  | 'date'
  | 'regex'

/** Tells the type of a value. Whole numbers of 32 bits are `int`, other numbers `double`, bigints `long`. */
export function bsonType(value: Value): BsonType {
  switch (typeof value) {
    case 'undefined':
      return 'missing'
    case 'number':
      return isInt32(value) ? 'int' : 'double'
    case 'bigint':
      return 'long'
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    default:
      return objectType(value)
  }
}

function objectType(value: Value): BsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  if (value instanceof Uint8Array) return 'binData'
  if (value instanceof RegExp) return 'regex'
  if (isObjectId(value)) return 'objectId'
  return isDecimal128(value) ? 'decimal' : 'object'
}

/** Tells whether a number is stored as a 32-bit integer. */
export function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0)
}

/** Tells whether a value is a document inside a document. */
export function isDocument(value: Value): value is Document {
  return typeof value === 'object' && value !== null && objectType(value) === 'object'
}

/** Tells whether a value is a number of any type. */
export function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Tells whether a value is null or missing. */
export function isNullish(value: Value): value is null | undefined {
  return value === null || value === undefined
}

/** Compares as expressions do: missing before null, then the order of the store. */
export function compareMongo(left: Value, right: Value): number {
  if (left === undefined || right === undefined)
    return Number(right === undefined) - Number(left === undefined)
  return compareValues(left, right)
}

/** Tells whether two values are equal as MongoDB compares: numbers by value, documents with keys in order. */
export function equalValues(left: Value, right: Value): boolean {
  return compareMongo(left, right) === 0
}

/** Gives a key for a Map or Set that is the same for equal values. */
export function keyOf(value: Value): Value {
  return value === undefined ? undefined : groupKey(value)
}

/** Tells whether a value counts as true: everything but false, null, missing and zero. */
export function isTruthy(value: Value): boolean {
  return !(isNullish(value) || value === false || value === 0 || value === 0n)
}

/** Ranks types for comparisons that only hold within one kind of values. */
export function sameBracket(left: Value, right: Value): boolean {
  return bracketOf(left) === bracketOf(right)
}

function bracketOf(value: Value): string {
  const type = bsonType(value)
  return type === 'int' || type === 'long' || type === 'double' ? 'number' : type
}

/** Sets an own key of a document; `__proto__` is a key like any other. */
export function setKey(document: Document, key: string, value: Value): void {
  if (key === '__proto__') {
    Object.defineProperty(document, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    document[key] = value
  }
}

/** Reads an own key of a document; `undefined` where there is none. */
export function getKey(document: Document, key: string): Value {
  return Object.hasOwn(document, key) ? document[key] : undefined
}

/** Reads numbers that MongoDB takes where it wants a whole number; `undefined` for anything else. */
export function wholeNumber(value: Value): number | undefined {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}
