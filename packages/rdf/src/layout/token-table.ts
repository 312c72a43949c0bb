const FIRST_SLOTS = 2 ** 14
const FIRST_BYTES = 2 ** 18

/** Is the hash of no bytes; each byte is taken in by `imul(hash ^ byte, 0x01000193)` (FNV-1a). */
export const EMPTY_HASH: number = 0x811c9dc5 | 0

/** Gives the hash of a run of bytes. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = EMPTY_HASH
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return hash
}

/** Gives equal runs of bytes equal small integers, in the order of their first coming: open addressing, no strings. */
export class TokenTable {
  size = 0
  #bytes = new Uint8Array(FIRST_BYTES)
  #starts = new Uint32Array(FIRST_SLOTS)
  #hashes = new Int32Array(FIRST_SLOTS)
  #slots = new Int32Array(FIRST_SLOTS)

  /** Counts the bytes that the table holds. */
  get sizeBytes(): number {
    return this.#starts[this.size] as number
  }

  /** Finds the number of a run of bytes of a hash; -1 where it is new. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1
    const [own, starts] = [this.#bytes, this.#starts]
    let slot = (hash ^ (hash >>> 15)) & mask
    for (;;) {
      const number = (this.#slots[slot] as number) - 1
      if (number < 0) return -1
      if (this.#hashes[number] === hash) {
        const from = starts[number] as number
        if ((starts[number + 1] as number) - from === end - start) {
          let at = start
          let place = from
          while (at < end && bytes[at] === own[place]) {
            at += 1
            place += 1
          }
          if (at === end) return number
        }
      }
      slot = (slot + 1) & mask
    }
  }

  /** Adds a run of bytes that is new; gives its number. */
  add(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const number = this.size
    const from = this.#starts[number] as number
    this.#reserve(from + end - start)
    if (end - start < 64)
      for (let at = start; at < end; at += 1) this.#bytes[from + at - start] = bytes[at] as number
    else this.#bytes.set(bytes.subarray(start, end), from)
    this.#hashes[number] = hash
    this.#starts[number + 1] = from + end - start
    this.size += 1
    this.#place(hash, number)
    return number
  }

  #place(hash: number, number: number): void {
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = number + 1
  }

  #reserve(bytes: number): void {
    if (bytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(bytes, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    if (this.size + 2 > this.#starts.length) {
      const starts = new Uint32Array(this.#starts.length * 2)
      starts.set(this.#starts)
      this.#starts = starts
      const hashes = new Int32Array(this.#hashes.length * 2)
      hashes.set(this.#hashes)
      this.#hashes = hashes
    }
    if (this.size * 2 < this.#slots.length) return
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let number = 0; number < this.size; number += 1) this.#place(this.#hashes[number] as number, number)
  }
}
