import {
  call,
  column,
  elementType,
  groupKey,
  isList,
  type ModelContext,
  SheafError,
  types,
  unnest,
  type Value,
  type WriteTransaction,
} from '@sheafdb/core'
import { copyFrame, emptyFrame, type Frame, makeFrame } from '../language/lower/frame.ts'
import { finishPlan, lowerReadClause } from '../language/lower/query.ts'
import type { LowerTarget } from '../language/lower.ts'
import type * as syntax from '../language/syntax.ts'
import { runCreate } from './create.ts'
import { checkDangling, runDelete } from './delete.ts'
import { runMerge } from './merge.ts'
import { type Counters, readFrame, sessionContext, type UpdateSession, zeroCounters } from './session.ts'
import { runRemove, runSet } from './set.ts'

/** Is what a statement gives: its rows, and what it changed. */
export type RunResult = { readonly rows: Record<string, Value>[]; readonly counters: Counters }

/** Is a statement to run. */
export type UpdateRequest = {
  readonly context: ModelContext
  readonly graph: string
  readonly statement: syntax.Statement
  readonly parameters: ReadonlyMap<string, Value>
  readonly target: Omit<LowerTarget, 'schema'>
}

/** Runs a checked statement that writes, within a transaction. */
export async function runUpdate(request: UpdateRequest, transaction: WriteTransaction): Promise<RunResult> {
  const session: UpdateSession = {
    ...request,
    transaction,
    counters: zeroCounters(),
    deletedEdges: new Set(),
    deletedNodes: new Set(),
    danglingEdges: new Set(),
  }
  const parts: Record<string, Value>[][] = []
  for (const part of request.statement.query.parts) parts.push(await runPart(session, part))
  checkDangling(session)
  const rows = parts.flat()
  const isDistinct = parts.length > 1 && request.statement.query.all[0] !== true
  return { rows: isDistinct ? distinctRows(rows) : rows, counters: session.counters }
}

function distinctRows(rows: readonly Record<string, Value>[]): Record<string, Value>[] {
  return [...new Map(rows.map((row) => [groupKey(Object.values(row)), row])).values()]
}

async function runPart(session: UpdateSession, part: syntax.SingleQuery): Promise<Record<string, Value>[]> {
  const frame = await runClauses(session, emptyFrame(), part.clauses)
  const last = part.clauses.at(-1)
  if (last?.kind !== 'return' && last?.kind !== 'call') return []
  const plan = finishPlan(sessionContext(session), frame)
  const rows = await session.context.read(plan, {
    parameters: session.parameters,
    transaction: session.transaction,
  })
  const names = plan.output.map(({ name }) => name)
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? null])))
}

async function runClauses(
  session: UpdateSession,
  frame: Frame,
  clauses: readonly syntax.Clause[],
): Promise<Frame> {
  let current = frame
  for (const clause of clauses) current = await runClause(session, current, clause)
  return current
}

async function runClause(session: UpdateSession, frame: Frame, clause: syntax.Clause): Promise<Frame> {
  switch (clause.kind) {
    case 'create':
      return runCreate(session, frame, clause.patterns)
    case 'merge':
      return runMerge(session, frame, clause)
    case 'set':
      return runSet(session, frame, clause.items)
    case 'remove':
      return runRemove(session, frame, clause.items)
    case 'delete':
      return runDelete(session, frame, clause)
    case 'foreach':
      return runForeach(session, frame, clause)
    case 'subquery':
      return isUpdating(clause.query)
        ? runSubquery(session, frame, clause)
        : lowerReadClause(sessionContext(session), frame, clause)
    default:
      return lowerReadClause(sessionContext(session), frame, clause)
  }
}

/** Tells whether a query writes. */
export function isUpdating(query: syntax.Query): boolean {
  return query.parts.some((part) => part.clauses.some(isUpdate))
}

function isUpdate(clause: syntax.Clause): boolean {
  switch (clause.kind) {
    case 'create':
    case 'merge':
    case 'set':
    case 'remove':
    case 'delete':
    case 'foreach':
      return true
    case 'subquery':
      return isUpdating(clause.query)
    default:
      return false
  }
}

/** Runs FOREACH: its updates see each element of the list beside the row's variables; the rows go on as they were. */
async function runForeach(
  session: UpdateSession,
  frame: Frame,
  clause: syntax.ForeachClause,
): Promise<Frame> {
  const read = await readFrame(session, frame)
  const context = sessionContext(session)
  const inner = copyFrame(read.frame)
  const list = context.rules.expression(context, inner, clause.list)
  const items = isList(list.type) ? list : call('cypher.as_list', list)
  inner.plan = unnest(inner.plan, items, {
    name: clause.variable.name,
    type: isList(list.type) ? elementType(list.type) : types.variant,
  })
  const element = inner.plan.output.at(-1) as (typeof inner.plan.output)[number]
  inner.bindings.set(clause.variable.name, { kind: 'value', value: column(element) })
  const rows = await readFrame(session, inner)
  await runClauses(session, rows.frame, clause.updates)
  return read.frame
}

/** Runs CALL { … } that writes, once for each row; what it returns is joined to the row. */
async function runSubquery(
  session: UpdateSession,
  frame: Frame,
  clause: syntax.SubqueryClause,
): Promise<Frame> {
  const read = await readFrame(session, frame)
  const returns = clause.query.parts.every((part) => part.clauses.at(-1)?.kind === 'return')
  if (returns || clause.query.parts.length > 1) {
    throw new SheafError(
      'UNSUPPORTED',
      'A subquery that writes and returns rows is not carried out yet. Leave out its RETURN.',
    )
  }
  const [part] = clause.query.parts
  const clauses = part?.clauses ?? []
  await runClauses(session, makeFrame(read.frame.plan, read.frame.bindings), clauses)
  return read.frame
}
