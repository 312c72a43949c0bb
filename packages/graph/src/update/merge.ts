import {
  type Column,
  column,
  columnFromValues,
  columnReader,
  groupKey,
  literal,
  planField,
  SheafError,
  types,
  type Value,
  values,
} from '@sheafdb/core'
import {
  type Binding,
  bindingColumns,
  type Frame,
  makeFrame,
  mapBinding,
  outputColumn,
} from '../language/lower/frame.ts'
import type * as syntax from '../language/syntax.ts'
import { isMap } from '../values.ts'
import { PatternMaker, planElements } from './create.ts'
import { addColumns, type ReadFrame, readFrame, sessionContext, type UpdateSession } from './session.ts'
import { runSet } from './set.ts'

const ROW = '@row'

/**
 * Runs MERGE: rows for which the pattern is found go on with what was found, the others with what is made for them.
 * Rows that ask for the same thing share the one that the first of them made.
 */
export async function runMerge(
  session: UpdateSession,
  frame: Frame,
  clause: syntax.MergeClause,
): Promise<Frame> {
  const patterns = [clause.pattern]
  const plans = planElements(sessionContext(session), frame, patterns)
  const input = await readFrame(session, frame, plans.extras)
  checkNulls(input, plans)
  numberRows(input)
  const matched = await findMatches(session, input, clause)
  const found = new Set(matched.column(rowColumn(matched)) as readonly number[])
  const missing = Array.from({ length: input.rowCount }, (_, row) => row).filter((row) => !found.has(row))
  const groups = groupRows(input, clause.pattern, plans, missing)
  const firsts = missing.filter((row) => groups.get(row) === row)
  const made = pickRows(input, firsts)
  if (firsts.length > 0) {
    const maker = new PatternMaker(session, made, plans.elements)
    maker.makeNodes(patterns)
    maker.makeEdges(patterns)
    maker.bind(patterns)
  }
  const names = [...matched.frame.bindings.keys()]
  const madeNames = firsts.length > 0 ? made.frame : null
  const followers = missing.filter((row) => groups.get(row) !== row)
  const result = combine(input, matched, madeNames, { names, firsts, followers, groups })
  if (madeNames !== null && clause.onCreate.length > 0)
    await runSet(session, withoutRow(result.created), clause.onCreate)
  if (clause.onMatch.length > 0) await runSet(session, withoutRow(result.found), clause.onMatch)
  return withoutRow(result.all)
}

type ElementPlans = ReturnType<typeof planElements>

function checkNulls(read: ReadFrame, plans: ElementPlans): void {
  for (const { properties } of plans.elements.values()) {
    if (properties === null) continue
    for (const map of read.column(properties)) {
      if (!isMap(map) || Object.values(map).every((value) => value !== null && value !== undefined)) continue
      throw new SheafError(
        'ARGUMENT',
        'MERGE cannot find or make something by a property that is null. Filter such rows out first.',
        {
          phase: 'runtime',
          detail: 'MergeReadOwnWrites',
        },
      )
    }
  }
}

/** Numbers the rows, so that what is found can be told by the row it was found for. */
function numberRows(read: ReadFrame): void {
  const field = planField(ROW, types.int64, false)
  addColumns(read.frame, [{ field, values: Array.from({ length: read.rowCount }, (_, row) => row) }])
  read.frame.bindings.set(ROW, { kind: 'value', value: column(field) })
}

function rowColumn(read: ReadFrame): Extract<Binding, { kind: 'value' }>['value'] {
  return (read.frame.bindings.get(ROW) as Extract<Binding, { kind: 'value' }>).value
}

async function findMatches(
  session: UpdateSession,
  input: ReadFrame,
  clause: syntax.MergeClause,
): Promise<ReadFrame> {
  const context = sessionContext(session)
  const frame = makeFrame(input.frame.plan, input.frame.bindings, input.frame.domain)
  context.rules.match(context, frame, { patterns: [clause.pattern], where: null, repeatable: false })
  return readFrame(session, frame)
}

/** Finds for each row that found nothing the first row that asks for the same. */
function groupRows(
  read: ReadFrame,
  pattern: syntax.PathPattern,
  plans: ElementPlans,
  rows: readonly number[],
): ReadonlyMap<number, number> {
  const columns: (readonly Value[])[] = []
  for (const element of pattern.elements) {
    const name = element.kind === 'group' ? undefined : element.variable?.name
    const binding = name === undefined ? undefined : read.frame.bindings.get(name)
    if (binding !== undefined) for (const item of bindingColumns(binding)) columns.push(read.column(item))
    const plan = plans.elements.get(element)
    if (plan?.properties !== null && plan?.properties !== undefined)
      columns.push(read.column(plan.properties))
    for (const label of plan?.labels ?? []) if (typeof label !== 'string') columns.push(read.column(label))
  }
  const firstOf = new Map<ReturnType<typeof groupKey>, number>()
  const groups = new Map<number, number>()
  for (const row of rows) {
    const key = groupKey(columns.map((values) => values[row] ?? null))
    const first = firstOf.get(key) ?? row
    firstOf.set(key, first)
    groups.set(row, first)
  }
  return groups
}

/** Keeps some of the rows that were read. */
function pickRows(read: ReadFrame, rows: readonly number[]): ReadFrame {
  const { plan } = read.frame
  const pick = (items: readonly Value[]): readonly Value[] => rows.map((row) => items[row] ?? null)
  const picked = makeFrame(
    values(
      plan.output,
      plan.output.map((field) => columnFromValues(field.type, pick(valuesOfColumn(read, field.id)))),
      rows.length,
    ),
    read.frame.bindings,
    read.frame.domain,
  )
  const known = new Map<number, readonly Value[]>()
  const picking = ({ id }: { readonly id: number }): readonly Value[] => {
    let column = known.get(id)
    if (column === undefined) {
      column = pick(valuesOfColumn(read, id))
      known.set(id, column)
    }
    return column
  }
  return { frame: picked, rowCount: rows.length, column: picking }
}

/** Reads a column of the rows, the row's number among them, which was added after reading. */
function valuesOfColumn(read: ReadFrame, id: number): readonly Value[] {
  if (id === rowColumn(read).id) return Array.from({ length: read.rowCount }, (_, row) => row)
  return read.column({ id, name: '', expression: literal(null) })
}

type Parts = {
  readonly names: readonly string[]
  readonly firsts: readonly number[]
  readonly followers: readonly number[]
  readonly groups: ReadonlyMap<number, number>
}

/** Joins the rows that found something, those that made something and those that share what others made, in order. */
function combine(
  input: ReadFrame,
  matched: ReadFrame,
  made: Frame | null,
  parts: Parts,
): { readonly all: Frame; readonly created: Frame; readonly found: Frame } {
  const places: {
    readonly row: number
    readonly from: 'matched' | 'made'
    readonly at: number
    readonly isNew: boolean
  }[] = []
  const matchedRows = matched.column(rowColumn(matched)) as readonly number[]
  for (const [at, row] of matchedRows.entries()) places.push({ row, from: 'matched', at, isNew: false })
  const placeOf = new Map(parts.firsts.map((row, at) => [row, at]))
  for (const [row, first] of parts.groups)
    places.push({ row, from: 'made', at: placeOf.get(first) as number, isNew: row === first })
  places.sort((left, right) => left.row - right.row)
  const { output } = matched.frame.plan
  const columns = output.map((field) => combinedColumn(field.id, { input, matched, made }, places))
  const build = (keep: (place: (typeof places)[number]) => boolean): Frame => {
    const kept = places.flatMap((place, at) => (keep(place) ? [at] : []))
    const plan = values(
      output,
      output.map(({ type }, at) =>
        columnFromValues(
          type,
          kept.map((index) => columns[at]?.[index] ?? null),
        ),
      ),
      kept.length,
    )
    return makeFrame(
      plan,
      [...matched.frame.bindings].map(
        ([name, binding]) => [name, mapBinding(binding, ({ id }) => outputColumn(plan, id))] as const,
      ),
      matched.frame.domain,
    )
  }
  return { all: build(() => true), created: build(({ isNew }) => isNew), found: build(({ isNew }) => !isNew) }
}

type Sources = { readonly input: ReadFrame; readonly matched: ReadFrame; readonly made: Frame | null }

function combinedColumn(
  id: number,
  { input, matched, made }: Sources,
  places: readonly { readonly row: number; readonly from: 'matched' | 'made'; readonly at: number }[],
): readonly Value[] {
  const found = matched.column({ id, name: '', expression: literal(null) })
  const isInput = input.frame.plan.output.some((field) => field.id === id)
  const own = isInput ? valuesOfColumn(input, id) : madeValues(id, matched.frame, made)
  return places.map(({ row, from, at }) => (from === 'matched' ? found[at] : isInput ? own[row] : own[at]))
}

/** Finds the values that were made for a column that the pattern binds. */
function madeValues(id: number, matched: Frame, made: Frame | null): readonly Value[] {
  if (made === null || made.plan.kind !== 'values') return []
  for (const [name, binding] of matched.bindings) {
    const at = bindingColumns(binding).findIndex((item) => item.id === id)
    const other = at === -1 ? undefined : made.bindings.get(name)
    const wanted = other === undefined ? undefined : bindingColumns(other)[at]?.id
    const place = made.plan.output.findIndex((field) => field.id === wanted)
    if (place !== -1) return readAll(made.plan.columns[place] as (typeof made.plan.columns)[number])
  }
  return []
}

function withoutRow(frame: Frame): Frame {
  frame.bindings.delete(ROW)
  return frame
}

function readAll(items: Column): readonly Value[] {
  const read = columnReader(items)
  return Array.from({ length: items.length }, (_, row) => read(row))
}
