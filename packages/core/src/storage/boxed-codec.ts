/**
 * Lays out boxed values in a log record: variants as the Parquet variant encoding (one dictionary of keys as a block,
 * then the encoded values as a column of bytes, empty for null), values of other boxed types as V8 serializes them.
 */
import { deserialize, serialize } from 'node:v8'
import type { DataType } from 'apache-arrow'
import { isVariant } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'
import { variantDecoder } from '../types/variant/decode.ts'
import { VariantWriter } from '../types/variant/encode.ts'
import { decodeMetadata, KeyDictionary } from '../types/variant/metadata.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

/** Encodes the values of a boxed column. */
export function encodeBoxed(type: DataType, values: readonly Value[]): Uint8Array {
  return isVariant(type) ? encodeVariants(values) : serialize(values)
}

function encodeVariants(values: readonly Value[]): Uint8Array {
  const keys = new KeyDictionary()
  const variants = new VariantWriter(keys, FIRST_CAPACITY)
  const offsets = new Int32Array(values.length + 1)
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row]
    if (value !== null && value !== undefined) variants.write(value)
    offsets[row + 1] = variants.size
  }
  const data = variants.take()
  const writer = new ByteWriter(data.length + 256)
  writer.block(keys.encode())
  writer.array(offsets)
  writer.raw(data)
  return writer.finish()
}

const FIRST_CAPACITY = 256

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
