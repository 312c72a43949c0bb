import { type ModelContext, SheafError, type WriteTransaction } from '@sheafdb/core'
import { parseStatements, splitStatements } from '../language/parser/parser.ts'
import type { Statement, TransactionStatement } from '../language/statement.ts'
import { NO_SETTINGS, type SessionSettings } from '../planning/settings.ts'
import type { StatementContext, StatementResult } from '../statements/context.ts'
import type { Parameters } from './parameters.ts'
import { changedSettings } from './session-settings.ts'

/** Runs statements over a context. */
type Run = (
  sql: string,
  parameters: Parameters | undefined,
  options: { readonly settings: SessionSettings },
  over: ModelContext,
) => Promise<StatementResult>

/** Makes what a statement has to work with, over a context. */
type ContextFor = (
  parameters: Parameters | undefined,
  settings: SessionSettings,
  over: ModelContext,
) => StatementContext

/** Is a connection with state: transactions and settings as SQL text. */
export type SqlSession = {
  /** Runs statements, inside the session's transaction where one is open. */
  run(sql: string, parameters?: Parameters): Promise<StatementResult>
  /** True between BEGIN and COMMIT or ROLLBACK. */
  readonly inTransaction: boolean
  /** Ends the session; an open transaction is rolled back. */
  close(): Promise<void>
}

/** Is a transaction that stays open until `end` is called. */
type OpenTransaction = {
  readonly transaction: WriteTransaction
  readonly context: ModelContext
  readonly end: (outcome: 'commit' | 'rollback') => void
  readonly done: Promise<unknown>
  failed: boolean
}

/** Is thrown inside a transaction to undo it; no caller sees it. */
class RolledBack extends Error {}

/** Opens a session. */
export function openSession(context: ModelContext, run: Run, contextFor: ContextFor): SqlSession {
  let current: OpenTransaction | null = null
  let settings = NO_SETTINGS
  const finish = async (outcome: 'commit' | 'rollback'): Promise<StatementResult> => {
    const open = current
    if (open === null)
      throw new SheafError('ARGUMENT', `There is no transaction to ${outcome}. Begin one with BEGIN.`)
    current = null
    open.end(outcome === 'commit' && open.failed ? 'rollback' : outcome)
    await open.done
    if (outcome === 'commit' && open.failed)
      throw new SheafError(
        'CONFLICT',
        'A statement of the transaction failed, so nothing of it was kept. Begin another one.',
      )
    return { rowsAffected: 0 }
  }
  const control = async ({ action, name }: TransactionStatement): Promise<StatementResult> => {
    if (action === 'commit' || action === 'rollback') return finish(action)
    if (action !== 'begin') return savepoint(current, action, name)
    if (current !== null)
      throw new SheafError('ARGUMENT', 'A transaction is open already. End it with COMMIT or ROLLBACK first.')
    current = await begin(context)
    return { rowsAffected: 0 }
  }
  return {
    get inTransaction() {
      return current !== null
    },
    async run(sql, parameters) {
      let rowsAffected = 0
      let last: StatementResult = { rowsAffected: 0 }
      for (const text of splitStatements(sql)) {
        const statement = parseStatements(text)[0] as Statement
        const open = current as OpenTransaction | null
        if (statement.kind === 'transaction') last = await control(statement)
        else if (statement.kind === 'setting') {
          const given = contextFor(parameters, settings, open?.context ?? context)
          settings = await changedSettings(statement, settings, given)
          last = { rowsAffected: 0 }
        } else if (open === null) last = await run(text, parameters, { settings }, context)
        else {
          try {
            last = await run(text, parameters, { settings }, open.context)
          } catch (error) {
            open.failed = true
            throw error
          }
        }
        rowsAffected += last.rowsAffected
      }
      return { ...last, rowsAffected }
    },
    async close() {
      if (current !== null) await finish('rollback')
    },
  }
}

/** Sets, goes back to and lets go of savepoints; going back undoes a failure since. */
function savepoint(
  open: OpenTransaction | null,
  action: 'savepoint' | 'release' | 'rollback-to',
  name: string,
): StatementResult {
  if (open === null)
    throw new SheafError('ARGUMENT', 'A savepoint belongs to a transaction. Begin one with BEGIN first.')
  if (action === 'savepoint') open.transaction.savepoint(name)
  else if (action === 'release') open.transaction.release(name)
  else {
    open.transaction.rollbackTo(name)
    open.failed = false
  }
  return { rowsAffected: 0 }
}

/** Opens a transaction that stays open: the work of a write that waits for its end. */
async function begin(context: ModelContext): Promise<OpenTransaction> {
  let end: (outcome: 'commit' | 'rollback') => void = () => {}
  const ended = new Promise<'commit' | 'rollback'>((settle) => {
    end = settle
  })
  let started: (over: WriteTransaction) => void = () => {}
  const opened = new Promise<WriteTransaction>((settle) => {
    started = settle
  })
  let attempts = 0
  const done = context
    .write(async (transaction: WriteTransaction) => {
      attempts += 1
      if (attempts > 1)
        throw new SheafError('CONSTRAINT', 'Another transaction changed the same rows first. Begin again.')
      started(transaction)
      if ((await ended) === 'rollback') throw new RolledBack()
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error
    })
  const transaction = await Promise.race([opened, done])
  if (transaction === undefined)
    throw new SheafError('INTERNAL', 'Internal error: a transaction ended before it began. Please report it.')
  return { transaction, context: context.within(transaction), end, done, failed: false }
}
