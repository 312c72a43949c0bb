/**
 * Lays out keys as bytes whose lexicographic order is the one total order of values, {@link compareValues}.
 *
 * | value | bytes |
 * |---|---|
 * | null | `10` |
 * | number, bigint | `20`, 8 bytes of the greatest double that is not above it, and from 2^53 in size on its rest |
 * | text | `30`, UTF-8 with `00` written as `00 ff`, `00` |
 * | object | `40`, for each entry the rank of its value plus one, key and value; `00` |
 * | array | `50`, the elements, `00` |
 * | bytes | `60`, the bytes with `00` written as `00 ff`, `00` |
 * | extension | `70`, the elements of its ordering key, `00` |
 * | false, true | `80`, `81` |
 * | date | `90`, 8 bytes of its milliseconds as a double |
 *
 * A double's bytes are big-endian with the sign bit set, or all bits turned where it is negative; -0 is written as 0 and
 * NaN as eight zeros, below every number. The rest of an integer is its distance from the double: the count of bytes,
 * then the bytes, big-endian; `00` where there is none. Keys of several fields are written one after the other: each
 * ends by itself, so a key sorts before those that it begins. Version 1.
 */

import { SheafError } from './errors.ts'
import { isExtensionValue, VALUE_KEY, type Value, ValueRank, valueRank } from './value.ts'

const Tag = {
  end: 0x00,
  null: 0x10,
  number: 0x20,
  text: 0x30,
  object: 0x40,
  array: 0x50,
  bytes: 0x60,
  extension: 0x70,
  false: 0x80,
  true: 0x81,
  date: 0x90,
} as const

const ESCAPE = 0xff
const MAX_DEPTH = 1000
/** From this size on integers stand between doubles. */
const EXACT_LIMIT = 2 ** 53
const SIGN = 0x80

/**
 * Encodes a value so that byte order is the order of `compareValues`; equal values give equal bytes.
 *
 * @throws `VALUE` for text with a lone surrogate, `LIMIT` for nesting past 1,000 levels and integers past 2^1023
 * @example Buffer.compare(encodeKey(2), encodeKey(10n)) // -1
 */
export function encodeKey(value: Value): Uint8Array<ArrayBuffer> {
  return encodeKeys([value])
}

/** Collects encoded keys one after the other in memory of its own: for many at once, or one that is only looked up. */
export type KeyBuffer = {
  /** The memory, replaced where it grows too small. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** How much of it is written; may be set back. */
  length: number
  /** Writes a value. Where it throws, `length` may stand after a part of the value. */
  value(value: Value, depth: number): void
  /** Writes a key that is encoded already. */
  raw(key: Uint8Array): void
}

/** Makes an empty buffer of keys. */
export function keyBuffer(): KeyBuffer {
  return new KeyWriter()
}

/** Encodes the fields of a composite key one after the other. @throws as {@link encodeKey} */
export function encodeKeys(values: readonly Value[]): Uint8Array<ArrayBuffer> {
  const start = writer.length
  try {
    for (const value of values) writer.value(value, 0)
    return writer.bytes.slice(start, writer.length)
  } finally {
    writer.length = start
  }
}

/**
 * Encodes the beginning of a text or of bytes, or the first elements of an array: every key that begins so has these
 * bytes as its first. Of anything else, only equal keys do.
 */
export function encodeKeyPrefix(value: Value): Uint8Array<ArrayBuffer> {
  const bytes = encodeKey(value)
  const rank = valueRank(value)
  const isOpen = rank === ValueRank.text || rank === ValueRank.bytes || rank === ValueRank.array
  return isOpen ? bytes.slice(0, -1) : bytes
}

/** Gives the first bytes after all those that begin with a prefix; `null` where there are none. */
export function keyPrefixEnd(prefix: Uint8Array): Uint8Array<ArrayBuffer> | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1
  if (length === 0) return null
  // `slice` of a Buffer is a view of the same memory.
  const end = new Uint8Array(prefix.subarray(0, length))
  end[length - 1] = (end[length - 1] as number) + 1
  return end
}

/** Decodes the only value of a key. @throws `CORRUPT` */
export function decodeKey(bytes: Uint8Array): Value {
  const reader = new KeyReader(bytes)
  const value = reader.value(0)
  if (!reader.isAtEnd) throw corrupt('it goes on after its value')
  return value
}

/** Decodes the fields of a composite key. @throws `CORRUPT` */
export function decodeKeys(bytes: Uint8Array): Value[] {
  const reader = new KeyReader(bytes)
  const values: Value[] = []
  while (!reader.isAtEnd) values.push(reader.value(0))
  return values
}

const scratch = new DataView(new ArrayBuffer(8))
const scratchBytes = new Uint8Array(scratch.buffer)

class KeyWriter implements KeyBuffer {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(64)
  length = 0

  value(value: Value, depth: number): void {
    if (depth > MAX_DEPTH)
      throw new SheafError('LIMIT', `A key is nested deeper than ${MAX_DEPTH} levels. Use a flatter one.`)
    if (typeof value === 'string') this.#text(value)
    else if (Array.isArray(value)) this.#elements(Tag.array, value, depth)
    else if (typeof value === 'object' && value !== null) this.#structured(value, depth)
    else this.#scalar(value)
  }

  raw(key: Uint8Array): void {
    this.#reserve(key.length)
    this.bytes.set(key, this.length)
    this.length += key.length
  }

  #scalar(value: Value): void {
    if (typeof value === 'boolean') this.#byte(value ? Tag.true : Tag.false)
    else if (typeof value === 'number' || typeof value === 'bigint') {
      this.#byte(Tag.number)
      this.#number(value)
    } else if (value === null || value === undefined) this.#byte(Tag.null)
    else throw new SheafError('TYPE', `A key cannot hold a ${typeof value}. Use data: text, numbers, bytes.`)
  }

  #structured(value: object, depth: number): void {
    const rank = valueRank(value)
    if (rank === ValueRank.date) {
      this.#byte(Tag.date)
      this.#double((value as Date).getTime())
    } else if (rank === ValueRank.bytes) {
      this.#byte(Tag.bytes)
      this.#escaped(value as Uint8Array)
    } else if (rank === ValueRank.array) this.#elements(Tag.array, value as ArrayLike<Value>, depth)
    else if (rank === ValueRank.extension) this.#elements(Tag.extension, orderingKey(value), depth)
    else this.#object(value, depth)
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.bytes[this.length] = byte
    this.length += 1
  }

  #reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    grown.set(this.bytes)
    this.bytes = grown
  }

  #text(text: string): void {
    this.#byte(Tag.text)
    if (!this.#ascii(text)) this.#unicode(text)
  }

  /** Writes text of U+0001 to U+007F as it is; false, and nothing written, for any other. */
  #ascii(text: string): boolean {
    this.#reserve(text.length + 1)
    const { bytes } = this
    let at = this.length
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index)
      if (unit === 0 || unit > 127) return false
      bytes[at] = unit
      at += 1
    }
    bytes[at] = Tag.end
    this.length = at + 1
    return true
  }

  #unicode(text: string): void {
    if (!text.isWellFormed()) {
      throw new SheafError('VALUE', 'The text of a key holds half of a surrogate pair. Use well-formed text.')
    }
    this.#escaped(Buffer.from(text))
  }

  #escaped(content: Uint8Array): void {
    this.#reserve(content.length * 2 + 1)
    const { bytes } = this
    let at = this.length
    for (let index = 0; index < content.length; index += 1) {
      const byte = content[index] as number
      bytes[at] = byte
      at += 1
      if (byte !== 0) continue
      bytes[at] = ESCAPE
      at += 1
    }
    bytes[at] = Tag.end
    this.length = at + 1
  }

  #elements(tag: number, items: ArrayLike<Value>, depth: number): void {
    this.#byte(tag)
    for (let index = 0; index < items.length; index += 1) this.value(items[index], depth + 1)
    this.#byte(Tag.end)
  }

  #object(object: object, depth: number): void {
    this.#byte(Tag.object)
    for (const [key, value] of object instanceof Map ? object : Object.entries(object)) {
      this.#byte(valueRank(value) + 1)
      this.value(key, depth + 1)
      this.value(value, depth + 1)
    }
    this.#byte(Tag.end)
  }

  #number(value: number | bigint): void {
    const floor = typeof value === 'number' ? value : floorToDouble(value)
    this.#double(floor)
    if (!(Math.abs(floor) >= EXACT_LIMIT) || !Number.isFinite(floor)) return
    let rest = typeof value === 'bigint' ? value - BigInt(floor) : 0n
    const digits: number[] = []
    for (; rest > 0n; rest >>= 8n) digits.push(Number(rest & 0xffn))
    this.#byte(digits.length)
    for (let index = digits.length - 1; index >= 0; index -= 1) this.#byte(digits[index] as number)
  }

  #double(value: number): void {
    this.#reserve(8)
    const { bytes, length } = this
    this.length += 8
    if (Number.isNaN(value)) {
      bytes.fill(0, length, length + 8)
      return
    }
    scratch.setFloat64(0, value + 0)
    const negative = ((scratchBytes[0] as number) & SIGN) !== 0
    for (let at = 0; at < 8; at += 1) {
      const byte = scratchBytes[at] as number
      bytes[length + at] = negative ? ~byte & 0xff : at === 0 ? byte | SIGN : byte
    }
  }
}

/** One writer serves all: it keeps what it wrote only until it is copied out. */
const writer = new KeyWriter()

function orderingKey(value: Value): readonly Value[] {
  if (value instanceof RegExp) return ['regexp', value.source, value.flags]
  return isExtensionValue(value) ? value[VALUE_KEY] : []
}

/** Finds the greatest double that is not above an integer. @throws `LIMIT` past the range of doubles */
function floorToDouble(value: bigint): number {
  const nearest = Number(value)
  if (!Number.isFinite(nearest) || Math.abs(nearest) >= 2 ** 1023)
    throw new SheafError('LIMIT', 'An integer in a key must be smaller than 2^1023. Use text or bytes.')
  return BigInt(nearest) <= value ? nearest : previousDouble(nearest)
}

/** Gives the next double below a finite one other than 0. */
function previousDouble(value: number): number {
  scratch.setFloat64(0, value)
  scratch.setBigUint64(0, scratch.getBigUint64(0) + (value > 0 ? -1n : 1n))
  return scratch.getFloat64(0)
}

const UNSIGNED_LIMIT = 2 ** 64

class KeyReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): Value {
    if (depth > MAX_DEPTH) throw corrupt('it is nested too deep')
    const tag = this.#byte()
    switch (tag) {
      case Tag.null:
        return null
      case Tag.number:
        return this.#number()
      case Tag.text:
        return decodeText(this.#escaped())
      case Tag.object:
        return this.#object(depth)
      case Tag.array:
        return this.#elements(depth)
      case Tag.bytes:
        return this.#escaped()
      case Tag.extension:
        return Object.freeze({ [VALUE_KEY]: this.#elements(depth) })
      case Tag.false:
      case Tag.true:
        return tag === Tag.true
      case Tag.date:
        return new Date(this.#double())
      default:
        throw corrupt(`there is no kind of value ${tag}`)
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw corrupt('it ends too soon')
    this.#at += 1
    return byte
  }

  #escaped(): Uint8Array {
    const bytes = this.#bytes
    let end = bytes.indexOf(0, this.#at)
    if (bytes[end + 1] !== ESCAPE && end >= 0) {
      const whole = bytes.slice(this.#at, end)
      this.#at = end + 1
      return whole
    }
    const parts: number[] = []
    for (;;) {
      end = this.#byte()
      if (end === 0) {
        if (bytes[this.#at] !== ESCAPE) return Uint8Array.from(parts)
        this.#at += 1
      }
      parts.push(end)
    }
  }

  #elements(depth: number): Value[] {
    const items: Value[] = []
    while (!this.#takeEnd()) items.push(this.value(depth + 1))
    return items
  }

  #takeEnd(): boolean {
    if (this.#bytes[this.#at] !== Tag.end) return false
    this.#at += 1
    return true
  }

  #object(depth: number): Record<string, Value> {
    const object: Record<string, Value> = {}
    while (!this.#takeEnd()) {
      this.#byte()
      const key = String(this.value(depth + 1))
      const value = this.value(depth + 1)
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
    }
    return object
  }

  #number(): number | bigint {
    const floor = this.#double()
    if (!(Math.abs(floor) >= EXACT_LIMIT) || !Number.isFinite(floor)) return floor
    const count = this.#byte()
    let rest = 0n
    for (let at = 0; at < count; at += 1) rest = (rest << 8n) | BigInt(this.#byte())
    return rest === 0n && Math.abs(floor) >= UNSIGNED_LIMIT ? floor : BigInt(floor) + rest
  }

  #double(): number {
    const first = this.#byte()
    const negative = (first & SIGN) === 0
    let isZero = first === 0
    scratchBytes[0] = negative ? ~first : first & ~SIGN
    for (let at = 1; at < 8; at += 1) {
      const byte = this.#byte()
      isZero &&= byte === 0
      scratchBytes[at] = negative ? ~byte : byte
    }
    return isZero ? Number.NaN : scratch.getFloat64(0)
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new SheafError('CORRUPT', 'A stored key is damaged: its text is no UTF-8. Run store.verify().', {
      cause,
    })
  }
}

function corrupt(what: string): SheafError {
  return new SheafError('CORRUPT', `A stored key is damaged: ${what}. Run store.verify().`)
}
