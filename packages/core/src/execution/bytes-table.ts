const INITIAL_SLOTS = 1024
const INITIAL_BYTES = 16_384

/** Gives equal runs of bytes equal small integers, from 0 up, without making a string of each: open addressing over copies. */
export class BytesTable {
  #slots = new Int32Array(INITIAL_SLOTS).fill(-1)
  #hashes = new Int32Array(INITIAL_SLOTS)
  /** Where each entry ends among the copies; it starts where the one before ends. */
  #ends = new Float64Array(INITIAL_SLOTS)
  #copies = new Uint8Array(INITIAL_BYTES)
  #count = 0

  /** Counts the distinct runs so far. */
  get count(): number {
    return this.#count
  }

  /** Estimates the bytes that the table takes. */
  get sizeBytes(): number {
    return this.#count === 0 ? 0 : this.#copies.length + 16 * this.#slots.length
  }

  /** Gives the number of `data[start .. end)`, a new one where it was not there. */
  idOf(data: Uint8Array, start: number, end: number): number {
    const hash = hashOf(data, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] as number
      if (id < 0) return this.#add(hash, slot, data, start, end)
      if (this.#hashes[id] === hash && this.#equals(id, data, start, end)) return id
    }
  }

  #equals(id: number, data: Uint8Array, start: number, end: number): boolean {
    const from = id === 0 ? 0 : (this.#ends[id - 1] as number)
    const size = end - start
    if ((this.#ends[id] as number) - from !== size) return false
    const copies = this.#copies
    for (let at = 0; at < size; at += 1) if (copies[from + at] !== data[start + at]) return false
    return true
  }

  #add(hash: number, slot: number, data: Uint8Array, start: number, end: number): number {
    const id = this.#count
    const from = id === 0 ? 0 : (this.#ends[id - 1] as number)
    const until = from + end - start
    if (until > this.#copies.length) {
      const larger = new Uint8Array(Math.max(until, 2 * this.#copies.length))
      larger.set(this.#copies)
      this.#copies = larger
    }
    this.#copies.set(data.subarray(start, end), from)
    this.#hashes[id] = hash
    this.#ends[id] = until
    this.#slots[slot] = id
    this.#count += 1
    if (this.#count * 2 >= this.#slots.length) this.#grow()
    return id
  }

  #grow(): void {
    const size = this.#slots.length * 2
    const hashes = new Int32Array(size)
    hashes.set(this.#hashes)
    const ends = new Float64Array(size)
    ends.set(this.#ends)
    const slots = new Int32Array(size).fill(-1)
    for (let id = 0; id < this.#count; id += 1) {
      let slot = (hashes[id] as number) & (size - 1)
      while (slots[slot] !== -1) slot = (slot + 1) & (size - 1)
      slots[slot] = id
    }
    this.#hashes = hashes
    this.#ends = ends
    this.#slots = slots
  }
}

/** FNV-1a with its upper bits mixed into the lower ones, which choose the slot. */
function hashOf(data: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (data[at] as number), 0x01000193)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
