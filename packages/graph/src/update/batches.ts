import { isSheafError, planField, project, SheafError, sourceError, types, type Value } from '@sheafdb/core'
import { emptyFrame, type Frame, freshColumn } from '../language/lower/frame.ts'
import type * as syntax from '../language/syntax.ts'
import { checkDangling } from './delete.ts'
import { checkTouched } from './rules.ts'
import {
  openSession,
  type RunResult,
  resultRows,
  runClauses,
  runSubquery,
  type UpdateRequest,
} from './run.ts'
import {
  addColumns,
  type Counters,
  keepRows,
  type ReadFrame,
  readFrame,
  sessionContext,
  type UpdateSession,
  zeroCounters,
} from './session.ts'
import { stackFrames } from './stack.ts'
import { asRead } from './subquery.ts'

const DEFAULT_ROWS = 1000

/** Finds `CALL { … } IN TRANSACTIONS` among the clauses of a statement. */
export function hasTransactions({ query }: syntax.Statement): boolean {
  return query.parts.some(({ clauses }) => clauses.some(isBatched))
}

function isBatched(clause: syntax.Clause): clause is syntax.SubqueryClause {
  return clause.kind === 'subquery' && clause.inTransactions !== null
}

/**
 * Runs a statement with CALL { … } IN TRANSACTIONS: what stands before, each batch of rows and what stands after are
 * transactions of their own, in order. What was committed stays where a later one fails.
 */
export async function runInTransactions(request: UpdateRequest): Promise<RunResult> {
  const { context, statement } = request
  const [part, ...others] = statement.query.parts
  if (part === undefined || others.length > 0 || !context.commitsEachWrite) {
    throw sourceError(
      'ARGUMENT',
      others.length > 0
        ? 'CALL { } IN TRANSACTIONS cannot be part of a UNION. Run the parts one after the other.'
        : 'CALL { } IN TRANSACTIONS commits by itself. Run it outside of a transaction.',
      { text: statement.text, offset: statement.start, phase: 'runtime' },
    )
  }
  const counters = zeroCounters()
  const within = <Result>(work: (session: UpdateSession) => Promise<Result>): Promise<Result> =>
    inTransaction(request, counters, work)
  let frame = emptyFrame()
  let waiting: syntax.Clause[] = []
  for (const clause of part.clauses) {
    if (!isBatched(clause)) {
      waiting.push(clause)
      continue
    }
    const [before, clauses] = [frame, waiting]
    const read = await within(async (session) =>
      readFrame(session, await runClauses(session, before, clauses)),
    )
    frame = await runBatches(within, read, clause, await batchRows(within, clause))
    waiting = []
  }
  const rows = await within(async (session) => {
    const last = await runClauses(session, frame, waiting)
    return waiting.at(-1)?.kind === 'return' ? resultRows(session, last) : []
  })
  return { rows, counters }
}

type Within = <Result>(work: (session: UpdateSession) => Promise<Result>) => Promise<Result>

/** Runs work as one transaction; what it counts is added once it is committed. */
async function inTransaction<Result>(
  request: UpdateRequest,
  counters: Counters,
  work: (session: UpdateSession) => Promise<Result>,
): Promise<Result> {
  const { result, counted } = await request.context.write(async (transaction) => {
    const session = openSession(request, transaction)
    const made = await work(session)
    checkDangling(session)
    checkTouched(transaction)
    return { result: made, counted: session.counters }
  })
  for (const key of Object.keys(counters) as (keyof Counters)[]) counters[key] += counted[key]
  return result
}

async function batchRows(within: Within, { inTransactions }: syntax.SubqueryClause): Promise<number> {
  const rows = inTransactions?.rows ?? null
  if (rows === null) return DEFAULT_ROWS
  const given = await within(async (session) => {
    const frame = emptyFrame()
    const lowered = sessionContext(session).rules.expression(sessionContext(session), frame, rows)
    const [row] = await session.context.read(project(frame.plan, [freshColumn('rows', lowered)]), {
      parameters: session.parameters,
      transaction: session.transaction,
    })
    return row?.[0]
  })
  if (typeof given === 'number' && Number.isSafeInteger(given) && given > 0) return given
  throw new SheafError('ARGUMENT', `A batch has a whole number of rows of at least 1: ${String(given)}`, {
    phase: 'runtime',
    detail: 'NegativeIntegerArgument',
  })
}

async function runBatches(
  within: Within,
  read: ReadFrame,
  clause: syntax.SubqueryClause,
  size: number,
): Promise<Frame> {
  const { onError, status } = clause.inTransactions as syntax.TransactionBatches
  const done: ReadFrame[] = []
  let stopped = false
  for (let from = 0; from === 0 || from < read.rowCount; from += size) {
    const rows = Array.from({ length: Math.min(size, read.rowCount - from) }, (_, at) => from + at)
    const batch = keepRows(read.frame, rows)
    if (stopped) {
      done.push(withStatus(asRead(batch), status, { started: false, committed: false, errorMessage: null }))
      continue
    }
    try {
      const result = await within(async (session) =>
        readFrame(session, await runSubquery(session, batch, clause)),
      )
      done.push(withStatus(result, status, { started: true, committed: true, errorMessage: null }))
    } catch (error) {
      if (onError === 'fail' || !isSheafError(error)) throw error
      stopped = onError === 'break'
      done.push(
        withStatus(asRead(batch), status, { started: true, committed: false, errorMessage: error.message }),
      )
    }
  }
  return stackFrames(done)
}

function withStatus(
  read: ReadFrame,
  name: syntax.Name | null,
  status: Readonly<Record<string, Value>>,
): ReadFrame {
  if (name === null) return read
  const { frame } = asRead(
    keepRows(
      read.frame,
      Array.from({ length: read.rowCount }, (_, row) => row),
    ),
  )
  const field = planField(name.name, types.variant, true)
  addColumns(frame, [{ field, values: new Array<Value>(read.rowCount).fill(status) }])
  frame.bindings.set(name.name, { kind: 'value', value: { kind: 'column', ...field } })
  return asRead(frame)
}
