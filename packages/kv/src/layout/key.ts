import { decodeKey, encodeKey, type KeyBuffer, keyBuffer, SheafError } from '@sheafdb/core'
import { asciiText } from './value-encoding.ts'

/** Is what may be a key. Keys sort as all values do: numbers, text, arrays, bytes, booleans, dates. */
export type Key = string | number | bigint | boolean | Date | Uint8Array | readonly (Key | null)[]

const MAX_KEY_BYTES = 65_536

/** Encodes a key. @throws `TYPE` for what cannot be a key, `LIMIT` for one of over 64 KiB encoded */
export function encodeEntryKey(key: Key): Uint8Array {
  const bytes = encodeKey(checkKey(key))
  checkLength(bytes.length)
  return bytes
}

/** Writes an encoded key to the end of a buffer. @throws as {@link encodeEntryKey}; the buffer is then as before */
export function writeEntryKey(buffer: KeyBuffer, key: Key): void {
  const start = buffer.length
  try {
    buffer.value(checkKey(key), 0)
    checkLength(buffer.length - start)
  } catch (error) {
    buffer.length = start
    throw error
  }
}

function checkLength(length: number): void {
  if (length <= MAX_KEY_BYTES) return
  throw new SheafError('LIMIT', `A key may take ${MAX_KEY_BYTES} bytes. Use a shorter one: ${length}`)
}

const searched = keyBuffer()

/** Encodes a key that is only searched for. The bytes are good until the next call. @throws as {@link encodeEntryKey} */
export function encodeSearchedKey(key: Key): Uint8Array {
  searched.length = 0
  writeEntryKey(searched, key)
  return searched.bytes.subarray(0, searched.length)
}

/** The first byte of text, as the core's keys are laid out. */
const TEXT = 0x30
const LONGEST_SCANNED = 64

/** Decodes a key. Short text of ASCII, as most keys are, is read without a reader. @throws `CORRUPT` */
export function decodeEntryKey(bytes: Uint8Array): Key {
  const end = bytes.length - 1
  if (bytes[0] !== TEXT || bytes[end] !== 0 || end > LONGEST_SCANNED) return decodeKey(bytes) as Key
  for (let at = 1; at < end; at += 1)
    if (((bytes[at] as number) - 1) >>> 0 >= 127) return decodeKey(bytes) as Key
  return asciiText(bytes.subarray(1, end))
}

const MAX_DEPTH = 100

/** Checks that a value may be a key. @throws `TYPE`, `LIMIT` for arrays in arrays past 100 levels */
export function checkKey(key: Key, depth = 0): Key {
  if (depth > MAX_DEPTH)
    throw new SheafError('LIMIT', `A key may be arrays in arrays of ${MAX_DEPTH} levels. Use a flatter one.`)
  if (
    isScalarKey(key) ||
    (Array.isArray(key) && key.every((item) => item === null || checkKey(item, depth + 1) !== null))
  )
    return key
  throw new SheafError(
    'TYPE',
    `A key must be text, a number, a boolean, a date, bytes, or an array of those. It is: ${describe(key)}`,
  )
}

function isScalarKey(key: unknown): boolean {
  const type = typeof key
  if (type === 'string' || type === 'number' || type === 'bigint' || type === 'boolean') return true
  return key instanceof Uint8Array || key instanceof Date
}

function describe(key: unknown): string {
  return key === null ? 'null' : Object.prototype.toString.call(key)
}
