/** Is the sorted neighbours of an index. */
export type SortedIds = Uint32Array | Float64Array

/** Past this ratio of lengths the shorter run is walked and its ids are searched in the longer one. */
const SEARCH_FACTOR = 8

/** Finds the first place from `start` whose id is at least `id`, by steps that double. */
function seek(ids: SortedIds, id: number, start: number, end: number): number {
  let step = 1
  let low = start
  while (low + step < end && (ids[low + step] as number) < id) {
    low += step
    step *= 2
  }
  let high = Math.min(end, low + step + 1)
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ids[middle] as number) < id) low = middle + 1
    else high = middle
  }
  return low
}

/** Counts the pairs of equal ids of two sorted runs: the product of how often each stands in both. */
export function countPairs(
  left: SortedIds,
  leftStart: number,
  leftEnd: number,
  right: SortedIds,
  rightStart: number,
  rightEnd: number,
): number {
  const leftSize = leftEnd - leftStart
  const rightSize = rightEnd - rightStart
  if (leftSize * SEARCH_FACTOR < rightSize)
    return countBySearch(left, leftStart, leftEnd, right, rightStart, rightEnd)
  if (rightSize * SEARCH_FACTOR < leftSize)
    return countBySearch(right, rightStart, rightEnd, left, leftStart, leftEnd)
  return countByMerge(left, leftStart, leftEnd, right, rightStart, rightEnd)
}

function countByMerge(
  left: SortedIds,
  leftStart: number,
  leftEnd: number,
  right: SortedIds,
  rightStart: number,
  rightEnd: number,
): number {
  let count = 0
  let at = leftStart
  let other = rightStart
  while (at < leftEnd && other < rightEnd) {
    const id = left[at] as number
    const otherId = right[other] as number
    if (id < otherId) at += 1
    else if (id > otherId) other += 1
    else {
      const first = at
      const otherFirst = other
      do at += 1
      while (at < leftEnd && left[at] === id)
      do other += 1
      while (other < rightEnd && right[other] === id)
      count += (at - first) * (other - otherFirst)
    }
  }
  return count
}

function countBySearch(
  short: SortedIds,
  start: number,
  end: number,
  long: SortedIds,
  longStart: number,
  longEnd: number,
): number {
  let count = 0
  let place = longStart
  for (let at = start; at < end && place < longEnd; ) {
    const id = short[at] as number
    const first = at
    do at += 1
    while (at < end && short[at] === id)
    place = seek(long, id, place, longEnd)
    const found = place
    while (place < longEnd && long[place] === id) place += 1
    count += (at - first) * (place - found)
  }
  return count
}

/**
 * Walks the ids that all of some sorted runs hold, in ascending order: the leapfrog of worst-case-optimal joins. The
 * shortest run leads, the others are searched from where they stand.
 *
 * @see Veldhuizen, Leapfrog Triejoin: A Simple, Worst-Case Optimal Join Algorithm (2014)
 */
export class SortedIntersection {
  /** The id found last. */
  id = -1
  /** Where the id found last stands in each run: from `starts` up to `places`. */
  readonly starts: Float64Array
  readonly places: Float64Array
  readonly #ids: SortedIds[]
  readonly #ends: Float64Array
  readonly #count: number
  #leader = 0

  constructor(count: number) {
    this.#count = count
    this.#ids = new Array(count)
    this.starts = new Float64Array(count)
    this.places = new Float64Array(count)
    this.#ends = new Float64Array(count)
  }

  /** Sets one of the runs. Call `begin` once all are set. */
  open(run: number, ids: SortedIds, start: number, end: number): void {
    this.#ids[run] = ids
    this.places[run] = start
    this.#ends[run] = end
  }

  begin(): void {
    this.#leader = 0
    for (let run = 1; run < this.#count; run += 1)
      if (this.#left(run) < this.#left(this.#leader)) this.#leader = run
  }

  #left(run: number): number {
    return (this.#ends[run] as number) - (this.places[run] as number)
  }

  /** Goes on to the next id that all runs hold; false where there is none. */
  next(): boolean {
    const leader = this.#leader
    const ids = this.#ids[leader] as SortedIds
    const end = this.#ends[leader] as number
    let at = this.places[leader] as number
    while (at < end) {
      const id = ids[at] as number
      const ahead = this.#advanceOthers(id)
      if (ahead === id) {
        this.#take(id, at)
        return true
      }
      if (ahead === Number.POSITIVE_INFINITY) return false
      at = seek(ids, ahead, at, end)
    }
    return false
  }

  /** Moves the other runs up to an id; gives the id that one of them stands at instead, infinity where one has ended. */
  #advanceOthers(id: number): number {
    for (let run = 0; run < this.#count; run += 1) {
      if (run === this.#leader) continue
      const ids = this.#ids[run] as SortedIds
      const end = this.#ends[run] as number
      const from = this.places[run] as number
      const place = from < end && (ids[from] as number) >= id ? from : seek(ids, id, from, end)
      this.places[run] = place
      if (place >= end) return Number.POSITIVE_INFINITY
      if (ids[place] !== id) return ids[place] as number
    }
    return id
  }

  #take(id: number, leaderPlace: number): void {
    this.id = id
    this.places[this.#leader] = leaderPlace
    for (let run = 0; run < this.#count; run += 1) {
      const ids = this.#ids[run] as SortedIds
      const end = this.#ends[run] as number
      let place = this.places[run] as number
      this.starts[run] = place
      do place += 1
      while (place < end && ids[place] === id)
      this.places[run] = place
    }
  }
}
