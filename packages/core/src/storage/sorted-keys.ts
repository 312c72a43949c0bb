import type { BytesColumn } from '../types/column.ts'
import { compareKeyBytes } from './key-bytes.ts'

const FULL_BLOCK = 512

/** Is a place among sorted positions. */
type Place = { readonly block: number; readonly index: number }

/**
 * Keeps the positions of a column of bytes in the order of their keys, for keys that come one by one and in any order:
 * blocks of sorted positions, split where they grow full. Positions of one key stand in the order in which they came.
 */
export class SortedKeys {
  readonly #column: () => BytesColumn
  readonly #blocks: number[][] = []
  #count = 0

  /** Takes the column, which grows. */
  constructor(column: () => BytesColumn) {
    this.#column = column
  }

  /** Counts the positions taken in: grows with each change. */
  get count(): number {
    return this.#count
  }

  /** Takes in the positions that came since, up to a count. */
  catchUp(count: number): void {
    if (count === this.#count) return
    const column = this.#column()
    if (this.#count === 0) this.#fill(column, count)
    for (; this.#count < count; this.#count += 1) this.#insert(column, this.#count)
  }

  #fill(column: BytesColumn, count: number): void {
    const { data } = column
    const order = Array.from({ length: count }, (_, position) => position)
    order.sort((left, right) => {
      const [start, end] = rangeOf(column, left)
      return -compareKeyBytes(data, ...rangeOf(column, right), data.subarray(start, end)) || left - right
    })
    for (let from = 0; from < count; from += FULL_BLOCK / 2)
      this.#blocks.push(order.slice(from, from + FULL_BLOCK / 2))
    this.#count = count
  }

  #insert(column: BytesColumn, position: number): void {
    const [start, end] = rangeOf(column, position)
    const { block, index } = this.#seek(column, column.data.subarray(start, end), true)
    const number = Math.min(block, this.#blocks.length - 1)
    const target = this.#blocks[number]
    if (target === undefined) {
      this.#blocks.push([position])
      return
    }
    target.splice(block === number ? index : target.length, 0, position)
    if (target.length >= FULL_BLOCK) this.#blocks.splice(number + 1, 0, target.splice(FULL_BLOCK / 2))
  }

  /** Finds the first place whose key is not below the given one; with `after`, whose key is above it. */
  #seek(column: BytesColumn, key: Uint8Array, after: boolean): Place {
    const isBefore = (position: number): boolean => {
      const order = compareKeyBytes(column.data, ...rangeOf(column, position), key)
      return after ? order <= 0 : order < 0
    }
    const block = firstNot(this.#blocks.length, (at) =>
      isBefore((this.#blocks[at] as number[]).at(-1) as number),
    )
    const positions = this.#blocks[block] ?? []
    return { block, index: firstNot(positions.length, (at) => isBefore(positions[at] as number)) }
  }

  /** Finds the place of a position. */
  #placeOf(position: number): Place {
    const column = this.#column()
    const [start, end] = rangeOf(column, position)
    let { block, index } = this.#seek(column, column.data.subarray(start, end), false)
    while (this.#blocks[block]?.[index] !== position) {
      index += 1
      if (index < (this.#blocks[block]?.length ?? 0)) continue
      block += 1
      index = 0
    }
    return { block, index }
  }

  /**
   * Gives a function that goes from one position to the next in the order of keys, -1 at the end, from a bound on (the
   * first key not below it, or with `after` the first above it), or descending from the keys before it. Positions
   * that come meanwhile may be among them.
   */
  walk(
    bound: { readonly key: Uint8Array; readonly after: boolean } | null,
    descending: boolean,
  ): () => number {
    const end = { block: this.#blocks.length, index: 0 }
    const start = { block: 0, index: 0 }
    let { block, index }: { block: number; index: number } =
      bound === null ? (descending ? end : start) : this.#seek(this.#column(), bound.key, bound.after)
    if (!descending) index -= 1
    let seen = this.#count
    let last = -1
    return () => {
      if (seen !== this.#count && last >= 0) ({ block, index } = this.#placeOf(last))
      seen = this.#count
      index += descending ? -1 : 1
      while (block >= 0 && block < this.#blocks.length + 1) {
        const found = index < 0 ? undefined : this.#blocks[block]?.[index]
        if (found !== undefined) {
          last = found
          return found
        }
        block += descending ? -1 : 1
        index = descending ? (this.#blocks[block]?.length ?? 0) - 1 : 0
      }
      return -1
    }
  }
}

function rangeOf({ offsets }: BytesColumn, position: number): [start: number, end: number] {
  return [offsets[position] as number, offsets[position + 1] as number]
}

function firstNot(count: number, isBefore: (at: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}
