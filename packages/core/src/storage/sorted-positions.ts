import { compareValues, type Value } from '../types/value.ts'

/** Rows that came since are looked at one by one up to this many; past it they are sorted in. */
const LONGEST_TAIL = 512

const LARGEST_PART = 0.25

/**
 * Keeps the positions of a memtable sorted by the first field of the key, for ranges of keys. Made when a range is
 * first asked for; rows that come later are sorted in by portions.
 */
export class SortedPositions {
  readonly #read: (position: number) => Value
  #keys: Value[] = []
  #positions: number[] = []
  /** How many of the memtable's rows are sorted. */
  #count = 0

  constructor(read: (position: number) => Value) {
    this.#read = read
  }

  /**
   * Gives the positions among the first `rowCount` whose key lies from `lower` to `upper`, ascending; `null` where
   * they are so many that reading all rows in their order is quicker.
   */
  between(lower: Value | undefined, upper: Value | undefined, rowCount: number): Uint32Array | null {
    if (rowCount - this.#count > LONGEST_TAIL) this.#sortIn(rowCount)
    const start = lower === undefined ? 0 : this.#bound((key) => compareValues(key, lower) < 0)
    const end = upper === undefined ? this.#keys.length : this.#bound((key) => compareValues(key, upper) <= 0)
    if (end - start > rowCount * LARGEST_PART) return null
    const found = this.#positions.slice(start, Math.max(start, end)).filter((position) => position < rowCount)
    for (let position = this.#count; position < rowCount; position += 1) {
      const key = this.#read(position)
      if (lower !== undefined && compareValues(key, lower) < 0) continue
      if (upper !== undefined && compareValues(key, upper) > 0) continue
      found.push(position)
    }
    return Uint32Array.from(found).sort()
  }

  #bound(before: (key: Value) => boolean): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (before(this.#keys[middle])) low = middle + 1
      else high = middle
    }
    return low
  }

  #sortIn(rowCount: number): void {
    const fresh = Array.from({ length: rowCount - this.#count }, (_, at) => {
      const position = this.#count + at
      return { key: this.#read(position), position }
    }).sort((left, right) => compareValues(left.key, right.key))
    const keys: Value[] = []
    const positions: number[] = []
    let old = 0
    for (const { key, position } of fresh) {
      for (; old < this.#keys.length && compareValues(this.#keys[old], key) <= 0; old += 1) {
        keys.push(this.#keys[old])
        positions.push(this.#positions[old] as number)
      }
      keys.push(key)
      positions.push(position)
    }
    this.#keys = keys.concat(this.#keys.slice(old))
    this.#positions = positions.concat(this.#positions.slice(old))
    this.#count = rowCount
  }
}
