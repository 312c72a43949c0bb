/** Finds positions by row id in a segment whose rows are not in that order. */
export class RowPositions {
  readonly #rowIds: Float64Array
  readonly #positions: Uint32Array

  constructor(count: number, rowIdAt: (position: number) => number) {
    const ids = Float64Array.from({ length: count }, (_, position) => rowIdAt(position))
    this.#positions = Uint32Array.from({ length: count }, (_, position) => position)
    let ascending = true
    for (let at = 1; at < count && ascending; at += 1)
      ascending = (ids[at - 1] as number) <= (ids[at] as number)
    if (!ascending) this.#positions.sort((left, right) => (ids[left] as number) - (ids[right] as number))
    this.#rowIds = ascending ? ids : Float64Array.from(this.#positions, (position) => ids[position] as number)
  }

  find(rowId: number, accept: (position: number) => boolean): number {
    let low = 0
    let high = this.#rowIds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#rowIds[middle] as number) < rowId) low = middle + 1
      else high = middle
    }
    for (; low < this.#rowIds.length && this.#rowIds[low] === rowId; low += 1) {
      const position = this.#positions[low] as number
      if (accept(position)) return position
    }
    return -1
  }
}
