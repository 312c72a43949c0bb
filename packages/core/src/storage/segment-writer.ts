/**
 * Writes segments: Arrow IPC files that other tools read as they are, with an index for our own reading.
 *
 * File: `segments/<table id>/<segment id, ten digits>.arrow`.
 *
 * | part           | what                                                                       |
 * |----------------|----------------------------------------------------------------------------|
 * | magic          | `ARROW1`, two zeros                                                        |
 * | schema         | framed message                                                             |
 * | dictionaries   | framed message and body each                                               |
 * | record batches | framed message and body each; 65,536 rows but in the last                  |
 * | end            | `ff ff ff ff 00 00 00 00`                                                  |
 * | filter         | Bloom filter over the keys, see `bloom-filter.ts`                          |
 * | index          | see `segment-index.ts`                                                     |
 * | footer         | Arrow's footer, its size, `ARROW1`                                         |
 *
 * Nothing refers to the file before it is complete and synced, so a crash leaves a file that nobody misses.
 */
import { constants, crc32, zstdCompressSync } from 'node:zlib'
import { Field, Schema } from 'apache-arrow'
import { type Column, columnReader, type NumberArray } from '../types/column.ts'
import { FIELD_ID_KEY, isDecimal, types } from '../types/data-type.ts'
import { FEWEST_FILTERED_KEYS, FILTER_PAGE_BYTES, hashKey, makeFilter } from './bloom-filter.ts'
import { rebase } from './column-codec.ts'
import { sliceBits, sliceColumn } from './column-slice.ts'
import { isConsecutive } from './commit-record.ts'
import type { FileHandle, FileSystem } from './file-system.ts'
import {
  arrowType,
  type BatchShape,
  batchMessage,
  dictionaryMessage,
  END_OF_STREAM,
  fileFooter,
  IPC_MAGIC,
  type MessageBlock,
  schemaMessage,
} from './ipc-message.ts'
import { CHUNK_ROWS } from './part.ts'
import { type DictionaryList, type PhysicalColumn, type PhysicalNode, toPhysical } from './physical-column.ts'
import {
  CREATED_FIELD,
  encodeSegmentIndex,
  ROW_ID_FIELD,
  SEGMENT_FORMAT_VERSION,
  type SegmentChunk,
  type SegmentHeader,
  type StoredBuffer,
} from './segment-index.ts'
import { estimateDistinct } from './statistics.ts'
import { countNulls, zoneMapOf } from './zone-map.ts'

/** Is what becomes a segment: whole columns, rows in the order in which they are kept. */
export type SegmentContent = {
  readonly fields: readonly { readonly field: Field; readonly fieldId: number; readonly column: Column }[]
  readonly rowIds: Float64Array
  /** The commits that created the rows, or `null` where all are of one, which the segment's entry then tells. */
  readonly created: Float64Array | null
  readonly sortedBy: readonly number[]
}

/** Is what the manifest, or the log, says of a segment: plain JSON. */
export type SegmentEntry = {
  readonly id: number
  readonly rowCount: number
  readonly sizeBytes: number
  readonly compressed: boolean
  /** Size of the buffers before they were compressed; entries of older stores do not tell. */
  readonly rawBytes?: number
  readonly index: { readonly offset: number; readonly sizeBytes: number; readonly checksum: number }
  /** The least and greatest row id. */
  readonly rowIds: readonly [number, number]
  /** The first and last commit that created a row. */
  readonly created: readonly [number, number]
  /** Number of the file of deleted positions; 0 where there is none. */
  readonly deletions: number
}

/** Gives the path of a segment. */
export function segmentPath(folder: string, tableId: number, id: number): string {
  return `${folder}/segments/${tableId}/${String(id).padStart(10, '0')}.arrow`
}

/** Gives the path of a segment's file of deletions. */
export function deletionsPath(folder: string, tableId: number, id: number, version: number): string {
  return `${folder}/segments/${tableId}/${String(id).padStart(10, '0')}-${version}.deletions`
}

const ALIGNMENT = 64
const COMPRESSED_ALIGNMENT = 8
/** Buffers that compress to more than this part of their size are kept as they are, and read without a copy. */
const WORTH_COMPRESSING = 0.9
const SMALLEST_COMPRESSED = 64

/**
 * Writes a segment step by step, a step a chunk, so that the caller may do other things between.
 *
 * The file is complete but not synced when it returns.
 */
export function* writeSegment(
  fileSystem: FileSystem,
  path: string,
  content: SegmentContent,
  options: { readonly id: number; readonly compressionLevel: number | null },
): Generator<void, { readonly entry: SegmentEntry; readonly handle: FileHandle }> {
  const writer = new SegmentFile(fileSystem.open(path, 'create'), options.compressionLevel)
  try {
    yield* writer.write(content)
    return { entry: writer.entry(options.id, content), handle: writer.handle }
  } catch (error) {
    writer.handle.close()
    throw error
  }
}

type Laid = PhysicalColumn & {
  readonly fieldId: number
  readonly name: string
  readonly metadata: Map<string, string>
}

class SegmentFile {
  readonly handle: FileHandle
  readonly #level: number | null
  #offset = 0
  #rawBytes = 0
  readonly #frames: StoredBuffer[] = []
  #index: StoredBuffer = { offset: 0, sizeBytes: 0, checksum: 0 }

  constructor(handle: FileHandle, compressionLevel: number | null) {
    this.handle = handle
    this.#level = compressionLevel
  }

  *write(content: SegmentContent): Generator<void> {
    const dictionaries: DictionaryList = []
    const laid = layOutContent(content, dictionaries)
    yield
    const schema = schemaOf(laid, dictionaries)
    const magic = new Uint8Array(8)
    magic.set(IPC_MAGIC)
    this.#writeFrame(magic)
    this.#writeFrame(schemaMessage(schema))
    const dictionaryBlocks: MessageBlock[] = []
    const dictionaryBuffers = dictionaries.map((dictionary, id) => {
      const written = this.#writeBatch([dictionary], 0, dictionary.column.length, (shape) =>
        dictionaryMessage(id, shape),
      )
      dictionaryBlocks.push(written.block)
      return written.buffers[0] as StoredBuffer[]
    })
    const batchBlocks: MessageBlock[] = []
    const chunks: SegmentChunk[][] = []
    const rowCount = content.rowIds.length
    for (let start = 0; start < rowCount; start += CHUNK_ROWS) {
      const end = Math.min(start + CHUNK_ROWS, rowCount)
      const written = this.#writeBatch(laid, start, end, batchMessage)
      batchBlocks.push(written.block)
      chunks.push(
        laid.map((column, at) => ({
          buffers: written.buffers[at] as StoredBuffer[],
          zone: zoneOf(column, start, end),
        })),
      )
      yield
    }
    this.#writeFrame(END_OF_STREAM)
    const filter = filterOf(content)
    yield
    const header = this.#header(content, laid, dictionaries)
    const index = encodeSegmentIndex({
      header:
        filter === null
          ? header
          : {
              ...header,
              filter: { offset: this.#offset, sizeBytes: filter.length, pageBytes: FILTER_PAGE_BYTES },
            },
      frames: this.#frames,
      dictionaries: dictionaryBuffers,
      chunks,
      filterPages: pageChecksums(filter ?? NO_BYTES),
    })
    if (filter !== null) this.#append(filter)
    this.#index = { offset: this.#offset, sizeBytes: index.length, checksum: crc32(index) }
    this.#append(index)
    this.#append(new Uint8Array((8 - (this.#offset % 8)) % 8))
    this.#append(fileFooter(schema, batchBlocks, dictionaryBlocks))
  }

  #header(content: SegmentContent, laid: readonly Laid[], dictionaries: DictionaryList): SegmentHeader {
    return {
      formatVersion: SEGMENT_FORMAT_VERSION,
      rowCount: content.rowIds.length,
      compressed: this.#level !== null,
      fields: laid.map((column) => ({
        fieldId: column.fieldId,
        name: column.name,
        node: column.node,
        distinctCount: estimateDistinct(column.column),
      })),
      dictionaries: dictionaries.map((each) => each.node),
      dictionaryLengths: dictionaries.map((each) => each.column.length),
      firstRowId: isConsecutive(content.rowIds) ? (content.rowIds[0] ?? 0) : null,
      sortedBy: content.sortedBy,
    }
  }

  entry(id: number, content: SegmentContent): SegmentEntry {
    const created = content.created === null ? ([0, 0] as const) : rangeOf(content.created)
    return {
      id,
      rowCount: content.rowIds.length,
      sizeBytes: this.#offset,
      compressed: this.#level !== null,
      rawBytes: this.#rawBytes,
      index: this.#index,
      rowIds: rangeOf(content.rowIds),
      created,
      deletions: 0,
    }
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length > 0) this.handle.write(this.#offset, bytes)
    this.#offset += bytes.length
  }

  #writeFrame(bytes: Uint8Array): void {
    this.#frames.push({ offset: this.#offset, sizeBytes: bytes.length, checksum: crc32(bytes) })
    this.#append(bytes)
  }

  /** Writes the message and the body of rows of some columns; gives where the buffers of each column are. */
  #writeBatch(
    columns: readonly PhysicalColumn[],
    start: number,
    end: number,
    message: (shape: BatchShape) => Uint8Array,
  ): { readonly block: MessageBlock; readonly buffers: StoredBuffer[][] } {
    const parts = columns.map((column) => {
      const part: BatchPart = { nodes: [], buffers: [] }
      collectBuffers(column.node, column.column, { start, end }, part)
      return part
    })
    for (const part of parts) for (const buffer of part.buffers) this.#rawBytes += buffer.length
    const alignment = this.#level === null ? ALIGNMENT : COMPRESSED_ALIGNMENT
    const body = layOutBody(parts, this.#level, alignment)
    const header = message({
      length: end - start,
      nodes: parts.flatMap((part) => part.nodes),
      buffers: body.places.flat(),
      bodyBytes: body.bytes.length,
      compressed: this.#level !== null,
    })
    const framed = alignedFrame(header, this.#offset, alignment)
    const offset = this.#offset
    this.#writeFrame(framed)
    const base = this.#offset
    this.#append(body.bytes)
    return {
      block: { offset, headerBytes: framed.length, bodyBytes: body.bytes.length },
      buffers: body.places.map((places) =>
        places.map((place) => ({
          offset: base + place.offset,
          sizeBytes: place.sizeBytes,
          checksum: crc32(body.bytes.subarray(place.offset, place.offset + place.sizeBytes)),
        })),
      ),
    }
  }
}

/** Makes the filter over the keys; `null` where there is no key, or it would save nothing. */
function filterOf({ fields, sortedBy, rowIds }: SegmentContent): Uint8Array | null {
  if (sortedBy.length === 0 || rowIds.length < FEWEST_FILTERED_KEYS) return null
  const columns = sortedBy.map((id) => fields.find((field) => field.fieldId === id)?.column)
  if (columns.some((column) => column === undefined || isDecimal(column.type))) return null
  const readers = (columns as Column[]).map(columnReader)
  const hashes = new Uint32Array(rowIds.length)
  for (let row = 0; row < hashes.length; row += 1) {
    const hash = hashKey(readers.map((read) => read(row)))
    if (hash === null) return null
    hashes[row] = hash
  }
  return makeFilter(hashes)
}

function pageChecksums(filter: Uint8Array): Uint32Array {
  return Uint32Array.from({ length: Math.ceil(filter.length / FILTER_PAGE_BYTES) }, (_, page) =>
    crc32(filter.subarray(page * FILTER_PAGE_BYTES, (page + 1) * FILTER_PAGE_BYTES)),
  )
}

/** Lengthens the padding of a framed message so that the body after it starts at a multiple of the alignment. */
function alignedFrame(framed: Uint8Array, offset: number, alignment: number): Uint8Array {
  const rest = (offset + framed.length) % alignment
  if (rest === 0) return framed
  const padded = new Uint8Array(framed.length + alignment - rest)
  padded.set(framed)
  new DataView(padded.buffer).setInt32(4, padded.length - 8, true)
  return padded
}

function rangeOf(numbers: Float64Array): readonly [number, number] {
  let low = numbers[0] ?? 0
  let high = low
  for (let index = 1; index < numbers.length; index += 1) {
    const number = numbers[index] as number
    if (number < low) low = number
    if (number > high) high = number
  }
  return [low, high]
}

function layOutContent(content: SegmentContent, dictionaries: DictionaryList): Laid[] {
  const laid: Laid[] = content.fields.map(({ field, fieldId, column }) => {
    const metadata = new Map(field.metadata).set(FIELD_ID_KEY, String(fieldId))
    return { ...toPhysical(column, field.type, dictionaries), fieldId, name: field.name, metadata }
  })
  const system = (name: string, fieldId: number, values: Float64Array): void => {
    const column: Column = {
      layout: 'flat',
      type: types.int64,
      length: values.length,
      validity: null,
      values: integers(values),
    }
    laid.push({ ...toPhysical(column, types.int64, dictionaries), fieldId, name, metadata: new Map() })
  }
  if (!isConsecutive(content.rowIds)) system('_row_id', ROW_ID_FIELD, content.rowIds)
  if (content.created !== null) system('_created', CREATED_FIELD, content.created)
  return laid
}

function integers(values: Float64Array): NumberArray {
  const [low, high] = rangeOf(values)
  return low >= -(2 ** 31) && high < 2 ** 31
    ? Int32Array.from(values)
    : BigInt64Array.from(values, (value) => BigInt(value))
}

function schemaOf(laid: readonly Laid[], dictionaries: DictionaryList): Schema {
  const nodes = dictionaries.map((each) => each.node)
  return new Schema(
    laid.map((column) => new Field(column.name, arrowType(column.node, nodes), true, column.metadata)),
    new Map([['sheaf:format', String(SEGMENT_FORMAT_VERSION)]]),
  )
}

function zoneOf(column: PhysicalColumn, start: number, end: number): SegmentChunk['zone'] {
  const { node } = column
  const slice = node.layout === 'decimal' ? null : sliceColumn(column.column, start, end)
  if (slice === null || node.encoding !== undefined) {
    const nullCount = slice === null ? 0 : countNulls(slice)
    const bound = slice !== null && nullCount === end - start ? null : undefined
    return { minimum: bound, maximum: bound, nullCount }
  }
  return zoneMapOf(slice)
}

type BatchPart = {
  readonly nodes: { readonly length: number; readonly nullCount: number }[]
  readonly buffers: Uint8Array[]
}

const NO_BYTES = new Uint8Array(0)

/** Collects nodes and buffers of rows of a column, in the order in which Arrow's IPC format has them. */
function collectBuffers(
  node: PhysicalNode,
  column: Column,
  range: { readonly start: number; readonly end: number },
  part: BatchPart,
): void {
  const { start, end } = range
  const length = end - start
  if (node.layout === 'null' || column.layout === 'boxed') {
    part.nodes.push({ length, nullCount: length })
    return
  }
  const bits = sliceBits(column.validity, start, end)
  const nullCount = bits === null ? 0 : countClear(bits, length)
  part.nodes.push({ length, nullCount })
  part.buffers.push(nullCount === 0 ? NO_BYTES : (bits as Uint8Array))
  const children = node.children ?? []
  switch (column.layout) {
    case 'flat': {
      const width = node.layout === 'decimal' ? (node.size as number) : 1
      part.buffers.push(bytesOf(column.values.subarray(start * width, end * width)))
      return
    }
    case 'bit':
      part.buffers.push(sliceBits(column.values, start, end) as Uint8Array)
      return
    case 'bytes': {
      const offsets = column.offsets.subarray(start, end + 1)
      part.buffers.push(bytesOf(rebase(offsets)), column.data.subarray(offsets[0], offsets[length]))
      return
    }
    case 'dictionary':
      part.buffers.push(bytesOf(column.codes.subarray(start, end)))
      return
    case 'list': {
      const offsets = column.offsets.subarray(start, end + 1)
      part.buffers.push(bytesOf(rebase(offsets)))
      const child = { start: offsets[0] as number, end: offsets[length] as number }
      collectBuffers(children[0] as PhysicalNode, column.child, child, part)
      return
    }
    case 'fixed': {
      const child = { start: start * column.size, end: end * column.size }
      collectBuffers(children[0] as PhysicalNode, column.child, child, part)
      return
    }
    case 'struct':
      for (let at = 0; at < column.children.length; at += 1)
        collectBuffers(children[at] as PhysicalNode, column.children[at] as Column, range, part)
  }
}

function bytesOf(values: NumberArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function countClear(bits: Uint8Array, length: number): number {
  let count = 0
  for (let index = 0; index < length; index += 1)
    if ((((bits[index >> 3] as number) >> (index & 7)) & 1) === 0) count += 1
  return count
}

/** Puts buffers one after the other, compressed where asked for and worth it. */
function layOutBody(
  parts: readonly BatchPart[],
  level: number | null,
  alignment: number,
): {
  readonly bytes: Uint8Array
  readonly places: { readonly offset: number; readonly sizeBytes: number }[][]
} {
  let offset = 0
  const stored: { readonly offset: number; readonly bytes: Uint8Array }[] = []
  const places = parts.map((part) =>
    part.buffers.map((buffer) => {
      const bytes = level === null || buffer.length === 0 ? buffer : compressed(buffer, level)
      const place = { offset, sizeBytes: bytes.length }
      stored.push({ offset, bytes })
      offset += Math.ceil(bytes.length / alignment) * alignment
      return place
    }),
  )
  const body = new Uint8Array(offset)
  for (const { offset: at, bytes } of stored) body.set(bytes, at)
  return { bytes: body, places }
}

/** Compresses a buffer as Arrow does: its size as int64 before the frame, or -1 before bytes left as they are. */
function compressed(buffer: Uint8Array, level: number): Uint8Array {
  if (buffer.length >= SMALLEST_COMPRESSED) {
    const frame = zstdCompressSync(buffer, { params: { [constants.ZSTD_c_compressionLevel]: level } })
    if (frame.length < buffer.length * WORTH_COMPRESSING) return prefixed(BigInt(buffer.length), frame)
  }
  return prefixed(-1n, buffer)
}

function prefixed(size: bigint, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(8 + bytes.length)
  new DataView(whole.buffer).setBigInt64(0, size, true)
  whole.set(bytes, 8)
  return whole
}
