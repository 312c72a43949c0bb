/**
 * Lays out the payload of a commit's log record.
 *
 * | field      | size              | what                                                                    |
 * |------------|-------------------|-------------------------------------------------------------------------|
 * | time       | 8                 | float64, milliseconds since the epoch                                   |
 * | changes    | varint            | count of tables, those of the catalog first; then for each:             |
 * | table      | varint            | table id                                                                |
 * | deletes    | varint, array     | count; where not 0, the row ids that end, as float64                    |
 * | rows       | varint            | count of new rows; where not 0:                                         |
 * | row ids    | 1, 8 or array     | 0 and the first of consecutive ids (u64), or 1 and all ids as float64   |
 * | columns    | varint            | count; for each the field id (varint) and an array: `column-codec.ts`   |
 * | segments   | varint            | count; for each the JSON of its entry, as in the manifest               |
 *
 * A delete of a row that the same change inserts again under its id is an update: deletes are applied first.
 */
import type { DataType } from 'apache-arrow'
import type { Column } from '../types/column.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { decodeColumn, encodeColumn } from './column-codec.ts'

/** Is new rows as columns by field id. */
export type RowChunk = {
  readonly rowIds: Float64Array
  readonly columns: ReadonlyMap<number, Column>
}

/** Is what one commit does to one table. */
export type TableChange = {
  readonly tableId: number
  /** Row ids whose current version ends. */
  readonly deletes: Float64Array
  readonly rows: RowChunk
  /** Entries of segments that hold further new rows, as JSON. */
  readonly segments: readonly string[]
}

/** Finds the type of a field; `undefined` for one that is no more. */
export type FieldTypes = (tableId: number, fieldId: number) => DataType | undefined

/** Writers that small commits share: to allocate memory for each would cost more than to fill it. */
const shared = { commit: new ByteWriter(1024), column: new ByteWriter(1024) }
const LARGEST_SHARED = 1 << 20

function cleared(name: 'commit' | 'column'): ByteWriter {
  if (shared[name].length > LARGEST_SHARED) shared[name] = new ByteWriter(1024)
  shared[name].clear()
  return shared[name]
}

/** Encodes the payload of a commit. What it gives is good until the next call. */
export function encodeCommit(timeMs: number, changes: readonly TableChange[]): Uint8Array {
  const writer = cleared('commit')
  writer.float64(timeMs)
  writer.varint(changes.length)
  for (const change of changes) encodeChange(writer, change)
  return writer.finish()
}

function encodeChange(writer: ByteWriter, change: TableChange): void {
  writer.varint(change.tableId)
  writer.varint(change.deletes.length)
  if (change.deletes.length > 0) writer.array(change.deletes)
  encodeRows(writer, change.rows)
  writer.varint(change.segments.length)
  for (const segment of change.segments) writer.text(segment)
}

function encodeRows(writer: ByteWriter, rows: RowChunk): void {
  writer.varint(rows.rowIds.length)
  if (rows.rowIds.length === 0) return
  if (isConsecutive(rows.rowIds)) {
    writer.uint8(0)
    writer.uint64(rows.rowIds[0] as number)
  } else {
    writer.uint8(1)
    writer.array(rows.rowIds)
  }
  writer.varint(rows.columns.size)
  for (const [fieldId, column] of rows.columns) {
    writer.varint(fieldId)
    const columnWriter = cleared('column')
    encodeColumn(columnWriter, column)
    writer.array(columnWriter.finish())
  }
}

/** Tells whether each id is one more than the one before. */
export function isConsecutive(ids: Float64Array): boolean {
  const first = ids[0] as number
  if (ids.length > 0 && (ids[ids.length - 1] as number) - first !== ids.length - 1) return false
  for (let index = 1; index < ids.length; index += 1) if (ids[index] !== first + index) return false
  return true
}

/** Reads when a commit was made, in milliseconds since the epoch. */
export function commitTime(payload: Uint8Array): number {
  return new ByteReader(payload).float64()
}

/**
 * Reads the changes of a commit one after the other, so that the changes of the catalog can be applied before the
 * types of later ones are asked for.
 */
export function* decodeCommit(payload: Uint8Array, fieldTypes: FieldTypes): Generator<TableChange> {
  const reader = new ByteReader(payload)
  reader.float64()
  const count = reader.varint()
  for (let index = 0; index < count; index += 1) yield decodeChange(reader, fieldTypes)
}

function decodeChange(reader: ByteReader, fieldTypes: FieldTypes): TableChange {
  const tableId = reader.varint()
  const deleteCount = reader.varint()
  const deletes = deleteCount === 0 ? new Float64Array(0) : float64Array(reader.array())
  const rows = decodeRows(reader, tableId, fieldTypes)
  const segments = Array.from({ length: reader.varint() }, () => reader.text())
  return { tableId, deletes, rows, segments }
}

function decodeRows(reader: ByteReader, tableId: number, fieldTypes: FieldTypes): RowChunk {
  const count = reader.varint()
  const columns = new Map<number, Column>()
  if (count === 0) return { rowIds: new Float64Array(0), columns }
  const rowIds = reader.uint8() === 0 ? consecutive(reader.uint64(), count) : float64Array(reader.array())
  const columnCount = reader.varint()
  for (let index = 0; index < columnCount; index += 1) {
    const fieldId = reader.varint()
    const bytes = reader.array()
    const type = fieldTypes(tableId, fieldId)
    if (type !== undefined) columns.set(fieldId, decodeColumn(new ByteReader(bytes), type))
  }
  return { rowIds, columns }
}

/** Gives consecutive ids from the first. */
export function consecutive(first: number, count: number): Float64Array {
  const ids = new Float64Array(count)
  for (let index = 0; index < count; index += 1) ids[index] = first + index
  return ids
}

function float64Array(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)
}
