import {
  type Adjacency,
  assert,
  type Column,
  columnReader,
  dictionaryOf,
  makeField,
  SheafError,
  type Snapshot,
  types,
  type Value,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import type { ViewPart } from '../layout/algorithm.ts'
import { isNumeric, type Properties } from '../values.ts'
import { type AlgorithmGraph, algorithmGraph, type Csr } from './csr.ts'

/** Says which part of a graph an algorithm runs on: nodes with any of the labels, edges of any of the types. */
export type Part = {
  readonly nodes: string
  readonly edges: string
  /** Ids of the edge types; `null` for all. */
  readonly typeIds: readonly number[] | null
  readonly labels: readonly string[] | null
  /** The property that weighs an edge; `null` where each weighs 1. An edge without it weighs 1. */
  readonly weight: string | null
}

type Kept = { readonly nodesVersion: string; readonly graph: AlgorithmGraph }

const kept = new WeakMap<Adjacency, Map<string, Kept>>()

/** Reads a part of a graph into compressed sparse rows, or gives those of before where nothing has changed. */
export function projectGraph(snapshot: Snapshot, part: Part): AlgorithmGraph {
  const edges = snapshot.source(part.edges)
  const nodes = snapshot.source(part.nodes)
  const [definition] = edges.definition.adjacencies
  assert(definition, 'the table of edges has an adjacency')
  const adjacency = edges.adjacency(definition)
  const graphs = kept.get(adjacency) ?? new Map<string, Kept>()
  kept.set(adjacency, graphs)
  const key = JSON.stringify([part.typeIds, part.labels, part.weight])
  const known = graphs.get(key)
  if (known?.nodesVersion === nodes.version) return known.graph
  const ids = nodeIds(snapshot, part)
  const numberOf = numbering(ids)
  const out = readEdges(snapshot, part, adjacency, { ids, numberOf })
  const graph = algorithmGraph(ids, numberOf, out)
  graphs.set(key, { nodesVersion: nodes.version, graph })
  return graph
}

/** Says which part of a view an algorithm runs on. */
export type ViewProjection = ViewPart & { readonly weight: string | null }

/** Reads tables of a view into compressed sparse rows: nodes by their keys, edges whose ends are nodes. */
export function projectView(snapshot: Snapshot, { nodes, edges, weight }: ViewProjection): AlgorithmGraph {
  const found: number[] = []
  for (const [key] of rowsOf(snapshot, nodes.table, [nodes.key]))
    if (key !== null) found.push(idOf(key as Value))
  const ids = Float64Array.from(found).sort()
  const numberOf = numbering(ids)
  const list: {
    readonly from: number
    readonly to: number
    readonly edge: number
    readonly weight: number
  }[] = []
  for (const { table, source, target, properties } of edges) {
    const field = properties.find(({ name }) => name === weight)?.field
    const columns = ['_row_id', source, target, ...(field === undefined ? [] : [field])]
    for (const [edge, from, to, given] of rowsOf(snapshot, table, columns)) {
      if (from === null || to === null) continue
      const ends = { from: numberOf(idOf(from as Value)), to: numberOf(idOf(to as Value)) }
      if (ends.from < 0 || ends.to < 0) continue
      list.push({ ...ends, edge: Number(edge), weight: isNumeric(given as Value) ? Number(given) : 1 })
    }
  }
  list.sort((left, right) => left.from - right.from || left.to - right.to)
  const offsets = new Uint32Array(ids.length + 1)
  for (const { from } of list) (offsets[from + 1] as number) += 1
  for (let node = 0; node < ids.length; node += 1) (offsets[node + 1] as number) += offsets[node] as number
  return algorithmGraph(ids, numberOf, {
    offsets,
    targets: Uint32Array.from(list, ({ to }) => to),
    edges: Float64Array.from(list, ({ edge }) => edge),
    weights: weight === null ? null : Float64Array.from(list, (item) => item.weight),
  })
}

function idOf(key: Value): number {
  const id = typeof key === 'number' || typeof key === 'bigint' ? Number(key) : Number.NaN
  if (Number.isSafeInteger(id) && id >= 0) return id
  throw new SheafError(
    'UNSUPPORTED',
    `Algorithms run over graph views with integer keys from 0 on. Load the tables into a graph, or give the rows such keys: ${String(key)}`,
    { phase: 'runtime' },
  )
}

function* rowsOf(snapshot: Snapshot, table: string, fields: readonly string[]): Generator<readonly Value[]> {
  const source = snapshot.source(table)
  const columns = fields.map((field) => ({
    field,
    type: source.definition.fields.find(({ name }) => name === field)?.type ?? types.uint64,
  }))
  for (const batch of source.scan({ columns, predicates: [] })) {
    const readers = batch.columns.map(columnReader)
    const count = batch.selection === null ? batch.length : batch.selection.length
    for (let at = 0; at < count; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      yield readers.map((read) => read(row))
    }
  }
}

const LABELS = {
  field: 'labels',
  type: new List(makeField('item', dictionaryOf(), { nullable: false })),
}

function nodeIds(snapshot: Snapshot, { nodes, labels }: Part): Float64Array {
  const found: number[] = []
  const columns = [{ field: '_row_id', type: types.uint64 }, ...(labels === null ? [] : [LABELS])]
  for (const batch of snapshot.source(nodes).scan({ columns, predicates: [] })) {
    const [readId, readLabels] = batch.columns.map(columnReader)
    const count = batch.selection === null ? batch.length : batch.selection.length
    for (let at = 0; at < count; at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      if (
        labels !== null &&
        !((readLabels?.(row) ?? []) as readonly string[]).some((label) => labels.includes(label))
      )
        continue
      found.push(Number(readId?.(row)))
    }
  }
  return Float64Array.from(found).sort()
}

/** An array finds numbers of ids while it holds at most so many entries a node. */
const SPARSE_FACTOR = 16

function numbering(ids: Float64Array): (id: number) => number {
  const last = ids.at(-1) ?? -1
  if (last < 65_536 + ids.length * SPARSE_FACTOR) {
    const numbers = new Int32Array(last + 1).fill(-1)
    ids.forEach((id, number) => {
      numbers[id] = number
    })
    return (id) => (id >= 0 && id <= last ? (numbers[id] ?? -1) : -1)
  }
  const numbers = new Map<number, number>()
  for (const [number, id] of ids.entries()) numbers.set(id, number)
  return (id) => numbers.get(id) ?? -1
}

type Numbered = Pick<AlgorithmGraph, 'ids' | 'numberOf'>

function readEdges(snapshot: Snapshot, part: Part, adjacency: Adjacency, { ids, numberOf }: Numbered): Csr {
  const indexes = (part.typeIds ?? adjacency.partitions).flatMap((id) => adjacency.forward(id) ?? [])
  const offsets = new Uint32Array(ids.length + 1)
  const most = indexes.reduce((sum, { edgeCount }) => sum + edgeCount, 0)
  const targets = new Uint32Array(most)
  const edges = new Float64Array(most)
  let count = 0
  for (let node = 0; node < ids.length; node += 1) {
    for (const index of indexes) {
      const slot = index.slotOf(ids[node] as number)
      if (slot < 0) continue
      for (let at = index.offsets[slot] as number; at < (index.offsets[slot + 1] as number); at += 1) {
        const target = numberOf(index.neighbours[at] as number)
        if (target === -1) continue
        targets[count] = target
        edges[count] = index.edges[at] as number
        count += 1
      }
    }
    offsets[node + 1] = count
  }
  const found = edges.subarray(0, count)
  const weights = part.weight === null ? null : readWeights(snapshot, part.edges, part.weight, found)
  return { offsets, targets: targets.subarray(0, count), edges: found, weights }
}

function readWeights(snapshot: Snapshot, table: string, property: string, edges: Float64Array): Float64Array {
  const read = (root: Value): Value => {
    const own = root as Properties
    return Object.hasOwn(own, property) ? (own[property] ?? null) : null
  }
  const request = { field: 'properties', type: types.variant, access: { path: [property], read } }
  const { columns } = snapshot.source(table).gather(edges, [request])
  const value = columnReader(columns[0] as Column)
  return Float64Array.from({ length: edges.length }, (_, at) => {
    const weight = value(at)
    return isNumeric(weight) ? Number(weight) : 1
  })
}
