import type { QueryMemory } from '../catalog/memory.ts'

/** Is something that keeps bytes in memory beyond the call that made them. */
export type MemoryHolder = {
  readonly sizeBytes: number
  /** Lets go of as many bytes as it can do without, up to some; they can be read or built again. */
  release(bytes: number): void
}

/** Queries that together need less than this share of the limit are let in without a look at what is kept. */
const SMALL_SHARE = 1 / 16

/**
 * Accounts for one limit over all that a store keeps in memory: memtables, decoded columns, indexes and what queries
 * gather. Where a query needs what others only keep to be quicker, these let go of it.
 */
export class MemoryAccount implements QueryMemory {
  readonly limitBytes: number
  readonly #holders: MemoryHolder[] = []
  #reserved = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** Counts what a holder keeps from now on. */
  add(holder: MemoryHolder): void {
    this.#holders.push(holder)
  }

  /** Counts what is kept, without what queries have reserved. */
  get heldBytes(): number {
    return this.#holders.reduce((sum, holder) => sum + holder.sizeBytes, 0)
  }

  /** Counts what queries have reserved. */
  get reservedBytes(): number {
    return this.#reserved
  }

  reserve(bytes: number, share: number): boolean {
    const limit = this.limitBytes * share
    const wanted = this.#reserved + bytes
    if (wanted > limit) return false
    if (wanted < limit * SMALL_SHARE) {
      this.#reserved = wanted
      return true
    }
    let over = wanted + this.heldBytes - limit
    for (const holder of this.#holders) {
      if (over <= 0) break
      const before = holder.sizeBytes
      holder.release(over)
      over -= before - holder.sizeBytes
    }
    if (over > 0) return false
    this.#reserved = wanted
    return true
  }

  release(bytes: number): void {
    this.#reserved -= bytes
  }
}
