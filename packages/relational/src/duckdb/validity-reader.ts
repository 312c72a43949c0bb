/** Collects validity bits; keeps no bitmap where no row is null. */
export class ValidityReader {
  #bits: Uint8Array | null = null
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  append(validity: BigUint64Array | null, at: number, count: number): void {
    if (validity === null && this.#bits === null) return
    const bits = this.#ensure(at + count)
    if (validity === null) {
      setBits(bits, at, count)
      return
    }
    const bytes = new Uint8Array(validity.buffer, validity.byteOffset, validity.byteLength)
    if ((at & 7) === 0) {
      bits.set(bytes.subarray(0, (count + 7) >> 3), at >> 3)
      return
    }
    for (let index = 0; index < count; index += 1) {
      const row = at + index
      const bit = 1 << (row & 7)
      const valid = ((bytes[index >> 3] as number) >> (index & 7)) & 1
      // The byte may hold bits past the last chunk's end, so each bit is written, not only those that are set.
      bits[row >> 3] = valid === 1 ? (bits[row >> 3] as number) | bit : (bits[row >> 3] as number) & ~bit
    }
  }

  /** Makes the bitmap where there is none: the rows before were all valid. */
  #ensure(length: number): Uint8Array {
    const need = (Math.max(length, this.#capacity) + 7) >> 3
    if (this.#bits === null) {
      this.#bits = new Uint8Array(need)
      setBits(this.#bits, 0, length)
      clearBitsFrom(this.#bits, length)
    } else if (this.#bits.length < need) {
      const grown = new Uint8Array(need * 2)
      grown.set(this.#bits)
      this.#bits = grown
    }
    return this.#bits
  }

  finish(length: number): Uint8Array | null {
    const bits = this.#bits
    this.#bits = null
    return bits === null ? null : bits.subarray(0, (length + 7) >> 3)
  }
}

function setBits(bits: Uint8Array, at: number, count: number): void {
  for (let row = at; row < at + count; row += 1)
    bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
}

function clearBitsFrom(bits: Uint8Array, at: number): void {
  if ((at & 7) !== 0) bits[at >> 3] = (bits[at >> 3] as number) & ((1 << (at & 7)) - 1)
}
