/**
 * The index of a segment: where each buffer of each column lies, its checksum, zone maps.
 *
 * It stands in the segment's file between the end of Arrow's messages and the footer, where Arrow's readers do not
 * look; its place and checksum are in the segment's entry in the manifest. Content, in the terms of `bytes.ts`:
 *
 * | field        | what                                                                                        |
 * |--------------|---------------------------------------------------------------------------------------------|
 * | header       | text: JSON of {@link SegmentHeader}                                                         |
 * | frames       | varint count; each offset (varint), size (varint), CRC32 (u32): bytes that are no buffers    |
 * | dictionaries | for each dictionary its buffers                                                             |
 * | chunks       | for each chunk, for each field, its buffers, then its zone map                              |
 * | filter       | where the header has one: for each page of the filter its CRC32 (u32)                       |
 *
 * Buffers are a varint count, and for each the offset in the file (varint), the stored size (varint), and where the
 * size is not 0 its CRC32 (u32). CRC32 as in zlib: the runtime computes it at about 7 GB/s, CRC32C ten times slower.
 */
import { SheafError } from '../types/errors.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { ZoneMap } from './part.ts'
import type { PhysicalNode } from './physical-column.ts'
import { decodeZoneMap, encodeZoneMap } from './zone-map.ts'

/** Is the version of the format of segments. */
export const SEGMENT_FORMAT_VERSION = 1

/** Is the place and checksum of some bytes of a segment's file. */
export type StoredBuffer = { readonly offset: number; readonly sizeBytes: number; readonly checksum: number }

/** Describes a column of a segment. */
export type SegmentField = {
  readonly fieldId: number
  /** The field's name when the segment was written. */
  readonly name: string
  readonly node: PhysicalNode
  /** Estimate of the count of distinct values. */
  readonly distinctCount: number | null
}

/** Describes a segment. */
export type SegmentHeader = {
  readonly formatVersion: number
  readonly rowCount: number
  /** Tells whether buffers are compressed, each on its own, as Arrow's IPC format says. */
  readonly compressed: boolean
  readonly fields: readonly SegmentField[]
  readonly dictionaries: readonly PhysicalNode[]
  readonly dictionaryLengths: readonly number[]
  /** The first row id where they are consecutive; else `null`, and they are the column {@link ROW_ID_FIELD}. */
  readonly firstRowId: number | null
  /** Ids of the key's fields by which rows are sorted. */
  readonly sortedBy: readonly number[]
  /** Where the Bloom filter over the keys lies, in pages that are checked each on their own; none in older segments. */
  readonly filter?: { readonly offset: number; readonly sizeBytes: number; readonly pageBytes: number }
}

/** Is the field id of row ids in a segment. */
export const ROW_ID_FIELD = -1
/** Is the field id of the commits that created rows, in a segment whose rows are of several. */
export const CREATED_FIELD = -2

/** Is the index of a segment, decoded. */
export type SegmentIndex = {
  readonly header: SegmentHeader
  readonly frames: readonly StoredBuffer[]
  readonly dictionaries: readonly (readonly StoredBuffer[])[]
  /** By chunk, then by field. */
  readonly chunks: readonly (readonly SegmentChunk[])[]
  /** Checksums of the pages of the filter. */
  readonly filterPages: Uint32Array
}

/** Is a column of a chunk. */
export type SegmentChunk = { readonly buffers: readonly StoredBuffer[]; readonly zone: ZoneMap }

/** Encodes an index. */
export function encodeSegmentIndex(index: SegmentIndex): Uint8Array {
  const writer = new ByteWriter(4096)
  writer.text(JSON.stringify(index.header))
  encodeBuffers(writer, index.frames)
  for (const buffers of index.dictionaries) encodeBuffers(writer, buffers)
  for (const chunk of index.chunks) {
    for (const { buffers, zone } of chunk) {
      encodeBuffers(writer, buffers)
      encodeZoneMap(writer, zone)
    }
  }
  for (const checksum of index.filterPages) writer.uint32(checksum)
  return writer.finish()
}

function encodeBuffers(writer: ByteWriter, buffers: readonly StoredBuffer[]): void {
  writer.varint(buffers.length)
  for (const { offset, sizeBytes, checksum } of buffers) {
    writer.varint(offset)
    writer.varint(sizeBytes)
    if (sizeBytes > 0) writer.uint32(checksum)
  }
}

/** Decodes an index whose checksum was found right. @throws `VERSION` */
export function decodeSegmentIndex(bytes: Uint8Array, path: string, chunkRows: number): SegmentIndex {
  const reader = new ByteReader(bytes)
  const header = JSON.parse(reader.text()) as SegmentHeader
  if (header.formatVersion > SEGMENT_FORMAT_VERSION)
    throw new SheafError('VERSION', `A newer Sheaf wrote this segment. Use it to open the store: ${path}`, {
      path,
    })
  const frames = decodeBuffers(reader)
  const dictionaries = header.dictionaries.map(() => decodeBuffers(reader))
  const chunkCount = Math.ceil(header.rowCount / chunkRows)
  const chunks = Array.from({ length: chunkCount }, () =>
    header.fields.map(() => ({ buffers: decodeBuffers(reader), zone: decodeZoneMap(reader) })),
  )
  const { filter } = header
  const pages = filter === undefined ? 0 : Math.ceil(filter.sizeBytes / filter.pageBytes)
  const filterPages = Uint32Array.from({ length: pages }, () => reader.uint32())
  return { header, frames, dictionaries, chunks, filterPages }
}

function decodeBuffers(reader: ByteReader): StoredBuffer[] {
  return Array.from({ length: reader.varint() }, () => {
    const offset = reader.varint()
    const sizeBytes = reader.varint()
    return { offset, sizeBytes, checksum: sizeBytes > 0 ? reader.uint32() : 0 }
  })
}
