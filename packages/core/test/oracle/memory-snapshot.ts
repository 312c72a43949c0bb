import { type Adjacency, buildAdjacency, type EdgeList } from '../../src/catalog/adjacency.ts'
import type { AdjacencyDefinition, TableDefinition } from '../../src/catalog/definition.ts'
import type { ScanColumnRequest, TableSource } from '../../src/catalog/table-source.ts'
import type { Snapshot } from '../../src/catalog/table-store.ts'
import { type Batch, batchRowCount, type Column, columnReader, makeBatch } from '../../src/types/column.ts'
import { columnFromValues } from '../../src/types/column-builder.ts'
import { types } from '../../src/types/data-type.ts'
import { SheafError } from '../../src/types/errors.ts'
import { compareValues, type Value } from '../../src/types/value.ts'

/** Is a table of batches in any layouts; its row ids count the rows, selected or not. */
export type MemoryTable = { readonly definition: TableDefinition; readonly batches: readonly Batch[] }

/** Makes a snapshot over tables in memory, which applies no predicate: all filtering is the engine's. */
export function memorySnapshot(tables: readonly MemoryTable[]): Snapshot {
  const sources = new Map(tables.map((table) => [table.definition.name, memorySource(table)]))
  return {
    commit: 1,
    catalog: {
      version: 1,
      collections: () => [],
      collection: () => undefined,
      table: (name) => sources.get(name)?.definition,
    },
    source(name) {
      const source = sources.get(name)
      if (source === undefined) throw new SheafError('NOT_FOUND', `There is no table of this name: ${name}`)
      return source
    },
    keyed(name) {
      throw new SheafError('NOT_FOUND', `There is no table with a key of bytes: ${name}`)
    },
    close() {},
  }
}

function memorySource({ definition, batches }: MemoryTable): TableSource {
  const starts = batches.map((_, at) =>
    batches.slice(0, at).reduce((total, batch) => total + batch.length, 0),
  )
  const columnOf = (request: ScanColumnRequest, batch: Batch, start: number): Column => {
    const whole =
      request.field === '_row_id'
        ? rowIds(request, batch, start)
        : (batch.columns[definition.fields.findIndex((field) => field.name === request.field)] as Column)
    const { access } = request
    if (access === undefined) return whole
    const read = columnReader(whole)
    return columnFromValues(
      request.type,
      Array.from({ length: batch.length }, (_, index) => access.read(read(index), access.path) ?? null),
    )
  }
  const scan: TableSource['scan'] = function* ({ columns }) {
    for (const [at, batch] of batches.entries())
      yield { ...batch, columns: columns.map((request) => columnOf(request, batch, starts[at] as number)) }
  }
  const adjacencies = new Map<string, Adjacency>()
  return {
    definition,
    version: '1',
    statistics: () => ({
      rowCount: batches.reduce((total, batch) => total + batchRowCount(batch), 0),
      column: () => null,
    }),
    pushdown: () => 'unsupported',
    scan,
    indexCount: () => null,
    indexScan: () => [],
    indexLookup: () => ({ batch: makeBatch([], 0), index: new Uint32Array(0) }),
    lookup(keys, columns) {
      const request = [...columns, ...keyRequests(definition)]
      const rows = [...scan({ columns: request, predicates: [] })].flatMap(valuesOf)
      const found: { row: Value[]; key: number }[] = []
      for (const [key, wanted] of keys.entries()) {
        for (const row of rows) {
          const own = row.slice(columns.length)
          if (wanted.every((value, at) => compareValues(value, own[at]) === 0)) found.push({ row, key })
        }
      }
      return {
        batch: makeBatch(
          columns.map((column, at) =>
            columnFromValues(
              column.type,
              found.map(({ row }) => row[at]),
            ),
          ),
          found.length,
        ),
        index: Uint32Array.from(found, ({ key }) => key),
      }
    },
    gather(rowIds, columns) {
      const request = [...columns, { field: '_row_id', type: types.uint64 }]
      const rows = [...scan({ columns: request, predicates: [] })].flatMap(valuesOf)
      const byId = new Map(rows.map((row) => [row[columns.length], row]))
      const found = Array.from(rowIds, (id) => byId.get(id))
      return {
        columns: columns.map((column, at) =>
          columnFromValues(
            column.type,
            found.map((row) => row?.[at] ?? null),
          ),
        ),
        found: Uint8Array.from(found, (row) => (row === undefined ? 0 : 1)),
      }
    },
    adjacency(wanted) {
      let adjacency = adjacencies.get(wanted.name)
      if (adjacency === undefined) {
        adjacency = buildAdjacency(wanted, edgeList(wanted, scan))
        adjacencies.set(wanted.name, adjacency)
      }
      return adjacency
    },
  }
}

function keyRequests(definition: TableDefinition): ScanColumnRequest[] {
  return definition.key.map((name) => {
    const field = definition.fields.find((candidate) => candidate.name === name)
    return { field: name, type: field?.type as ScanColumnRequest['type'] }
  })
}

function rowIds(request: ScanColumnRequest, batch: Batch, start: number): Column {
  return columnFromValues(
    request.type,
    Array.from({ length: batch.length }, (_, index) => start + index),
  )
}

function valuesOf(batch: Batch): Value[][] {
  const readers = batch.columns.map(columnReader)
  return Array.from({ length: batchRowCount(batch) }, (_, at) =>
    readers.map((read) => read(batch.selection === null ? at : (batch.selection[at] as number))),
  )
}

function edgeList(wanted: AdjacencyDefinition, scan: TableSource['scan']): EdgeList {
  const fields = [
    '_row_id',
    wanted.source,
    wanted.target,
    ...(wanted.partition === null ? [] : [wanted.partition]),
  ]
  const columns = fields.map((field) => ({ field, type: types.int64 }))
  const edges = [...scan({ columns, predicates: [] })].flatMap(valuesOf).filter((row) => !row.includes(null))
  const numbers = (at: number) => Float64Array.from(edges, (row) => Number(row[at]))
  return {
    count: edges.length,
    sources: numbers(1),
    targets: numbers(2),
    edges: numbers(0),
    partitions: wanted.partition === null ? null : numbers(3),
  }
}
