import { Type } from 'apache-arrow'
import type { BytesColumn, Column } from '../types/column.ts'
import { compareValues, type Value } from '../types/value.ts'
import { sliceColumn } from './column-slice.ts'
import { isConsecutive, type RowChunk } from './commit-record.ts'
import { constantColumn, constantZone, convertColumn, missingValue, storedField } from './evolved-column.ts'
import { coerceColumn, type GrowableColumn, growableColumn } from './growable-column.ts'
import { KeyIndex } from './key-index.ts'
import { BytesKey, keyToken } from './key-token.ts'
import {
  CHUNK_ROWS,
  type KeyRange,
  type KeyToken,
  type Part,
  type PartField,
  type SearchKey,
  type ZoneMap,
} from './part.ts'
import { SortedKeys } from './sorted-keys.ts'
import { SortedPositions } from './sorted-positions.ts'
import { estimateDistinct } from './statistics.ts'
import { boundsOf, mergeZones, zoneMapOf } from './zone-map.ts'

const NEVER = Number.POSITIVE_INFINITY
const NONE = -1
/** A transaction of a few rows makes a memtable of its own: it takes little memory at first. */
const FIRST_ROWS = 8
/** Tells an index over one column that all positions are of one chunk. */
const WHOLE = 31

/**
 * Is the newest row versions of a table, in memory, in the order of their commits. Appending is cheap, and readers
 * see a prefix that appends leave as it is.
 */
export class Memtable implements Part {
  /** The fields of the table's key, in order; none where it has no key. */
  readonly key: readonly PartField[]
  rowCount = 0
  readonly #columns = new Map<number, GrowableColumn>()
  #rowIds = new Float64Array(FIRST_ROWS)
  #created = new Float64Array(FIRST_ROWS)
  #deleted = new Float64Array(FIRST_ROWS)
  /** Commits of deletions, ascending: counts the rows deleted up to a commit. */
  readonly #deletions: number[] = []
  readonly #rowIndex = new VersionIndex()
  readonly #keyIndex = new VersionIndex()
  #keysIndexed = 0
  /** Tells whether the key is one field of bytes. */
  readonly #hasBytesKey: boolean
  #bytesIndex: KeyIndex | null = null
  #sortedKeys: SortedKeys | null = null
  /** `undefined` in both places before the first row; `null` where they are not known. */
  #bounds: readonly [Value, Value] | null = [undefined, undefined]
  /** Row ids are `rowIds[0] + position` as long as nothing breaks it, and then need no index. */
  #contiguous = true

  constructor(key: readonly PartField[]) {
    this.key = key
    this.#hasBytesKey = key.length === 1 && key[0]?.type.typeId === Type.Binary
  }

  get sizeBytes(): number {
    let size = this.rowCount * 24
    for (const column of this.#columns.values()) size += column.sizeBytes
    return size + (this.#keyIndex.size + this.#rowIndex.size) * 48 + (this.#bytesIndex?.sizeBytes ?? 0)
  }

  get deletedCount(): number {
    return this.#deletions.length
  }

  /** Gives all row ids, as they are now. */
  rowIds(): Float64Array {
    return this.#rowIds.slice(0, this.rowCount)
  }

  /** Gives the commits that created the rows, as they are now. */
  createdCommits(): Float64Array {
    return this.#created.slice(0, this.rowCount)
  }

  /** Appends rows created at a commit. Their columns are as `coerceColumn` gives them. */
  append(rows: RowChunk, commit: number): void {
    const count = rows.rowIds.length
    const at = this.rowCount
    this.#reserve(at + count)
    this.#appendColumns(rows, at, count)
    this.#rowIds.set(rows.rowIds, at)
    this.#created.fill(commit, at, at + count)
    this.#deleted.fill(NEVER, at, at + count)
    this.rowCount = at + count
    this.#indexRows(at, rows.rowIds)
    this.#widenBounds(rows)
  }

  /** Keeps the bounds of the key's first field, by which whole batches are told to be new. */
  #widenBounds(rows: RowChunk): void {
    if (rows.rowIds.length === 0) return
    const [first] = this.key
    const column = first === undefined ? undefined : rows.columns.get(first.fieldId)
    const added = column === undefined ? null : boundsOf(column)
    if (this.#bounds === null || added === null) {
      this.#bounds = null
      return
    }
    const [low, high] = this.#bounds
    this.#bounds = [
      low === undefined || compareValues(added[0], low) < 0 ? added[0] : low,
      high === undefined || compareValues(added[1], high) > 0 ? added[1] : high,
    ]
  }

  keyBounds(): readonly [Value, Value] | null {
    return this.#bounds
  }

  #appendColumns(rows: RowChunk, at: number, count: number): void {
    for (const [fieldId, column] of rows.columns) {
      let target = this.#columns.get(fieldId)
      if (target === undefined) {
        target = growableColumn(column.type)
        this.#columns.set(fieldId, target)
      }
      if (target.length < at) target.appendNulls(at - target.length)
      target.append(column, 0, count)
    }
  }

  #reserve(needed: number): void {
    if (needed <= this.#rowIds.length) return
    const capacity = Math.max(needed, this.#rowIds.length * 2)
    this.#rowIds = growFloats(this.#rowIds, this.rowCount, capacity)
    this.#created = growFloats(this.#created, this.rowCount, capacity)
    this.#deleted = growFloats(this.#deleted, this.rowCount, capacity)
  }

  #indexRows(at: number, rowIds: Float64Array): void {
    if (this.#contiguous) {
      const first = at === 0 ? (rowIds[0] ?? 0) : (this.#rowIds[0] as number) + at
      if (rowIds.length === 0 || (rowIds[0] === first && isConsecutive(rowIds))) return
      this.#contiguous = false
      for (let position = 0; position < at; position += 1)
        this.#rowIndex.add(this.#rowIds[position] as number, position)
    }
    for (let index = 0; index < rowIds.length; index += 1)
      this.#rowIndex.add(rowIds[index] as number, at + index)
  }

  /** Adds to the index the rows that came since it was last asked: rows that nobody looks for by key are not in it. */
  #indexKeys(): void {
    const columns = this.key.map((field) => this.#columns.get(field.fieldId))
    for (; this.#keysIndexed < this.rowCount; this.#keysIndexed += 1) {
      const position = this.#keysIndexed
      this.#keyIndex.add(keyToken(columns.map((column) => column?.read(position) ?? null)), position)
    }
  }

  rowCountAt(commit: number): number {
    if (this.rowCount === 0 || (this.#created[this.rowCount - 1] as number) <= commit) return this.rowCount
    let low = 0
    let high = this.rowCount
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#created[middle] as number) <= commit) low = middle + 1
      else high = middle
    }
    return low
  }

  createdUpTo(commit: number): number {
    return this.rowCountAt(commit)
  }

  *deletedBetween(after: number, upTo: number): Generator<number> {
    const last = this.#deletions[this.#deletions.length - 1]
    if (last === undefined || last <= after) return
    for (let position = 0; position < this.rowCount; position += 1) {
      const deleted = this.#deleted[position] as number
      if (deleted > after && deleted <= upTo) yield position
    }
  }

  visibleCount(commit: number): number {
    return this.rowCountAt(commit) - countUpTo(this.#deletions, commit)
  }

  column(field: PartField, chunk: number, length: number): Column {
    const growable = this.#column(field)
    const start = chunk * CHUNK_ROWS
    return sliceColumn(growable.view(start + length), start, start + length)
  }

  /** Gives a column of all rows. */
  wholeColumn(field: PartField): Column {
    return this.#column(field).view(this.rowCount)
  }

  /**
   * Gives a column. One that no row was written with is what stands for it: when a field changes, rows go to another
   * memtable, so that of one memtable all rows have a field or none has.
   */
  #column(field: PartField): GrowableColumn {
    const known = this.#columns.get(field.fieldId)
    if (known !== undefined) return known
    const growable = growableColumn(field.type)
    const former = storedField(field, (id) => this.#columns.has(id))
    if (this.rowCount > 0 && former !== null) {
      const values = convertColumn(this.wholeColumn(former), former.type, field.type)
      growable.append(coerceColumn(values, field.type), 0, this.rowCount)
    } else if (this.rowCount > 0 && missingValue(field) !== null) {
      growable.append(constantColumn(field.type, missingValue(field), this.rowCount), 0, this.rowCount)
    }
    this.#columns.set(field.fieldId, growable)
    return growable
  }

  access(): null {
    return null
  }

  readonly makesValues = false

  read(field: PartField, position: number): Value {
    const known = this.#columns.get(field.fieldId)
    if (known !== undefined) return known.read(position)
    if (field.former === undefined && field.missing === undefined) return null
    return this.#column(field).read(position)
  }

  selection(chunk: number, length: number, commit: number): Uint32Array | null {
    if (this.#deletions.length === 0 || (this.#deletions[0] as number) > commit) return null
    const start = chunk * CHUNK_ROWS
    const kept = new Uint32Array(length)
    let count = 0
    for (let index = 0; index < length; index += 1) {
      if ((this.#deleted[start + index] as number) > commit) {
        kept[count] = index
        count += 1
      }
    }
    return count === length ? null : kept.subarray(0, count)
  }

  isVisible(position: number, commit: number): boolean {
    return (this.#created[position] as number) <= commit && (this.#deleted[position] as number) > commit
  }

  get firstRowId(): number | null {
    return this.#contiguous ? (this.#rowIds[0] as number) : null
  }

  rowIdAt(position: number): number {
    return this.#rowIds[position] as number
  }

  createdAt(position: number): number {
    return this.#created[position] as number
  }

  deletedAt(position: number): number {
    return this.#deleted[position] as number
  }

  findRow(rowId: number, commit: number): number {
    if (this.#contiguous) {
      const position = rowId - (this.#rowIds[0] as number)
      return position >= 0 && position < this.rowCount && this.isVisible(position, commit) ? position : NONE
    }
    return this.#rowIndex.find(rowId, (position) => this.isVisible(position, commit))
  }

  findKey(key: SearchKey, commit: number): number {
    if (this.rowCount === 0) return NONE
    if (this.#hasBytesKey && key instanceof BytesKey) return this.#findBytes(key, commit)
    if (this.#keysIndexed < this.rowCount) this.#indexKeys()
    return this.#keyIndex.find(key.token, (position) => this.isVisible(position, commit))
  }

  #findBytes(key: BytesKey, commit: number): number {
    this.#bytesIndex ??= new KeyIndex(this.rowCount)
    const index = this.#bytesIndex
    const columns = [this.keyColumn()]
    if (index.count < this.rowCount) index.add(columns, WHOLE, this.rowCount)
    let position = index.find(columns, WHOLE, key.bytes, key.hash)
    while (position >= 0 && !this.isVisible(position, commit)) position = index.before(position)
    return position
  }

  /** Gives the keys of all rows, of a table whose key is one field of bytes. */
  keyColumn(): BytesColumn {
    return this.wholeColumn(this.key[0] as PartField) as BytesColumn
  }

  /** Gives the order of the keys, of a table whose key is one field of bytes. */
  sortedKeys(): SortedKeys {
    this.#sortedKeys ??= new SortedKeys(() => this.keyColumn())
    this.#sortedKeys.catchUp(this.rowCount)
    return this.#sortedKeys
  }

  markDeleted(position: number, commit: number): void {
    this.#deleted[position] = commit
    this.#deletions.push(commit)
  }

  /** Takes back the end of a row of which the memtable's only deletions are of the same commit. */
  revive(position: number): void {
    this.#deleted[position] = NEVER
    this.#deletions.pop()
  }

  /** Forgets the values of fields that are no more. */
  keepFields(fieldIds: ReadonlySet<number>): void {
    for (const fieldId of this.#columns.keys()) {
      if (fieldIds.has(fieldId)) continue
      this.#columns.delete(fieldId)
      this.#zones.delete(fieldId)
      this.#distinct.delete(fieldId)
    }
  }

  zoneMap(field: PartField, chunk: number): ZoneMap | null {
    if (!this.#columns.has(field.fieldId) && field.former === undefined)
      return constantZone(missingValue(field), this.rowCount)
    const zones = this.#zones.get(field.fieldId) ?? []
    this.#zones.set(field.fieldId, zones)
    const length = Math.min(this.rowCount - chunk * CHUNK_ROWS, CHUNK_ROWS)
    const known = zones[chunk]
    if (known !== undefined && known.length === length) return known.zone
    const column = this.column(field, chunk, length)
    // Only what came since is looked at: a query after each commit does not read the table each time.
    const zone =
      known === undefined
        ? zoneMapOf(column)
        : mergeZones(known.zone, zoneMapOf(sliceColumn(column, known.length, length)))
    zones[chunk] = { length, zone }
    return zone
  }

  readonly #zones = new Map<number, { readonly length: number; readonly zone: ZoneMap }[]>()
  readonly #distinct = new Map<number, { readonly rowCount: number; readonly distinct: number | null }>()

  /** Estimates anew only when the rows have doubled. */
  distinctCount(field: PartField): number | null {
    const known = this.#distinct.get(field.fieldId)
    if (known !== undefined && this.rowCount < known.rowCount * 2) return known.distinct
    const distinct = estimateDistinct(this.wholeColumn(field))
    this.#distinct.set(field.fieldId, { rowCount: this.rowCount, distinct })
    return distinct
  }

  #sorted: SortedPositions | null = null

  keyRange(lower: Value | undefined, upper: Value | undefined): KeyRange | null {
    const [first] = this.key
    if (first === undefined) return null
    this.#sorted ??= new SortedPositions((position) => this.read(first, position))
    const positions = this.#sorted.between(lower, upper, this.rowCount)
    return positions === null ? null : { positions }
  }
}

function growFloats(
  array: Float64Array<ArrayBuffer>,
  used: number,
  capacity: number,
): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(capacity)
  grown.set(array.subarray(0, used))
  return grown
}

/** Counts the numbers of an ascending list that are at most a limit. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] as number) <= limit) low = middle + 1
    else high = middle
  }
  return low
}

/** Finds the positions of the versions of a row or key, the newest first. */
class VersionIndex {
  #newest: Map<KeyToken, number> | null = null
  /** Position of the version before, by position. */
  #before: Map<number, number> | null = null

  get size(): number {
    return (this.#newest?.size ?? 0) + (this.#before?.size ?? 0)
  }

  add(token: KeyToken, position: number): void {
    this.#newest ??= new Map()
    const before = this.#newest.get(token)
    if (before !== undefined) {
      this.#before ??= new Map()
      this.#before.set(position, before)
    }
    this.#newest.set(token, position)
  }

  find(token: KeyToken, accept: (position: number) => boolean): number {
    let position = this.#newest?.get(token)
    while (position !== undefined && !accept(position)) position = this.#before?.get(position)
    return position ?? NONE
  }
}
