const FIRST_CAPACITY = 1024

/** Keeps the k rows of the least distance: a heap whose root is the farthest kept. Of equal distances the earlier row stays. */
export class TopK {
  readonly #limit: number
  #distances: Float64Array
  #rows: Float64Array
  #count = 0
  /** The distance that a row must be below to be kept. */
  threshold: number

  constructor(limit: number) {
    this.#limit = limit
    const first = Math.min(limit, FIRST_CAPACITY)
    this.#distances = new Float64Array(first)
    this.#rows = new Float64Array(first)
    this.threshold = limit === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }

  /** Offers a row; call it in ascending order of rows, and only below the threshold. */
  add(row: number, distance: number): void {
    if (this.#count < this.#limit) {
      if (this.#count === this.#rows.length) this.#grow()
      this.#count += 1
      this.#sink(this.#rise(this.#count - 1, distance), row, distance)
    } else this.#sink(this.#fall(distance, row), row, distance)
    if (this.#count === this.#limit) this.threshold = this.#distances[0] as number
  }

  /** A limit may be far above what is ever kept: there is only room for what is. */
  #grow(): void {
    const capacity = Math.min(this.#limit, this.#rows.length * 2)
    const [distances, rows] = [this.#distances, this.#rows]
    this.#distances = new Float64Array(capacity)
    this.#distances.set(distances)
    this.#rows = new Float64Array(capacity)
    this.#rows.set(rows)
  }

  #sink(at: number, row: number, distance: number): void {
    this.#distances[at] = distance
    this.#rows[at] = row
  }

  /** Moves what is nearer down from the last place up; gives the place for the distance. Rows ascend, so ties rise. */
  #rise(from: number, distance: number): number {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((this.#distances[parent] as number) > distance) break
      this.#move(parent, at)
      at = parent
    }
    return at
  }

  /** Moves what is farther up from the root down; gives the place for the distance. */
  #fall(distance: number, row: number): number {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#count) return at
      if (child + 1 < this.#count && this.#isFarther(child + 1, child)) child += 1
      const farther =
        (this.#distances[child] as number) > distance ||
        (this.#distances[child] === distance && (this.#rows[child] as number) > row)
      if (!farther) return at
      this.#move(child, at)
      at = child
    }
  }

  #isFarther(left: number, right: number): boolean {
    const difference = (this.#distances[left] as number) - (this.#distances[right] as number)
    return (
      difference > 0 || (difference === 0 && (this.#rows[left] as number) > (this.#rows[right] as number))
    )
  }

  #move(from: number, to: number): void {
    this.#distances[to] = this.#distances[from] as number
    this.#rows[to] = this.#rows[from] as number
  }

  /** Gives the rows kept, nearest first. */
  sorted(): { readonly row: number; readonly distance: number }[] {
    return Array.from({ length: this.#count }, (_, at) => ({
      row: this.#rows[at] as number,
      distance: this.#distances[at] as number,
    })).sort((left, right) => left.distance - right.distance || left.row - right.row)
  }
}
