import {
  type Column,
  columnReader,
  defineMember,
  type ExecutionContext,
  SheafError,
  types,
  type Value,
} from '@sheafdb/core'
import type { ViewTable, ViewTables } from '../layout/materialize.ts'
import { NodeValue, type Properties, RelationshipValue } from '../values.ts'

/** Reads whole nodes and relationships by their ids. */
export type Fetch = {
  readonly nodes: (ids: Iterable<number>) => ReadonlyMap<number, NodeValue>
  readonly edges: (ids: Iterable<number>) => ReadonlyMap<number, RelationshipValue>
}

/** Makes what reads the nodes and relationships of a view from its tables: nodes by their key, edges by their row. */
export function viewFetch({ nodes, edges }: ViewTables, context: ExecutionContext): Fetch {
  return {
    nodes: (ids) => (nodes === null ? noTable(ids) : nodesByKey(nodes, new Set(ids), context)),
    edges: (ids) => (edges === null ? noTable(ids) : edgesByRow(edges, Float64Array.from(ids), context)),
  }
}

function noTable<Found>(ids: Iterable<number>): ReadonlyMap<number, Found> {
  for (const _ of ids)
    throw new SheafError(
      'UNSUPPORTED',
      'A whole path of a graph view has nodes of one label and relationships of one type. Return parts of it.',
    )
  return new Map()
}

/** Reads the properties of rows from the columns that hold them. */
function propertiesReader(table: ViewTable, columns: readonly Column[]): (row: number) => Properties {
  const readers = table.properties.map(({ name }, at) => ({
    name,
    read: columnReader(columns[at] as Column),
  }))
  return (row) => {
    const made: Record<string, Value> = {}
    for (const { name, read } of readers) {
      const value = read(row)
      if (value !== null && value !== undefined) defineMember(made, name, value)
    }
    return made
  }
}

function requests({
  properties,
}: ViewTable): { readonly field: string; readonly type: ViewTable['properties'][number]['type'] }[] {
  return properties.map(({ field, type }) => ({ field, type }))
}

function nodesByKey(
  table: NonNullable<ViewTables['nodes']>,
  wanted: ReadonlySet<number>,
  context: ExecutionContext,
): ReadonlyMap<number, NodeValue> {
  const found = new Map<number, NodeValue>()
  if (wanted.size === 0) return found
  const source = context.snapshot.source(table.table)
  const columns = [...requests(table), { field: table.key, type: types.int64 }]
  const predicates = [{ column: columns.length - 1, operator: 'in' as const, value: [...wanted] }]
  for (const batch of source.scan({ columns, predicates })) {
    const properties = propertiesReader(table, batch.columns)
    const key = columnReader(batch.columns.at(-1) as Column)
    const count = batch.selection === null ? batch.length : batch.selection.length
    for (let at = 0; at < count; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      const id = Number(key(row) ?? Number.NaN)
      if (wanted.has(id)) found.set(id, new NodeValue(id, [table.name], properties(row)))
    }
  }
  return found
}

function edgesByRow(
  table: NonNullable<ViewTables['edges']>,
  ids: Float64Array,
  context: ExecutionContext,
): ReadonlyMap<number, RelationshipValue> {
  const edges = new Map<number, RelationshipValue>()
  if (ids.length === 0) return edges
  const { columns, found } = context.snapshot
    .source(table.table)
    .gather(ids, [
      ...requests(table),
      { field: table.source, type: types.int64 },
      { field: table.target, type: types.int64 },
    ])
  const properties = propertiesReader(table, columns)
  const [source, target] = columns.slice(-2).map(columnReader) as [
    (row: number) => Value,
    (row: number) => Value,
  ]
  for (let at = 0; at < ids.length; at += 1) {
    if (found[at] === 0) continue
    const ends = { source: Number(source(at)), target: Number(target(at)) }
    edges.set(ids[at] as number, new RelationshipValue(ids[at] as number, table.name, ends, properties(at)))
  }
  return edges
}
