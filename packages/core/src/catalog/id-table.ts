const EMPTY = -1
const LARGEST_LOAD = 0.6

/** Maps ids (integers up to 2^53) to places: open addressing in typed arrays. */
export class IdTable {
  #ids: Float64Array
  #places: Uint32Array
  #mask: number
  #count = 0

  constructor(expected: number) {
    let capacity = 16
    while (capacity * LARGEST_LOAD < expected) capacity *= 2
    this.#ids = new Float64Array(capacity).fill(EMPTY)
    this.#places = new Uint32Array(capacity)
    this.#mask = capacity - 1
  }

  get size(): number {
    return this.#count
  }

  /** Adds an id that is not there. */
  add(id: number, place: number): void {
    if (this.#count >= this.#ids.length * LARGEST_LOAD) this.#grow()
    let at = hashOf(id) & this.#mask
    while (this.#ids[at] !== EMPTY) at = (at + 1) & this.#mask
    this.#ids[at] = id
    this.#places[at] = place
    this.#count += 1
  }

  /** Gives the place of an id, -1 where it has none. */
  find(id: number): number {
    if (id < 0) return EMPTY
    let at = hashOf(id) & this.#mask
    for (;;) {
      const found = this.#ids[at]
      if (found === id) return this.#places[at] as number
      if (found === EMPTY) return EMPTY
      at = (at + 1) & this.#mask
    }
  }

  #grow(): void {
    const { length } = this.#ids
    const [ids, places] = [this.#ids, this.#places]
    this.#ids = new Float64Array(length * 2).fill(EMPTY)
    this.#places = new Uint32Array(length * 2)
    this.#mask = length * 2 - 1
    this.#count = 0
    for (let at = 0; at < length; at += 1)
      if (ids[at] !== EMPTY) this.add(ids[at] as number, places[at] as number)
  }
}

/** Mixes the low and the high half of an id. */
function hashOf(id: number): number {
  const high = Math.floor(id / 4294967296)
  let hash = Math.imul(id ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 13)) >>> 0
}
