const INITIAL_SLOTS = 256
/** Words of a slot: the pair, and its number plus one, 0 where the slot is free. */
const SLOT_WORDS = 4
const RIGHT = 1
const NUMBER = 2
const NONE = -1

/** Gives equal pairs of numbers, none of them negative, equal numbers from 0 up: open addressing, a line of memory a look. */
export class PairTable {
  #slots = new Int32Array(SLOT_WORDS * INITIAL_SLOTS)
  #mask = INITIAL_SLOTS - 1
  #count = 0

  /** Counts the distinct pairs so far. */
  get count(): number {
    return this.#count
  }

  /**
   * Writes the numbers of pairs over their left halves: -1 where a half is negative, and, unless `adds`, where a pair
   * is not there.
   */
  number(left: Int32Array, right: Int32Array, count: number, adds: boolean): void {
    for (let at = 0; at < count; at += 1) {
      const a = left[at] as number
      const b = right[at] as number
      left[at] = a < 0 || b < 0 ? NONE : this.#numberOf(a, b, adds)
    }
  }

  #numberOf(left: number, right: number, adds: boolean): number {
    const slots = this.#slots
    const mask = this.#mask
    for (let place = hashOf(left, right) & mask; ; place = (place + 1) & mask) {
      const slot = SLOT_WORDS * place
      const number = slots[slot + NUMBER] as number
      if (number === 0) return adds ? this.#add(slot, left, right) : NONE
      if (slots[slot] === left && slots[slot + RIGHT] === right) return number - 1
    }
  }

  #add(slot: number, left: number, right: number): number {
    this.#slots[slot] = left
    this.#slots[slot + RIGHT] = right
    this.#count += 1
    this.#slots[slot + NUMBER] = this.#count
    const number = this.#count - 1
    if (this.#count * 2 > this.#mask) this.#grow()
    return number
  }

  #grow(): void {
    const places = 4 * (this.#mask + 1)
    const old = this.#slots
    const slots = new Int32Array(SLOT_WORDS * places)
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      const number = old[at + NUMBER] as number
      if (number === 0) continue
      const left = old[at] as number
      const right = old[at + RIGHT] as number
      let place = hashOf(left, right) & (places - 1)
      while (slots[SLOT_WORDS * place + NUMBER] !== 0) place = (place + 1) & (places - 1)
      slots[SLOT_WORDS * place] = left
      slots[SLOT_WORDS * place + RIGHT] = right
      slots[SLOT_WORDS * place + NUMBER] = number
    }
    this.#slots = slots
    this.#mask = places - 1
  }
}

function hashOf(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
