/**
 * Lays out boxed values in a log record: variants as the Parquet variant encoding (one dictionary of keys as a block,
 * then the encoded values as a column of bytes, empty for null), values of other boxed types as V8 serializes them.
 */
import { deserialize, serialize } from 'node:v8'
import type { DataType } from 'apache-arrow'
import type { BytesColumn, Column, DictionaryColumn, StructColumn } from '../types/column.ts'
import { columnReader } from '../types/column.ts'
import { isVariant } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'
import { variantDecoder } from '../types/variant/decode.ts'
import { shredVariants } from '../types/variant/index.ts'
import { decodeMetadata } from '../types/variant/metadata.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

/** Encodes the values of a boxed column. */
export function encodeBoxed(type: DataType, values: readonly Value[]): Uint8Array {
  return isVariant(type) ? encodeVariants(values) : serialize(values)
}

function encodeVariants(values: readonly Value[]): Uint8Array {
  const struct = shredVariants(values, { maximumPaths: 0 })
  const metadata = childOf(struct, 'metadata') as DictionaryColumn
  const value = childOf(struct, 'value') as BytesColumn
  const writer = new ByteWriter(value.data.length + 256)
  writer.block(columnReader(metadata.dictionary)(0) as Uint8Array)
  writer.array(value.offsets)
  writer.raw(value.data.subarray(0, value.offsets[value.length]))
  return writer.finish()
}

function childOf(struct: StructColumn, name: string): Column | undefined {
  return struct.children[struct.type.children.findIndex((field) => field.name === name)]
}

/** Decodes what {@link encodeBoxed} gave. */
export function decodeBoxed(type: DataType, bytes: Uint8Array): Value[] {
  if (!isVariant(type)) return deserialize(bytes) as Value[]
  const reader = new ByteReader(bytes)
  const names = decodeMetadata(reader.block())
  const offsetBytes = reader.array()
  const offsets = new Int32Array(offsetBytes.buffer, offsetBytes.byteOffset, offsetBytes.byteLength >> 2)
  const data = reader.raw(bytes.length - reader.offset)
  const decode = variantDecoder(names, data)
  return Array.from({ length: offsets.length - 1 }, (_, row) => {
    const start = offsets[row] as number
    const end = offsets[row + 1] as number
    return start === end ? null : decode(start, end)
  })
}
