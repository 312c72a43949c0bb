/** Turns values of documents to JSON and back, as MongoDB's Extended JSON (v2, relaxed) writes them. */
import { SheafError, type Value } from '@sheafdb/core'
import { Decimal128, ObjectId } from 'bson'
import { isDecimal128 } from '../semantics/decimal128.ts'
import { asObjectId, isObjectId } from '../semantics/object-id.ts'
import { type Document, isDocument, setKey } from '../semantics/value.ts'

const MAX_DEPTH = 500

/** Gives what stands for a value in JSON; plain values stand for themselves. */
export function toExtendedJson(value: Value): Value {
  if (typeof value === 'bigint') return { $numberLong: String(value) }
  if (typeof value === 'number') return numberToJson(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(toExtendedJson)
  if (value instanceof Date) return { $date: dateToJson(value) }
  if (value instanceof Uint8Array)
    return { $binary: { base64: Buffer.from(value).toString('base64'), subType: '00' } }
  if (value instanceof RegExp) return { $regularExpression: { pattern: value.source, options: value.flags } }
  if (isDecimal128(value)) return { $numberDecimal: String(value) }
  if (isObjectId(value)) return { $oid: asObjectId(value).toHexString() }
  const object: Document = {}
  for (const key of Object.keys(value)) setKey(object, key, toExtendedJson((value as Document)[key]))
  return object
}

function numberToJson(value: number): Value {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value
  return { $numberDouble: Object.is(value, -0) ? '-0.0' : String(value) }
}

function dateToJson(value: Date): Value {
  const year = value.getUTCFullYear()
  return year >= 1970 && year <= 9999 ? value.toISOString() : { $numberLong: String(value.getTime()) }
}

/** Gives the value that JSON stands for. @throws `LIMIT` for what is nested too deep, `SYNTAX` for a value that is none */
export function fromExtendedJson(value: Value, depth: number = 0): Value {
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH)
    throw new SheafError(
      'LIMIT',
      `A document is nested too deep. Store it with fewer levels than ${MAX_DEPTH}.`,
    )
  if (Array.isArray(value)) return value.map((item: Value) => fromExtendedJson(item, depth + 1))
  const object = value as Document
  const keys = Object.keys(object)
  const [only] = keys
  if (keys.length === 1 && only?.startsWith('$') === true) {
    const special = SPECIAL.get(only)?.(object[only])
    if (special !== undefined) return special
  }
  const result: Document = {}
  for (const key of keys) setKey(result, key, fromExtendedJson(object[key], depth + 1))
  return result
}

const WHOLE = /^-?\d{1,19}$/

function requireValid<Made>(made: Made | undefined, name: string): Made {
  if (made !== undefined) return made
  throw new SheafError('SYNTAX', `A value of Extended JSON is not valid. Correct it: ${name}`)
}

/** Reads a value by the name of its only key; `undefined` where the object is no such value but plain. */
const SPECIAL: ReadonlyMap<string, (value: Value) => Value> = new Map<string, (value: Value) => Value>([
  ['$numberLong', (value) => requireValid(wholeOf(value), '$numberLong')],
  ['$numberInt', (value) => Number(requireValid(wholeOf(value), '$numberInt'))],
  ['$numberDouble', doubleOf],
  ['$numberDecimal', decimalOf],
  ['$date', dateOf],
  [
    '$oid',
    (value) =>
      requireValid(
        typeof value === 'string' && ObjectId.isValid(value) ? new ObjectId(value) : undefined,
        '$oid',
      ),
  ],
  ['$binary', binaryOf],
  ['$regularExpression', patternOf],
])

function wholeOf(value: Value): bigint | undefined {
  return typeof value === 'string' && WHOLE.test(value) ? BigInt(value) : undefined
}

function doubleOf(value: Value): Value {
  if (typeof value !== 'string') return requireValid(undefined, '$numberDouble')
  const number = Number(value)
  return requireValid(value === 'NaN' || !Number.isNaN(number) ? number : undefined, '$numberDouble')
}

function decimalOf(value: Value): Value {
  const isNumber =
    typeof value === 'string' && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^-?(?:NaN|Inf\w*)$/.test(value)
  return requireValid(isNumber ? Decimal128.fromString(value) : undefined, '$numberDecimal')
}

function dateOf(value: Value): Value {
  const time = isDocument(value) ? wholeOf(value.$numberLong) : value
  const date =
    time === undefined ? undefined : new Date(typeof time === 'bigint' ? Number(time) : (time as string))
  return requireValid(date === undefined || Number.isNaN(date.getTime()) ? undefined : date, '$date')
}

function binaryOf(value: Value): Value {
  const text = isDocument(value) ? value.base64 : undefined
  return requireValid(
    typeof text === 'string' ? Uint8Array.from(Buffer.from(text, 'base64')) : undefined,
    '$binary',
  )
}

function patternOf(value: Value): Value {
  if (!isDocument(value) || typeof value.pattern !== 'string')
    return requireValid(undefined, '$regularExpression')
  try {
    return new RegExp(value.pattern, String(value.options ?? '').replaceAll(/[^dgimsuvy]/g, ''))
  } catch (error) {
    if (error instanceof SyntaxError) return requireValid(undefined, '$regularExpression')
    throw error
  }
}
