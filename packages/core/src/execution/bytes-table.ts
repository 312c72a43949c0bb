import type { DataType } from 'apache-arrow'
import type { BytesColumn } from '../types/column.ts'
import { SheafError } from '../types/errors.ts'

const INITIAL_SLOTS = 1024
const INITIAL_BYTES = 16_384
const NONE = -1
const LARGEST_BYTES = 2 ** 31 - 1

/** Words of a slot: the number plus one, 0 where it is free; the hash; where the copy starts; its size. */
const SLOT_WORDS = 4
const HASH = 1
const START = 2
const SIZE = 3

/**
 * Gives equal runs of bytes equal small integers, from 0 up, without making a string of each: open addressing over
 * copies. A slot holds all that a look needs beside the copy itself, in one line of memory.
 */
export class BytesTable {
  #slots = new Int32Array(SLOT_WORDS * INITIAL_SLOTS)
  #mask = INITIAL_SLOTS - 1
  /** Where each entry starts among the copies; it ends where the next starts. */
  #starts = new Int32Array(INITIAL_SLOTS)
  #copies = new Uint8Array(INITIAL_BYTES)
  #count = 0

  /** Counts the distinct runs so far. */
  get count(): number {
    return this.#count
  }

  /** Estimates the bytes that the table takes. */
  get sizeBytes(): number {
    return this.#count === 0 ? 0 : this.#copies.length + this.#slots.byteLength + this.#starts.byteLength
  }

  /** Gives the number of `data[start .. end)`, a new one where it was not there. @throws `MEMORY_LIMIT` */
  idOf(data: Uint8Array, start: number, end: number): number {
    const hash = hashOf(data, start, end)
    const slot = this.#slotOf(hash, data, start, end)
    const known = this.#slots[slot] as number
    return known === 0 ? this.#add(hash, slot, data.subarray(start, end)) : known - 1
  }

  /** Gives the number of `data[start .. end)`, -1 where it is not there. */
  find(data: Uint8Array, start: number, end: number): number {
    return (this.#slots[this.#slotOf(hashOf(data, start, end), data, start, end)] as number) - 1
  }

  /** Finds the slot of a run, or the free one where it would stand. */
  #slotOf(hash: number, data: Uint8Array, start: number, end: number): number {
    const slots = this.#slots
    const copies = this.#copies
    const mask = this.#mask
    const size = end - start
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = SLOT_WORDS * place
      if (slots[slot] === 0) return slot
      if (slots[slot + HASH] !== hash || slots[slot + SIZE] !== size) continue
      const from = slots[slot + START] as number
      let at = 0
      while (at < size && copies[from + at] === data[start + at]) at += 1
      if (at === size) return slot
    }
  }

  #add(hash: number, slot: number, run: Uint8Array): number {
    const id = this.#count
    const from = this.#starts[id] as number
    const until = from + run.length
    if (until > LARGEST_BYTES)
      throw new SheafError(
        'MEMORY_LIMIT',
        'The distinct texts of a column take more than 2 GiB. Group or join by fewer of them.',
      )
    if (until > this.#copies.length) {
      const larger = new Uint8Array(Math.min(LARGEST_BYTES, Math.max(until, 2 * this.#copies.length)))
      larger.set(this.#copies)
      this.#copies = larger
    }
    this.#copies.set(run, from)
    this.#starts[id + 1] = until
    this.#slots[slot] = id + 1
    this.#slots[slot + HASH] = hash
    this.#slots[slot + START] = from
    this.#slots[slot + SIZE] = run.length
    this.#count += 1
    if (this.#count * 2 > this.#mask) this.#grow()
    return id
  }

  #grow(): void {
    const places = 2 * (this.#mask + 1)
    const starts = new Int32Array(places)
    starts.set(this.#starts)
    const old = this.#slots
    const slots = new Int32Array(SLOT_WORDS * places)
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at] === 0) continue
      let place = (old[at + HASH] as number) & (places - 1)
      while (slots[SLOT_WORDS * place] !== 0) place = (place + 1) & (places - 1)
      for (let word = 0; word < SLOT_WORDS; word += 1)
        slots[SLOT_WORDS * place + word] = old[at + word] as number
    }
    this.#starts = starts
    this.#slots = slots
    this.#mask = places - 1
  }

  /** Makes a column of the runs of numbers; null for -1. */
  column(ids: Int32Array, type: DataType): BytesColumn {
    const offsets = new Int32Array(ids.length + 1)
    let validity: Uint8Array | null = null
    let size = 0
    for (let row = 0; row < ids.length; row += 1) {
      const id = ids[row] as number
      if (id === NONE) {
        validity ??= new Uint8Array((ids.length + 7) >> 3).fill(255)
        validity[row >> 3] = (validity[row >> 3] as number) & ~(1 << (row & 7))
      } else size += (this.#starts[id + 1] as number) - (this.#starts[id] as number)
      offsets[row + 1] = size
    }
    const data = new Uint8Array(size)
    for (let row = 0; row < ids.length; row += 1) {
      const id = ids[row] as number
      let to = offsets[row] as number
      if (id !== NONE)
        for (
          let from = this.#starts[id] as number;
          from < (this.#starts[id + 1] as number);
          from += 1, to += 1
        )
          data[to] = this.#copies[from] as number
    }
    return { layout: 'bytes', type, length: ids.length, validity, offsets, data }
  }
}

/** Mixes four bytes at a time, then the upper bits into the lower ones, which choose the slot. */
function hashOf(data: Uint8Array, start: number, end: number): number {
  let hash = (end - start) ^ 0x811c9dc5
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word =
      (data[at] as number) |
      ((data[at + 1] as number) << 8) |
      ((data[at + 2] as number) << 16) |
      ((data[at + 3] as number) << 24)
    hash = Math.imul(hash ^ Math.imul(word, 0xcc9e2d51), 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ (data[at] as number), 0x01000193)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  hash ^= hash >>> 12
  hash = Math.imul(hash, 0x297a2d39)
  return hash ^ (hash >>> 15)
}
