import {
  type Data,
  type DataType,
  type Field,
  type FixedSizeBinary,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Type,
  Vector,
} from 'apache-arrow'
import {
  type Batch,
  type BoxedColumn,
  boxedColumn,
  type Column,
  columnReader,
  type DictionaryColumn,
  isBoxedType,
  type NumberArray,
} from './column.ts'
import { columnFromValues, makeNumberArray } from './column-builder.ts'
import { halfEncodingOf, isVariant, makeField, types, valueType } from './data-type.ts'
import { SheafError } from './errors.ts'
import { floatsToHalves, halvesToFloats } from './half.ts'
import { takeColumn } from './take.ts'
import type { Value } from './value.ts'
import { shredVariants } from './variant/shred.ts'
import { childNamed, unshredVariants } from './variant/unshred.ts'

/** Describes a column for a schema. */
export type NamedType = { readonly name: string; readonly type: DataType; readonly nullable: boolean }

/** Makes the Arrow schema of columns. A dictionary is no part of it: results carry plain types. */
export function schemaOf(fields: readonly NamedType[]): Schema {
  return new Schema(
    fields.map((field) => makeField(field.name, valueType(field.type), { nullable: field.nullable })),
  )
}

/** Makes an Arrow record batch of a batch: selected rows only, dictionaries decoded, buffers shared where whole. */
export function batchToRecordBatch(batch: Batch, schema: Schema): RecordBatch {
  const { selection } = batch
  const length = selection === null ? batch.length : selection.length
  const children = batch.columns.map((column, index) =>
    columnToData(
      selection === null ? column : takeColumn(column, selection),
      (schema.fields[index] as Field).type,
    ),
  )
  const struct = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type: struct, length, nullCount: 0, children }))
}

/** Makes Arrow data of a column in the type wanted. */
export function columnToData(column: Column, type: DataType = column.type): Data {
  if (isVariant(type)) return variantToData(column)
  const { length } = column
  switch (column.layout) {
    case 'flat':
      return makeData({
        type,
        length,
        nullBitmap: column.validity,
        data: widened(column.values, type),
      } as never)
    case 'bit':
      return makeData({ type, length, nullBitmap: column.validity, data: column.values } as never)
    case 'bytes':
      return makeData({
        type,
        length,
        nullBitmap: column.validity,
        valueOffsets: column.offsets,
        data: column.data,
      } as never)
    case 'dictionary':
      return columnToData(decodeDictionary(column), type)
    case 'list':
      return makeData({
        type,
        length,
        nullBitmap: column.validity,
        valueOffsets: column.offsets,
        child: childData(column.child, type),
      } as never)
    case 'fixed':
      return makeData({
        type,
        length,
        nullBitmap: column.validity,
        child: childData(column.child, type),
      } as never)
    case 'struct':
      return makeData({
        type,
        length,
        nullBitmap: column.validity,
        children: column.children.map((child, index) =>
          columnToData(child, (type.children[index] as Field).type),
        ),
      } as never)
    case 'boxed':
      return boxedToData(column, type)
  }
}

function childData(child: Column, type: DataType): Data {
  return columnToData(child, (type.children[0] as Field).type)
}

/** Gives numbers in the width of their Arrow type; the same array where it has that width. */
function widened(values: NumberArray, type: DataType): NumberArray {
  if (halfEncodingOf(type) === 'float16') return floatsToHalves(values as Float32Array)
  const target = makeNumberArray(type, 0)
  if (target.constructor === values.constructor) return values
  const wide = makeNumberArray(type, values.length)
  if (wide instanceof BigInt64Array || wide instanceof BigUint64Array) {
    for (let index = 0; index < values.length; index += 1) wide[index] = BigInt(values[index] as number)
  } else (wide as Float64Array).set(values as Float64Array)
  return wide
}

/** Replaces the codes of a dictionary column by their values. */
export function decodeDictionary(column: DictionaryColumn): Column {
  const indexes = Uint32Array.from(column.codes)
  const taken = takeColumn(column.dictionary, indexes)
  return taken.layout === 'boxed' ? taken : ({ ...taken, validity: column.validity } as Column)
}

/** Encodes the values of a column as Parquet variants, none of them typed. */
function variantToData(column: Column): Data {
  const read = columnReader(column)
  const shredded = shredVariants(
    Array.from({ length: column.length }, (_, index) => read(index)),
    { maximumPaths: 0 },
  )
  return makeData({
    type: types.variant,
    length: column.length,
    nullBitmap: shredded.validity,
    children: ['metadata', 'value'].map((name) =>
      columnToData(childNamed(shredded, name) as Column, types.binary),
    ),
  } as never)
}

function boxedToData(column: BoxedColumn, type: DataType): Data {
  if (type.typeId === Type.Null) return makeData({ type, length: column.length } as never)
  if (!isBoxedType(type)) return columnToData(columnFromValues(type, column.values), type)
  if (type.typeId === Type.Decimal) return decimalToData(column, type)
  throw new SheafError(
    'UNSUPPORTED',
    `Columns of this type cannot be given as Arrow yet. Cast the column: ${type}`,
  )
}

function decimalToData(column: BoxedColumn, type: DataType): Data {
  const words = ((type as unknown as { bitWidth: number }).bitWidth ?? 128) / 32
  const data = new Uint32Array(column.length * words)
  const nullBitmap = new Uint8Array((column.length + 7) >> 3)
  for (let index = 0; index < column.length; index += 1) {
    const value = column.values[index]
    if (value === null || value === undefined) continue
    nullBitmap[index >> 3] = (nullBitmap[index >> 3] as number) | (1 << (index & 7))
    let rest = BigInt.asUintN(words * 32, value as bigint)
    for (let word = 0; word < words; word += 1) {
      data[index * words + word] = Number(rest & 0xffffffffn)
      rest >>= 32n
    }
  }
  return makeData({ type, length: column.length, nullBitmap, data } as never)
}

/** Makes columns of an Arrow record batch; buffers are shared. Works by shape, across copies of apache-arrow. */
export function recordBatchToBatch(batch: RecordBatch): Batch {
  return { length: batch.numRows, columns: batch.data.children.map(columnFromData), selection: null }
}

/** Makes a column of Arrow data. @throws `UNSUPPORTED` for layouts that the engine does not know */
export function columnFromData(data: Data): Column {
  const { type, length } = data
  const validity = validityOfData(data)
  if (isVariant(type)) return variantFromData(data, validity)
  switch (type.typeId) {
    case Type.Int:
    case Type.Float:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Duration:
      if (halfEncodingOf(type) === 'float16')
        return {
          layout: 'flat',
          type,
          length,
          validity,
          values: halvesToFloats(data.values.subarray(0, length) as Uint16Array),
        }
      return {
        layout: 'flat',
        type,
        length,
        validity,
        values: data.values.subarray(0, length) as NumberArray,
      }
    case Type.Bool:
      return {
        layout: 'bit',
        type,
        length,
        validity,
        values: bitsFrom(data.values as Uint8Array, data.offset, length),
      }
    case Type.Utf8:
    case Type.Binary:
      return {
        layout: 'bytes',
        type,
        length,
        validity,
        offsets: data.valueOffsets as Int32Array,
        data: data.values as Uint8Array,
      }
    case Type.Dictionary:
      return {
        layout: 'dictionary',
        type: valueType(type),
        length,
        validity,
        codes: data.values.subarray(0, length) as DictionaryColumn['codes'],
        dictionary: wholeDictionary(data.dictionary as Vector),
      }
    case Type.List:
      return {
        layout: 'list',
        type,
        length,
        validity,
        offsets: data.valueOffsets as Int32Array,
        child: columnFromData(data.children[0] as Data),
      }
    case Type.FixedSizeList:
      return {
        layout: 'fixed',
        type,
        length,
        validity,
        size: (type as unknown as { listSize: number }).listSize,
        child: columnFromData(data.children[0] as Data),
      }
    case Type.Struct:
      return { layout: 'struct', type, length, validity, children: data.children.map(columnFromData) }
    case Type.Null:
      return boxedColumn(type, new Array<Value>(length).fill(null))
    default:
      return copied(data)
  }
}

function validityOfData(data: Data): Uint8Array | null {
  if (data.nullCount === 0 || !data.nullBitmap || data.nullBitmap.length === 0) return null
  return bitsFrom(data.nullBitmap, data.offset, data.length)
}

/** Gives bits from an offset on: the same bytes where it falls between two, else a copy that is moved down. */
function bitsFrom(bits: Uint8Array, offset: number, length: number): Uint8Array {
  const start = offset >> 3
  const shift = offset & 7
  if (shift === 0) return bits.subarray(start)
  const moved = new Uint8Array((length + 7) >> 3)
  for (let byte = 0; byte < moved.length; byte += 1)
    moved[byte] = ((bits[start + byte] as number) >> shift) | ((bits[start + byte + 1] ?? 0) << (8 - shift))
  return moved
}

const dictionaries = new WeakMap<Vector, Column>()

function wholeDictionary(vector: Vector): Column {
  let column = dictionaries.get(vector)
  if (column === undefined) {
    column =
      vector.data.length === 1
        ? columnFromData(vector.data[0] as Data)
        : columnFromValues(vector.type as DataType, vectorValues(vector))
    dictionaries.set(vector, column)
  }
  return column
}

function vectorValues(vector: Vector): Value[] {
  return Array.from({ length: vector.length }, (_, index) => vector.get(index) as Value)
}

/** Reads data through apache-arrow's getters, for layouts that are rare: views, large offsets, decimals. */
function copied(data: Data): Column {
  const { type } = data
  const vector = new Vector([data])
  if (type.typeId === Type.Decimal) return boxedColumn(type, decimalValues(data))
  const values = vectorValues(vector)
  if (type.typeId === Type.LargeUtf8 || type.typeId === Type.Utf8View)
    return columnFromValues(types.utf8, values)
  if (type.typeId === Type.LargeBinary || type.typeId === Type.BinaryView)
    return columnFromValues(types.binary, values)
  if (type.typeId === Type.FixedSizeBinary) return columnFromValues(type as FixedSizeBinary, values)
  if (isBoxedType(type)) return boxedColumn(type, values)
  return columnFromValues(type, values)
}

function decimalValues(data: Data): Value[] {
  const words = ((data.type as unknown as { bitWidth: number }).bitWidth ?? 128) / 32
  const raw = data.values as unknown as Uint32Array
  return Array.from({ length: data.length }, (_, index) => {
    if (!data.getValid(index)) return null
    let value = 0n
    for (let word = words - 1; word >= 0; word -= 1)
      value = (value << 32n) | BigInt(raw[index * words + word] as number)
    return BigInt.asIntN(words * 32, value)
  })
}

function variantFromData(data: Data, validity: Uint8Array | null): Column {
  const children = data.children.map(columnFromData)
  const shredded = { layout: 'struct', type: data.type, length: data.length, validity, children } as const
  return boxedColumn(types.variant, unshredVariants(shredded))
}
