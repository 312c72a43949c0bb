import type { BytesColumn } from '../types/column.ts'
import { hashKeyBytes, isKeyBytes } from './key-bytes.ts'

const FIRST_SLOTS = 64
/** The slots are doubled past this part in use. */
const FULL = 0.5

/**
 * Finds positions by keys of bytes: a hash table of positions alone, beside the columns that hold the keys. Of one key
 * it gives the newest position first.
 */
export class KeyIndex {
  /** Positions plus one, 0 for none, at the hash of their key. */
  #slots: Int32Array
  /** The position before of the same key plus one, by position; made with the first. */
  #before: Int32Array | null = null
  #keyCount = 0
  #count = 0

  constructor(expected = 0) {
    let slots = FIRST_SLOTS
    while (slots * FULL < expected) slots *= 2
    this.#slots = new Int32Array(slots)
  }

  get sizeBytes(): number {
    return this.#slots.byteLength + (this.#before?.byteLength ?? 0)
  }

  /** Counts the positions taken in. */
  get count(): number {
    return this.#count
  }

  /** Takes in the next positions, up to those of all chunks; `shift` tells the chunk of a position. */
  add(chunks: readonly BytesColumn[], shift: number, upTo: number): void {
    const low = shift === 31 ? -1 : (1 << shift) - 1
    for (; this.#count < upTo; this.#count += 1) {
      const { offsets, data } = chunks[this.#count >>> shift] as BytesColumn
      const index = this.#count & low
      this.#addOne(chunks, shift, data.subarray(offsets[index], offsets[index + 1]))
    }
  }

  #addOne(chunks: readonly BytesColumn[], shift: number, key: Uint8Array): void {
    if (this.#keyCount >= this.#slots.length * FULL) this.#grow(chunks, shift)
    const slot = this.#slotOf(chunks, shift, key, hashKeyBytes(key, 0, key.length))
    const before = this.#slots[slot] as number
    if (before === 0) this.#keyCount += 1
    else this.#link(this.#count, before)
    this.#slots[slot] = this.#count + 1
  }

  #link(position: number, before: number): void {
    if (this.#before === null || position >= this.#before.length) {
      const grown = new Int32Array(Math.max(position + 1, FIRST_SLOTS) * 2)
      if (this.#before !== null) grown.set(this.#before)
      this.#before = grown
    }
    this.#before[position] = before
  }

  #grow(chunks: readonly BytesColumn[], shift: number): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    const mask = this.#slots.length - 1
    const low = shift === 31 ? -1 : (1 << shift) - 1
    for (const entry of old) {
      if (entry === 0) continue
      const { offsets, data } = chunks[(entry - 1) >>> shift] as BytesColumn
      const index = (entry - 1) & low
      let slot = hashKeyBytes(data, offsets[index] as number, offsets[index + 1] as number) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = entry
    }
  }

  #slotOf(chunks: readonly BytesColumn[], shift: number, key: Uint8Array, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    const low = shift === 31 ? -1 : (1 << shift) - 1
    let slot = hash & mask
    for (let entry = slots[slot] as number; entry !== 0; entry = slots[slot] as number) {
      const { offsets, data } = chunks[(entry - 1) >>> shift] as BytesColumn
      const index = (entry - 1) & low
      if (isKeyBytes(data, offsets[index] as number, offsets[index + 1] as number, key)) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  /** Finds the newest position of a key, or -1. */
  find(chunks: readonly BytesColumn[], shift: number, key: Uint8Array, hash: number): number {
    return (this.#slots[this.#slotOf(chunks, shift, key, hash)] as number) - 1
  }

  /** Gives the position before of the same key, or -1. */
  before(position: number): number {
    return this.#before === null || position >= this.#before.length
      ? -1
      : (this.#before[position] as number) - 1
  }
}
