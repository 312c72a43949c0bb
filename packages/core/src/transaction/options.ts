import type { FileSystem } from '../storage/file-system.ts'
import type { Durability } from '../storage/log.ts'
import type { RetentionOptions } from './retention.ts'

/** Says how to open the tables of a store. */
export type TableStoreOptions = {
  /** The store's folder, or `:memory:` for one that is not kept. */
  readonly path: string
  /** Where the folder is; the machine's file system unless given. */
  readonly fileSystem?: FileSystem
  readonly readOnly?: boolean
  readonly durability?: Durability
  /** Bytes that memtables and decoded segments may hold. */
  readonly memoryLimit?: number
  /** Gives the time in milliseconds since the epoch. */
  readonly clock?: () => number
  /** Gives a number from 0 up to 1. */
  readonly random?: () => number
  readonly timers?: Timers
  /** From how many rows on a commit's rows go into a segment at once, and not into the log. */
  readonly directRows?: number
  /** How far back snapshots can be opened and changes read; by default as far as open snapshots need. */
  readonly retention?: RetentionOptions
}

/** Is how the store waits. */
export type Timers = {
  /** Runs something after some milliseconds, without keeping the process alive for it. */
  later(run: () => void, ms: number): void
  /** Lets other work run. */
  pause(): Promise<void>
  /** Keeps the process alive, while a commit waits for what `later` does not keep it alive for, until it is called off. */
  keepAlive?(): () => void
}

/** Waits in real time. */
export const REAL_TIMERS: Timers = {
  later: (run, ms) => void setTimeout(run, ms).unref(),
  pause: () => new Promise((resolve) => setImmediate(resolve)),
  keepAlive() {
    const timer = setInterval(() => {}, 1000)
    return () => clearInterval(timer)
  },
}
