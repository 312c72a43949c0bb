/** Up to so many places a row, ids get a table with a place each. */
const MOST_PLACES = 4
const NONE = -1

/**
 * Finds positions by row id in a segment whose rows are not in that order. Ids that lie close together are looked up
 * in a table, others by bisection; of several versions of a row the first that is accepted is given.
 */
export class RowPositions {
  readonly #find: (rowId: number, accept: (position: number) => boolean) => number

  /** `ids` holds the row id of each position; `low` and `high` are the least and the greatest of them. */
  constructor(ids: Float64Array, low: number, high: number) {
    const places = high - low + 1
    this.#find =
      places <= ids.length * MOST_PLACES
        ? byTable(ids, { low, places })
        : byBisection(ids, sortedPositions(ids))
  }

  find(rowId: number, accept: (position: number) => boolean): number {
    return this.#find(rowId, accept)
  }
}

function byTable(
  ids: Float64Array,
  { low, places }: { readonly low: number; readonly places: number },
): (rowId: number, accept: (position: number) => boolean) => number {
  const first = new Int32Array(places).fill(NONE)
  /** The next position of the same row; only where a row has several. */
  let next: Int32Array | null = null
  for (let position = ids.length - 1; position >= 0; position -= 1) {
    const place = (ids[position] as number) - low
    const other = first[place] as number
    if (other !== NONE) {
      next ??= new Int32Array(ids.length).fill(NONE)
      next[position] = other
    }
    first[place] = position
  }
  return (rowId, accept) => {
    let position = first[rowId - low] ?? NONE
    while (position !== NONE && !accept(position))
      position = next === null ? NONE : (next[position] as number)
    return position
  }
}

function sortedPositions(ids: Float64Array): Uint32Array {
  const positions = new Uint32Array(ids.length)
  for (let position = 0; position < positions.length; position += 1) positions[position] = position
  return positions.sort((left, right) => (ids[left] as number) - (ids[right] as number))
}

function byBisection(
  ids: Float64Array,
  positions: Uint32Array,
): (rowId: number, accept: (position: number) => boolean) => number {
  const idAt = (place: number) => ids[positions[place] as number] as number
  return (rowId, accept) => {
    let low = 0
    let high = positions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (idAt(middle) < rowId) low = middle + 1
      else high = middle
    }
    for (; low < positions.length && idAt(low) === rowId; low += 1) {
      const position = positions[low] as number
      if (accept(position)) return position
    }
    return NONE
  }
}
