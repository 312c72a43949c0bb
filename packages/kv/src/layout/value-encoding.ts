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
 *
 * Version 1. Every version of `node:v8` reads what earlier ones wrote.
 */

import { deserialize, serialize } from 'node:v8'
import { SheafError } from '@sheafdb/core'

/** Tells how the bytes of a value are read. */
export const ValueTag = { structured: 0, bytes: 1, text: 2, number: 3, null: 4 } as const

/** Is a value as it is stored. */
export type EncodedValue = { readonly tag: number; readonly bytes: Uint8Array }

const NO_BYTES = new Uint8Array(0)

/** Encodes a value. @throws `TYPE` for what cannot be cloned (functions, symbols), `ARGUMENT` for `undefined` */
export function encodeValue(value: unknown): EncodedValue {
  if (typeof value === 'string' && value.isWellFormed())
    return { tag: ValueTag.text, bytes: Buffer.from(value) }
  if (value instanceof Uint8Array) return { tag: ValueTag.bytes, bytes: value }
  if (typeof value === 'number') return { tag: ValueTag.number, bytes: encodeNumber(value) }
  if (value === null) return { tag: ValueTag.null, bytes: NO_BYTES }
  if (value === undefined)
    throw new SheafError('ARGUMENT', 'A value must not be undefined. Delete the key, or store null.')
  return { tag: ValueTag.structured, bytes: clone(value) }
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

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Decodes a value. Bytes are given as they stand in the store, without a copy. @throws `CORRUPT` */
export function decodeValue(tag: number, bytes: Uint8Array): unknown {
  switch (tag) {
    case ValueTag.structured:
      return restore(bytes)
    case ValueTag.bytes:
      return bytes
    case ValueTag.text:
      return decoder.decode(bytes)
    case ValueTag.number:
      return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true)
    case ValueTag.null:
      return null
    default:
      throw new SheafError('CORRUPT', `A stored value has no known tag. Run store.verify(): ${tag}`)
  }
}

function restore(bytes: Uint8Array): unknown {
  try {
    return deserialize(bytes)
  } catch (cause) {
    throw new SheafError('CORRUPT', 'A stored value cannot be read back. Run store.verify().', { cause })
  }
}
