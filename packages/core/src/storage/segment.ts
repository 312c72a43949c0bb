import { crc32, zstdDecompressSync } from 'node:zlib'
import { type DataType, Type } from 'apache-arrow'
import { typeFromJson } from '../catalog/type-json.ts'
import {
  boxedColumn,
  type Column,
  type ColumnReader,
  columnReader,
  nullColumn,
  type StructColumn,
} from '../types/column.ts'
import { types } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import { compareValues, type Value } from '../types/value.ts'
import { readShreddedPath, shreddedReader, unshredVariants } from '../types/variant/index.ts'
import { safeDoubles } from '../types/wide-integers.ts'
import { blockOf, hashKey, mayHold } from './bloom-filter.ts'
import { DeletionVector } from './deletion-vector.ts'
import {
  constantColumn,
  constantZone,
  convertColumn,
  convertedZone,
  missingValue,
  storedField,
} from './evolved-column.ts'
import type { FileHandle } from './file-system.ts'
import { BytesKey } from './key-token.ts'
import {
  CHUNK_ROWS,
  type KeyRange,
  type Part,
  type PartField,
  type PathAccess,
  type SearchKey,
  type ZoneMap,
} from './part.ts'
import type { PhysicalNode } from './physical-column.ts'
import { RowPositions } from './row-positions.ts'
import type { SegmentCache } from './segment-cache.ts'
import { type BufferSource, readPhysical } from './segment-column.ts'
import {
  CREATED_FIELD,
  decodeSegmentIndex,
  ROW_ID_FIELD,
  type SegmentField,
  type SegmentIndex,
  type StoredBuffer,
} from './segment-index.ts'
import { SegmentKeys } from './segment-keys.ts'
import type { SegmentEntry } from './segment-writer.ts'
import { valueSize } from './value-size.ts'

let nextSegmentNumber = 0

/** Is a segment that is open for reading. Columns are read, checked and decoded when they are first asked for. */
export class Segment implements Part {
  readonly entry: SegmentEntry
  readonly path: string
  readonly deletions: DeletionVector
  /** The number of the file in which the deletions were last written. */
  deletionsVersion: number
  /** How many deletions that file holds. */
  deletionsWritten: number
  #isClosed = false
  readonly #handle: FileHandle
  readonly #bytes: Uint8Array | null
  readonly #cache: SegmentCache
  readonly #number: number
  #index: SegmentIndex | null = null
  #created: readonly [number, number]
  readonly #fields = new Map<number, { readonly position: number; readonly field: SegmentField }>()
  #rowPositions: RowPositions | null = null

  constructor(
    entry: SegmentEntry,
    options: {
      readonly path: string
      readonly handle: FileHandle
      readonly cache: SegmentCache
      readonly deletions?: DeletionVector
    },
  ) {
    this.entry = entry
    this.path = options.path
    this.deletions = options.deletions ?? new DeletionVector()
    this.deletionsVersion = entry.deletions
    this.deletionsWritten = this.deletions.count
    this.#handle = options.handle
    this.#bytes = options.handle.map()
    this.#cache = options.cache
    this.#created = entry.created
    nextSegmentNumber += 1
    this.#number = nextSegmentNumber
    if (options.handle.sizeBytes < entry.sizeBytes)
      throw this.#corrupt(options.handle.sizeBytes, 'it is cut short')
  }

  get rowCount(): number {
    return this.entry.rowCount
  }

  get deletedCount(): number {
    return this.deletions.count
  }

  /** Tells the commit of rows that were written before it was known. */
  setCreated(commit: number): void {
    this.#created = [commit, commit]
  }

  /** The last commit that created a row. */
  get createdLast(): number {
    return this.#created[1]
  }

  /** Gives the entry under which the segment is kept now. */
  currentEntry(): SegmentEntry {
    return { ...this.entry, created: this.#created, deletions: this.deletionsVersion }
  }

  get sizeBytes(): number {
    return this.entry.sizeBytes
  }

  /** Counts the bytes of all columns as they are in memory. */
  get rawBytes(): number {
    return this.entry.rawBytes ?? this.entry.sizeBytes * (this.entry.compressed ? USUAL_COMPRESSION : 1)
  }

  /** Tells whether the file is in memory as a map, which lives on when the file is closed. */
  get isMapped(): boolean {
    return this.#bytes !== null
  }

  /** Closes the file, once: its descriptor may be another file's already when it is asked to again. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#handle.close()
  }

  #corrupt(offset: number, reason: string): SheafError {
    return new SheafError(
      'CORRUPT',
      `A segment is damaged: ${reason}. Run repairStore(), or restore the file: ${this.path} at byte ${offset}`,
      { path: this.path, offset },
    )
  }

  /** Reads stored bytes and checks them. */
  #read(buffer: StoredBuffer): Uint8Array {
    const { offset, sizeBytes } = buffer
    const bytes =
      this.#bytes === null
        ? this.#handle.read(offset, sizeBytes)
        : this.#bytes.subarray(offset, offset + sizeBytes)
    if (crc32(bytes) !== buffer.checksum) throw this.#corrupt(offset, 'a checksum is wrong')
    return bytes
  }

  get index(): SegmentIndex {
    if (this.#index === null) {
      this.#index = decodeSegmentIndex(this.#read(this.entry.index), this.path, CHUNK_ROWS)
      this.#index.header.fields.forEach((field, position) => {
        this.#fields.set(field.fieldId, { position, field })
      })
    }
    return this.#index
  }

  #field(fieldId: number): { readonly position: number; readonly field: SegmentField } | undefined {
    void this.index
    return this.#fields.get(fieldId)
  }

  #chunkLength(chunk: number): number {
    return Math.min(this.rowCount - chunk * CHUNK_ROWS, CHUNK_ROWS)
  }

  /** Gives a column of a chunk as it is kept: variants as their struct. `null` where the segment has no such field. */
  #stored(fieldId: number, type: DataType, chunk: number): Column | null {
    const key = `${this.#number}:${fieldId}:${chunk}`
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const found = this.#field(fieldId)
    if (found === undefined) return null
    const { buffers } = (this.index.chunks[chunk] as SegmentIndex['chunks'][number])[found.position] as {
      readonly buffers: readonly StoredBuffer[]
    }
    const source = this.#source(buffers)
    const column = readPhysical(found.field.node, type, this.#chunkLength(chunk), source)
    this.#cache.set(key, column, source.ownBytes)
    return column
  }

  #source(buffers: readonly StoredBuffer[]): BufferSource & { readonly ownBytes: number } {
    const segment = this
    let next = 0
    let ownBytes = 0
    return {
      get ownBytes() {
        return ownBytes
      },
      next() {
        const buffer = buffers[next] as StoredBuffer
        next += 1
        if (buffer.sizeBytes === 0) return null
        const bytes = segment.#decompressed(buffer)
        if (segment.#bytes === null || bytes.buffer !== segment.#bytes.buffer) ownBytes += bytes.length
        return aligned(bytes)
      },
      dictionary: (number) => segment.#dictionary(number),
    }
  }

  #decompressed(buffer: StoredBuffer): Uint8Array {
    const stored = this.#read(buffer)
    if (!this.entry.compressed) return stored
    const size = new DataView(stored.buffer, stored.byteOffset).getBigInt64(0, true)
    if (size === -1n) return stored.subarray(8)
    // With room for more than all of it the output is one piece; by default it is put together of small ones.
    const chunkSize = Number(size) + SPARE_BYTES
    const bytes = zstdDecompressSync(stored.subarray(8), { maxOutputLength: Number(size), chunkSize })
    if (bytes.length !== Number(size)) throw this.#corrupt(buffer.offset, 'a buffer has the wrong size')
    return bytes
  }

  #dictionary(number: number): Column {
    const key = `${this.#number}:dictionary:${number}`
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const { header, dictionaries } = this.index
    const node = header.dictionaries[number]
    const source = this.#source(dictionaries[number] as readonly StoredBuffer[])
    if (node === undefined) throw this.#corrupt(this.entry.index.offset, 'a dictionary is missing')
    const column = readPhysical(node, nodeType(node), header.dictionaryLengths[number] as number, source)
    this.#cache.set(key, column, source.ownBytes)
    return column
  }

  #isVariant(fieldId: number): boolean {
    return this.#field(fieldId)?.field.node.encoding === 'variant'
  }

  column(field: PartField, chunk: number, length: number): Column {
    if (!this.#isVariant(field.fieldId))
      return this.#stored(field.fieldId, field.type, chunk) ?? this.#evolved(field, chunk, length)
    const key = `${this.#number}:${field.fieldId}:${chunk}:values`
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const struct = this.#stored(field.fieldId, field.type, chunk) as StructColumn
    const column = boxedColumn(field.type, unshredVariants(struct))
    this.#cache.set(key, column, sizeOfValues(column.values))
    return column
  }

  /** Finds the field whose values stand for those of a field that is younger than the segment. */
  #former(field: PartField): PartField | null {
    return field.former === undefined ? null : storedField(field, (id) => this.#field(id) !== undefined)
  }

  /** Gives what stands for a column that the segment does not have. */
  #evolved(field: PartField, chunk: number, length: number): Column {
    const former = this.#former(field)
    const key = `${this.#number}:${field.fieldId}:${former === null ? `missing:${length}` : `former:${chunk}`}`
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const column =
      former === null
        ? constantColumn(field.type, missingValue(field), length)
        : convertColumn(this.column(former, chunk, length), former.type, field.type)
    this.#cache.set(key, column, length * 8)
    return column
  }

  access(field: PartField, chunk: number, access: PathAccess): Column | null {
    if (!this.#isVariant(field.fieldId)) return null
    const key = `${this.#number}:${field.fieldId}:${chunk}:path:${access.reader}:${access.typed}:${JSON.stringify(access.path)}`
    const known = access.reader === undefined ? undefined : this.#cache.get(key)
    if (known !== undefined) return known
    const struct = this.#stored(field.fieldId, field.type, chunk) as StructColumn
    const column = readShreddedPath(struct, access) ?? null
    // A column that was made of others is worth keeping; what lies in the file as it is costs nothing to read.
    if (access.reader !== undefined && column?.layout === 'boxed')
      this.#cache.set(key, column, sizeOfValues(column.split?.oddValues ?? column.values))
    return column
  }

  readonly makesValues = true

  read(field: PartField, position: number): Value {
    return this.#reader(field, position >>> CHUNK_SHIFT)(position & (CHUNK_ROWS - 1))
  }

  /** Readers of fields by chunk, kept as long as the cache keeps the columns. */
  readonly #readers = new Map<number, ColumnReader[]>()
  #readersVersion = 0

  #reader(field: PartField, chunk: number): ColumnReader {
    if (this.#readersVersion !== this.#cache.version) {
      this.#readers.clear()
      this.#readersVersion = this.#cache.version
    }
    let readers = this.#readers.get(field.fieldId)
    if (readers === undefined) {
      readers = []
      this.#readers.set(field.fieldId, readers)
    }
    const known = readers[chunk]
    if (known !== undefined) return known
    const made = this.#makeReader(field, chunk)
    readers[chunk] = made
    return made
  }

  #makeReader(field: PartField, chunk: number): ColumnReader {
    const column = this.#stored(field.fieldId, field.type, chunk)
    if (column === null) {
      if (field.former === undefined && field.missing === undefined) return () => null
      return columnReader(this.#evolved(field, chunk, this.#chunkLength(chunk)))
    }
    return this.#isVariant(field.fieldId) ? shreddedReader(column as StructColumn) : columnReader(column)
  }

  rowCountAt(commit: number): number {
    return this.#created[0] <= commit ? this.rowCount : 0
  }

  createdUpTo(commit: number): number {
    return this.#created[1] <= commit ? this.rowCount : 0
  }

  deletedBetween(after: number, upTo: number): readonly number[] {
    return this.deletions.between(after, upTo)
  }

  visibleCount(commit: number): number {
    if (this.#created[0] > commit) return 0
    if (this.#created[1] <= commit) return this.rowCount - this.deletions.countUpTo(commit)
    let count = 0
    for (let position = 0; position < this.rowCount; position += 1)
      if (this.isVisible(position, commit)) count += 1
    return count
  }

  selection(chunk: number, length: number, commit: number): Uint32Array | null {
    if (this.#created[1] <= commit) return this.deletions.selection(chunk, length, commit)
    const kept: number[] = []
    for (let index = 0; index < length; index += 1)
      if (this.isVisible(chunk * CHUNK_ROWS + index, commit)) kept.push(index)
    return Uint32Array.from(kept)
  }

  isVisible(position: number, commit: number): boolean {
    if (this.#created[1] > commit && this.createdAt(position) > commit) return false
    return this.deletions.count === 0 || this.deletions.deletedAt(position) > commit
  }

  #systemNumber(fieldId: number, position: number): number {
    const chunk = Math.floor(position / CHUNK_ROWS)
    const column = this.#stored(fieldId, ROW_ID_TYPE, chunk)
    if (column === null || column.layout !== 'flat') throw this.#corrupt(0, 'a system column is missing')
    return Number(column.values[position - chunk * CHUNK_ROWS])
  }

  /** Reads the row ids of all positions. */
  #rowIds(): Float64Array {
    const ids = new Float64Array(this.rowCount)
    for (let start = 0; start < ids.length; start += CHUNK_ROWS) {
      const column = this.#stored(ROW_ID_FIELD, ROW_ID_TYPE, start / CHUNK_ROWS)
      if (column === null || column.layout !== 'flat') throw this.#corrupt(0, 'a system column is missing')
      const { values } = column
      const isWide = values instanceof BigInt64Array || values instanceof BigUint64Array
      const numbers = isWide ? safeDoubles(values) : values
      if (numbers === null) throw this.#corrupt(0, 'a row id is no safe integer')
      ids.set(numbers, start)
    }
    return ids
  }

  get firstRowId(): number | null {
    return this.index.header.firstRowId
  }

  rowIdAt(position: number): number {
    const { firstRowId } = this.index.header
    return firstRowId === null ? this.#systemNumber(ROW_ID_FIELD, position) : firstRowId + position
  }

  createdAt(position: number): number {
    const [first, last] = this.#created
    return first === last ? first : this.#systemNumber(CREATED_FIELD, position)
  }

  deletedAt(position: number): number {
    return this.deletions.deletedAt(position)
  }

  findRow(rowId: number, commit: number): number {
    const [low, high] = this.entry.rowIds
    if (rowId < low || rowId > high) return -1
    const { firstRowId } = this.index.header
    if (firstRowId !== null) {
      const position = rowId - firstRowId
      return this.isVisible(position, commit) ? position : -1
    }
    this.#rowPositions ??= new RowPositions(this.#rowIds(), low, high)
    return this.#rowPositions.find(rowId, (position) => this.isVisible(position, commit))
  }

  findKey(key: SearchKey, commit: number): number {
    if (key instanceof BytesKey && this.keys !== null) return this.keys.find(key, commit)
    const fields = this.index.header.sortedBy
    if (fields.length !== key.values.length || !this.#mayHold(key)) return -1
    const hash = this.index.header.filter === undefined ? null : hashKey(key.values)
    if (hash !== null && !this.#filterHolds(hash)) return -1
    let position = this.#lowerBound(key.values)
    for (; position < this.rowCount && this.#compareKey(position, key.values) === 0; position += 1)
      if (this.isVisible(position, commit)) return position
    return -1
  }

  #keys: SegmentKeys | null | undefined

  /** Searches keys of one field of bytes; `null` where the key is another, or no column of plain bytes. */
  get keys(): SegmentKeys | null {
    if (this.#keys === undefined) this.#keys = this.#makeKeys()
    return this.#keys
  }

  #makeKeys(): SegmentKeys | null {
    const [fieldId, ...others] = this.index.header.sortedBy
    const found = fieldId === undefined ? undefined : this.#field(fieldId)
    if (fieldId === undefined || others.length > 0 || found === undefined) return null
    const { node } = found.field
    const type = nodeType(node)
    if (node.layout !== 'bytes' || type.typeId !== Type.Binary || this.rowCount === 0) return null
    const segment = this
    return new SegmentKeys({
      rowCount: this.rowCount,
      keyColumn: (chunk) => segment.#stored(fieldId, type, chunk) as Column,
      chunkBounds: (chunk) => bytesBounds(segment.index.chunks[chunk]?.[found.position]?.zone),
      isVisible: (position, commit) => segment.isVisible(position, commit),
      mayHold: (hash) => segment.#filterHolds(hash),
      get cacheVersion() {
        return segment.#cache.version
      },
      keepIndex: (index) => segment.#cache.set(`${segment.#number}:keys`, EMPTY_COLUMN, index.sizeBytes),
    })
  }

  /** The pages of the filter that were checked, of a file that is mapped. */
  #checkedPages: Uint8Array | null = null

  /** Tells by the filter whether a key can be here; a segment without one may hold any. */
  #filterHolds(hash: number): boolean {
    const { filter } = this.index.header
    if (filter === undefined) return true
    const block = blockOf(hash, filter.sizeBytes)
    const page = Math.floor(block / filter.pageBytes)
    return mayHold(this.#filterPage(page), block - page * filter.pageBytes, hash)
  }

  /** Reads a page of the filter and checks it, once where it stays in memory by itself. */
  #filterPage(page: number): Uint8Array {
    const { header, filterPages } = this.index
    const { offset, sizeBytes, pageBytes } = header.filter as NonNullable<typeof header.filter>
    const start = page * pageBytes
    const size = Math.min(pageBytes, sizeBytes - start)
    const checksum = filterPages[page] as number
    if (this.#bytes === null) return this.#read({ offset: offset + start, sizeBytes: size, checksum })
    this.#checkedPages ??= new Uint8Array(filterPages.length)
    if (this.#checkedPages[page] === 0) this.#read({ offset: offset + start, sizeBytes: size, checksum })
    this.#checkedPages[page] = 1
    return this.#bytes.subarray(offset + start, offset + start + size)
  }

  /** Tells by zone maps whether a key can be here at all. */
  #mayHold(key: SearchKey): boolean {
    const bounds = this.keyBounds()
    if (bounds === null) return true
    const [first] = key.values
    return compareValues(first, bounds[0]) >= 0 && compareValues(first, bounds[1]) <= 0
  }

  #bounds: readonly [Value, Value] | null | undefined

  keyBounds(): readonly [Value, Value] | null {
    const [first] = this.index.header.sortedBy
    if (this.#bounds === undefined)
      this.#bounds =
        first === undefined || this.rowCount === 0
          ? null
          : (this.#boundsOfZones(first) ?? [
              this.#keyValue(first, 0),
              this.#keyValue(first, this.rowCount - 1),
            ])
    return this.#bounds
  }

  /** Knows the bounds of a column that the rows are sorted by without reading it, where all of it is no null. */
  #boundsOfZones(fieldId: number): readonly [Value, Value] | null {
    const { chunks } = this.index
    const low = this.#zone(fieldId, 0)
    const high = this.#zone(fieldId, chunks.length - 1)
    if (low?.minimum === undefined || high?.maximum === undefined) return null
    if (low.minimum === null || high.maximum === null || low.nullCount > 0 || high.nullCount > 0) return null
    return [low.minimum, high.maximum]
  }

  #zone(fieldId: number, chunk: number): ZoneMap | undefined {
    const found = this.#field(fieldId)
    return found === undefined ? undefined : this.index.chunks[chunk]?.[found.position]?.zone
  }

  /** Finds the first chunk that may hold a value of the key's first field that is not below one, by zone maps. */
  #firstChunk(value: Value): number {
    const fieldId = this.index.header.sortedBy[0] as number
    const { length } = this.index.chunks
    let chunk = 0
    for (; chunk < length - 1; chunk += 1) {
      const zone = this.#zone(fieldId, chunk)
      if (zone?.maximum === undefined || zone.maximum === null || zone.nullCount > 0) break
      if (compareValues(zone.maximum, value) >= 0) break
    }
    return chunk
  }

  /** Finds a chunk from one on after which all values of the key's first field are above one, by zone maps. */
  #lastChunk(value: Value, from: number): number {
    const fieldId = this.index.header.sortedBy[0] as number
    const { length } = this.index.chunks
    for (let chunk = from; chunk < length - 1; chunk += 1) {
      const zone = this.#zone(fieldId, chunk + 1)
      if (zone?.minimum === undefined || zone.minimum === null || zone.nullCount > 0) continue
      if (compareValues(zone.minimum, value) > 0) return chunk
    }
    return length - 1
  }

  /** Finds the first position whose key is not below the given values, of all fields of the key or the first ones. */
  #lowerBound(values: readonly Value[]): number {
    const first = this.#firstChunk(values[0])
    let low = first * CHUNK_ROWS
    let high = Math.min((this.#lastChunk(values[0], first) + 1) * CHUNK_ROWS, this.rowCount)
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compareKey(middle, values) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #compareKey(position: number, values: readonly Value[]): number {
    const fields = this.index.header.sortedBy
    for (let at = 0; at < values.length; at += 1) {
      const order = compareValues(this.#keyValue(fields[at] as number, position), values[at])
      if (order !== 0) return order
    }
    return 0
  }

  readonly #keyReaders = new Map<number, ((index: number) => Value)[]>()

  #keyValue(fieldId: number, position: number): Value {
    const chunk = Math.floor(position / CHUNK_ROWS)
    let readers = this.#keyReaders.get(fieldId)
    if (readers === undefined) {
      readers = []
      this.#keyReaders.set(fieldId, readers)
    }
    let read = readers[chunk]
    if (read === undefined) {
      const node = this.#field(fieldId)?.field.node
      const column = node === undefined ? null : this.#stored(fieldId, nodeType(node), chunk)
      if (column === null) return null
      read = this.#isVariant(fieldId) ? shreddedReader(column as StructColumn) : columnReader(column)
      readers[chunk] = read
    }
    return read(position - chunk * CHUNK_ROWS)
  }

  keyRange(lower: Value | undefined, upper: Value | undefined): KeyRange | null {
    if (this.index.header.sortedBy.length === 0) return null
    const start = lower === undefined ? 0 : this.#lowerBound([lower])
    let low = start
    let high = this.rowCount
    while (upper !== undefined && low < high) {
      const middle = (low + high) >>> 1
      if (this.#compareKey(middle, [upper]) <= 0) low = middle + 1
      else high = middle
    }
    return { start, end: upper === undefined ? this.rowCount : low }
  }

  markDeleted(position: number, commit: number): void {
    this.deletions.add(position, commit)
  }

  /** Takes back the end of a row. */
  revive(position: number): void {
    this.deletions.remove(position)
  }

  zoneMap(field: PartField, chunk: number): ZoneMap | null {
    const found = this.#field(field.fieldId)
    if (found === undefined) {
      const former = this.#former(field)
      if (former !== null) return convertedZone(this.zoneMap(former, chunk), field.type)
      return constantZone(missingValue(field), this.#chunkLength(chunk))
    }
    return this.index.chunks[chunk]?.[found.position]?.zone ?? null
  }

  distinctCount(field: PartField): number | null {
    const stored = this.#field(field.fieldId) ?? this.#field(this.#former(field)?.fieldId ?? Number.NaN)
    return stored?.field.distinctCount ?? null
  }

  /** Finds the chunks of which some column cannot be read. @throws `CORRUPT` where that is true of all */
  damagedChunks(): readonly number[] {
    const { dictionaries, chunks } = this.index
    for (const buffer of dictionaries.flat()) if (buffer.sizeBytes > 0) this.#read(buffer)
    return chunks.flatMap((chunk, number) => {
      const buffers = chunk.flatMap((column) => column.buffers)
      return buffers.every((buffer) => buffer.sizeBytes === 0 || this.#isSound(buffer)) ? [] : [number]
    })
  }

  #isSound(buffer: StoredBuffer): boolean {
    try {
      this.#read(buffer)
      return true
    } catch (error) {
      if (error instanceof SheafError && error.code === 'CORRUPT') return false
      throw error
    }
  }

  /** Reads and checks every byte. Gives what is wrong. */
  verify(): string[] {
    const problems: string[] = []
    const attempt = (check: () => void): void => {
      try {
        check()
      } catch (error) {
        if (!(error instanceof SheafError)) throw error
        problems.push(error.message)
      }
    }
    attempt(() => void this.index)
    if (problems.length > 0) return problems
    const { frames, dictionaries, chunks } = this.index
    const buffers = [
      ...frames,
      ...dictionaries.flat(),
      ...chunks.flatMap((chunk) => chunk.flatMap((column) => column.buffers)),
    ]
    for (const buffer of buffers) if (buffer.sizeBytes > 0) attempt(() => void this.#read(buffer))
    this.#checkedPages = null
    for (let page = 0; page < this.index.filterPages.length; page += 1)
      attempt(() => void this.#filterPage(page))
    return problems
  }
}

/** Sizes are estimated of one value in so many. */
const SIZED_ROWS = 64

function sizeOfValues(values: readonly Value[]): number {
  let size = 0
  for (let index = 0; index < values.length; index += SIZED_ROWS)
    size += valueSize(values[index]) * SIZED_ROWS
  return size
}

const ROW_ID_TYPE: DataType = types.int64
const CHUNK_SHIFT = 16
/** Is how much smaller files are for their compression, where they do not tell. */
const USUAL_COMPRESSION = 4
/** The least size of a piece of output that zlib accepts. */
const SPARE_BYTES = 64
const EMPTY_COLUMN: Column = nullColumn(types.null, 0)

function bytesBounds(zone: ZoneMap | undefined): readonly [Uint8Array, Uint8Array] | null {
  const { minimum, maximum } = zone ?? {}
  return minimum instanceof Uint8Array && maximum instanceof Uint8Array ? [minimum, maximum] : null
}

function nodeType(node: PhysicalNode): DataType {
  return typeFromJson(node.type)
}

/** Gives bytes at a multiple of eight in their buffer: typed arrays need that. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
}
