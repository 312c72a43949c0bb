import type { RowBatch, TableDefinition } from '../catalog/definition.ts'
import type { OnKeyConflict } from '../catalog/table-store.ts'
import { sliceColumn } from '../storage/column-slice.ts'
import type { RowChunk } from '../storage/commit-record.ts'
import { constantColumn, missingValue } from '../storage/evolved-column.ts'
import { coerceColumn } from '../storage/growable-column.ts'
import { searchKey } from '../storage/key-token.ts'
import { Memtable } from '../storage/memtable.ts'
import { mergeParts, rowComparer } from '../storage/merge.ts'
import { CHUNK_ROWS, type KeyToken, type Part, type SearchKey } from '../storage/part.ts'
import { PositionSet } from '../storage/position-set.ts'
import type { Segment } from '../storage/segment.ts'
import type { SegmentContent } from '../storage/segment-writer.ts'
import { takeColumn } from '../storage/take.ts'
import { boundsOf } from '../storage/zone-map.ts'
import { type Column, type ColumnReader, columnReader, isNullAt, nullColumn } from '../types/column.ts'
import { describeValue } from '../types/column-builder.ts'
import { SheafError } from '../types/errors.ts'
import { compareValues } from '../types/value.ts'
import type { PartIndexes } from './part-indexes.ts'
import { readRows } from './read-rows.ts'
import {
  findKey,
  findRow,
  finish,
  keyFields,
  mergeTable,
  partField,
  type RowPlace,
  type TableView,
} from './table-view.ts'
import { checkUniqueRows, type WrittenRows } from './unique-keys.ts'

/** Is the commit number of rows that only their own transaction sees: before every other. */
export const OWN = 0

/** Rows are taken into memory in portions of this many. */
const APPEND_ROWS = 1 << 18
const ASCENDING_ROWS = 256
/** Past these, the rows of a transaction are written into a segment before it commits. */
const SPILL_ROWS = 1 << 20
/** From these on, the rows of a commit go into a segment and not into the log. */
export const DIRECT_ROWS: number = 1 << 16
const DIRECT_BYTES = 8 << 20

/** Is what the writes to a table need of the store. */
export type WritesHost = {
  takeRowIds(count: number): number
  writeSegment(content: SegmentContent): Segment
  readonly indexes: PartIndexes
  /** From this size on rows are written into a segment before their transaction commits. */
  readonly spillBytes: number
}

/** Is how far the writes to a table had come: what they can go back to. */
export type WritesMark = {
  readonly definition: TableDefinition
  readonly memtable: Memtable
  readonly rowCount: number
  readonly segmentCount: number
  readonly deletedCount: number
  readonly endedCount: number
}

/** Numbers the states of all writes: two transactions over one snapshot never share a version. */
let lastVersion = 0

/** Is what a transaction has written to one table so far. */
export class TableWrites {
  definition: TableDefinition
  /** What the snapshot sees of the table without the writes. */
  readonly base: TableView
  readonly hidden: Map<Part, PositionSet> = new Map()
  /** Row ids of the snapshot's rows that this transaction ended, in order. */
  readonly deletedRows: number[] = []
  /** Segments that hold rows which became too many for memory; nobody else knows of them before the commit. */
  readonly segments: Segment[] = []
  readonly #host: WritesHost
  #memtable: Memtable
  #version = 0
  /** Places of the rows that were ended, in order, where somebody may go back; `null` where nobody does. */
  #ended: RowPlace[] | null = null

  constructor(base: TableView, host: WritesHost) {
    this.base = base
    this.definition = base.definition
    this.#host = host
    this.#memtable = new Memtable(keyFields(base.definition))
  }

  /** Tells whether anything is left to commit. */
  get isEmpty(): boolean {
    return (
      this.deletedRows.length === 0 && this.#memtable.visibleCount(OWN) === 0 && this.segments.length === 0
    )
  }

  /** Gives what the transaction sees: the snapshot's rows and its own. */
  view(): TableView {
    return {
      definition: this.definition,
      parts: [...this.base.parts, ...this.ownParts],
      commit: this.base.commit,
      hidden: this.hidden,
      version: `${this.base.version}+${this.#version}`,
      change: this.base.change,
      own: { base: this.base, parts: this.ownParts },
    }
  }

  /** Goes on with fields that were changed: rows written before keep theirs, in a segment of their own. */
  redefine(definition: TableDefinition): void {
    if (this.#memtable.rowCount > 0) this.#spill()
    this.definition = definition
    this.#memtable = new Memtable(keyFields(definition))
    this.#changed()
  }

  #changed(): void {
    lastVersion += 1
    this.#version = lastVersion
  }

  /** Remembers how far the writes have come. */
  mark(): WritesMark {
    this.#ended ??= []
    return {
      definition: this.definition,
      memtable: this.#memtable,
      rowCount: this.#memtable.rowCount,
      segmentCount: this.segments.length,
      deletedCount: this.deletedRows.length,
      endedCount: this.#ended.length,
    }
  }

  /** Undoes the writes since a mark; gives the segments that nobody needs any more. */
  restore(mark: WritesMark): readonly Segment[] {
    for (const place of (this.#ended ?? []).splice(mark.endedCount).reverse()) this.#revive(place)
    this.deletedRows.length = mark.deletedCount
    this.#memtable = mark.memtable
    for (let position = mark.rowCount; position < mark.memtable.rowCount; position += 1)
      if (mark.memtable.isVisible(position, OWN)) mark.memtable.markDeleted(position, OWN)
    mark.memtable.keepFields(new Set(mark.definition.fields.map((field) => partField(field).fieldId)))
    this.definition = mark.definition
    this.#changed()
    return this.segments.splice(mark.segmentCount)
  }

  #revive(place: RowPlace): void {
    if (this.hidden.get(place.part)?.delete(place.position) === true) return
    const own = place.part as Memtable | Segment
    own.revive(place.position)
  }

  /** Says that nobody goes back to any mark taken so far. */
  forgetMarks(): void {
    this.#ended = null
  }

  /** Inserts rows. Nothing is changed where it throws. @throws `CONSTRAINT`, `TYPE` */
  insert(
    rows: RowBatch,
    onConflict: OnKeyConflict,
  ): { readonly rowIds: Float64Array; readonly insertedCount: number } {
    const columns = this.#columnsOf(rows)
    if (this.definition.key.length === 0) {
      this.#checkUnique({ columns, rows: null, length: rows.length }, [])
      const rowIds = this.#newRowIds(rows.length)
      this.#append({ rowIds, columns })
      return { rowIds, insertedCount: rows.length }
    }
    return this.#insertByKey(rows.length, columns, onConflict)
  }

  /** Brings the columns of a batch to the fields' types; what the batch leaves out stays null. */
  #columnsOf(rows: RowBatch): Map<number, Column> {
    const columns = new Map<number, Column>()
    for (let at = 0; at < rows.fields.length; at += 1) {
      const name = rows.fields[at] as string
      const field = this.definition.fields.find((each) => each.name === name)
      if (field === undefined) {
        throw new SheafError(
          'NOT_FOUND',
          `Table ${this.definition.name} has no field "${name}". Add it first.`,
        )
      }
      const column = coerceColumn(rows.columns[at] as Column, field.type)
      if (column.length !== rows.length)
        throw new SheafError(
          'ARGUMENT',
          `Give each column as many rows as the batch: "${name}" has ${column.length}`,
        )
      columns.set(partField(field).fieldId, column)
    }
    this.#addDefaults(columns, rows.length)
    this.#checkNulls(columns, rows.length)
    return columns
  }

  /** Gives fields that were added with a default, and that a batch leaves out, this value. */
  #addDefaults(columns: Map<number, Column>, length: number): void {
    for (const field of this.definition.fields) {
      const part = partField(field)
      if (columns.has(part.fieldId)) continue
      const value = missingValue(part)
      if (value !== null) columns.set(part.fieldId, constantColumn(part.type, value, length))
    }
  }

  #checkNulls(columns: ReadonlyMap<number, Column>, length: number): void {
    for (const field of this.definition.fields) {
      if (field.nullable || length === 0) continue
      const column = columns.get(partField(field).fieldId)
      if (column !== undefined && !hasNull(column)) continue
      throw new SheafError(
        'CONSTRAINT',
        `A field that must not be null is null. Give each row a value: "${field.name}" of ${this.definition.name}`,
      )
    }
  }

  #newRowIds(count: number): Float64Array {
    const first = this.#host.takeRowIds(count)
    const ids = new Float64Array(count)
    for (let index = 0; index < count; index += 1) ids[index] = first + index
    return ids
  }

  #append(rows: RowChunk): void {
    const { length } = rows.rowIds
    if (length === 0) return
    this.#changed()
    for (let start = 0; start < length; start += APPEND_ROWS) {
      const end = Math.min(start + APPEND_ROWS, length)
      this.#memtable.append(start === 0 && end === length ? rows : sliceRows(rows, start, end), OWN)
      if (this.#memtable.rowCount >= SPILL_ROWS || this.#memtable.sizeBytes >= this.#host.spillBytes)
        this.#spill()
    }
  }

  /** Writes the rows in memory into a segment. */
  #spill(): void {
    const merging = mergeParts(mergeTable(this.definition), [this.#memtable], { keepFrom: OWN, upTo: OWN })
    const merged = finish(merging)
    this.#memtable = new Memtable(keyFields(this.definition))
    if (merged !== null) this.segments.push(this.#host.writeSegment(merged.content))
  }

  /** Writes rows that are many into a segment, so that they pass neither through the log nor the memtable. */
  prepare(directRows: number): void {
    const { rowCount, sizeBytes } = this.#memtable
    if (rowCount >= directRows || sizeBytes >= DIRECT_BYTES) this.#spill()
  }

  #insertByKey(
    length: number,
    columns: ReadonlyMap<number, Column>,
    onConflict: OnKeyConflict,
  ): { readonly rowIds: Float64Array; readonly insertedCount: number } {
    if (onConflict === 'unchecked' || this.#areNew(length, columns)) {
      this.#checkUnique({ columns, rows: null, length }, [])
      const rowIds = this.#newRowIds(length)
      this.#append({ rowIds, columns })
      return { rowIds, insertedCount: length }
    }
    const plan = this.#resolveKeys(length, columns, onConflict)
    this.#checkUnique({ columns, rows: plan.written, length }, plan.replaced)
    const fresh = this.#newRowIds(plan.freshCount)
    let next = 0
    for (let row = 0; row < length; row += 1) {
      if (plan.rowIds[row] !== -1) continue
      plan.rowIds[row] = fresh[next] as number
      next += 1
    }
    for (let row = 0; row < length; row += 1) {
      const earlier = plan.sameAs[row] as number
      if (earlier >= 0) plan.rowIds[row] = plan.rowIds[earlier] as number
    }
    for (const place of plan.replaced) this.#end(place)
    this.#append(takeRows(this.definition, plan.rowIds, columns, plan.written))
    return { rowIds: plan.rowIds, insertedCount: plan.written.length }
  }

  /** Tells quickly, of many rows, whether they ascend by key and lie beside all that is there: then none is taken. */
  #areNew(length: number, columns: ReadonlyMap<number, Column>): boolean {
    if (length < ASCENDING_ROWS) return false
    const key = keyFields(this.definition).map((field) => columns.get(field.fieldId))
    if (key.some((column) => column === undefined || hasNull(column))) return false
    const added = boundsOf(key[0] as Column)
    if (added === null) return false
    for (const part of this.view().parts) {
      if (part.rowCount === 0) continue
      const bounds = part.keyBounds()
      if (bounds === null) return false
      if (compareValues(added[0], bounds[1]) <= 0 && compareValues(added[1], bounds[0]) >= 0) return false
    }
    const compare = rowComparer(key as Column[])
    for (let row = 1; row < length; row += 1) if (compare(row - 1, row) >= 0) return false
    return true
  }

  /** Decides for each row whether it is written, which row it replaces, and where its row id comes from. */
  #resolveKeys(
    length: number,
    columns: ReadonlyMap<number, Column>,
    onConflict: OnKeyConflict,
  ): {
    /** The row ids known so far; -1 where one is to be taken. */
    readonly rowIds: Float64Array
    /** The row of this batch whose row id a row shares, or -1. */
    readonly sameAs: Int32Array
    readonly written: Int32Array
    readonly replaced: readonly RowPlace[]
    readonly freshCount: number
  } {
    const readKey = keyReader(this.definition, columns)
    const view = this.view()
    const seen = new Map<KeyToken, number>()
    const rowIds = new Float64Array(length).fill(-1)
    const sameAs = new Int32Array(length).fill(-1)
    const writes = new Uint8Array(length).fill(1)
    const replaced: RowPlace[] = []
    let freshCount = 0
    for (let row = 0; row < length; row += 1) {
      const key = readKey(row)
      const earlier = seen.get(key.token)
      if (earlier !== undefined) {
        if (onConflict === 'error') throw this.#keyTaken(key)
        sameAs[row] = (sameAs[earlier] as number) >= 0 ? (sameAs[earlier] as number) : earlier
        rowIds[row] = -2
        if (onConflict === 'ignore') writes[row] = 0
        else {
          writes[earlier] = 0
          seen.set(key.token, row)
        }
        continue
      }
      seen.set(key.token, row)
      const place = findKey(view, key)
      if (place === null) {
        freshCount += 1
        continue
      }
      if (onConflict === 'error') throw this.#keyTaken(key)
      rowIds[row] = place.part.rowIdAt(place.position)
      if (onConflict === 'ignore') writes[row] = 0
      else replaced.push(place)
    }
    return { rowIds, sameAs, written: indexesOf(writes), replaced, freshCount }
  }

  #keyTaken(key: SearchKey): SheafError {
    const shown = key.values.map(describeValue).join(', ')
    return new SheafError(
      'CONSTRAINT',
      `The key is taken. Use another, or replace the row: (${this.definition.key.join(', ')}) = (${shown}) in ${this.definition.name}`,
    )
  }

  /** Deletes rows by row id; gives how many there were. */
  delete(rowIds: ArrayLike<number>): number {
    const view = this.view()
    let count = 0
    for (let at = 0; at < rowIds.length; at += 1) {
      const place = findRow(view, rowIds[at] as number)
      if (place === null) continue
      this.#end(place)
      count += 1
    }
    if (count > 0) this.#changed()
    return count
  }

  #end(place: RowPlace): void {
    this.#ended?.push(place)
    if (place.part === this.#memtable || this.segments.some((segment) => segment === place.part)) {
      place.part.markDeleted(place.position, OWN)
      return
    }
    let hidden = this.hidden.get(place.part)
    if (hidden === undefined) {
      hidden = new PositionSet()
      this.hidden.set(place.part, hidden)
    }
    hidden.add(place.position)
    this.deletedRows.push(place.part.rowIdAt(place.position))
  }

  /** Replaces fields of rows; gives how many rows there were. Nothing is changed where it throws. */
  update(rowIds: ArrayLike<number>, rows: RowBatch): number {
    const view = this.view()
    const places: RowPlace[] = []
    const kept: number[] = []
    const seen = isAscending(rowIds) ? null : new Set<number>()
    // Of two updates of one row in a batch the later wins.
    for (let at = rowIds.length - 1; at >= 0; at -= 1) {
      const rowId = rowIds[at] as number
      const place = seen?.has(rowId) === true ? null : findRow(view, rowId)
      seen?.add(rowId)
      if (place === null) continue
      places.push(place)
      kept.push(at)
    }
    places.reverse()
    kept.reverse()
    if (places.length === 0) return 0
    const chunk = this.#updatedRows(view, places, { rows, kept: Int32Array.from(kept) })
    if (rows.fields.some((field) => this.definition.key.includes(field))) this.#checkUpdatedKeys(view, chunk)
    this.#checkUnique({ columns: chunk.columns, rows: null, length: places.length }, places)
    for (const place of places) this.#end(place)
    this.#append(chunk)
    return places.length
  }

  #updatedRows(
    view: TableView,
    places: readonly RowPlace[],
    change: { readonly rows: RowBatch; readonly kept: Int32Array },
  ): RowChunk {
    const { fields } = this.definition
    const unknown = change.rows.fields.find((name) => !fields.some((field) => field.name === name))
    if (unknown !== undefined)
      throw new SheafError(
        'NOT_FOUND',
        `Table ${this.definition.name} has no field "${unknown}". Add it first.`,
      )
    const unchanged = fields.filter((field) => !change.rows.fields.includes(field.name))
    const requests = unchanged.map((field) => ({ field: field.name, type: field.type }))
    const old = readRows(view, places, requests)
    const plan = { which: new Uint32Array(change.kept.length), index: change.kept }
    const columns = new Map<number, Column>()
    for (const field of fields) {
      const given = change.rows.fields.indexOf(field.name)
      const column =
        given < 0
          ? (old[unchanged.indexOf(field)] as Column)
          : takeColumn(field.type, [coerceColumn(change.rows.columns[given] as Column, field.type)], plan)
      columns.set(partField(field).fieldId, coerceColumn(column, field.type))
    }
    this.#checkNulls(columns, places.length)
    return { rowIds: Float64Array.from(places, (place) => place.part.rowIdAt(place.position)), columns }
  }

  #checkUpdatedKeys(view: TableView, chunk: RowChunk): void {
    const readKey = keyReader(this.definition, chunk.columns)
    const updated = new Set(chunk.rowIds)
    const seen = new Set<KeyToken>()
    for (let row = 0; row < chunk.rowIds.length; row += 1) {
      const key = readKey(row)
      const place = findKey(view, key)
      const taken = place !== null && !updated.has(place.part.rowIdAt(place.position))
      if (taken || seen.has(key.token)) throw this.#keyTaken(key)
      seen.add(key.token)
    }
  }

  /** Checks rows to be written against unique indexes; `replaced` are rows that they take the place of. */
  #checkUnique(rows: WrittenRows, replaced: readonly RowPlace[]): void {
    if (this.definition.indexes.length > 0)
      checkUniqueRows({ view: this.view(), indexes: this.#host.indexes }, rows, replaced)
  }

  /** The parts that hold what the transaction wrote. */
  get ownParts(): readonly Part[] {
    return [...this.segments, this.#memtable]
  }

  /** Gives the rows to be committed. */
  committedRows(): RowChunk {
    const memtable = this.#memtable
    const fields = this.definition.fields.map(partField)
    const chunks = Math.ceil(memtable.rowCount / CHUNK_ROWS)
    const dead = memtable.visibleCount(OWN) < memtable.rowCount
    const sources = (field: (typeof fields)[number]): Column[] =>
      Array.from({ length: chunks }, (_, chunk) =>
        memtable.column(field, chunk, Math.min(memtable.rowCount - chunk * CHUNK_ROWS, CHUNK_ROWS)),
      )
    if (!dead) {
      const rowIds = Float64Array.from({ length: memtable.rowCount }, (_, at) => memtable.rowIdAt(at))
      return {
        rowIds,
        columns: new Map(fields.map((field) => [field.fieldId, memtable.wholeColumn(field)])),
      }
    }
    const live: number[] = []
    for (let at = 0; at < memtable.rowCount; at += 1) if (memtable.isVisible(at, OWN)) live.push(at)
    const plan = {
      which: Uint32Array.from(live, (at) => Math.floor(at / CHUNK_ROWS)),
      index: Int32Array.from(live, (at) => at % CHUNK_ROWS),
    }
    return {
      rowIds: Float64Array.from(live, (at) => memtable.rowIdAt(at)),
      columns: new Map(
        fields.map((field) => [
          field.fieldId,
          coerceColumn(takeColumn(field.type, sources(field), plan), field.type),
        ]),
      ),
    }
  }

  /** Gives the keys of the rows to be committed, for finding conflicts. */
  *committedKeys(): Generator<SearchKey> {
    const { columns, rowIds } = this.committedRows()
    const readKey = keyReader(this.definition, columns)
    for (let row = 0; row < rowIds.length; row += 1) yield readKey(row)
    const fields = keyFields(this.definition)
    for (const segment of this.segments) {
      for (let position = 0; position < segment.rowCount; position += 1) {
        if (!segment.isVisible(position, OWN)) continue
        yield searchKey(fields.map((field) => segment.read(field, position)))
      }
    }
  }
}

function sliceRows(rows: RowChunk, start: number, end: number): RowChunk {
  return {
    rowIds: rows.rowIds.subarray(start, end),
    columns: new Map([...rows.columns].map(([id, column]) => [id, sliceColumn(column, start, end)])),
  }
}

/** Tells whether each id is above the one before: then none is there twice. */
function isAscending(ids: ArrayLike<number>): boolean {
  for (let at = 1; at < ids.length; at += 1) if ((ids[at] as number) <= (ids[at - 1] as number)) return false
  return true
}

function hasNull(column: Column): boolean {
  if (column.layout !== 'boxed' && column.validity === null) return false
  for (let index = 0; index < column.length; index += 1) if (isNullAt(column, index)) return true
  return false
}

/** Makes the function that reads the key of a row. */
function keyReader(
  definition: TableDefinition,
  columns: ReadonlyMap<number, Column>,
): (row: number) => SearchKey {
  const readers: readonly (ColumnReader | null)[] = keyFields(definition).map((field) => {
    const column = columns.get(field.fieldId)
    return column === undefined ? null : columnReader(column)
  })
  return (row) => searchKey(readers.map((read) => read?.(row) ?? null))
}

function indexesOf(flags: Uint8Array): Int32Array {
  const indexes: number[] = []
  for (let index = 0; index < flags.length; index += 1) if (flags[index] === 1) indexes.push(index)
  return Int32Array.from(indexes)
}

/** Takes the given rows of a batch: all of them without copying where none is left out. */
function takeRows(
  definition: TableDefinition,
  rowIds: Float64Array,
  columns: ReadonlyMap<number, Column>,
  rows: Int32Array,
): RowChunk {
  if (rows.length === rowIds.length) return { rowIds, columns }
  const plan = { which: new Uint32Array(rows.length), index: rows }
  const taken = new Map<number, Column>()
  for (const field of definition.fields) {
    const { fieldId, type } = partField(field)
    const column = columns.get(fieldId) ?? nullColumn(type, rowIds.length)
    taken.set(fieldId, coerceColumn(takeColumn(type, [column], plan), type))
  }
  return { rowIds: Float64Array.from(rows, (row) => rowIds[row] as number), columns: taken }
}
