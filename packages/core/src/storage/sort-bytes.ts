import type { BytesColumn } from '../types/column.ts'

/** Runs of at most this many rows are sorted by comparing them. */
const SMALL_RUN = 24
const MEDIUM_RUN = 256
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
const KEY_BYTES = 4

/**
 * Gives the order of the rows of a column of text or bytes: ascending by their bytes, which for text is the order of
 * code points; equal rows in their own order. Four bytes at a time, past what the rows of a run have in common.
 */
export function sortBytes(column: BytesColumn): Int32Array {
  const order = Int32Array.from({ length: column.length }, (_, at) => at)
  new BytesSort(column, order).run()
  return order
}

type Run = { readonly start: number; readonly end: number; readonly depth: number }

class BytesSort {
  readonly #data: Uint8Array
  readonly #offsets: Int32Array
  readonly #order: Int32Array
  readonly #keys: Uint32Array
  readonly #spareKeys: Uint32Array
  readonly #spareOrder: Int32Array
  readonly #counts = new Uint32Array(DIGITS)

  constructor(column: BytesColumn, order: Int32Array) {
    this.#data = column.data
    this.#offsets = column.offsets
    this.#order = order
    this.#keys = new Uint32Array(order.length)
    this.#spareKeys = new Uint32Array(order.length)
    this.#spareOrder = new Int32Array(order.length)
  }

  run(): void {
    const runs: Run[] = [{ start: 0, end: this.#order.length, depth: 0 }]
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
      if (run.end - run.start <= SMALL_RUN) this.#sortSmall(run)
      else if (run.end - run.start <= MEDIUM_RUN) this.#sortByComparing(run)
      else this.#sortLarge(run, runs)
    }
  }

  /** Compares two rows from a depth on. */
  #compare(left: number, right: number, depth: number): number {
    const data = this.#data
    let a = (this.#offsets[left] as number) + depth
    let b = (this.#offsets[right] as number) + depth
    const endA = this.#offsets[left + 1] as number
    const endB = this.#offsets[right + 1] as number
    while (a < endA && b < endB) {
      const difference = (data[a] as number) - (data[b] as number)
      if (difference !== 0) return difference
      a += 1
      b += 1
    }
    return endA - a - (endB - b)
  }

  #sortSmall({ start, end, depth }: Run): void {
    const order = this.#order
    for (let at = start + 1; at < end; at += 1) {
      const row = order[at] as number
      let place = at
      while (place > start && this.#compare(order[place - 1] as number, row, depth) > 0) {
        order[place] = order[place - 1] as number
        place -= 1
      }
      order[place] = row
    }
  }

  /** Counts the bytes that all rows of a run have in common from a depth on. */
  #commonLength({ start, end, depth }: Run): number {
    const [data, offsets, order] = [this.#data, this.#offsets, this.#order]
    const first = order[start] as number
    const base = (offsets[first] as number) + depth
    let common = (offsets[first + 1] as number) - base
    for (let at = start + 1; at < end && common > 0; at += 1) {
      const row = order[at] as number
      const from = (offsets[row] as number) + depth
      const limit = Math.min(common, (offsets[row + 1] as number) - from)
      let same = 0
      while (same < limit && data[base + same] === data[from + same]) same += 1
      common = same
    }
    return common
  }

  #sortByComparing({ start, end, depth }: Run): void {
    this.#order.subarray(start, end).sort((left, right) => this.#compare(left, right, depth) || left - right)
  }

  #sortLarge(run: Run, runs: Run[]): void {
    const { start, end } = run
    const depth = run.depth + this.#commonLength(run)
    const keys = this.#keys
    for (let at = start; at < end; at += 1) keys[at] = this.#keyOf(this.#order[at] as number, depth)
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) this.#pass(start, end, shift)
    let from = start
    for (let at = start + 1; at <= end; at += 1) {
      if (at < end && keys[at] === keys[from]) continue
      if (at - from > 1) this.#continue({ start: from, end: at, depth }, runs)
      from = at
    }
  }

  /** Goes on with rows whose next bytes are the same: past them, or where some end within them by comparing. */
  #continue(run: Run, runs: Run[]): void {
    for (let at = run.start; at < run.end; at += 1) {
      const row = this.#order[at] as number
      const rest = (this.#offsets[row + 1] as number) - (this.#offsets[row] as number) - run.depth
      if (rest >= KEY_BYTES) continue
      this.#sortByComparing(run)
      return
    }
    runs.push({ ...run, depth: run.depth + KEY_BYTES })
  }

  /** Gives the next bytes of a row as a number that sorts like them; zeros stand past its end. */
  #keyOf(row: number, depth: number): number {
    const data = this.#data
    const from = (this.#offsets[row] as number) + depth
    const end = this.#offsets[row + 1] as number
    let key = 0
    for (let at = from; at < from + KEY_BYTES; at += 1)
      key = (key << 8) | (at < end ? (data[at] as number) : 0)
    return key >>> 0
  }

  /** Sorts a run by one digit of its keys; rows of the same digit keep their order. */
  #pass(start: number, end: number, shift: number): void {
    const counts = this.#counts.fill(0)
    const [keys, order] = [this.#keys, this.#order]
    for (let at = start; at < end; at += 1) {
      const digit = ((keys[at] as number) >>> shift) & (DIGITS - 1)
      counts[digit] = (counts[digit] as number) + 1
    }
    if (counts[((keys[start] as number) >>> shift) & (DIGITS - 1)] === end - start) return
    let sum = start
    for (let digit = 0; digit < DIGITS; digit += 1) {
      const count = counts[digit] as number
      counts[digit] = sum
      sum += count
    }
    for (let at = start; at < end; at += 1) {
      const digit = ((keys[at] as number) >>> shift) & (DIGITS - 1)
      const place = counts[digit] as number
      counts[digit] = place + 1
      this.#spareKeys[place] = keys[at] as number
      this.#spareOrder[place] = order[at] as number
    }
    keys.set(this.#spareKeys.subarray(start, end), start)
    order.set(this.#spareOrder.subarray(start, end), start)
  }
}
