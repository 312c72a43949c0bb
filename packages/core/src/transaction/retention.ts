/** Says how far back the store can be read. */
export type RetentionOptions = {
  /** Commits before the last one. */
  readonly commits?: number
  /** Milliseconds before now. */
  readonly ms?: number
}

/** Is a commit and when it was made, in milliseconds since the epoch. */
export type CommitTime = readonly [commit: number, timeMs: number]

/** Commits are told apart by time this finely: a part of the time for which they are kept. */
const STEPS = 1000

/** Knows which commits may still be asked for: by how many there were since, and by how long ago they were made. */
export class Retention {
  readonly #commits: number
  readonly #ms: number
  #times: CommitTime[] = []

  constructor({ commits = 0, ms = 0 }: RetentionOptions) {
    this.#commits = commits
    this.#ms = ms
  }

  /** Goes on from what a manifest tells. */
  resume(times: readonly CommitTime[]): void {
    this.#times = [...times]
  }

  /** Notes when a commit was made. */
  note(commit: number, timeMs: number): void {
    if (this.#ms === 0) return
    const last = this.#times.at(-1)
    if (last === undefined || timeMs >= last[1] + this.#ms / STEPS) this.#times.push([commit, timeMs])
  }

  /** Gives the oldest commit to be kept, and forgets the times before it. */
  oldest(lastCommit: number, nowMs: number): number {
    const byCount = lastCommit - this.#commits
    if (this.#ms === 0) return byCount
    // What was seen then is the outcome of the last commit before that time.
    const before = this.#times.findLastIndex(([, timeMs]) => timeMs <= nowMs - this.#ms)
    if (before > 0) this.#times.splice(0, before)
    return Math.min(byCount, before < 0 ? 0 : (this.#times[0] as CommitTime)[0])
  }

  /** Gives what a manifest keeps. */
  get times(): readonly CommitTime[] {
    return this.#times
  }
}
