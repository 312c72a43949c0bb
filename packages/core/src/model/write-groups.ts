/** Is a write that waits for its outcome. */
export type WaitingWrite<Write, Outcome> = {
  readonly write: Write
  resolve(outcome: Outcome): void
  reject(error: unknown): void
}

/**
 * Gathers writes that are issued together, or while others are on their way to the disk, so that a model can put each
 * group into one transaction: it is read and synced once for all of them.
 */
export class WriteGroups<Write, Outcome> {
  readonly #writeGroup: (group: readonly WaitingWrite<Write, Outcome>[]) => Promise<void>
  #waiting: WaitingWrite<Write, Outcome>[] = []
  #isWriting = false

  /** `writeGroup` settles each write of a group, in whatever way, and does not reject itself. */
  constructor(writeGroup: (group: readonly WaitingWrite<Write, Outcome>[]) => Promise<void>) {
    this.#writeGroup = writeGroup
  }

  /** Gives the outcome of a write, which runs with whatever else is issued in this turn. */
  run(write: Write): Promise<Outcome> {
    const promise = new Promise<Outcome>((resolve, reject) => this.#waiting.push({ write, resolve, reject }))
    if (!this.#isWriting) {
      this.#isWriting = true
      // After all that is issued in this turn, by whichever of the callers that a former write has woken.
      process.nextTick(() => void this.#writeAll())
    }
    return promise
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await this.#writeGroup(group)
    }
    this.#isWriting = false
  }
}
