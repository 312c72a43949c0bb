import type { Adjacency } from '../catalog/adjacency.ts'
import type { AdjacencyDefinition, TableDefinition } from '../catalog/definition.ts'
import type {
  ColumnStatistics,
  IndexRange,
  Pushdown,
  ScanBatch,
  ScanColumnRequest,
  ScanCounters,
  ScanPredicate,
  ScanRequest,
  TableSource,
  TableStatistics,
} from '../catalog/table-source.ts'
import { columnBytes } from '../storage/column-slice.ts'
import { searchKey } from '../storage/key-token.ts'
import { CHUNK_ROWS, type KeyRange, type Part, type PartField } from '../storage/part.ts'
import { type Batch, boxedColumn, type Column, isBoxedType, makeBatch } from '../types/column.ts'
import { isDecimal, types } from '../types/data-type.ts'
import { takeColumn } from '../types/take.ts'
import { compareValues, type Value, valueRank } from '../types/value.ts'
import { countInIndex, type IndexedView, lookupInIndex, scanIndex } from './index-reads.ts'
import { mergeDistinct, type PartValues } from './merge-distinct.ts'
import type { PartIndexes } from './part-indexes.ts'
import { readPlaces, readRows } from './read-rows.ts'
import { findRows } from './row-places.ts'
import {
  type ResolvedColumn,
  requestedColumn,
  resolveRequest,
  type ScanChunk,
  zoneRejects,
} from './scan-column.ts'
import { type AdjacencyCache, adjacencyOfView } from './table-adjacency.ts'
import { findKey, type RowPlace, type TableView } from './table-view.ts'

/** Is what is kept beside the parts of a table and shared by all who read it. */
export type TableCaches = { readonly adjacencies: AdjacencyCache; readonly indexes: PartIndexes }

/** Reads a table's parts at one snapshot. */
export class StoredTableSource implements TableSource {
  readonly definition: TableDefinition
  readonly version: string
  readonly #view: TableView
  readonly #adjacencies: AdjacencyCache
  readonly #indexed: IndexedView

  constructor(view: TableView, { adjacencies, indexes }: TableCaches) {
    this.definition = view.definition
    this.version = view.version
    this.#view = view
    this.#adjacencies = adjacencies
    this.#indexed = { view, indexes }
  }

  statistics(): TableStatistics {
    const { parts, commit, hidden } = this.#view
    let rowCount = 0
    for (const part of parts) rowCount += part.visibleCount(commit) - (hidden.get(part)?.size ?? 0)
    return { rowCount, column: (field) => this.#columnStatistics(field) }
  }

  #columnStatistics(field: string): ColumnStatistics | null {
    const resolved = resolveRequest(this.definition, { field, type: types.variant })
    if (resolved.kind !== 'field') return null
    let minimum: Value = null
    let maximum: Value = null
    let nullCount = 0
    const counted: PartValues[] = []
    for (const part of this.#view.parts) {
      if (part.rowCount === 0) continue
      let least: Value = null
      let greatest: Value = null
      const chunks = Math.ceil(part.rowCount / CHUNK_ROWS)
      for (let chunk = 0; chunk < chunks; chunk += 1) {
        const zone = part.zoneMap(resolved.field, chunk)
        if (zone === null || zone.minimum === undefined) return null
        nullCount += zone.nullCount
        if (zone.minimum === null) continue
        if (least === null || compareValues(zone.minimum, least) < 0) least = zone.minimum
        if (greatest === null || compareValues(zone.maximum, greatest) > 0) greatest = zone.maximum ?? null
      }
      if (least !== null && (minimum === null || compareValues(least, minimum) < 0)) minimum = least
      if (greatest !== null && (maximum === null || compareValues(greatest, maximum) > 0)) maximum = greatest
      const distinct = part.distinctCount(resolved.field)
      if (distinct !== null) counted.push({ minimum: least, maximum: greatest, distinctCount: distinct })
    }
    const { key } = this.definition
    const isKey = key.length === 1 && key[0] === field
    const distinctCount = isKey ? this.statistics().rowCount : mergeDistinct(counted)
    return { minimum, maximum, nullCount, distinctCount }
  }

  pushdown(predicate: ScanPredicate, request: ScanRequest): Pushdown {
    const column = request.columns[predicate.column]
    if (column === undefined || column.access !== undefined) return 'unsupported'
    return resolveRequest(this.definition, column).kind === 'field' ? 'inexact' : 'unsupported'
  }

  *scan(request: ScanRequest, counters?: ScanCounters): Generator<ScanBatch> {
    const columns = request.columns.map((column) => resolveRequest(this.definition, column))
    const late = request.columns.map(
      (column, at) => column.late === true && isLate(columns[at] as ResolvedColumn),
    )
    const hasLate = late.includes(true)
    const filters = request.predicates.flatMap((predicate) => {
      const column = columns[predicate.column]
      return column?.kind === 'field' ? [{ predicate, field: column.field }] : []
    })
    for (const part of this.#view.parts) {
      const range = this.#keyRange(part, request)
      const end = Math.min(
        part.rowCountAt(this.#view.commit),
        range === null ? Number.POSITIVE_INFINITY : endOf(range),
      )
      if (end === 0) continue
      if (counters !== undefined) counters.segmentsRead += 1
      let read = 0
      for (
        let chunk = range === null ? 0 : Math.floor(startOf(range) / CHUNK_ROWS);
        chunk * CHUNK_ROWS < end;
        chunk += 1
      ) {
        const length = Math.min(part.rowCountAt(this.#view.commit) - chunk * CHUNK_ROWS, CHUNK_ROWS)
        if (filters.some(({ predicate, field }) => zoneRejects(part.zoneMap(field, chunk), predicate)))
          continue
        const selection = this.#selection(part, chunk, length, range)
        if (selection !== null && selection.length === 0) continue
        read += selection?.length ?? length
        const place: ScanChunk = { part, chunk, length }
        const requested = columns.map((column, at) =>
          late[at] === true ? unreadColumn(column, length) : requestedColumn(column, place),
        )
        if (counters !== undefined)
          counters.bytesRead += requested.reduce((sum, column) => sum + columnBytes(column), 0)
        const batch = makeBatch(requested, length, selection)
        const readLate = (at: number, rows: Uint32Array | null): Column =>
          lateColumn(columns[at] as LateColumn, place, rows)
        yield hasLate ? { ...batch, readLate } : batch
      }
      if (counters !== undefined) countRead(counters, read)
    }
  }

  /** Finds the range of a sorted part that predicates on the key's first field leave. */
  #keyRange(part: Part, request: ScanRequest): KeyRange | null {
    const first = this.definition.key[0]
    if (first === undefined || request.predicates.length === 0) return null
    const type = this.definition.fields.find((field) => field.name === first)?.type
    if (type === undefined || isDecimal(type)) return null
    let lower: Value | undefined
    let upper: Value | undefined
    for (const predicate of request.predicates) {
      const column = request.columns[predicate.column]
      if (column?.field !== first || column.access !== undefined) continue
      const { operator, value } = predicate
      const bounds = part.keyBounds()
      if (bounds !== null && valueRank(bounds[0]) !== valueRank(value)) continue
      if (operator === 'eq' || operator === 'gt' || operator === 'ge')
        lower = lower === undefined || compareValues(value, lower) > 0 ? value : lower
      if (operator === 'eq' || operator === 'lt' || operator === 'le')
        upper = upper === undefined || compareValues(value, upper) < 0 ? value : upper
    }
    return lower === undefined && upper === undefined ? null : part.keyRange(lower, upper)
  }

  #selection(part: Part, chunk: number, length: number, range: KeyRange | null): Uint32Array | null {
    if (range !== null && 'positions' in range)
      return this.#visibleAmong(part, chunk, length, range.positions)
    let selection = part.selection(chunk, length, this.#view.commit)
    const hidden = this.#view.hidden.get(part)
    const start = chunk * CHUNK_ROWS
    if (hidden !== undefined && hidden.size > 0)
      selection = keepWhere(selection, length, (index) => !hidden.has(start + index))
    if (range !== null && (range.start > start || range.end < start + length))
      selection = cutSelection(
        selection,
        Math.max(range.start - start, 0),
        Math.min(range.end - start, length),
      )
    return selection
  }

  /** Gives the indexes in a chunk of those of some positions that are visible. */
  #visibleAmong(part: Part, chunk: number, length: number, positions: Uint32Array): Uint32Array {
    const start = chunk * CHUNK_ROWS
    const hidden = this.#view.hidden.get(part)
    return positions
      .filter(
        (position) =>
          position >= start &&
          position < start + length &&
          part.isVisible(position, this.#view.commit) &&
          hidden?.has(position) !== true,
      )
      .map((position) => position - start)
  }

  lookup(
    keys: readonly (readonly Value[])[],
    columns: readonly ScanColumnRequest[],
  ): { readonly batch: Batch; readonly index: Uint32Array } {
    const places: RowPlace[] = []
    const index: number[] = []
    for (let at = 0; at < keys.length; at += 1) {
      const place = findKey(this.#view, searchKey(keys[at] as readonly Value[]))
      if (place === null) continue
      places.push(place)
      index.push(at)
    }
    const taken = readRows(this.#view, places, columns)
    return { batch: makeBatch(taken, places.length), index: Uint32Array.from(index) }
  }

  indexCount(index: string, ranges: readonly IndexRange[]): number | null {
    return countInIndex(this.#indexed, index, ranges)
  }

  indexScan(
    index: string,
    ranges: readonly IndexRange[],
    columns: readonly ScanColumnRequest[],
    counters?: ScanCounters,
  ): Iterable<Batch> {
    return scanIndex(this.#indexed, { index, ranges, columns, counters })
  }

  indexLookup(
    index: string,
    keys: readonly (readonly Value[])[],
    columns: readonly ScanColumnRequest[],
  ): { readonly batch: Batch; readonly index: Uint32Array } {
    return lookupInIndex(this.#indexed, index, keys, columns)
  }

  gather(
    rowIds: ArrayLike<number>,
    columns: readonly ScanColumnRequest[],
  ): { readonly columns: readonly Column[]; readonly found: Uint8Array } {
    const places = findRows(this.#view, rowIds)
    const found = new Uint8Array(rowIds.length)
    for (let at = 0; at < found.length; at += 1) found[at] = (places.which[at] as number) < 0 ? 0 : 1
    return { columns: readPlaces(this.#view, places, columns), found }
  }

  adjacency(definition: AdjacencyDefinition): Adjacency {
    const scan = (columns: readonly ScanColumnRequest[]): Iterable<Batch> =>
      this.scan({ columns, predicates: [] })
    return adjacencyOfView(this.#view, definition, this.#adjacencies, scan)
  }
}

type LateColumn = ResolvedColumn & { readonly kind: 'field' }

/** Values of any type are costly to make, and are made row by row as well as all together. */
function isLate(column: ResolvedColumn): column is LateColumn {
  return column.kind === 'field' && isBoxedType(column.field.type)
}

function unreadColumn(column: ResolvedColumn, length: number): Column {
  return { layout: 'boxed', type: (column as LateColumn).field.type, length, values: [] }
}

/** Up to this share of a chunk's rows, values are made row by row and not kept. */
const FEW_ROWS = 0.5

function lateColumn({ field }: LateColumn, place: ScanChunk, rows: Uint32Array | null): Column {
  const { part, chunk, length } = place
  if (rows === null || rows.length > length * FEW_ROWS) {
    const whole = part.column(field, chunk, length)
    return rows === null ? whole : takeColumn(whole, rows)
  }
  const values = new Array<Value>(rows.length)
  for (let at = 0; at < rows.length; at += 1)
    values[at] = part.read(field, chunk * CHUNK_ROWS + (rows[at] as number))
  const column = boxedColumn(field.type, values)
  return part.makesValues ? { ...column, own: true } : column
}

function startOf(range: KeyRange): number {
  return 'positions' in range ? (range.positions[0] ?? 0) : range.start
}

function endOf(range: KeyRange): number {
  return 'positions' in range ? (range.positions.at(-1) ?? -1) + 1 : range.end
}

/** Gives the selected indexes from `low` up to `high`. */
function cutSelection(selection: Uint32Array | null, low: number, high: number): Uint32Array {
  if (selection === null) {
    const indexes = new Uint32Array(Math.max(high - low, 0))
    for (let at = 0; at < indexes.length; at += 1) indexes[at] = low + at
    return indexes
  }
  return selection.filter((index) => index >= low && index < high)
}

function keepWhere(
  selection: Uint32Array | null,
  length: number,
  keep: (index: number) => boolean,
): Uint32Array {
  const kept = new Uint32Array(selection?.length ?? length)
  let count = 0
  for (let at = 0; at < kept.length; at += 1) {
    const index = selection === null ? at : (selection[at] as number)
    if (keep(index)) {
      kept[count] = index
      count += 1
    }
  }
  return kept.subarray(0, count)
}

function countRead(counters: ScanCounters, rows: number): void {
  counters.rowsRead += rows
  if (rows === 0) {
    counters.segmentsRead -= 1
    counters.segmentsSkipped += 1
  }
}

/** Names the fields that a part is asked for. */
export type { PartField }
