import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  batchRowCount,
  columnFromValues,
  columnReader,
  type ModelContext,
  type Snapshot,
  type TableDefinition,
  types,
  type WriteTransaction,
} from '@sheafdb/core'
import { graphTableName } from '../layout/table.ts'
import type { Graph, KeptGraph } from './graph.ts'

/** Counts the versions of what is kept. */
const VERSION = 1
const PART_BYTES = 1 << 22

type Header = {
  readonly version: number
  readonly settings: string
  readonly rowCount: number
  readonly graphBytes: number
}

type Row = readonly [kind: string, number: number, bytes: Uint8Array]

function* partsOf(kind: string, bytes: Uint8Array): Generator<Row> {
  for (let number = 0; number * PART_BYTES < bytes.length; number += 1)
    yield [kind, number, bytes.subarray(number * PART_BYTES, (number + 1) * PART_BYTES)]
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** Writes a graph to its collection, in place of what was kept before. */
export async function keepGraph(
  context: ModelContext,
  { collection }: TableDefinition,
  settings: string,
  graph: Graph,
): Promise<void> {
  const table = graphTableName(collection)
  const {
    graph: saved,
    rowIds,
    created,
  } = withFile((path) => ({ ...graph.save(path), graph: readFileSync(path) }))
  const header: Header = { version: VERSION, settings, rowCount: rowIds.length, graphBytes: saved.length }
  const rows: Row[] = [
    ['header', 0, Buffer.from(JSON.stringify(header))],
    ...partsOf('ids', bytesOf(rowIds)),
    ...partsOf('created', bytesOf(created)),
    ...partsOf('graph', saved),
  ]
  await context.write((transaction) => {
    // Dropped meanwhile, or of a store made before graphs were kept.
    if (transaction.snapshot.catalog.table(table) === undefined) return
    transaction.delete(table, rowIdsOf(transaction.snapshot, table))
    const columns = [types.utf8, types.int32, types.binary].map((type, at) =>
      columnFromValues(
        type,
        rows.map((row) => row[at]),
      ),
    )
    transaction.insert(table, { fields: ['kind', 'number', 'bytes'], columns, length: rows.length })
  })
}

/** Takes away what is kept of a collection's graph. */
export function forgetGraph(transaction: WriteTransaction, collection: string): void {
  const table = graphTableName(collection)
  if (transaction.snapshot.catalog.table(table) === undefined) return
  transaction.delete(table, rowIdsOf(transaction.snapshot, table))
}

function rowIdsOf(snapshot: Snapshot, table: string): Float64Array {
  const ids: number[] = []
  const columns = [{ field: '_row_id', type: types.uint64 }]
  for (const batch of snapshot.source(table).scan({ columns, predicates: [] })) {
    const [read] = batch.columns.map(columnReader)
    for (let at = 0; at < batchRowCount(batch); at += 1)
      ids.push(Number(read?.(batch.selection === null ? at : (batch.selection[at] as number))))
  }
  return Float64Array.from(ids)
}

/** Reads the graph that a snapshot has of a collection; `null` where there is none that was made so. */
export function readKept(
  snapshot: Snapshot,
  { collection }: TableDefinition,
  settings: string,
): KeptGraph | null {
  const table = graphTableName(collection)
  if (snapshot.catalog.table(table) === undefined) return null
  const parts = new Map<string, Uint8Array[]>()
  const columns = [
    { field: 'kind', type: types.utf8 },
    { field: 'number', type: types.int32 },
    { field: 'bytes', type: types.binary },
  ]
  for (const batch of snapshot.source(table).scan({ columns, predicates: [] })) {
    const [kind, number, bytes] = batch.columns.map(columnReader)
    for (let at = 0; at < batchRowCount(batch); at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      const list = parts.get(kind?.(row) as string) ?? []
      list[number?.(row) as number] = bytes?.(row) as Uint8Array
      parts.set(kind?.(row) as string, list)
    }
  }
  const joined = (kind: string) => Buffer.concat(parts.get(kind) ?? [])
  const header = headerOf(joined('header'))
  const [graph, ids, created] = ['graph', 'ids', 'created'].map(joined) as [Buffer, Buffer, Buffer]
  const isWhole =
    header?.version === VERSION &&
    header.settings === settings &&
    header.graphBytes === graph.length &&
    ids.length === header.rowCount * 8 &&
    created.length === ids.length
  return isWhole ? { graph, rowIds: doublesOf(ids), created: doublesOf(created) } : null
}

function headerOf(bytes: Buffer): Header | null {
  return bytes.length === 0 ? null : (JSON.parse(bytes.toString()) as Header)
}

function doublesOf(bytes: Uint8Array): Float64Array {
  return new Float64Array(Uint8Array.from(bytes).buffer)
}

/** Lets usearch read a graph: it takes files only. */
export function loadKept(graph: Graph, kept: KeptGraph): void {
  withFile((path) => {
    writeFileSync(path, kept.graph)
    graph.restore(path, kept)
  })
}

function withFile<Result>(work: (path: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-graph-'))
  try {
    return work(join(folder, 'graph'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
