import {
  type ModelContext,
  type SheafError,
  type WaitingWrite,
  WriteGroups,
  type WriteTransaction,
} from '@sheafdb/core'
import { currentTimeMs } from '../layout/clock.ts'
import { entryTable, LAYOUT_VERSION, MODEL } from '../layout/table.ts'
import { writeEntries } from './entries.ts'
import type { NewEntry } from './entry-batch.ts'
import { PURGE_INTERVAL_MS, purgeExpired } from './purge.ts'

/** Writes something in a transaction and gives the outcome; a refusal is given, not thrown, and has changed nothing. */
type Work = (transaction: WriteTransaction, nowMs: number) => SheafError | number

type Written = {
  readonly work: Work | NewEntry
  /** False for work that has nothing to do where there is no table. */
  readonly creates: boolean
}

type Waiting = WaitingWrite<Written, number>

/**
 * Writes to one collection. Writes that are issued together, or while others are on their way to the disk, share one
 * transaction: it is read and synced once for all of them. Each has its own outcome, in the order in which they came.
 */
export class WriteQueue {
  readonly #context: ModelContext
  readonly #name: string
  readonly #table: string
  readonly #groups = new WriteGroups<Written, number>((group) => this.#writeGroup(group))
  #nextPurgeMs = 0

  constructor(context: ModelContext, name: string, table: string) {
    this.#context = context
    this.#name = name
    this.#table = table
  }

  /** Writes an entry, whatever was there, or does other work; gives the version, or the work's outcome. */
  write(work: Work | NewEntry, { creates = true }: { readonly creates?: boolean } = {}): Promise<number> {
    if (!this.#context.commitsEachWrite) return this.#alone({ work, creates })
    return this.#groups.run({ work, creates })
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#context.write((transaction) =>
        this.#apply(
          transaction,
          group.map(({ write }) => write),
        ),
      )
      for (const [at, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[at]
        if (typeof outcome === 'number') resolve(outcome)
        else reject(outcome)
      }
    } catch (error) {
      const [first, ...others] = group
      if (others.length === 0) first?.reject(error)
      // What one of them met must not fail the others.
      else for (const waiting of group) await this.#writeGroup([waiting])
    }
  }

  async #alone(written: Written): Promise<number> {
    const [outcome] = await this.#context.write((transaction) => this.#apply(transaction, [written]))
    if (typeof outcome === 'number') return outcome
    throw outcome
  }

  #apply(transaction: WriteTransaction, group: readonly Written[]): (SheafError | number)[] {
    if (transaction.snapshot.catalog.table(this.#table) === undefined) {
      if (!group.some(({ creates }) => creates)) return group.map(() => 0)
      transaction.createCollection(MODEL, this.#name, { version: LAYOUT_VERSION, tables: [entryTable()] })
    }
    const nowMs = currentTimeMs()
    const outcomes: (SheafError | number)[] = []
    for (let from = 0; from < group.length; ) {
      const { work } = group[from] as Written
      if (typeof work === 'function') {
        outcomes.push(work(transaction, nowMs))
        from += 1
        continue
      }
      const entries: NewEntry[] = []
      for (; from < group.length; from += 1) {
        const next = (group[from] as Written).work
        if (typeof next === 'function') break
        entries.push(next)
      }
      const version = writeEntries(transaction, this.#table, entries)
      for (let at = 0; at < entries.length; at += 1) outcomes.push(version)
    }
    this.#purge(transaction, nowMs)
    return outcomes
  }

  #purge(transaction: WriteTransaction, nowMs: number): void {
    if (nowMs < this.#nextPurgeMs) return
    this.#nextPurgeMs = nowMs + PURGE_INTERVAL_MS
    purgeExpired(transaction, this.#table, nowMs)
  }
}
