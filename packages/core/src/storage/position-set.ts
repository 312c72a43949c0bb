/** Rows are given bits in steps of this many, so that a few positions far apart cost little. */
const BLOCK_BITS = 4096
const BLOCK_WORDS = BLOCK_BITS / 32

/** Is a set of positions of rows: a bit a row, in blocks that are made where one is used. */
export class PositionSet {
  size = 0
  readonly #blocks = new Map<number, Uint32Array>()
  /** The block used last: positions mostly come in order. */
  #number = -1
  #block: Uint32Array | undefined

  #at(number: number): Uint32Array | undefined {
    if (number !== this.#number) {
      this.#block = this.#blocks.get(number)
      this.#number = number
    }
    return this.#block
  }

  has(position: number): boolean {
    const block = this.#at(Math.floor(position / BLOCK_BITS))
    if (block === undefined) return false
    const bit = position % BLOCK_BITS
    return ((block[bit >>> 5] as number) & (1 << (bit & 31))) !== 0
  }

  add(position: number): void {
    const number = Math.floor(position / BLOCK_BITS)
    let block = this.#at(number)
    if (block === undefined) {
      block = new Uint32Array(BLOCK_WORDS)
      this.#blocks.set(number, block)
      this.#block = block
    }
    const bit = position % BLOCK_BITS
    const word = block[bit >>> 5] as number
    const added = word | (1 << (bit & 31))
    if (added >>> 0 === word) return
    block[bit >>> 5] = added
    this.size += 1
  }

  /** Takes a position out; tells whether it was there. */
  delete(position: number): boolean {
    if (!this.has(position)) return false
    const bit = position % BLOCK_BITS
    const block = this.#block as Uint32Array
    block[bit >>> 5] = (block[bit >>> 5] as number) & ~(1 << (bit & 31))
    this.size -= 1
    return true
  }

  /** Gives the positions, ascending. */
  *[Symbol.iterator](): Generator<number> {
    const numbers = [...this.#blocks.keys()].sort((left, right) => left - right)
    for (const number of numbers) {
      const block = this.#blocks.get(number) as Uint32Array
      for (let bit = 0; bit < BLOCK_BITS; bit += 1)
        if (((block[bit >>> 5] as number) & (1 << (bit & 31))) !== 0) yield number * BLOCK_BITS + bit
    }
  }
}
