/**
 * Lays out a value as a tag and bytes.
 *
 * | tag | value | bytes |
 * |---|---|---|
 * | 0 | anything structured-cloneable | the serialisation of `node:v8` |
 * | 1 | bytes | themselves |
 * | 2 | well-formed text | UTF-8 |
 * | 3 | number | 8 bytes, little-endian double |
 * | 4 | null | none |
 * | 5 | plain objects and arrays of what JSON can tell exactly | JSON in UTF-8 |
 * | 6 | text of ASCII alone | itself |
 *
 * Version 1. Every version of `node:v8` reads what earlier ones wrote.
 */

import { deserialize, serialize } from 'node:v8'
import { decodeUtf8, SheafError } from '@sheafdb/core'

/** Tells how the bytes of a value are read. */
export const ValueTag = { structured: 0, bytes: 1, text: 2, number: 3, null: 4, json: 5, ascii: 6 } as const

/** Is a value as it is stored. */
export type EncodedValue = { readonly tag: number; readonly bytes: Uint8Array }

const NO_BYTES = new Uint8Array(0)

/** Encodes a value. @throws `TYPE` for what cannot be cloned (functions, symbols), `ARGUMENT` for `undefined` */
export function encodeValue(value: unknown): EncodedValue {
  if (typeof value === 'string' && value.isWellFormed()) {
    const bytes = Buffer.from(value)
    return { tag: bytes.length === value.length ? ValueTag.ascii : ValueTag.text, bytes }
  }
  if (value instanceof Uint8Array) return { tag: ValueTag.bytes, bytes: value }
  if (typeof value === 'number') return { tag: ValueTag.number, bytes: encodeNumber(value) }
  if (value === null) return { tag: ValueTag.null, bytes: NO_BYTES }
  if (value === undefined)
    throw new SheafError('ARGUMENT', 'A value must not be undefined. Delete the key, or store null.')
  if (isJson(value)) return { tag: ValueTag.json, bytes: Buffer.from(JSON.stringify(value)) }
  return { tag: ValueTag.structured, bytes: clone(value) }
}

const MAX_JSON_PARTS = 10_000
const MAX_JSON_DEPTH = 100

/**
 * Tells whether JSON tells a value exactly: it is read twice as fast as a structured clone, and by other tools. Cycles
 * and objects that stand in many places end at the limit of parts.
 */
function isJson(value: unknown): boolean {
  let left = MAX_JSON_PARTS
  const visit = (part: unknown, depth: number): boolean => {
    left -= 1
    if (left < 0 || depth > MAX_JSON_DEPTH) return false
    if (typeof part === 'number') return Number.isFinite(part) && !Object.is(part, -0)
    if (typeof part !== 'object') return typeof part === 'string' || typeof part === 'boolean'
    if (part === null) return true
    if ('toJSON' in part) return false
    if (Array.isArray(part)) return isPlainArray(part) && part.every((item) => visit(item, depth + 1))
    const prototype = Object.getPrototypeOf(part)
    if (prototype !== Object.prototype && prototype !== null) return false
    return Object.values(part).every((item) => visit(item, depth + 1))
  }
  return visit(value, 0)
}

/** Tells whether an array has all its elements and no other members: its keys are its indexes. */
function isPlainArray(array: readonly unknown[]): boolean {
  return Object.keys(array).length === array.length && !array.includes(undefined)
}

function clone(value: unknown): Uint8Array {
  try {
    return serialize(value)
  } catch (cause) {
    throw new SheafError(
      'TYPE',
      'The value cannot be stored. Leave out functions, symbols and live handles.',
      {
        cause,
      },
    )
  }
}

function encodeNumber(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return bytes
}

const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string
}

/** Reads ASCII text, without a `Buffer` around it and without looking for longer characters. */
export function asciiText(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length)
}

/** Decodes a value. Bytes are given as they stand in the store, without a copy. @throws `CORRUPT` */
export function decodeValue(tag: number, bytes: Uint8Array): unknown {
  switch (tag) {
    case ValueTag.structured:
      return restore(bytes, deserialize)
    case ValueTag.bytes:
      return bytes
    case ValueTag.ascii:
      return asciiText(bytes)
    case ValueTag.text:
      return decodeUtf8(bytes, 0, bytes.length)
    case ValueTag.number:
      return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true)
    case ValueTag.null:
      return null
    case ValueTag.json:
      return restore(bytes, parseJson)
    default:
      throw new SheafError('CORRUPT', `A stored value has no known tag. Run store.verify(): ${tag}`)
  }
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(decodeUtf8(bytes, 0, bytes.length))
}

function restore(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): unknown {
  try {
    return read(bytes)
  } catch (cause) {
    throw new SheafError('CORRUPT', 'A stored value cannot be read back. Run store.verify().', { cause })
  }
}
