import { readFile } from 'node:fs/promises'
import { defineMember, type Query, SheafError, type Value } from '@sheafdb/core'
import { csvRecords } from '../formats/csv.ts'
import { fromGexf, toGexf } from '../formats/gexf.ts'
import type { GraphData, GraphFormat } from '../formats/graph-data.ts'
import { fromGraphml, toGraphml } from '../formats/graphml.ts'
import { fromNodeLink, toNodeLink } from '../formats/node-link.ts'
import type { NodeValue, RelationshipValue } from '../values.ts'
import type { BulkResult, EdgeOptions, LoadOptions } from './bulk.ts'

/** Is the calls of a graph that loading needs. */
export type Loader = {
  query(cypher: string): Query
  addNodes(
    label: string | readonly string[],
    rows: readonly Record<string, Value>[],
    options?: LoadOptions,
  ): Promise<BulkResult>
  addEdges(type: string, rows: readonly Record<string, Value>[], options: EdgeOptions): Promise<BulkResult>
}

const FORMATS: Readonly<
  Record<
    GraphFormat,
    { readonly write: (data: GraphData) => string; readonly read: (text: string) => GraphData }
  >
> = {
  graphml: { write: toGraphml, read: fromGraphml },
  gexf: { write: toGexf, read: fromGexf },
  'node-link': { write: toNodeLink, read: fromNodeLink },
}

function formatNamed(format: GraphFormat): (typeof FORMATS)[GraphFormat] {
  if (Object.hasOwn(FORMATS, format)) return FORMATS[format]
  throw new SheafError(
    'ARGUMENT',
    `There is no graph format of this name. Use ${Object.keys(FORMATS).join(', ')}: ${format}`,
  )
}

/** Writes a graph as text: nodes under their ids. */
export async function exportGraph(graph: Loader, format: GraphFormat): Promise<string> {
  const { write } = formatNamed(format)
  const nodes = await graph.query('MATCH (n) RETURN n').rows()
  const edges = await graph.query('MATCH ()-[r]->() RETURN r').rows()
  return write({
    nodes: nodes.map(({ n }) => {
      const { id, labels, properties } = n as NodeValue
      return { key: String(id), labels, properties }
    }),
    edges: edges.map(({ r }) => {
      const { type, source, target, properties } = r as RelationshipValue
      return { type, source: String(source), target: String(target), properties }
    }),
  })
}

/** Reads a graph from text, or from a file, and adds it. Gives how many nodes and edges were added. */
export async function importGraph(
  graph: Loader,
  source: string | { readonly path: string },
  format: GraphFormat,
): Promise<{ nodes: number; edges: number }> {
  const { read } = formatNamed(format)
  const { nodes, edges } = read(typeof source === 'string' ? source : await textOf(source.path))
  const ids = new Map<string, number>()
  for (const [, group] of grouped(nodes, ({ labels }) => JSON.stringify(labels))) {
    const added = await graph.addNodes(
      group[0]?.labels ?? [],
      group.map(({ properties }) => properties),
    )
    group.forEach(({ key }, at) => {
      ids.set(key, added.ids[at] as number)
    })
  }
  for (const [type, group] of grouped(edges, (edge) => edge.type)) {
    const rows = group.map(({ source: from, target: to, properties }) => {
      const row: Record<string, Value> = { ...properties }
      defineMember(row, SOURCE, idOf(ids, from))
      defineMember(row, TARGET, idOf(ids, to))
      return row
    })
    await graph.addEdges(type, rows, {
      source: { column: SOURCE, key: null },
      target: { column: TARGET, key: null },
    })
  }
  return { nodes: nodes.length, edges: edges.length }
}

// No property has such a name: it holds what XML and JSON keys of graphs cannot.
const SOURCE = '\u0000source'
const TARGET = '\u0000target'

function idOf(ids: ReadonlyMap<string, number>, key: string): number {
  const id = ids.get(key)
  if (id !== undefined) return id
  throw new SheafError('NOT_FOUND', `An edge of the file names a node that is not in it: ${key}`)
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SheafError('IO', `A file cannot be read. Check that it is there and may be read: ${path}`, {
      cause,
    })
  }
}

/** Says what the lines of a CSV file are: nodes with labels, or edges of a type. */
export type CsvOptions = LoadOptions & { readonly separator?: string } & (
    | { readonly label: string | readonly string[] }
    | (Pick<EdgeOptions, 'source' | 'target'> & { readonly type: string })
  )

/**
 * Loads a CSV file whose first line names the columns. A column whose fields are all whole numbers becomes integers,
 * one of numbers floats, one of true and false booleans, any other text; an empty field is no property.
 */
export async function importCsv(graph: Loader, path: string, options: CsvOptions): Promise<BulkResult> {
  const [names, ...records] = csvRecords(await textOf(path), options.separator ?? ',')
  if (names === undefined)
    throw new SheafError('SYNTAX', `A CSV file needs a first line with the names of its columns: ${path}`)
  const readers = names.map((_, at) => readerOf(records, at))
  const rows = records.map((fields) => {
    const row: Record<string, Value> = {}
    names.forEach((name, at) => {
      const text = fields[at] ?? ''
      if (text !== '') defineMember(row, name, (readers[at] as (text: string) => Value)(text))
    })
    return row
  })
  return 'label' in options
    ? graph.addNodes(options.label, rows, options)
    : graph.addEdges(options.type, rows, options)
}

function readerOf(records: readonly (readonly string[])[], at: number): (text: string) => Value {
  const all = (test: RegExp): boolean =>
    records.every((fields) => (fields[at] ?? '') === '' || test.test(fields[at] ?? ''))
  // A number that starts with a zero is a code, and stays text.
  if (all(/^-?(0|[1-9]\d{0,17})$/))
    return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text))
  if (all(/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/)) return Number
  if (all(/^(true|false)$/)) return (text) => text === 'true'
  return (text) => text
}
