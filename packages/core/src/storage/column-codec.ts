/**
 * Lays out a column in a log record.
 *
 * | field    | size            | what                                                                     |
 * |----------|-----------------|--------------------------------------------------------------------------|
 * | layout   | 1               | 0 flat, 1 bit, 2 bytes, 3 dictionary, 4 list, 5 fixed, 6 struct, 7 boxed |
 * | length   | varint          | count of rows                                                            |
 * | nulls    | 1               | 1 where a validity bitmap follows as an array; not for boxed             |
 * | width    | 1               | flat and dictionary: the number kind of {@link NUMBER_KINDS}             |
 * | buffers  | arrays          | values; or offsets (first 0) and data; or codes and the dictionary       |
 * | children | columns         | list and fixed: the child (fixed: its size before); struct: count, each  |
 *
 * An array is its size in bytes as a varint, zeros up to a multiple of eight, its bytes. The type is not here: it is
 * the field's, which the catalog knows by the field's id.
 */
import type { DataType, Field } from 'apache-arrow'
import type { Column, NumberArray, Validity } from '../types/column.ts'
import { valueType } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import { decodeBoxed, encodeBoxed } from './boxed-codec.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { sliceColumn } from './column-slice.ts'

const LAYOUTS = ['flat', 'bit', 'bytes', 'dictionary', 'list', 'fixed', 'struct', 'boxed'] as const

/** Builds a view of numbers over bytes. */
export type NumberArrayConstructor = {
  new (buffer: ArrayBufferLike, offset: number, length: number): NumberArray
  readonly BYTES_PER_ELEMENT: number
}

/** Lists the kinds of numbers; the index of one is its code in a record. */
export const NUMBER_KINDS: readonly NumberArrayConstructor[] = [
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint16Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
]

/** Appends a column to a record. */
export function encodeColumn(writer: ByteWriter, column: Column): void {
  writer.uint8(LAYOUTS.indexOf(column.layout))
  writer.varint(column.length)
  if (column.layout === 'boxed') {
    writer.array(encodeBoxed(column.type, column.values))
    return
  }
  encodeValidity(writer, column.validity)
  switch (column.layout) {
    case 'flat':
      encodeNumbers(writer, column.values)
      return
    case 'bit':
      writer.array(column.values)
      return
    case 'bytes': {
      const first = column.offsets[0] as number
      writer.array(rebase(column.offsets))
      writer.array(column.data.subarray(first, column.offsets[column.length]))
      return
    }
    case 'dictionary':
      encodeNumbers(writer, column.codes)
      encodeColumn(writer, column.dictionary)
      return
    case 'list': {
      const first = column.offsets[0] as number
      writer.array(rebase(column.offsets))
      encodeColumn(writer, sliceColumn(column.child, first, column.offsets[column.length] as number))
      return
    }
    case 'fixed':
      writer.varint(column.size)
      encodeColumn(writer, column.child)
      return
    case 'struct':
      writer.varint(column.children.length)
      for (const child of column.children) encodeColumn(writer, child)
  }
}

function encodeValidity(writer: ByteWriter, validity: Validity): void {
  writer.uint8(validity === null ? 0 : 1)
  if (validity !== null) writer.array(validity)
}

function encodeNumbers(writer: ByteWriter, values: NumberArray): void {
  writer.uint8(NUMBER_KINDS.indexOf(values.constructor as NumberArrayConstructor))
  writer.array(values)
}

/** Moves offsets so that the first is zero. */
export function rebase(offsets: Int32Array): Int32Array {
  const first = offsets[0] as number
  return first === 0 ? offsets : offsets.map((offset) => offset - first)
}

/** Reads a column of a type. @throws `CORRUPT` where the bytes hold no column of that type */
export function decodeColumn(reader: ByteReader, type: DataType): Column {
  const layout = LAYOUTS[reader.uint8()]
  const length = reader.varint()
  const inner = valueType(type)
  if (layout === 'boxed') return { layout, type: inner, length, values: decodeBoxed(inner, reader.array()) }
  const validity = reader.uint8() === 1 ? reader.array() : null
  switch (layout) {
    case 'flat':
      return { layout, type: inner, length, validity, values: decodeNumbers(reader) }
    case 'bit':
      return { layout, type: inner, length, validity, values: reader.array() }
    case 'bytes':
      return { layout, type: inner, length, validity, offsets: decodeOffsets(reader), data: reader.array() }
    case 'dictionary': {
      const codes = decodeNumbers(reader) as Int32Array
      return { layout, type: inner, length, validity, codes, dictionary: decodeColumn(reader, inner) }
    }
    case 'list': {
      const offsets = decodeOffsets(reader)
      return {
        layout,
        type: inner,
        length,
        validity,
        offsets,
        child: decodeColumn(reader, childType(inner, 0)),
      }
    }
    case 'fixed': {
      const size = reader.varint()
      return { layout, type: inner, length, validity, size, child: decodeColumn(reader, childType(inner, 0)) }
    }
    case 'struct': {
      const count = reader.varint()
      const children = Array.from({ length: count }, (_, at) => decodeColumn(reader, childType(inner, at)))
      return { layout, type: inner, length, validity, children }
    }
    default:
      throw new SheafError(
        'CORRUPT',
        'A record of the log holds an unknown column layout. Run repairStore().',
      )
  }
}

function childType(type: DataType, index: number): DataType {
  const field = type.children?.[index] as Field | undefined
  if (field === undefined)
    throw new SheafError(
      'CORRUPT',
      'A record of the log does not fit the type of its field. Run repairStore().',
    )
  return field.type
}

function decodeOffsets(reader: ByteReader): Int32Array {
  const bytes = reader.array()
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
}

function decodeNumbers(reader: ByteReader): NumberArray {
  const kind = NUMBER_KINDS[reader.uint8()]
  const bytes = reader.array()
  if (kind === undefined)
    throw new SheafError('CORRUPT', 'A record of the log holds an unknown kind of number. Run repairStore().')
  return new kind(bytes.buffer, bytes.byteOffset, bytes.byteLength / kind.BYTES_PER_ELEMENT)
}
