import {
  type Batch,
  type Column,
  type ColumnReader,
  columnReader,
  type Direction,
  type FlatColumn,
  type RowBatch,
  type ScanPredicate,
  type TableSource,
  types,
  type WriteTransaction,
} from '@sheafdb/core'
import { QUAD_FIELDS, type QuadField, quadsTable } from './tables.ts'

/** Holds term ids of quads: four numbers a quad, in the order subject, predicate, object, graph. */
export type QuadIds = { readonly count: number; readonly ids: Float64Array }

/** Fixes places of a quad to term ids; places left out match anything. */
export type QuadPattern = { readonly [Field in QuadField]?: number }

function quadBatch(quads: QuadIds): RowBatch {
  const columns = QUAD_FIELDS.map((_, place) => {
    const values = new Float64Array(quads.count)
    for (let index = 0; index < quads.count; index += 1)
      values[index] = quads.ids[index * 4 + place] as number
    return idColumn(values)
  })
  return { fields: [...QUAD_FIELDS], columns, length: quads.count }
}

/** Makes an Int64 column of ids, in 32 bits where they fit. */
export function idColumn(ids: Float64Array): FlatColumn {
  let maximum = 0
  let minimum = 0
  for (let index = 0; index < ids.length; index += 1) {
    const id = ids[index] as number
    if (id > maximum) maximum = id
    if (id < minimum) minimum = id
  }
  const values = minimum >= 0 && maximum < 2 ** 32 ? Uint32Array.from(ids) : ids
  return { layout: 'flat', type: types.int64, length: ids.length, validity: null, values }
}

/** Adds quads; those that are there already stay, and with `unchecked` there are none. Gives how many were new. */
export function insertQuads(
  transaction: WriteTransaction,
  collection: string,
  quads: QuadIds,
  mode: 'ignore' | 'unchecked' = 'ignore',
): number {
  if (quads.count === 0) return 0
  return transaction.insert(quadsTable(collection), quadBatch(quads), mode).insertedCount
}

/** Deletes quads; those that are not there are left out of the count. */
export function deleteQuads(transaction: WriteTransaction, collection: string, quads: QuadIds): number {
  if (quads.count === 0) return 0
  const source = transaction.snapshot.source(quadsTable(collection))
  const keys: number[][] = []
  for (let index = 0; index < quads.count; index += 1)
    keys.push(Array.from(quads.ids.subarray(index * 4, index * 4 + 4)))
  const { batch } = source.lookup(keys, [ROW_ID])
  const read = columnReader(batch.columns[0] as Column)
  const rows = new Set<number>()
  for (let index = 0; index < batch.length; index += 1) rows.add(Number(read(index)))
  return transaction.delete(quadsTable(collection), Float64Array.from(rows))
}

/** Deletes all quads of a pattern; gives how many there were. */
export function deleteMatching(
  transaction: WriteTransaction,
  collection: string,
  pattern: QuadPattern,
): number {
  const source = transaction.snapshot.source(quadsTable(collection))
  const rows: number[] = []
  for (const row of matchRows(source, pattern)) rows.push(row)
  return transaction.delete(quadsTable(collection), Float64Array.from(rows))
}

const ROW_ID = { field: '_row_id', type: types.uint64 }
const QUAD_COLUMNS = QUAD_FIELDS.map((field) => ({ field, type: types.int64 }))

/** Gives the row ids of the quads of a pattern. */
export function* matchRows(source: TableSource, pattern: QuadPattern): Generator<number> {
  for (const { readers, index } of matches(source, pattern)) yield Number((readers[4] as ColumnReader)(index))
}

/** Gives the ids of the quads of a pattern, subject, predicate, object and graph of each. */
export function* matchQuads(
  source: TableSource,
  pattern: QuadPattern,
): Generator<readonly [number, number, number, number]> {
  for (const { readers, index } of matches(source, pattern)) {
    yield [
      Number((readers[0] as ColumnReader)(index)),
      Number((readers[1] as ColumnReader)(index)),
      Number((readers[2] as ColumnReader)(index)),
      Number((readers[3] as ColumnReader)(index)),
    ]
  }
}

type Match = { readonly readers: readonly ColumnReader[]; readonly index: number }

function* matches(source: TableSource, pattern: QuadPattern): Generator<Match> {
  for (const batch of candidates(source, pattern)) {
    const readers = batch.columns.map(columnReader)
    const wanted = QUAD_FIELDS.map((field) => pattern[field])
    const count = batch.selection === null ? batch.length : batch.selection.length
    for (let at = 0; at < count; at += 1) {
      const index = batch.selection === null ? at : (batch.selection[at] as number)
      if (wanted.every((id, place) => id === undefined || (readers[place] as ColumnReader)(index) === id))
        yield { readers, index }
    }
  }
}

/** Finds the quads that may match: by the adjacency where an end is given, else by a scan. */
function* candidates(source: TableSource, pattern: QuadPattern): Generator<Batch> {
  const columns = [...QUAD_COLUMNS, ROW_ID]
  const { subject, predicate, object } = pattern
  if (subject === undefined && object === undefined) {
    const predicates: ScanPredicate[] = []
    for (const [column, field] of QUAD_FIELDS.entries()) {
      const value = pattern[field]
      if (value !== undefined) predicates.push({ column, operator: 'eq', value })
    }
    yield* source.scan({ columns, predicates })
    return
  }
  const direction: Direction = subject === undefined ? 'in' : 'out'
  const rows = edgesOf(source, { node: (subject ?? object) as number, predicate, direction })
  if (rows.length === 0) return
  const { columns: gathered } = source.gather(rows, columns)
  yield { length: rows.length, columns: gathered, selection: null }
}

function edgesOf(
  source: TableSource,
  end: { readonly node: number; readonly predicate: number | undefined; readonly direction: Direction },
): ArrayLike<number> {
  const { node, predicate, direction } = end
  const name = predicate === undefined ? 'all' : 'by-predicate'
  const definition = source.definition.adjacencies.find((each) => each.name === name)
  if (definition === undefined) return []
  const adjacency = source.adjacency(definition)
  const index = direction === 'out' ? adjacency.forward(predicate ?? 0) : adjacency.backward(predicate ?? 0)
  if (index === undefined) return []
  const slot = index.slotOf(node)
  if (slot === -1) return []
  return index.edges.subarray(index.offsets[slot] as number, index.offsets[slot + 1] as number)
}
