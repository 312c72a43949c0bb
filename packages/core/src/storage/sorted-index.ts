import type { IndexBound, IndexRange } from '../catalog/table-source.ts'
import { compareValues, type Value } from '../types/value.ts'
import { isPlainNumber, keyText, keyTextEnd } from './index-key.ts'

/** Is a run of entries: `positions[start .. end)`. */
export type IndexRun = { readonly start: number; readonly end: number }

const NO_ENTRIES: IndexRun = { start: 0, end: 0 }

/**
 * Is the rows of a part sorted by the key of an index: each distinct key once, in order, and the positions of its
 * rows. Keys of one part that are numbers are kept as doubles, all others as text whose order is that of values.
 * Where a key has one part, the rows whose key is null come first and have no entry among the keys.
 */
export class SortedIndex {
  readonly #keys: Float64Array | readonly string[]
  /** Key k has the positions from `starts[k]` up to `starts[k + 1]`; before `starts[0]` are those of null. */
  readonly #starts: Uint32Array
  readonly positions: Uint32Array
  readonly partCount: number
  readonly sizeBytes: number

  constructor(
    keys: Float64Array | readonly string[],
    entries: { readonly starts: Uint32Array; readonly positions: Uint32Array; readonly partCount: number },
  ) {
    this.#keys = keys
    this.#starts = entries.starts
    this.positions = entries.positions
    this.partCount = entries.partCount
    this.sizeBytes = sizeOfKeys(keys) + entries.starts.byteLength + entries.positions.byteLength
  }

  get keyCount(): number {
    return this.#keys.length
  }

  /** Finds the entries of a range. A key of one part that is null is in no range: it is found by equality alone. */
  find(range: IndexRange): IndexRun {
    if (range.equal.length === 1 && this.#isOfNull(range)) return { start: 0, end: this.#starts[0] as number }
    const run =
      this.#keys instanceof Float64Array ? findNumber(this.#keys, range) : findText(this.#keys, range)
    if (run === null) return NO_ENTRIES
    return { start: this.#starts[run.start] as number, end: this.#starts[run.end] as number }
  }

  #isOfNull({ equal, lower, upper }: IndexRange): boolean {
    const isNull = equal[0] === null || equal[0] === undefined
    return isNull && this.partCount === 1 && lower === undefined && upper === undefined
  }

  /** Finds the first key that more than one row has, as the positions of two of its rows; `null` where there is none. */
  firstRepeated(counts: (position: number) => boolean): readonly [number, number] | null {
    for (let key = -1; key < this.keyCount; key += 1) {
      const start = key < 0 ? 0 : (this.#starts[key] as number)
      const end = this.#starts[key + 1] as number
      if (end - start < 2) continue
      const live = this.positions.subarray(start, end).filter(counts)
      if (live.length > 1) return [live[0] as number, live[1] as number]
    }
    return null
  }
}

function sizeOfKeys(keys: Float64Array | readonly string[]): number {
  if (keys instanceof Float64Array) return keys.byteLength
  let size = 0
  for (const key of keys) size += key.length + STRING_OVERHEAD_BYTES
  return size
}

const STRING_OVERHEAD_BYTES = 24

/** Finds the first of ascending keys for which a test fails. */
function partition(count: number, isBefore: (at: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}

function findNumber(keys: Float64Array, { equal, lower, upper }: IndexRange): IndexRun | null {
  const from = equal.length > 0 ? { value: equal[0], inclusive: true } : lower
  const to = equal.length > 0 ? from : upper
  const start = from === undefined ? 0 : numberPlace(keys, from.value, !from.inclusive)
  const end = to === undefined ? keys.length : numberPlace(keys, to.value, to.inclusive)
  return start < end ? { start, end } : null
}

/** Finds the first key that is not below a value, or with `after` the first above it. */
function numberPlace(keys: Float64Array, value: Value, after: boolean): number {
  if (isPlainNumber(value))
    return partition(keys.length, (at) =>
      after ? (keys[at] as number) <= value : (keys[at] as number) < value,
    )
  return partition(keys.length, (at) => {
    const order = compareValues(keys[at], value)
    return order < 0 || (after && order === 0)
  })
}

function findText(keys: readonly string[], { equal, lower, upper }: IndexRange): IndexRun | null {
  const prefix = keyText(equal)
  const from = lower === undefined ? prefix : lowerText(prefix, lower)
  const to = upper === undefined ? keyTextEnd(prefix) : upperText(prefix, upper)
  if (from === null) return null
  const start = partition(keys.length, (at) => (keys[at] as string) < from)
  const end = to === null ? keys.length : partition(keys.length, (at) => (keys[at] as string) < to)
  return start < end ? { start, end } : null
}

function lowerText(prefix: string, { value, inclusive }: IndexBound): string | null {
  const text = prefix + keyText([value])
  return inclusive ? text : keyTextEnd(text)
}

function upperText(prefix: string, { value, inclusive }: IndexBound): string | null {
  const text = prefix + keyText([value])
  return inclusive ? keyTextEnd(text) : text
}

/** Collects the entries of an index, row by row, and sorts them. */
export class IndexBuilder {
  readonly #partCount: number
  /** Keys so far, as long as all are numbers. */
  #numbers: Float64Array | null
  #texts: string[] = []
  readonly #nulls: number[] = []
  #positions = new Uint32Array(64)
  #count = 0

  constructor(partCount: number) {
    this.#partCount = partCount
    this.#numbers = partCount === 1 ? new Float64Array(64) : null
  }

  /** Adds an entry: the values of the key's parts, and the position of the row. */
  add(key: readonly Value[], position: number): void {
    if (this.#partCount === 1 && (key[0] === null || key[0] === undefined)) {
      this.#nulls.push(position)
      return
    }
    if (this.#numbers !== null && !isPlainNumber(key[0])) this.#toTexts()
    this.#grow()
    if (this.#numbers !== null) this.#numbers[this.#count] = (key[0] as number) + 0
    else this.#texts.push(keyText(key))
    this.#positions[this.#count] = position
    this.#count += 1
  }

  #toTexts(): void {
    const numbers = this.#numbers as Float64Array
    this.#texts = Array.from({ length: this.#count }, (_, at) => keyText([numbers[at]]))
    this.#numbers = null
  }

  #grow(): void {
    if (this.#count < this.#positions.length) return
    const positions = new Uint32Array(this.#count * 2)
    positions.set(this.#positions)
    this.#positions = positions
    if (this.#numbers === null) return
    const numbers = new Float64Array(this.#count * 2)
    numbers.set(this.#numbers)
    this.#numbers = numbers
  }

  finish(): SortedIndex {
    const positions = this.#positions.subarray(0, this.#count)
    const { keys, ranks } =
      this.#numbers === null ? rankTexts(this.#texts) : rankNumbers(this.#numbers.subarray(0, this.#count))
    return new SortedIndex(keys, {
      ...this.#grouped(keys.length, ranks, positions),
      partCount: this.#partCount,
    })
  }

  /** Orders positions by the rank of their key; rows of one key keep their order. */
  #grouped(
    keyCount: number,
    ranks: Uint32Array,
    positions: Uint32Array,
  ): { readonly starts: Uint32Array; readonly positions: Uint32Array } {
    const nulls = this.#nulls
    const starts = new Uint32Array(keyCount + 1)
    for (const rank of ranks) starts[rank + 1] = (starts[rank + 1] as number) + 1
    starts[0] = nulls.length
    for (let key = 0; key < keyCount; key += 1)
      starts[key + 1] = (starts[key + 1] as number) + (starts[key] as number)
    const next = starts.slice()
    const ordered = new Uint32Array(nulls.length + positions.length)
    ordered.set(nulls)
    for (let at = 0; at < ranks.length; at += 1) {
      const rank = ranks[at] as number
      ordered[next[rank] as number] = positions[at] as number
      next[rank] = (next[rank] as number) + 1
    }
    return { starts, positions: ordered }
  }
}

/** Is the distinct keys in order, and for each entry the place of its key among them. */
type Ranked = { readonly keys: Float64Array | readonly string[]; readonly ranks: Uint32Array }

function rankTexts(texts: readonly string[]): Ranked {
  const ordinals = new Map<string, number>()
  const groups = new Uint32Array(texts.length)
  for (let at = 0; at < texts.length; at += 1) {
    const text = texts[at] as string
    let ordinal = ordinals.get(text)
    if (ordinal === undefined) {
      ordinal = ordinals.size
      ordinals.set(text, ordinal)
    }
    groups[at] = ordinal
  }
  const keys = [...ordinals.keys()].sort()
  const ranks = new Uint32Array(keys.length)
  for (let rank = 0; rank < keys.length; rank += 1) ranks[ordinals.get(keys[rank] as string) as number] = rank
  return { keys, ranks: groups.map((group) => ranks[group] as number) }
}

function rankNumbers(numbers: Float64Array): Ranked {
  const sorted = numbers.slice().sort()
  let distinct = 0
  for (let at = 0; at < sorted.length; at += 1) {
    if (at > 0 && sorted[at] === sorted[at - 1]) continue
    sorted[distinct] = sorted[at] as number
    distinct += 1
  }
  const keys = sorted.slice(0, distinct)
  const ranks = new Uint32Array(numbers.length)
  for (let at = 0; at < numbers.length; at += 1) {
    const value = numbers[at] as number
    ranks[at] = partition(distinct, (key) => (keys[key] as number) < value)
  }
  return { keys, ranks }
}
