import {
  type ColumnExpression,
  call,
  column,
  elementType,
  groupKey,
  isList,
  type ModelContext,
  type PlanField,
  planField,
  types,
  unnest,
  type Value,
  type WriteTransaction,
  withFreshIds,
} from '@sheafdb/core'
import { joinNew } from '../language/lower/correlation.ts'
import { copyFrame, emptyFrame, type Frame, makeFrame, mapBinding } from '../language/lower/frame.ts'
import { finishPlan, lowerReadClause } from '../language/lower/query.ts'
import type { LowerTarget } from '../language/lower.ts'
import type * as syntax from '../language/syntax.ts'
import { runCreate } from './create.ts'
import { checkDangling, runDelete } from './delete.ts'
import { runMerge } from './merge.ts'
import { checkTouched } from './rules.ts'
import {
  addColumns,
  type Counters,
  readFrame,
  sessionContext,
  type UpdateSession,
  zeroCounters,
} from './session.ts'
import { runRemove, runSet } from './set.ts'
import { readsGraph, runSubqueryByRow } from './subquery.ts'

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
  const session = openSession(request, transaction)
  const parts: Record<string, Value>[][] = []
  for (const part of request.statement.query.parts) parts.push(await runPart(session, part))
  checkDangling(session)
  checkTouched(transaction)
  const rows = parts.flat()
  const isDistinct = parts.length > 1 && request.statement.query.all[0] !== true
  return { rows: isDistinct ? distinctRows(rows) : rows, counters: session.counters }
}

/** Starts a statement in a transaction. */
export function openSession(request: UpdateRequest, transaction: WriteTransaction): UpdateSession {
  return {
    ...request,
    transaction,
    counters: zeroCounters(),
    deletedEdges: new Set(),
    deletedNodes: new Set(),
    danglingEdges: new Set(),
  }
}

function distinctRows(rows: readonly Record<string, Value>[]): Record<string, Value>[] {
  return [...new Map(rows.map((row) => [groupKey(Object.values(row)), row])).values()]
}

async function runPart(session: UpdateSession, part: syntax.SingleQuery): Promise<Record<string, Value>[]> {
  const frame = await runClauses(session, emptyFrame(), part.clauses)
  const last = part.clauses.at(-1)
  if (last?.kind !== 'return' && last?.kind !== 'call') return []
  return resultRows(session, frame)
}

/** Reads what a frame binds as the rows of a result. */
export async function resultRows(session: UpdateSession, frame: Frame): Promise<Record<string, Value>[]> {
  const plan = finishPlan(sessionContext(session), frame)
  const rows = await session.context.read(plan, {
    parameters: session.parameters,
    transaction: session.transaction,
  })
  const names = plan.output.map(({ name }) => name)
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? null])))
}

/** Runs clauses one after the other; gives the rows after them. */
export async function runClauses(
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

/** Runs CALL { … } that writes: row by row where it may read what it has written, else for all rows at once. */
export async function runSubquery(
  session: UpdateSession,
  frame: Frame,
  clause: syntax.SubqueryClause,
): Promise<Frame> {
  const read = await readFrame(session, frame)
  const [part, ...others] = clause.query.parts
  if (part === undefined || others.length > 0 || readsGraph(part) || clause.imports === null)
    return runSubqueryByRow(session, read, clause, runClauses)
  const field = planField('row', types.int64, false)
  addColumns(read.frame, [{ field, values: Array.from({ length: read.rowCount }, (_, row) => row) }])
  const row = column(field)
  const seen = [...read.frame.bindings].filter(([name]) => isImported(clause, name))
  const inner = makeFrame(read.frame.plan, seen, { plan: read.frame.plan, columns: [row] })
  const result = await runClauses(session, inner, part.clauses)
  if (part.clauses.at(-1)?.kind !== 'return') return read.frame
  const outer = withFreshRow(read.frame, row)
  joinNew(
    outer.frame,
    { inner: result, keys: [[outer.row, row]] },
    result,
    result.bindings,
    clause.optional ? 'left' : 'inner',
  )
  return outer.frame
}

function isImported({ imports }: syntax.SubqueryClause, name: string): boolean {
  return imports === '*' || (imports?.some((item) => item.name === name) ?? false)
}

/** Gives the rows outside their own column ids, since those inside have been made of them. */
function withFreshRow(
  frame: Frame,
  row: ColumnExpression,
): { readonly frame: Frame; readonly row: ColumnExpression } {
  const fresh = withFreshIds(frame.plan)
  const places = new Map(frame.plan.output.map(({ id }, at) => [id, column(fresh.output[at] as PlanField)]))
  const moved = (item: ColumnExpression): ColumnExpression => places.get(item.id) as ColumnExpression
  const bindings = [...frame.bindings].map(([name, binding]) => [name, mapBinding(binding, moved)] as const)
  return { frame: makeFrame(fresh, bindings, frame.domain), row: moved(row) }
}
