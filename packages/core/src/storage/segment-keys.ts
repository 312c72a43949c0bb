import type { BytesColumn, Column } from '../types/column.ts'
import { compareKeyBytes } from './key-bytes.ts'
import { KeyIndex } from './key-index.ts'
import type { BytesKey } from './key-token.ts'
import { CHUNK_ROWS } from './part.ts'

const CHUNK_SHIFT = 16
/** Searches of a segment cost less with a hash table once they are as many as one in so many of its rows. */
const ROWS_PER_SEARCH = 16

/** Is what the search for keys needs of a segment. */
export type SegmentKeysHost = {
  readonly rowCount: number
  /** Gives the key's column of a chunk. */
  keyColumn(chunk: number): Column
  /** Tells the least and the greatest key of a chunk, where they are known without reading it. */
  chunkBounds(chunk: number): readonly [Uint8Array, Uint8Array] | null
  isVisible(position: number, commit: number): boolean
  /** Tells by the segment's filter whether a key can be there. */
  mayHold(hash: number): boolean
  /** Changes when decoded columns were let go: then nothing may hold on to them. */
  readonly cacheVersion: number
  /** Counts the bytes of a hash table among what is kept in memory. */
  keepIndex(index: KeyIndex): void
}

/** Searches the keys of a segment that is sorted by one field of bytes. */
export class SegmentKeys {
  readonly #host: SegmentKeysHost
  readonly #chunkCount: number
  #chunks: BytesColumn[] = []
  #cacheVersion = -1
  #index: KeyIndex | null = null
  #searches = 0
  /** False where memory has no room for all keys at once. */
  #mayIndex = true

  constructor(host: SegmentKeysHost) {
    this.#host = host
    this.#chunkCount = Math.ceil(host.rowCount / CHUNK_ROWS)
  }

  /** Finds the position of the version of a key that is visible at a commit, or -1. */
  find(key: BytesKey, commit: number): number {
    this.#checkCache()
    const { bytes } = key
    if (!this.#mayHold(bytes)) return -1
    if (this.#index === null && !this.#host.mayHold(key.hash)) return -1
    if (this.#index === null && this.#mayIndex) {
      this.#searches += 1
      if (this.#searches * ROWS_PER_SEARCH > this.#host.rowCount) this.#makeIndex()
    }
    return this.#index === null ? this.#search(bytes, commit) : this.#probe(this.#index, key, commit)
  }

  #probe(index: KeyIndex, key: BytesKey, commit: number): number {
    let position = index.find(this.#chunks, CHUNK_SHIFT, key.bytes, key.hash)
    while (position >= 0 && !this.#host.isVisible(position, commit)) position = index.before(position)
    return position
  }

  #search(key: Uint8Array, commit: number): number {
    for (let position = this.lowerBound(key, false); position < this.#host.rowCount; position += 1) {
      if (this.#compare(position, key) !== 0) return -1
      if (this.#host.isVisible(position, commit)) return position
    }
    return -1
  }

  #checkCache(): void {
    if (this.#cacheVersion === this.#host.cacheVersion) return
    this.#chunks = []
    this.#index = null
    this.#cacheVersion = this.#host.cacheVersion
  }

  #makeIndex(): void {
    const version = this.#host.cacheVersion
    for (let chunk = 0; chunk < this.#chunkCount; chunk += 1) this.#chunk(chunk)
    const index = new KeyIndex(this.#host.rowCount)
    index.add(this.#chunks, CHUNK_SHIFT, this.#host.rowCount)
    this.#host.keepIndex(index)
    if (this.#host.cacheVersion === version) this.#index = index
    else this.#mayIndex = false
  }

  #chunk(chunk: number): BytesColumn {
    let column = this.#chunks[chunk]
    if (column === undefined) {
      column = this.#host.keyColumn(chunk) as BytesColumn
      this.#chunks[chunk] = column
    }
    return column
  }

  /** The bounds of all keys, found once. */
  #bounds: readonly [Uint8Array, Uint8Array] | null | undefined

  #mayHold(key: Uint8Array): boolean {
    this.#bounds ??= this.#boundsOfAll()
    const bounds = this.#bounds
    if (bounds === null) return true
    const [low, high] = bounds
    return compareKeyBytes(low, 0, low.length, key) <= 0 && compareKeyBytes(high, 0, high.length, key) >= 0
  }

  #boundsOfAll(): readonly [Uint8Array, Uint8Array] | null {
    const first = this.#host.chunkBounds(0)
    const last = this.#host.chunkBounds(this.#chunkCount - 1)
    return first === null || last === null ? null : [first[0], last[1]]
  }

  /** Finds the first position whose key is not below the given one; with `after`, whose key is above it. */
  lowerBound(key: Uint8Array, after: boolean): number {
    this.#checkCache()
    let low = 0
    let high = this.#host.rowCount
    while (low < high) {
      const middle = middleOf(low, high)
      const order = this.#orderAround(middle, key)
      if (order < 0 || (after && order === 0)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Compares as far as the bounds of a chunk tell, so that chunks far from the key are not read. */
  #orderAround(position: number, key: Uint8Array): number {
    const chunk = position >>> CHUNK_SHIFT
    if (this.#chunks[chunk] === undefined) {
      const bounds = this.#host.chunkBounds(chunk)
      if (bounds !== null) {
        const [low, high] = bounds
        if (compareKeyBytes(low, 0, low.length, key) > 0) return 1
        if (compareKeyBytes(high, 0, high.length, key) < 0) return -1
      }
    }
    return this.#compare(position, key)
  }

  #compare(position: number, key: Uint8Array): number {
    const { offsets, data } = this.#chunk(position >>> CHUNK_SHIFT)
    const index = position & (CHUNK_ROWS - 1)
    return compareKeyBytes(data, offsets[index] as number, offsets[index + 1] as number, key)
  }

  /** Gives the key at a position: a view of the store's memory. */
  keyAt(position: number): Uint8Array {
    this.#checkCache()
    const { offsets, data } = this.#chunk(position >>> CHUNK_SHIFT)
    const index = position & (CHUNK_ROWS - 1)
    return data.subarray(offsets[index], offsets[index + 1])
  }
}

/** Gives the middle of a range, at a multiple of a chunk where the range is larger than one. */
function middleOf(low: number, high: number): number {
  const middle = (low + high) >>> 1
  if (high - low <= CHUNK_ROWS) return middle
  const whole = middle & ~(CHUNK_ROWS - 1)
  return whole > low ? whole : middle
}
