import { SheafError } from '../types/errors.ts'

const ALIGNMENT = 8
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Writes little-endian numbers, text and aligned arrays into a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  /** Begins anew in the same memory. */
  clear(): void {
    this.#length = 0
  }

  /** Gives what was written, without copying: valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.#length = needed
    return at
  }

  uint8(value: number): void {
    const at = this.#reserve(1)
    this.#view.setUint8(at, value)
  }

  uint32(value: number): void {
    const at = this.#reserve(4)
    this.#view.setUint32(at, value, true)
  }

  float64(value: number): void {
    const at = this.#reserve(8)
    this.#view.setFloat64(at, value, true)
  }

  /** Writes an integer of at most 53 bits as 64. */
  uint64(value: number): void {
    const at = this.#reserve(8)
    this.#view.setBigUint64(at, BigInt(value), true)
  }

  /** Writes an unsigned integer of at most 53 bits in as few bytes as it takes, seven bits each. */
  varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.uint8((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.uint8(rest)
  }

  text(value: string): void {
    this.block(encoder.encode(value))
  }

  /** Writes bytes after their count. */
  block(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Fills with zeros up to a multiple of eight. */
  align(): void {
    const rest = this.#length % ALIGNMENT
    if (rest === 0) return
    const at = this.#reserve(ALIGNMENT - rest)
    this.#bytes.fill(0, at, this.#length)
  }

  /** Writes the bytes of a typed array at a multiple of eight, after their count. */
  array(values: ArrayBufferView): void {
    this.varint(values.byteLength)
    this.align()
    this.raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
}

/** Reads what a {@link ByteWriter} wrote. Arrays are views of the bytes where these are aligned. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    const aligned = bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice()
    this.#bytes = aligned
    this.#view = new DataView(aligned.buffer, aligned.byteOffset, aligned.byteLength)
  }

  get offset(): number {
    return this.#offset
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length
  }

  #take(count: number): number {
    const at = this.#offset
    if (count < 0 || at + count > this.#bytes.length) {
      throw new SheafError('CORRUPT', 'A block of the store ends before its content does. Run repairStore().')
    }
    this.#offset = at + count
    return at
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true))
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.uint8()
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  text(): string {
    return decoder.decode(this.block())
  }

  block(): Uint8Array {
    return this.raw(this.varint())
  }

  raw(count: number): Uint8Array {
    const at = this.#take(count)
    return this.#bytes.subarray(at, at + count)
  }

  align(): void {
    const rest = this.#offset % ALIGNMENT
    if (rest !== 0) this.#take(ALIGNMENT - rest)
  }

  array(): Uint8Array {
    const sizeBytes = this.varint()
    this.align()
    return this.raw(sizeBytes)
  }
}
