import { type DataType, Type } from 'apache-arrow'
import { isVariant, valueType } from './data-type.ts'
import { canonicalInteger, type Value } from './value.ts'

/** Is the buffer of a fixed-width column. Its width may be narrower than the column's type (see {@link FlatColumn}). */
export type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/** Is an Arrow validity bitmap, least significant bit first, a set bit for a value; `null` where no value is null. */
export type Validity = Uint8Array | null

/**
 * Holds numbers, dates, times and ids of one width. `values` may be narrower than `type` says (an Int64 column whose
 * values fit may be an Int16Array): readers take the width from the array, never from the type.
 */
export type FlatColumn = {
  readonly layout: 'flat'
  readonly type: DataType
  readonly length: number
  readonly validity: Validity
  readonly values: NumberArray
}

/** Holds booleans, one bit a value, least significant bit first. */
export type BitColumn = {
  readonly layout: 'bit'
  readonly type: DataType
  readonly length: number
  readonly validity: Validity
  readonly values: Uint8Array
}

/** Holds text or bytes: value i is `data[offsets[i] .. offsets[i + 1])`, text in UTF-8. */
export type BytesColumn = {
  readonly layout: 'bytes'
  readonly type: DataType
  readonly length: number
  readonly validity: Validity
  readonly offsets: Int32Array
  readonly data: Uint8Array
}

/**
 * Holds values in `dictionary`, a column without nulls, and a code a row. Storage keeps each value once; a join gives
 * columns as codes into its smaller side, where a value may stand more than once.
 */
export type DictionaryColumn = {
  readonly layout: 'dictionary'
  /** The type of the values, not Arrow's Dictionary type. */
  readonly type: DataType
  readonly length: number
  readonly validity: Validity
  readonly codes: Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array
  readonly dictionary: Column
}

/** Holds lists: value i is `child[offsets[i] .. offsets[i + 1])`. */
export type ListColumn = {
  readonly layout: 'list'
  readonly type: DataType
  readonly length: number
  readonly validity: Validity
  readonly offsets: Int32Array
  readonly child: Column
}

/** Holds lists of one length: value i is `child[i * size .. (i + 1) * size)`. */
export type FixedListColumn = {
  readonly layout: 'fixed'
  readonly type: DataType
  readonly length: number
  readonly validity: Validity
  readonly size: number
  readonly child: Column
}

/** Holds structs, a column a field. */
export type StructColumn = {
  readonly layout: 'struct'
  readonly type: DataType
  readonly length: number
  readonly validity: Validity
  readonly children: readonly Column[]
}

/** Holds values of any type as JavaScript has them, null as `null`: variant columns and results of row functions. */
export type BoxedColumn = {
  readonly layout: 'boxed'
  readonly type: DataType
  readonly length: number
  readonly values: readonly Value[]
  /** The same values in two parts, where most are of one type. */
  readonly split?: SplitValues
  /** True where nobody else holds these values, so that their reader may change them. */
  readonly own?: true
}

/** Holds the values of a column of which most fit one type: those typed, and the odd ones by ascending row. */
export type SplitValues = {
  /** Null where the value is null or odd. */
  readonly typed: Column
  readonly oddRows: Uint32Array
  readonly oddValues: readonly Value[]
}

/**
 * Is a column of values inside the engine: Arrow's buffers with their offset taken out, told apart by layout.
 * Columns never change once made.
 */
export type Column =
  | FlatColumn
  | BitColumn
  | BytesColumn
  | DictionaryColumn
  | ListColumn
  | FixedListColumn
  | StructColumn
  | BoxedColumn

/** Is some rows of some columns. Where there is a selection, the batch's rows are `columns[selection[i]]`. */
export type Batch = {
  /** Count of rows in each column, before selection. */
  readonly length: number
  readonly columns: readonly Column[]
  /** Ascending row indexes that the batch consists of; `null` for all rows. */
  readonly selection: Uint32Array | null
}

/** Makes a batch of columns of one length. */
export function makeBatch(
  columns: readonly Column[],
  length: number,
  selection: Uint32Array | null = null,
): Batch {
  return { length, columns, selection }
}

/** Counts the rows of a batch, after selection. */
export function batchRowCount(batch: Batch): number {
  return batch.selection === null ? batch.length : batch.selection.length
}

/** Tells whether row `index` of a column is null. */
export function isNullAt(column: Column, index: number): boolean {
  if (column.layout === 'boxed') return column.values[index] === null || column.values[index] === undefined
  const { validity } = column
  return validity !== null && (((validity[index >> 3] as number) >> (index & 7)) & 1) === 0
}

/** Reads row `index` of a column. */
export type ColumnReader = (index: number) => Value

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const readers = new WeakMap<Column, ColumnReader>()
const decodedDictionaries = new WeakMap<Column, readonly Value[]>()

/** Readers of columns of fewer rows are made anew each time: to keep them would cost the garbage collector more. */
const KEPT_FROM_ROWS = 64

/** Gives the function that reads one row of a column as a {@link Value}; made once a column. */
export function columnReader(column: Column): ColumnReader {
  if (column.length < KEPT_FROM_ROWS) return withNulls(column, valueReader(column))
  let reader = readers.get(column)
  if (reader === undefined) {
    reader = withNulls(column, valueReader(column))
    readers.set(column, reader)
  }
  return reader
}

/** Gives every value of a column as an array, decoded once a column: for dictionaries and small columns. */
export function columnValues(column: Column): readonly Value[] {
  if (column.layout === 'boxed') return column.values
  let values = decodedDictionaries.get(column)
  if (values === undefined) {
    const read = columnReader(column)
    values = Array.from({ length: column.length }, (_, index) => read(index))
    decodedDictionaries.set(column, values)
  }
  return values
}

function withNulls(column: Column, read: ColumnReader): ColumnReader {
  if (column.layout === 'boxed' || column.validity === null) return read
  const { validity } = column
  return (index) => ((((validity[index >> 3] as number) >> (index & 7)) & 1) === 0 ? null : read(index))
}

function valueReader(column: Column): ColumnReader {
  switch (column.layout) {
    case 'flat':
      return flatReader(column)
    case 'bit': {
      const { values } = column
      return (index) => (((values[index >> 3] as number) >> (index & 7)) & 1) === 1
    }
    case 'bytes':
      return bytesReader(column)
    case 'dictionary': {
      const { codes } = column
      const values = columnValues(column.dictionary)
      return (index) => values[codes[index] as number] ?? null
    }
    case 'list':
      return listReader(column)
    case 'fixed':
      return fixedListReader(column)
    case 'struct':
      return structReader(column)
    case 'boxed': {
      const { values } = column
      return (index) => values[index] ?? null
    }
  }
}

function flatReader(column: FlatColumn): ColumnReader {
  const { values } = column
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return (index) => canonicalInteger(values[index] as bigint)
  }
  return (index) => values[index]
}

function bytesReader(column: BytesColumn): ColumnReader {
  const { offsets, data } = column
  if (
    column.type.typeId === Type.Utf8 ||
    column.type.typeId === Type.LargeUtf8 ||
    column.type.typeId === Type.Utf8View
  ) {
    return (index) => decodeUtf8(data, offsets[index] as number, offsets[index + 1] as number)
  }
  return (index) => data.subarray(offsets[index], offsets[index + 1])
}

const SHORT_TEXT = 24

/** Decodes UTF-8. Short ASCII goes through `fromCharCode`, which beats a decoder's fixed cost. */
export function decodeUtf8(data: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_TEXT) return decoder.decode(data.subarray(start, end))
  let text = ''
  for (let index = start; index < end; index += 1) {
    const byte = data[index] as number
    if (byte > 127) return decoder.decode(data.subarray(start, end))
    text += String.fromCharCode(byte)
  }
  return text
}

function listReader(column: ListColumn): ColumnReader {
  const { offsets, child } = column
  const read = columnReader(child)
  return (index) => {
    const list: Value[] = []
    for (let at = offsets[index] as number; at < (offsets[index + 1] as number); at += 1) list.push(read(at))
    return list
  }
}

function fixedListReader(column: FixedListColumn): ColumnReader {
  const { size, child } = column
  if (child.layout === 'flat' && child.validity === null) {
    const { values } = child
    return (index) => values.subarray(index * size, (index + 1) * size)
  }
  const read = columnReader(child)
  return (index) => Array.from({ length: size }, (_, at) => read(index * size + at))
}

function structReader(column: StructColumn): ColumnReader {
  const names = column.type.children.map((field) => field.name)
  const readChildren = column.children.map(columnReader)
  return (index) => {
    const struct: Record<string, Value> = Object.create(null)
    for (let at = 0; at < names.length; at += 1)
      struct[names[at] as string] = (readChildren[at] as ColumnReader)(index)
    return struct
  }
}

/** Makes a column of JavaScript values without looking at them; `null` for null. */
export function boxedColumn(type: DataType, values: readonly Value[]): BoxedColumn {
  return { layout: 'boxed', type, length: values.length, values }
}

/** Makes a column of values kept in two parts; they are put together when somebody asks for them all. */
export function splitColumn(type: DataType, split: SplitValues): BoxedColumn {
  let values: readonly Value[] | null = null
  const { typed, oddRows, oddValues } = split
  return {
    layout: 'boxed',
    type,
    length: typed.length,
    split,
    get values() {
      if (values === null) {
        const read = columnReader(typed)
        const all = Array.from({ length: typed.length }, (_, row) => read(row))
        for (let at = 0; at < oddRows.length; at += 1) all[oddRows[at] as number] = oddValues[at]
        values = all
      }
      return values
    },
  }
}

/** Makes a column that holds nothing but nulls. */
export function nullColumn(type: DataType, length: number): Column {
  return boxedColumn(type, new Array<Value>(length).fill(null))
}

/** Tells whether the engine keeps values of a type boxed: variants, maps, intervals, unions and decimals. */
export function isBoxedType(type: DataType): boolean {
  if (isVariant(type)) return true
  const id = valueType(type).typeId
  return (
    id === Type.Map || id === Type.Interval || id === Type.Union || id === Type.Decimal || id === Type.Null
  )
}
