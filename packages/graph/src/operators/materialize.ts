import {
  assert,
  type Batch,
  boxedColumn,
  type Column,
  type ColumnId,
  columnReader,
  dictionaryOf,
  type ExecutionContext,
  type Expression,
  type ExtensionOperator,
  type ExtensionPlan,
  makeField,
  type PlanField,
  type ScanColumnRequest,
  SheafError,
  type Steps,
  types,
  type Value,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import { MATERIALIZE, type MaterializeSettings } from '../layout/materialize.ts'
import { arrayOf, NodeValue, PathValue, type Properties, RelationshipValue } from '../values.ts'
import { type Fetch, viewFetch } from './view-fetch.ts'

const NODE_COLUMNS: readonly ScanColumnRequest[] = [
  { field: 'labels', type: new List(makeField('item', dictionaryOf(), { nullable: false })) },
  { field: 'properties', type: types.variant },
]

const EDGE_COLUMNS: readonly ScanColumnRequest[] = [
  { field: 'source', type: types.uint64 },
  { field: 'target', type: types.uint64 },
  { field: 'type', type: types.utf8 },
  { field: 'properties', type: types.variant },
]

/** Makes whole values of ids, a batch at a time: each node and edge of a batch is read once. Keeps the order of rows. */
export const materializeOperator: ExtensionOperator = {
  name: MATERIALIZE,
  *execute(plan: ExtensionPlan, inputs: readonly Steps[], context: ExecutionContext): Steps {
    const [input] = inputs
    assert(input, 'materialize needs an input')
    const settings = plan.settings as MaterializeSettings
    for (const step of input) {
      if (step === null || step instanceof Promise) yield step
      else yield materializeBatch(plan, settings, step, context)
    }
  },
}

function materializeBatch(
  plan: ExtensionPlan,
  settings: MaterializeSettings,
  batch: Batch,
  context: ExecutionContext,
): Batch {
  const [input] = plan.inputs
  assert(input, 'materialize needs an input')
  const columns = new Map<ColumnId, Column>(
    input.output.map(({ id }, at) => [id, batch.columns[at] as Column]),
  )
  const produced = plan.output.slice(plan.output.length - settings.items.length)
  let read = 0
  for (const [at, { kind, columnCount, view }] of settings.items.entries()) {
    const fetch = view === undefined ? makeFetch(settings, context) : viewFetch(view, context)
    const sources = plan.expressions
      .slice(read, read + columnCount)
      .map((source) => sourceColumn(source, columns))
    read += columnCount
    const made = makeValues(
      kind,
      sources.map((source) => readIds(source, batch)),
      fetch,
      batch,
    )
    columns.set((produced[at] as PlanField).id, boxedColumn(types.variant, made))
  }
  return {
    length: batch.length,
    selection: batch.selection,
    columns: plan.output.map(({ id }) => columns.get(id) as Column),
  }
}

function sourceColumn(source: Expression, columns: ReadonlyMap<ColumnId, Column>): Column {
  const found = source.kind === 'column' ? columns.get(source.id) : undefined
  assert(found, 'a column to materialize is missing')
  return found
}

/** Reads the ids of the batch's rows; rows outside its selection are left undefined. */
function readIds(column: Column, batch: Batch): Value[] {
  const read = columnReader(column)
  const ids = new Array<Value>(batch.length).fill(null)
  const count = batch.selection === null ? batch.length : batch.selection.length
  for (let at = 0; at < count; at += 1) {
    const row = batch.selection === null ? at : (batch.selection[at] as number)
    ids[row] = read(row)
  }
  return ids
}

function makeValues(
  kind: MaterializeSettings['items'][number]['kind'],
  ids: readonly Value[][],
  fetch: Fetch,
  batch: Batch,
): Value[] {
  const [first = [], second = []] = ids
  switch (kind) {
    case 'node':
      return entities(first, fetch.nodes)
    case 'relationship':
      return entities(first, fetch.edges)
    case 'relationships':
      return entityLists(first, fetch.edges)
    case 'path': {
      const nodes = entityLists(first, fetch.nodes)
      const edges = entityLists(second, fetch.edges)
      return Array.from({ length: batch.length }, (_, row) =>
        nodes[row] === null
          ? null
          : new PathValue(nodes[row] as NodeValue[], edges[row] as RelationshipValue[]),
      )
    }
  }
}

function entities(
  ids: readonly Value[],
  fetch: (ids: Iterable<number>) => ReadonlyMap<number, Value>,
): Value[] {
  const wanted = new Set<number>()
  for (const id of ids) if (id !== null && id !== undefined) wanted.add(Number(id))
  const found = fetch(wanted)
  return ids.map((id) => (id === null || id === undefined ? null : existing(found, Number(id))))
}

function entityLists(
  lists: readonly Value[],
  fetch: (ids: Iterable<number>) => ReadonlyMap<number, Value>,
): Value[] {
  const wanted = new Set<number>()
  for (const list of lists)
    if (list !== null) for (const id of arrayOf(list as ArrayLike<Value>)) wanted.add(Number(id))
  const found = fetch(wanted)
  return lists.map((list) =>
    list === null ? null : arrayOf(list as ArrayLike<Value>).map((id) => existing(found, Number(id))),
  )
}

function existing(found: ReadonlyMap<number, Value>, id: number): Value {
  const value = found.get(id)
  if (value !== undefined) return value
  throw new SheafError(
    'NOT_FOUND',
    `A node or relationship was deleted before in this statement. Read it before deleting it: ${id}`,
    {
      phase: 'runtime',
      detail: 'DeletedEntityAccess',
    },
  )
}

function makeFetch(settings: MaterializeSettings, context: ExecutionContext): Fetch {
  return {
    nodes: (ids) => fetchNodes(settings.nodes, Float64Array.from(ids), context),
    edges: (ids) => fetchEdges(settings.edges, Float64Array.from(ids), context),
  }
}

function fetchNodes(
  table: string | null,
  ids: Float64Array,
  context: ExecutionContext,
): ReadonlyMap<number, NodeValue> {
  const nodes = new Map<number, NodeValue>()
  if (table === null || ids.length === 0) return nodes
  const { columns, found } = context.snapshot.source(table).gather(ids, NODE_COLUMNS)
  const [labels, properties] = columns.map(columnReader) as [(at: number) => Value, (at: number) => Value]
  for (let at = 0; at < ids.length; at += 1) {
    if (found[at] === 0) continue
    const id = ids[at] as number
    nodes.set(id, new NodeValue(id, labels(at) as string[], properties(at) as Properties))
  }
  return nodes
}

function fetchEdges(
  table: string | null,
  ids: Float64Array,
  context: ExecutionContext,
): ReadonlyMap<number, RelationshipValue> {
  const edges = new Map<number, RelationshipValue>()
  if (table === null || ids.length === 0) return edges
  const { columns, found } = context.snapshot.source(table).gather(ids, EDGE_COLUMNS)
  const [source, target, type, properties] = columns.map(columnReader) as [
    (at: number) => Value,
    (at: number) => Value,
    (at: number) => Value,
    (at: number) => Value,
  ]
  for (let at = 0; at < ids.length; at += 1) {
    if (found[at] === 0) continue
    const id = ids[at] as number
    const ends = { source: source(at) as number, target: target(at) as number }
    edges.set(id, new RelationshipValue(id, type(at) as string, ends, properties(at) as Properties))
  }
  return edges
}
