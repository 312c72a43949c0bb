import type { Column } from '../types/column.ts'

type Entry = { readonly column: Column; readonly sizeBytes: number }

/**
 * Keeps decoded columns of segments, so that a column is read, checked and decompressed once, and is the same object
 * each time. Past its limit the columns not used for longest are let go; what a map holds weighs nothing.
 */
export class SegmentCache {
  readonly limitBytes: number
  #sizeBytes = 0
  /** Counts the columns let go: readers that hold on to columns ask for them anew when it has changed. */
  version = 0
  readonly #entries = new Map<string, Entry>()

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get(key: string): Column | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.sizeBytes > 0 && this.#sizeBytes > this.limitBytes / 2) {
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return entry.column
  }

  set(key: string, column: Column, sizeBytes: number): void {
    this.delete(key)
    this.#entries.set(key, { column, sizeBytes })
    this.#sizeBytes += sizeBytes
    this.#shrink(this.limitBytes, key)
  }

  /** Lets go of the columns not used for longest. */
  release(bytes: number): void {
    this.#shrink(this.#sizeBytes - bytes, null)
  }

  #shrink(sizeBytes: number, kept: string | null): void {
    if (this.#sizeBytes <= sizeBytes) return
    for (const [oldest, entry] of this.#entries) {
      if (oldest === kept) break
      if (entry.sizeBytes > 0) {
        this.delete(oldest)
        this.version += 1
      }
      if (this.#sizeBytes <= sizeBytes) break
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#sizeBytes -= entry.sizeBytes
  }
}
