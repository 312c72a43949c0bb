import {
  type Column,
  type ColumnExpression,
  columnFromValues,
  columnReader,
  dictionaryOf,
  type Expression,
  type LogicalPlan,
  type ModelContext,
  makeField,
  type NamedExpression,
  named,
  type PlanField,
  project,
  SheafError,
  takeColumn,
  types,
  type Value,
  values,
  type WriteTransaction,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import {
  bindingColumns,
  type Frame,
  freshColumn,
  type LowerContext,
  makeFrame,
  outputColumn,
} from '../language/lower/frame.ts'
import { type LowerTarget, lowerContext } from '../language/lower.ts'
import type { Statement } from '../language/syntax.ts'
import { commonLabels, endsFromOptions, withoutLabels } from '../layout/ends.ts'
import { kindsToOptions, observeProperties } from '../layout/kinds.ts'
import {
  collectionKinds,
  edgeTypes,
  type GraphSchema,
  graphLayout,
  graphSchema,
  LAYOUT_VERSION,
  MODEL_NAME,
} from '../layout/schema.ts'
import type { Properties } from '../values.ts'

/** Counts what a statement changed. */
export type Counters = {
  nodesCreated: number
  nodesDeleted: number
  relationshipsCreated: number
  relationshipsDeleted: number
  labelsAdded: number
  labelsRemoved: number
  propertiesSet: number
}

/** Makes counters that stand at zero. */
export function zeroCounters(): Counters {
  return {
    nodesCreated: 0,
    nodesDeleted: 0,
    relationshipsCreated: 0,
    relationshipsDeleted: 0,
    labelsAdded: 0,
    labelsRemoved: 0,
    propertiesSet: 0,
  }
}

/** Is one statement that writes, while it runs in a transaction. */
export type UpdateSession = {
  readonly context: ModelContext
  readonly transaction: WriteTransaction
  readonly graph: string
  readonly statement: Statement
  readonly parameters: ReadonlyMap<string, Value>
  readonly target: Omit<LowerTarget, 'schema'>
  readonly counters: Counters
  /** Edges deleted by this statement, which nodes deleted by it may still have had. */
  readonly deletedEdges: Set<number>
  readonly deletedNodes: Set<number>
  /** Edges of nodes deleted without DETACH: each must be deleted by the end of the statement. */
  readonly danglingEdges: Set<number>
}

/** Gives the schema of the session's graph, which the statement's first write creates. */
export function sessionSchema(session: UpdateSession): GraphSchema {
  return ensureGraph(session.transaction, session.graph)
}

/** Finds a graph, creating it where there is none. */
export function ensureGraph(transaction: WriteTransaction, name: string): GraphSchema {
  const known = graphSchema(transaction.snapshot.catalog, name)
  if (known !== undefined) return known
  transaction.createCollection(MODEL_NAME, name, {
    version: LAYOUT_VERSION,
    tables: graphLayout(),
    options: { types: [] },
  })
  return graphSchema(transaction.snapshot.catalog, name) as GraphSchema
}

/** Finds the labels that all of some nodes have. */
export type LabelsOf = () => readonly string[]

/**
 * Gives the id of an edge type, taking the next one for a type that is new, and keeps what labels the ends of its
 * edges have: those of `source` and `target`, which are asked only where it matters.
 */
export function typeId(
  transaction: WriteTransaction,
  graph: string,
  type: string,
  ends: { readonly source: LabelsOf; readonly target: LabelsOf },
): number {
  const collection = transaction.snapshot.catalog.collection(MODEL_NAME, graph)
  if (collection === undefined) throw new SheafError('NOT_FOUND', `There is no graph of this name: ${graph}`)
  const { options } = collection
  const known = edgeTypes(collection)
  const before = endsFromOptions(options.ends)
  const at = known.indexOf(type)
  if (at === -1) {
    const padded = Array.from(known, (_, id) => before[id] ?? null)
    const all = [...padded, [ends.source(), ends.target()]]
    transaction.setOptions(MODEL_NAME, graph, { ...options, types: [...known, type], ends: all })
    return known.length
  }
  const [source, target] = before[at] ?? [[], []]
  const left = source.length === 0 ? source : commonLabels(source, ends.source())
  const right = target.length === 0 ? target : commonLabels(target, ends.target())
  if (left !== source || right !== target) {
    const changed = before.map((pair, id) => (id === at ? [left, right] : pair))
    transaction.setOptions(MODEL_NAME, graph, { ...options, ends: changed })
  }
  return at
}

/**
 * Forgets labels that nodes lose. It always writes, so that of two transactions, one of which takes a label from a
 * node and the other of which counts on it, only one can commit.
 */
export function forgetLabels(
  transaction: WriteTransaction,
  graph: string,
  labels: ReadonlySet<string>,
): void {
  const collection = transaction.snapshot.catalog.collection(MODEL_NAME, graph)
  if (collection === undefined || labels.size === 0) return
  const { options } = collection
  const ends = withoutLabels(endsFromOptions(options.ends), labels)
  const removals = typeof options.removals === 'number' ? options.removals + 1 : 1
  transaction.setOptions(MODEL_NAME, graph, { ...options, ends, removals })
}

/** Finds the labels that all nodes of some ids have. */
export function sharedLabels(
  transaction: WriteTransaction,
  nodes: string,
  ids: ArrayLike<number>,
): readonly string[] {
  const distinct = Float64Array.from(new Set(Array.from(ids)))
  if (distinct.length === 0) return []
  const { columns, found } = transaction.snapshot.source(nodes).gather(distinct, [LABELS_REQUEST])
  const read = columnReader(columns[0] as Column)
  let shared: readonly string[] | null = null
  for (let at = 0; at < distinct.length; at += 1) {
    const own = found[at] === 0 ? [] : (read(at) as readonly string[])
    shared = shared === null ? [...own] : commonLabels(shared, own)
    if (shared.length === 0) return []
  }
  return shared ?? []
}

const LABELS_REQUEST = {
  field: 'labels',
  type: new List(makeField('item', dictionaryOf(), { nullable: false })),
}

/** Makes the context of lowering for the state that the transaction is in now. */
export function sessionContext(session: UpdateSession): LowerContext {
  const schema = graphSchema(session.transaction.snapshot.catalog, session.graph)
  return lowerContext(session.statement, { ...session.target, schema })
}

/** Keeps in the catalog what kinds of values properties have, where that is new. */
export function observe(
  transaction: WriteTransaction,
  graph: string,
  kind: 'node' | 'relationship',
  rows: readonly Properties[],
): void {
  const collection = transaction.snapshot.catalog.collection(MODEL_NAME, graph)
  if (collection === undefined) return
  const known = collectionKinds(collection)[kind]
  const now = observeProperties(known, rows)
  if (now === known) return
  const option = kind === 'node' ? 'nodeKinds' : 'edgeKinds'
  transaction.setOptions(MODEL_NAME, graph, { ...collection.options, [option]: kindsToOptions(now) })
}

/** Is the rows of a frame, read, and the frame over them. */
export type ReadFrame = {
  readonly frame: Frame
  readonly rowCount: number
  /** Gives the values of a column in all rows. */
  readonly column: (column: ColumnExpression | NamedExpression) => readonly Value[]
}

/**
 * Runs the plan of a frame and puts its rows in place of it: what comes after sees these rows, whatever is written.
 * `extras` are computed beside the bindings.
 */
export async function readFrame(
  session: UpdateSession,
  frame: Frame,
  extras: readonly NamedExpression[] = [],
): Promise<ReadFrame> {
  const kept = new Map<number, NamedExpression>()
  for (const binding of frame.bindings.values()) {
    for (const item of bindingColumns(binding))
      kept.set(item.id, named(item.name, outputColumn(frame.plan, item.id)))
  }
  for (const item of frame.domain?.columns ?? [])
    kept.set(item.id, named(item.name, outputColumn(frame.plan, item.id)))
  const items = [...kept.values(), ...extras]
  const plan =
    items.length === 0
      ? project(frame.plan, [
          freshColumn('row', { kind: 'literal', value: 1, type: types.int64, nullable: false }),
        ])
      : project(frame.plan, items)
  const rows = await session.context.read(plan, {
    parameters: session.parameters,
    transaction: session.transaction,
  })
  const columns = new Map<number, readonly Value[]>()
  plan.output.forEach(({ id }, at) => {
    columns.set(
      id,
      rows.map((row) => row[at] ?? null),
    )
  })
  const held = plan.output.slice(0, kept.size)
  return {
    frame: makeFrame(valuesOf(held, columns, rows.length), frame.bindings, frame.domain),
    rowCount: rows.length,
    column: ({ id }) => columns.get(id) ?? [],
  }
}

function valuesOf(
  fields: readonly PlanField[],
  columns: ReadonlyMap<number, readonly Value[]>,
  rowCount: number,
): LogicalPlan {
  const made = fields.map(({ id, type }): Column => columnFromValues(type, columns.get(id) ?? []))
  return values(
    fields.map((field) => ({ ...field, nullable: true })),
    made,
    rowCount,
  )
}

/** Is a column to be added to rows that were read. */
export type AddedColumn = { readonly field: PlanField; readonly values: readonly Value[] }

/** Adds columns to the rows of a frame that was read. */
export function addColumns(frame: Frame, added: readonly AddedColumn[]): void {
  const { plan } = frame
  if (plan.kind !== 'values')
    throw new SheafError(
      'INTERNAL',
      'Internal error: rows must be read before columns are added. Please report it.',
    )
  frame.plan = values(
    [...plan.output, ...added.map(({ field }) => field)],
    [...plan.columns, ...added.map(({ field, values: items }) => columnFromValues(field.type, items))],
    plan.rowCount,
  )
}

/** Keeps some of the rows of a frame that was read, its columns as they are. */
export function keepRows(frame: Frame, rows: readonly number[]): Frame {
  const { plan } = frame
  if (plan.kind !== 'values')
    throw new SheafError(
      'INTERNAL',
      'Internal error: rows must be read before some are kept. Please report it.',
    )
  const places = Uint32Array.from(rows)
  const kept = values(
    plan.output,
    plan.columns.map((item) => takeColumn(item, places)),
    rows.length,
  )
  return makeFrame(kept, frame.bindings, frame.domain)
}

/** Names an expression to be computed beside a frame's bindings. */
export function extra(name: string, expression: Expression): NamedExpression {
  return freshColumn(name, expression)
}
