import { isSheafError, type ModelContext, type Value, type WaitingWrite, WriteGroups } from '@sheafdb/core'
import type { Insert } from '../language/statement.ts'
import type { StatementContext, StatementResult } from '../statements/context.ts'
import { insertSets } from '../statements/insert.ts'

type Issued = {
  readonly statement: Insert
  readonly parameters: ReadonlyMap<string, Value>
  /** Runs the statement by itself. */
  readonly alone: () => Promise<StatementResult>
}

type Waiting = WaitingWrite<Issued, StatementResult>

/**
 * Runs INSERTs of constants and parameters. Those that are issued together, or while others are on their way to the
 * disk, share one transaction, and those of one text are written as one batch. Each has its own outcome: where one
 * fails, all of its group run again by themselves.
 */
export class InsertQueue {
  readonly #context: ModelContext
  readonly #given: StatementContext
  readonly #groups = new WriteGroups<Issued, StatementResult>((group) => this.#writeGroup(group))

  constructor(context: ModelContext, given: StatementContext) {
    this.#context = context
    this.#given = given
  }

  /** Runs an INSERT, with whatever else is issued in this turn. */
  run(
    statement: Insert,
    parameters: ReadonlyMap<string, Value>,
    alone: () => Promise<StatementResult>,
  ): Promise<StatementResult> {
    return this.#groups.run({ statement, parameters, alone })
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    let results: readonly number[] | undefined
    if (group.length > 1) {
      try {
        results = await this.#writeTogether(group.map(({ write }) => write))
      } catch (error) {
        if (!isSheafError(error)) {
          for (const { reject } of group) reject(error)
          return
        }
        // What one of them met must not fail the others: each meets its own below.
      }
    }
    if (results !== undefined)
      for (const [at, { resolve }] of group.entries()) resolve({ rowsAffected: results[at] as number })
    else await Promise.all(group.map(({ write, resolve, reject }) => write.alone().then(resolve, reject)))
  }

  /** Gives the rows of each, or `undefined` where one of them has to run by itself; then nothing is kept. */
  async #writeTogether(group: readonly Issued[]): Promise<readonly number[] | undefined> {
    try {
      return await this.#context.write(async (transaction) => {
        const counts: number[] = []
        const within = { ...this.#given, context: this.#context.within(transaction) }
        for (let from = 0; from < group.length; ) {
          const { statement } = group[from] as Issued
          let to = from
          while (to < group.length && group[to]?.statement === statement) to += 1
          const sets = group.slice(from, to).map(({ parameters }) => parameters)
          const each = await insertSets(transaction, statement, sets, within)
          if (each === undefined) throw new RunAlone()
          for (let at = from; at < to; at += 1) counts.push(each)
          from = to
        }
        return counts
      })
    } catch (error) {
      if (error instanceof RunAlone) return undefined
      throw error
    }
  }
}

/** Is thrown inside a transaction to undo it; no caller sees it. */
class RunAlone extends Error {}
