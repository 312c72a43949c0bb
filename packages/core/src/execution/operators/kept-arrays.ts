/** Arrays up to this many bytes are kept for the next query, so many of each kind. */
const MOST_BYTES = 2 ** 23
const ARRAYS_KEPT = 4
const SHORTEST = 256

/** Hands out arrays, and takes back those of steps that ended: large ones cost more to make than to fill. */
class KeptArrays<Kept extends { readonly length: number; readonly byteLength: number }> {
  readonly #make: (length: number) => Kept
  readonly #kept: Kept[] = []

  constructor(make: (length: number) => Kept) {
    this.#make = make
  }

  /** Gives an array of a length or longer. */
  take(length: number): Kept {
    const at = this.#kept.findIndex((item) => item.length >= length)
    return at < 0 ? this.#make(Math.max(length, SHORTEST)) : (this.#kept.splice(at, 1)[0] as Kept)
  }

  keep(item: Kept): void {
    if (item.byteLength > MOST_BYTES) return
    if (this.#kept.length === ARRAYS_KEPT) this.#kept.shift()
    this.#kept.push(item)
  }
}

/** Holds arrays of zeros: what is given back must be zeros again. */
export const zeros: KeptArrays<Float64Array> = new KeptArrays((length) => new Float64Array(length))

/** Holds marks, a byte each: what is given back must be zeros again. */
export const unmarked: KeptArrays<Uint8Array> = new KeptArrays((length) => new Uint8Array(length))

/** Holds lists of nodes, with anything in them. */
export const lists: KeptArrays<Uint32Array> = new KeptArrays((length) => new Uint32Array(length))
