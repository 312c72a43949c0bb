import { columnReader, extend, groupKey, planField, types, type Value } from '@sheafdb/core'
import { wholeValue } from '../language/lower/facets.ts'
import {
  type Binding,
  type Frame,
  freshColumn,
  makeFrame,
  mapBinding,
  outputColumn,
} from '../language/lower/frame.ts'
import type * as syntax from '../language/syntax.ts'
import {
  addColumns,
  keepRows,
  type ReadFrame,
  readFrame,
  sessionContext,
  type UpdateSession,
} from './session.ts'
import { stackFrames } from './stack.ts'

/** Runs clauses on a frame: what {@link runSubqueryByRow} needs of whoever runs statements. */
export type RunClauses = (
  session: UpdateSession,
  frame: Frame,
  clauses: readonly syntax.Clause[],
) => Promise<Frame>

const READS: ReadonlySet<unknown> = new Set([
  'match',
  'merge',
  'set',
  'remove',
  'delete',
  'foreach',
  'subquery',
  'call',
  'loadCsv',
  'pattern',
  'patternComprehension',
  'exists',
  'count',
  'collect',
])

/** Tells whether a part of a statement may read what it has written itself: then it runs row by row. */
export function readsGraph(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  if (READS.has((part as { readonly kind?: unknown }).kind)) return true
  return Object.values(part).some(readsGraph)
}

/** Runs CALL { … } that writes once for each row, in order: each sees what those before it have written. */
export async function runSubqueryByRow(
  session: UpdateSession,
  read: ReadFrame,
  clause: syntax.SubqueryClause,
  runClauses: RunClauses,
): Promise<Frame> {
  const seen = importedBindings(read.frame, clause)
  const stacked: ReadFrame[] = []
  for (let row = 0; row < read.rowCount; row += 1) {
    const outer = keepRows(read.frame, [row])
    const parts: ReadFrame[] = []
    for (const part of clause.query.parts) {
      const result = await runClauses(session, makeFrame(outer.plan, seen), part.clauses)
      if (part.clauses.at(-1)?.kind !== 'return') continue
      if (clause.query.parts.length > 1) makeWhole(session, result)
      parts.push(await readFrame(session, result))
    }
    const returned = distinctRows(parts, clause)
    if (returned === null) continue
    const count = returned.rowCount === 0 && clause.optional ? 1 : returned.rowCount
    stacked.push(besideRow(read, row, returned, count))
  }
  return stacked.length === 0 ? withNames(read, clause) : stackFrames(stacked)
}

function importedBindings(
  frame: Frame,
  { imports, query }: syntax.SubqueryClause,
): readonly [string, Binding][] {
  const all = [...frame.bindings]
  if (imports === '*') return all
  if (imports === null) return query.parts.some(({ clauses }) => clauses[0]?.kind === 'with') ? all : []
  return all.filter(([name]) => imports.some((item) => item.name === name))
}

/** Holds every name as a plain value, so that the parts of a UNION fit under each other. */
function makeWhole(session: UpdateSession, frame: Frame): void {
  const context = sessionContext(session)
  for (const [name, binding] of frame.bindings) {
    if (binding.kind === 'value') continue
    const value = freshColumn(name, wholeValue(context, frame, binding))
    frame.plan = extend(frame.plan, [value])
    frame.bindings.set(name, { kind: 'value', value: outputColumn(frame.plan, value.id) })
  }
}

/** Puts the results of the parts of a UNION together; `null` where the subquery returns nothing. */
function distinctRows(parts: readonly ReadFrame[], { query }: syntax.SubqueryClause): ReadFrame | null {
  const [first, ...rest] = parts
  if (first === undefined) return null
  if (rest.length === 0) return first
  const united = asRead(stackFrames(parts))
  if (query.all[0] === true) return united
  const names = [...united.frame.bindings.values()] as Extract<Binding, { kind: 'value' }>[]
  const columns = names.map(({ value }) => united.column(value))
  const known = new Set<ReturnType<typeof groupKey>>()
  const kept: number[] = []
  for (let row = 0; row < united.rowCount; row += 1) {
    const key = groupKey(columns.map((items) => items[row] ?? null))
    if (known.has(key)) continue
    known.add(key)
    kept.push(row)
  }
  return asRead(keepRows(united.frame, kept))
}

/** Reads back the rows of a frame that holds them itself. */
export function asRead(frame: Frame): ReadFrame {
  const { plan } = frame
  const rowCount = plan.kind === 'values' ? plan.rowCount : 0
  const cache = new Map<number, readonly Value[]>()
  return {
    frame,
    rowCount,
    column: ({ id }) => {
      const known = cache.get(id)
      if (known !== undefined) return known
      const place = plan.output.findIndex((field) => field.id === id)
      const found = plan.kind === 'values' ? plan.columns[place] : undefined
      const read = found === undefined ? () => null : columnReader(found)
      const items = Array.from({ length: rowCount }, (_, row) => read(row))
      cache.set(id, items)
      return items
    },
  }
}

/** Repeats a row beside each row that was returned for it. */
function besideRow(read: ReadFrame, row: number, returned: ReadFrame, count: number): ReadFrame {
  const frame = keepRows(read.frame, new Array<number>(count).fill(row))
  for (const [name, binding] of returned.frame.bindings) {
    if (frame.bindings.has(name)) continue
    const held = mapBinding(binding, (item) => {
      const field = planField(item.name, item.type, true)
      const items = returned.column(item)
      addColumns(frame, [{ field, values: Array.from({ length: count }, (_, at) => items[at] ?? null) }])
      return { kind: 'column', ...field }
    })
    frame.bindings.set(name, held)
  }
  return asRead(frame)
}

/** Gives the rows of a subquery that has run for none, or returns nothing: with what it would return, of no rows. */
function withNames(read: ReadFrame, { query }: syntax.SubqueryClause): Frame {
  const last = query.parts[0]?.clauses.at(-1)
  if (last?.kind !== 'return' || read.rowCount > 0) return read.frame
  for (const { name } of last.items) {
    const field = planField(name, types.variant, true)
    addColumns(read.frame, [{ field, values: [] }])
    read.frame.bindings.set(name, { kind: 'value', value: { kind: 'column', ...field } })
  }
  return read.frame
}
