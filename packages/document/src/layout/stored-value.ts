import { isExtensionValue, SheafError, type Value } from '@sheafdb/core'
import { ObjectId } from 'bson'
import { asDecimal128, isDecimal128 } from '../semantics/decimal128.ts'
import { asObjectId, isObjectId } from '../semantics/object-id.ts'
import { type Document, setKey } from '../semantics/value.ts'

const MAX_DEPTH = 500

function depthError(): SheafError {
  return new SheafError(
    'LIMIT',
    `A document is nested too deep, or contains itself. Store it with fewer levels than ${MAX_DEPTH}.`,
  )
}

/**
 * Gives a copy of a value as it is stored: `undefined` becomes null (as with MongoDB's driver), Maps and instances of
 * classes become plain objects, typed arrays of numbers arrays, ObjectIds those of this package's `bson`.
 *
 * @throws `TYPE` for functions, symbols, sets and the like, `LIMIT` for what is nested too deep
 */
export function storedValue(value: Value, depth: number = 0): Value {
  switch (typeof value) {
    case 'object':
      return value === null ? null : storedObject(value, depth)
    case 'undefined':
      return null
    case 'function':
    case 'symbol':
      throw typeError(value)
    default:
      return value
  }
}

/**
 * Tells whether a value is stored as it is: plain data of the kinds that documents have. What is not is copied and
 * converted, or refused, by {@link storedValue}.
 */
export function isStoredValue(value: Value, depth: number = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return true
    case 'object':
      return value === null || isStoredObject(value, depth)
    default:
      return false
  }
}

function isStoredObject(value: object, depth: number): boolean {
  if (depth > MAX_DEPTH) return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) {
    for (const key of Object.keys(value))
      if (!isStoredValue((value as Document)[key], depth + 1)) return false
    return true
  }
  if (prototype !== Array.prototype) return prototype === Date.prototype || prototype === ObjectId.prototype
  const list = value as readonly Value[]
  for (let at = 0; at < list.length; at += 1) if (!isStoredValue(list[at], depth + 1)) return false
  return true
}

function typeError(value: Value): SheafError {
  const kind = typeof value === 'object' ? Object.prototype.toString.call(value) : typeof value
  return new SheafError(
    'TYPE',
    `A value cannot be stored in a document. Convert it to plain data first: ${kind}`,
  )
}

function storedObject(value: object, depth: number): Value {
  if (depth > MAX_DEPTH) throw depthError()
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return storedFields(value as Document, depth)
  if (Array.isArray(value)) return Array.from(value, (item: Value) => storedValue(item, depth + 1))
  if (value instanceof Date) return new Date(value.getTime())
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (ArrayBuffer.isView(value)) {
    if (value instanceof DataView) throw typeError(value)
    return Array.from(value as unknown as ArrayLike<Value>)
  }
  if (value instanceof RegExp) return new RegExp(value.source, value.flags)
  if (isObjectId(value)) return asObjectId(value)
  if (isDecimal128(value)) return asDecimal128(value)
  if ('_bsontype' in value) return storedBson(value as BsonValue)
  if (isExtensionValue(value)) return value
  if (value instanceof Map) return storedFields(Object.fromEntries(value) as Document, depth)
  if (Object.prototype.toString.call(value) === '[object Object]')
    return storedFields(value as Document, depth)
  throw typeError(value)
}

type BsonValue = { readonly _bsontype: string; readonly value?: unknown; readonly buffer?: Uint8Array } & {
  readonly position?: number
}

/** Gives the JavaScript value that stands for one of the `bson` package. */
function storedBson(value: BsonValue): Value {
  switch (value._bsontype) {
    case 'Long':
      return BigInt(String(value))
    case 'Int32':
    case 'Double':
      return Number(value.value)
    case 'Binary':
      return Uint8Array.from((value.buffer as Uint8Array).subarray(0, value.position))
    default:
      throw new SheafError(
        'TYPE',
        `A value of this type of BSON cannot be stored in a document. Convert it first: ${value._bsontype}`,
      )
  }
}

function storedFields(object: Document, depth: number): Document {
  const stored: Document = {}
  for (const key of Object.keys(object)) setKey(stored, key, storedValue(object[key], depth + 1))
  return stored
}

/** Gives a copy of a stored value that its receiver may change. */
export function copyValue(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyValue)
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    const copy: Document = {}
    for (const key of Object.keys(value)) setKey(copy, key, copyValue((value as Document)[key]))
    return copy
  }
  if (value instanceof Date) return new Date(value.getTime())
  return value instanceof Uint8Array ? Uint8Array.from(value) : value
}
