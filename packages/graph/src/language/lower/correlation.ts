import {
  type ColumnExpression,
  columnsOf,
  distinct,
  type Expression,
  extension,
  type JoinKey,
  type JoinKind,
  join,
  keepColumns,
  type LogicalPlan,
  literal,
  newColumnId,
  parameter,
  parametersOf,
  planInputs,
  project,
} from '@sheafdb/core'
import { SHARE, type ShareSettings } from '../../layout/share.ts'
import { refreshFacets } from './facets.ts'
import {
  type Binding,
  bindingColumns,
  type Frame,
  freshColumn,
  makeFrame,
  mapBinding,
  outputColumn,
} from './frame.ts'
import { namesIn } from './names.ts'

/** Is a subquery under construction: its frame, and how its rows are tied to those outside. */
export type Correlation = {
  readonly inner: Frame
  readonly keys: readonly (readonly [ColumnExpression, ColumnExpression])[]
}

/**
 * Starts a subquery for the distinct values of the outer variables that it reads. The subquery is computed for all of
 * them at once and joined back: it runs once, not once a row.
 */
export function correlate(
  frame: Frame,
  names: readonly string[],
  place: 'clause' | 'expression',
): Correlation {
  if (place === 'clause') dropFacets(frame)
  shareRows(frame)
  const columns = new Map<number, ReturnType<typeof freshColumn>>()
  for (const name of names) {
    for (const item of bindingColumns(frame.bindings.get(name) as Binding)) {
      if (!columns.has(item.id))
        columns.set(item.id, freshColumn(item.name, outputColumn(frame.plan, item.id)))
    }
  }
  const outer = [...columns.keys()]
  if (outer.length === 0) {
    const empty = unitFrame()
    return { inner: empty, keys: [] }
  }
  const plan = distinct(project(frame.plan, [...columns.values()]))
  const fresh = (id: number): ColumnExpression => outputColumn(plan, (columns.get(id) as { id: number }).id)
  const inner = makeFrame(plan, [], { plan, columns: outer.map(fresh) })
  for (const name of names)
    inner.bindings.set(
      name,
      mapBinding(frame.bindings.get(name) as Binding, ({ id }) => fresh(id)),
    )
  return { inner, keys: outer.map((id) => [outputColumn(frame.plan, id), fresh(id)] as const) }
}

/**
 * Leaves out what has been fetched of entities, so that rows to be shared are narrow; it is fetched again where it is
 * read. Only between clauses and conditions: a half-lowered expression may read it.
 */
function dropFacets(frame: Frame): void {
  if (isCheap(frame.plan) || isShared(frame.plan)) return
  const fetched = new Set(
    [...frame.facets.values()].flatMap((facets) =>
      Object.values(facets).flatMap((part: Expression) => [...columnsOf(part)]),
    ),
  )
  const kept = new Set(
    [...frame.bindings.values()]
      .flatMap(bindingColumns)
      .concat(frame.domain?.columns ?? [])
      .map(({ id }) => id),
  )
  const rest = frame.plan.output.filter(({ id }) => kept.has(id) || !fetched.has(id))
  frame.facets.clear()
  frame.plan = keepColumns(
    frame.plan,
    rest.map(({ id }) => id),
  )
}

const CHEAP: ReadonlySet<LogicalPlan['kind']> = new Set(['scan', 'values', 'filter', 'project', 'limit'])

/** Has the rows so far computed once, though the subquery and what it is joined to both read them. */
function shareRows(frame: Frame): void {
  if (isCheap(frame.plan) || isShared(frame.plan)) return
  const settings: ShareSettings = { key: newColumnId() }
  frame.plan = extension({
    operator: SHARE,
    inputs: [frame.plan],
    expressions: [...parametersOf(frame.plan)].map((name) => parameter(name)),
    settings,
    output: frame.plan.output,
  })
}

function isCheap(plan: LogicalPlan): boolean {
  return CHEAP.has(plan.kind) && planInputs(plan).every(isCheap)
}

function isShared(plan: LogicalPlan): boolean {
  return plan.kind === 'extension' && plan.operator === SHARE
}

function unitFrame(): Frame {
  const { plan } = makeUnit()
  return makeFrame(plan, [], { plan, columns: [] })
}

function makeUnit(): { readonly plan: LogicalPlan } {
  return { plan: { kind: 'values', columns: [], rowCount: 1, output: [] } }
}

/** Joins a subquery back to the rows outside. */
export function joinBack(frame: Frame, correlation: Correlation, inner: LogicalPlan, how: JoinKind): void {
  const keys: JoinKey[] = correlation.keys.map(([left, right]) => ({ left, right, nullsEqual: true }))
  if (keys.length === 0) keys.push({ left: literal(1), right: literal(1) })
  frame.plan = join(frame.plan, inner, { how, keys })
}

/** Finds the outer variables that a part of the query reads. */
export function importsOf(frame: Frame, part: unknown): readonly string[] {
  return [...namesIn(part)].filter((name) => frame.bindings.has(name))
}

/** Joins a subquery back and binds what it bound anew. */
export function joinNew(
  frame: Frame,
  correlation: Correlation,
  inner: Frame,
  results: ReadonlyMap<string, Binding>,
  how: JoinKind,
): void {
  joinBack(frame, correlation, inner.plan, how)
  for (const [name, binding] of results) {
    if (frame.bindings.has(name)) continue
    frame.bindings.set(
      name,
      mapBinding(binding, ({ id }) => outputColumn(frame.plan, id)),
    )
  }
  for (const [id, facets] of inner.facets) {
    frame.facets.set(id, refreshFacets(frame.plan, facets))
  }
}
