import type { CsrIndex } from '../../catalog/csr.ts'
import type { SortedIds } from './sorted-intersection.ts'

/** Ids at and past this bound are not held in a table. */
const MAX_ID = 1 << 26

/**
 * Holds how often each id stands in one run of an index, as a table by id: rows that intersect with the same run one
 * after the other look their ids up, instead of walking the run again.
 */
export class RunTable {
  readonly #index: CsrIndex
  readonly #counts: Uint32Array | null
  #slot = -1

  constructor(index: CsrIndex) {
    this.#index = index
    this.#counts = tableFor(index.neighbours)
  }

  /** Tells whether the ids of the index are small enough for a table. */
  get isPossible(): boolean {
    return this.#counts !== null
  }

  /** Holds the run of a slot from now on. */
  hold(slot: number): void {
    if (slot === this.#slot) return
    if (this.#slot >= 0) this.#fill(this.#slot, 0)
    this.#fill(slot, 1)
    this.#slot = slot
  }

  #fill(slot: number, value: 0 | 1): void {
    const counts = this.#counts as Uint32Array
    const { neighbours, offsets } = this.#index
    const end = offsets[slot + 1] as number
    for (let place = offsets[slot] as number; place < end; place += 1) {
      const id = neighbours[place] as number
      counts[id] = value === 0 ? 0 : (counts[id] as number) + 1
    }
  }

  /** Counts the pairs of equal ids of the run held and another. */
  countPairs(ids: SortedIds, start: number, end: number): number {
    const counts = this.#counts as Uint32Array
    const size = counts.length
    let count = 0
    for (let place = start; place < end; place += 1) {
      const id = ids[place] as number
      if (id < size) count += counts[id] as number
    }
    return count
  }
}

const tables = new WeakMap<SortedIds, number>()

function tableFor(neighbours: SortedIds): Uint32Array | null {
  let largest = tables.get(neighbours)
  if (largest === undefined) {
    largest = 0
    for (let place = 0; place < neighbours.length; place += 1)
      if ((neighbours[place] as number) > largest) largest = neighbours[place] as number
    tables.set(neighbours, largest)
  }
  return largest < MAX_ID ? new Uint32Array(largest + 1) : null
}
