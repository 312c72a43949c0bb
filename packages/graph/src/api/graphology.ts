import { type Query, SheafError, type Value } from '@sheafdb/core'
import { MultiDirectedGraph } from 'graphology'
import type { AbstractGraph } from 'graphology-types'
import type { BulkResult, EdgeOptions } from './bulk.ts'
import type { Parameters } from './statements.ts'

/** Is the calls of a graph that an import needs. */
type Loader = {
  addNodes(label: readonly string[], rows: readonly Record<string, Value>[]): Promise<BulkResult>
  addEdges(type: string, rows: readonly Record<string, Value>[], options: EdgeOptions): Promise<BulkResult>
}

type Read = (cypher: string, parameters?: Parameters) => Query

/** Makes a graphology multigraph: nodes and edges under their ids, with labels, type and properties as attributes. */
export async function toGraphology(
  query: Read,
  filter: { readonly labels?: readonly string[]; readonly types?: readonly string[] } = {},
): Promise<AbstractGraph> {
  const graph = new MultiDirectedGraph({ allowSelfLoops: true })
  const nodes = await query(
    'MATCH (n) RETURN id(n) AS id, labels(n) AS labels, properties(n) AS properties',
  ).rows()
  for (const { id, labels, properties } of nodes as {
    id: number
    labels: readonly string[]
    properties: Record<string, Value>
  }[]) {
    if (filter.labels !== undefined && !labels.some((label) => filter.labels?.includes(label))) continue
    graph.addNode(String(id), { ...properties, labels: [...labels] })
  }
  const edges = await query(
    'MATCH (a)-[r]->(b) RETURN id(r) AS id, id(a) AS source, id(b) AS target, type(r) AS type, properties(r) AS properties',
  ).rows()
  for (const { id, source, target, type, properties } of edges as {
    id: number
    source: number
    target: number
    type: string
    properties: Record<string, Value>
  }[]) {
    if (filter.types !== undefined && !filter.types.includes(type)) continue
    if (!graph.hasNode(String(source)) || !graph.hasNode(String(target))) continue
    graph.addEdgeWithKey(String(id), String(source), String(target), { ...properties, type })
  }
  return graph
}

const DEFAULT_TYPE = 'RELATED'

/**
 * Adds the nodes and edges of a graphology graph. Attributes become properties; `labels` (or `label`) of a node and
 * `type` of an edge are its labels and its type. A node's key is kept as the property `id` where it has none.
 */
export async function importGraphology(
  graph: Loader,
  source: AbstractGraph,
  options: { readonly label?: string; readonly type?: string } = {},
): Promise<{ nodes: number; edges: number }> {
  if (typeof source?.forEachNode !== 'function') throw new SheafError('ARGUMENT', 'Give a graphology graph.')
  const ids = new Map<string, number>()
  const byLabels = new Map<
    string,
    { readonly labels: readonly string[]; readonly keys: string[]; readonly rows: Record<string, Value>[] }
  >()
  source.forEachNode((key, attributes) => {
    const { labels, rest } = nodeParts(attributes, options.label)
    const name = JSON.stringify(labels)
    const group = byLabels.get(name) ?? { labels, keys: [], rows: [] }
    byLabels.set(name, group)
    group.keys.push(key)
    group.rows.push(Object.hasOwn(rest, 'id') ? rest : { id: key, ...rest })
  })
  for (const { labels, keys, rows } of byLabels.values()) {
    const added = await graph.addNodes(labels, rows)
    for (const [at, key] of keys.entries()) ids.set(key, added.ids[at] as number)
  }
  const byType = new Map<string, Record<string, Value>[]>()
  source.forEachEdge((_, attributes, from, to) => {
    const { type = options.type ?? DEFAULT_TYPE, ...rest } = attributes as Record<string, Value>
    const rows = byType.get(String(type)) ?? []
    byType.set(String(type), rows)
    rows.push({ ...rest, '@source': ids.get(from), '@target': ids.get(to) })
  })
  let edges = 0
  for (const [type, rows] of byType) {
    const added = await graph.addEdges(type, rows, {
      source: { column: '@source', key: null },
      target: { column: '@target', key: null },
    })
    edges += added.count
  }
  return { nodes: ids.size, edges }
}

function nodeParts(
  attributes: Record<string, Value>,
  label: string | undefined,
): { readonly labels: readonly string[]; readonly rest: Record<string, Value> } {
  const { labels, label: own, ...rest } = attributes
  if (Array.isArray(labels)) return { labels: labels.map(String), rest }
  if (typeof own === 'string') return { labels: [own], rest }
  return { labels: label === undefined ? [] : [label], rest }
}
