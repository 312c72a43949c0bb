import { AsyncLocalStorage } from 'node:async_hooks'
import { isSheafError, SheafError } from '../types/errors.ts'

/** Is what savepoints need of the transaction that they belong to. */
export type SavepointHost<Mark> = {
  /** Remembers how far the transaction has come. */
  mark(): Mark
  /** Undoes what was written since a mark. A mark may be gone back to more than once. */
  restore(mark: Mark): void
  /** Says that nothing goes back to any mark taken so far. */
  forgetMarks(): void
}

/** Is a place set by name. */
type Savepoint<Mark> = { readonly name: string; readonly serial: number; readonly mark: Mark }

/** Is a statement that runs. */
type Statement = {
  /** The statement whose work began this one. */
  readonly parent: Statement | null
  readonly serial: number
  /** True where others wrote while it ran, so that going back to its start would undo theirs too. */
  overlaps: boolean
}

const running = new AsyncLocalStorage<Statement>()

/**
 * Keeps the places that a transaction can go back to: savepoints by name, as in SQL, and the start of each statement
 * that runs.
 */
export class Savepoints<Mark> {
  readonly #host: SavepointHost<Mark>
  readonly #named: Savepoint<Mark>[] = []
  readonly #running = new Set<Statement>()
  #serial = 0
  #failure: { readonly error: unknown } | null = null

  constructor(host: SavepointHost<Mark>) {
    this.#host = host
  }

  /** Sets a savepoint; one of the same name is hidden until this one is released. */
  set(name: string): void {
    this.#serial += 1
    this.#named.push({ name, serial: this.#serial, mark: this.#host.mark() })
  }

  /** Undoes what was written since a savepoint, which stays; those after it are gone. @throws `NOT_FOUND` */
  rollbackTo(name: string): void {
    const at = this.#find(name)
    const { serial, mark } = this.#named[at] as Savepoint<Mark>
    this.#named.length = at + 1
    this.#host.restore(mark)
    for (const statement of this.#running) if (statement.serial > serial) statement.overlaps = true
  }

  /** Lets go of a savepoint and of those after it; what was written stays. @throws `NOT_FOUND` */
  release(name: string): void {
    this.#named.length = this.#find(name)
    this.#forget()
  }

  #find(name: string): number {
    const at = this.#named.findLastIndex((savepoint) => savepoint.name === name)
    if (at >= 0) return at
    throw new SheafError(
      'NOT_FOUND',
      `There is no savepoint of this name in the transaction. Set it with savepoint() first: ${name}`,
    )
  }

  /**
   * Runs work as one statement: where it fails, what it wrote is undone. Where other statements ran beside it, theirs
   * cannot be told from its own, and the transaction fails when it commits.
   */
  async statement<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const mark = this.#host.mark()
    const statement = this.#begin()
    try {
      return await running.run(statement, work)
    } catch (error) {
      if (statement.overlaps) this.#failure ??= { error }
      else this.#host.restore(mark)
      throw error
    } finally {
      this.#running.delete(statement)
      this.#forget()
    }
  }

  #begin(): Statement {
    const outer = running.getStore()
    const parent = outer !== undefined && this.#running.has(outer) ? outer : null
    this.#serial += 1
    const statement: Statement = { parent, serial: this.#serial, overlaps: false }
    for (const other of this.#running) {
      if (isWithin(statement, other)) continue
      other.overlaps = true
      statement.overlaps = true
    }
    this.#running.add(statement)
    return statement
  }

  #forget(): void {
    if (this.#running.size === 0 && this.#named.length === 0) this.#host.forgetMarks()
  }

  /** Throws where a failed statement could not be undone by itself. */
  checkWhole(): void {
    if (this.#failure === null) return
    const { error } = this.#failure
    throw new SheafError(
      isSheafError(error) ? error.code : 'INTERNAL',
      `A statement of this transaction failed while others of it ran, so that nothing of it is kept. Await each statement before the next one: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

function isWithin(statement: Statement, other: Statement): boolean {
  for (let each = statement.parent; each !== null; each = each.parent) if (each === other) return true
  return false
}
