import type { CsrIndex } from '../../catalog/csr.ts'
import { RunTable } from './run-table.ts'
import { countPairs } from './sorted-intersection.ts'

/** Past this ratio of lengths searching the longer run beats looking up each of its ids. */
const SEARCH_FACTOR = 16

/**
 * Counts common neighbours of pairs of nodes, one looked up in each of two indexes. Pairs that come one after the other
 * often share a node: its run is then held as a table by id.
 */
export class PairCounter {
  readonly #left: CsrIndex
  readonly #right: CsrIndex
  #leftSlot = -1
  #rightSlot = -1
  #leftTable: RunTable | null = null
  #rightTable: RunTable | null = null

  constructor(left: CsrIndex, right: CsrIndex) {
    this.#left = left
    this.#right = right
  }

  count(leftNode: number, rightNode: number): number {
    const leftSlot = this.#left.slotOf(leftNode)
    const rightSlot = this.#right.slotOf(rightNode)
    if (leftSlot < 0 || rightSlot < 0) return 0
    const left = this.#left
    const right = this.#right
    const leftStart = left.offsets[leftSlot] as number
    const leftEnd = left.offsets[leftSlot + 1] as number
    const rightStart = right.offsets[rightSlot] as number
    const rightEnd = right.offsets[rightSlot + 1] as number
    const repeatsLeft = leftSlot === this.#leftSlot
    const repeatsRight = rightSlot === this.#rightSlot
    this.#leftSlot = leftSlot
    this.#rightSlot = rightSlot
    if (repeatsRight && leftEnd - leftStart < (rightEnd - rightStart) * SEARCH_FACTOR) {
      this.#rightTable ??= new RunTable(right)
      if (this.#rightTable.isPossible) {
        this.#rightTable.hold(rightSlot)
        return this.#rightTable.countPairs(left.neighbours, leftStart, leftEnd)
      }
    }
    if (repeatsLeft && rightEnd - rightStart < (leftEnd - leftStart) * SEARCH_FACTOR) {
      this.#leftTable ??= new RunTable(left)
      if (this.#leftTable.isPossible) {
        this.#leftTable.hold(leftSlot)
        return this.#leftTable.countPairs(right.neighbours, rightStart, rightEnd)
      }
    }
    return countPairs(left.neighbours, leftStart, leftEnd, right.neighbours, rightStart, rightEnd)
  }
}
