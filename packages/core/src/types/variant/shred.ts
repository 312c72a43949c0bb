/**
 * Writes a run of values as Parquet's shredded variant: a struct of `metadata` (one dictionary of keys for the run),
 * `value` (what does not fit, encoded) and `typed_value` (what fits, as Arrow columns).
 *
 * A row of such a pair is: both null, missing; `value` alone, the encoded value; `typed_value` alone, the typed value;
 * both, an object whose `value` holds the keys that have no column. The order of keys is exact: an object is shredded
 * only where its keys with columns are in the order of the columns, any other object is encoded whole; and where keys
 * without a column do not come last, their places are kept beside them (see `VariantWriter.writeObject`).
 *
 * @see https://github.com/apache/parquet-format/blob/master/VariantShredding.md
 */
import {
  Binary,
  Bool,
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow'
import type { BytesColumn, Column, DictionaryColumn, StructColumn, Validity } from '../column.ts'
import { columnFromValues, validityOf } from '../column-builder.ts'
import type { Value } from '../value.ts'
import { keysOf, VariantWriter, valuesOf } from './encode.ts'
import { type InferOptions, inferLayout, type ShredLayout } from './infer.ts'
import { kindOf, ValueKind } from './kind.ts'
import { KeyDictionary } from './metadata.ts'

/**
 * Shreds values into one struct column. A null or `undefined` value is a null of the struct.
 *
 * The layout is inferred from the values where none is given. Reading back gives equal values, their keys in order,
 * `number` and `bigint` apart; `undefined` inside comes back as null, a `Map` as a plain object.
 *
 * @throws `TYPE` for what cannot be stored, `LIMIT` for what is nested too deep or too large
 */
export function shredVariants(
  values: readonly Value[],
  options: InferOptions & { readonly layout?: ShredLayout } = {},
): StructColumn {
  const layout = options.layout ?? inferLayout(values, options)
  const keys = new KeyDictionary()
  const root = new GroupBuilder(layout, values.length, keys, 0)
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row]
    if (value !== null && value !== undefined) root.set(row, value)
  }
  const group = root.build(values.length)
  const metadata = sharedMetadata(keys, values.length)
  const children = [metadata, ...group.children]
  const type = new Struct([
    new Field('metadata', new Dictionary(new Binary(), new Int8(), null, false), false),
    ...group.type.children,
  ])
  return { layout: 'struct', type, length: values.length, validity: validityOf(values), children }
}

function sharedMetadata(keys: KeyDictionary, length: number): DictionaryColumn {
  const dictionary = columnFromValues(new Binary(), [keys.encode()])
  return {
    layout: 'dictionary',
    type: new Binary(),
    length,
    validity: null,
    codes: new Int8Array(length),
    dictionary,
  }
}

/** Is a column being built at row indexes that ascend; rows that are not set are null. */
type ColumnSink = {
  /** Sets a row; false where the value does not fit. */
  set(row: number, value: Value): boolean
  build(length: number): Column
  /** False where no row was set. */
  readonly used: boolean
}

/** Builds the pair of `value` and `typed_value` of one path. */
class GroupBuilder {
  readonly #typed: ColumnSink | null
  readonly #objects: ObjectSink | null
  readonly #residual: ResidualSink
  readonly #depth: number

  constructor(layout: ShredLayout, capacity: number, keys: KeyDictionary, depth: number) {
    this.#depth = depth
    this.#residual = new ResidualSink(keys)
    this.#objects = layout.typed === 'object' ? new ObjectSink(layout, capacity, keys, depth) : null
    this.#typed = this.#objects ?? makeSink(layout, capacity, keys, depth)
  }

  set(row: number, value: Value): void {
    if (this.#objects !== null) {
      this.#setObject(this.#objects, row, value)
    } else if (this.#typed === null || !this.#typed.set(row, value)) {
      this.#residual.set(row, value, this.#depth)
    }
  }

  #setObject(objects: ObjectSink, row: number, value: Value): void {
    if (!objects.set(row, value)) this.#residual.set(row, value, this.#depth)
    else if (objects.restKeys.length > 0) this.#residual.setObject(row, objects, this.#depth)
  }

  build(length: number): StructColumn {
    const fields: Field[] = []
    const children: Column[] = []
    const typed = this.#typed
    if (this.#residual.used || typed === null || !typed.used) {
      fields.push(new Field('value', new Binary(), true))
      children.push(this.#residual.build(length))
    }
    if (typed?.used) {
      const column = typed.build(length)
      fields.push(new Field('typed_value', storedType(column), true))
      children.push(column)
    }
    return { layout: 'struct', type: new Struct(fields), length, validity: null, children }
  }
}

function storedType(column: Column): DataType {
  return column.layout === 'dictionary'
    ? (new Dictionary(column.type, new Int32(), null, false) as unknown as DataType)
    : column.type
}

function makeSink(
  layout: ShredLayout,
  capacity: number,
  keys: KeyDictionary,
  depth: number,
): ColumnSink | null {
  switch (layout.typed) {
    case 'none':
    case 'object':
      return null
    case 'boolean':
      return new BooleanSink(capacity)
    case 'int32':
      return new FlatSink(new Int32(), new Int32Array(capacity), isInt32)
    case 'float64':
      return new FlatSink(new Float64(), new Float64Array(capacity), isNumber)
    case 'int64':
      return new FlatSink(new Int64(), new BigInt64Array(capacity), isInt64)
    case 'date':
      return new DateSink(capacity)
    case 'text':
      return new TextSink()
    case 'bytes':
      return new BytesSink()
    case 'array':
      return new ListSink(layout.element as ShredLayout, keys, depth)
  }
}

/** Marks which rows are set. */
class Marks {
  readonly #bits: Uint8Array
  count = 0

  constructor(capacity: number) {
    this.#bits = new Uint8Array((capacity + 7) >> 3)
  }

  mark(row: number): void {
    this.#bits[row >> 3] = (this.#bits[row >> 3] as number) | (1 << (row & 7))
    this.count += 1
  }

  build(length: number): Validity {
    return this.count === length ? null : this.#bits.subarray(0, (length + 7) >> 3)
  }
}

const isInt32 = (value: Value): boolean => kindOf(value) === ValueKind.int32
const isNumber = (value: Value): boolean => typeof value === 'number'
const isInt64 = (value: Value): boolean => kindOf(value) === ValueKind.int64

type FlatArray = Int32Array | Float64Array | BigInt64Array

class FlatSink implements ColumnSink {
  readonly #type: DataType
  readonly #values: FlatArray
  readonly #fits: (value: Value) => boolean
  readonly #marks: Marks

  constructor(type: DataType, values: FlatArray, fits: (value: Value) => boolean) {
    this.#type = type
    this.#values = values
    this.#fits = fits
    this.#marks = new Marks(values.length)
  }

  get used(): boolean {
    return this.#marks.count > 0
  }

  set(row: number, value: Value): boolean {
    if (!this.#fits(value)) return false
    this.#values[row] = value as never
    this.#marks.mark(row)
    return true
  }

  build(length: number): Column {
    const values = this.#values.subarray(0, length)
    return { layout: 'flat', type: this.#type, length, validity: this.#marks.build(length), values }
  }
}

class DateSink implements ColumnSink {
  readonly #values: BigInt64Array
  readonly #marks: Marks

  constructor(capacity: number) {
    this.#values = new BigInt64Array(capacity)
    this.#marks = new Marks(capacity)
  }

  get used(): boolean {
    return this.#marks.count > 0
  }

  set(row: number, value: Value): boolean {
    if (kindOf(value) !== ValueKind.date) return false
    this.#values[row] = BigInt((value as Date).getTime()) * 1000n
    this.#marks.mark(row)
    return true
  }

  build(length: number): Column {
    const values = this.#values.subarray(0, length)
    const type = new TimestampMicrosecond('UTC')
    return { layout: 'flat', type, length, validity: this.#marks.build(length), values }
  }
}

class BooleanSink implements ColumnSink {
  readonly #values: Uint8Array
  readonly #marks: Marks

  constructor(capacity: number) {
    this.#values = new Uint8Array((capacity + 7) >> 3)
    this.#marks = new Marks(capacity)
  }

  get used(): boolean {
    return this.#marks.count > 0
  }

  set(row: number, value: Value): boolean {
    if (typeof value !== 'boolean') return false
    if (value) this.#values[row >> 3] = (this.#values[row >> 3] as number) | (1 << (row & 7))
    this.#marks.mark(row)
    return true
  }

  build(length: number): Column {
    const values = this.#values.subarray(0, (length + 7) >> 3)
    return { layout: 'bit', type: new Bool(), length, validity: this.#marks.build(length), values }
  }
}

/** Past this many distinct texts a column is kept as plain text. */
const DICTIONARY_LIMIT = 4096

class TextSink implements ColumnSink {
  readonly #codes = new Map<string, number>()
  readonly #rows: number[] = []
  readonly #texts: string[] = []

  get used(): boolean {
    return this.#rows.length > 0
  }

  set(row: number, value: Value): boolean {
    if (kindOf(value) !== ValueKind.text) return false
    const text = value as string
    this.#rows.push(row)
    this.#texts.push(text)
    if (this.#codes.size <= DICTIONARY_LIMIT && !this.#codes.has(text))
      this.#codes.set(text, this.#codes.size)
    return true
  }

  build(length: number): Column {
    const repeated = this.#codes.size <= DICTIONARY_LIMIT && this.#codes.size * 2 <= this.#rows.length
    return repeated ? this.#buildDictionary(length) : this.#buildText(length)
  }

  #buildDictionary(length: number): Column {
    const codes = new Int32Array(length)
    const marks = new Marks(length)
    this.#rows.forEach((row, index) => {
      codes[row] = this.#codes.get(this.#texts[index] as string) as number
      marks.mark(row)
    })
    const dictionary = columnFromValues(new Utf8(), [...this.#codes.keys()])
    return {
      layout: 'dictionary',
      type: new Utf8(),
      length,
      validity: marks.build(length),
      codes,
      dictionary,
    }
  }

  #buildText(length: number): Column {
    const values = new Array<Value>(length).fill(null)
    this.#rows.forEach((row, index) => {
      values[row] = this.#texts[index]
    })
    return columnFromValues(new Utf8(), values)
  }
}

class BytesSink implements ColumnSink {
  readonly #rows: number[] = []
  readonly #values: Uint8Array[] = []

  get used(): boolean {
    return this.#rows.length > 0
  }

  set(row: number, value: Value): boolean {
    if (!(value instanceof Uint8Array)) return false
    this.#rows.push(row)
    this.#values.push(value)
    return true
  }

  build(length: number): Column {
    const values = new Array<Value>(length).fill(null)
    this.#rows.forEach((row, index) => {
      values[row] = this.#values[index]
    })
    return columnFromValues(new Binary(), values)
  }
}

/** Builds the struct of an object's fields. After `set`, what starts with `rest` tells of the keys without a column. */
class ObjectSink implements ColumnSink {
  readonly #names: readonly string[]
  readonly #positions = new Map<string, number>()
  readonly #fields: readonly GroupBuilder[]
  readonly #marks: Marks
  restKeys: string[] = []
  restValues: Value[] = []
  /** For each rest key the position of the first column that comes after it; `null` where all rest keys come last. */
  restPlaces: number[] | null = null

  constructor(layout: ShredLayout, capacity: number, keys: KeyDictionary, depth: number) {
    this.#names = [...layout.fields.keys()]
    this.#names.forEach((name, index) => {
      this.#positions.set(name, index)
    })
    this.#fields = [...layout.fields.values()].map(
      (field) => new GroupBuilder(field, capacity, keys, depth + 1),
    )
    this.#marks = new Marks(capacity)
  }

  get used(): boolean {
    return this.#marks.count > 0
  }

  set(row: number, value: Value): boolean {
    if (kindOf(value) !== ValueKind.object) return false
    const keys = keysOf(value as object)
    if (!this.#inOrder(keys)) return false
    const values = valuesOf(value as object, keys)
    this.restKeys = []
    this.restValues = []
    const places: number[] = []
    let next = 0
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string
      const position = this.#positions.get(key)
      if (position === undefined) {
        this.restKeys.push(key)
        this.restValues.push(values[index])
        places.push(next)
      } else {
        const field = this.#fields[position] as GroupBuilder
        field.set(row, values[index])
        next = position + 1
      }
    }
    this.restPlaces = places[0] === next ? null : places
    this.#marks.mark(row)
    return true
  }

  #inOrder(keys: readonly string[]): boolean {
    let last = -1
    for (const key of keys) {
      const position = this.#positions.get(key)
      if (position === undefined) continue
      if (position < last) return false
      last = position
    }
    return true
  }

  build(length: number): StructColumn {
    const children = this.#fields.map((field) => field.build(length))
    const type = new Struct(
      children.map((child, index) => new Field(this.#names[index] as string, child.type, false)),
    )
    return { layout: 'struct', type, length, validity: this.#marks.build(length), children }
  }
}

/** Builds a list of groups. Elements are kept until the end, when their count is known. */
class ListSink implements ColumnSink {
  readonly #element: ShredLayout
  readonly #keys: KeyDictionary
  readonly #depth: number
  readonly #rows: number[] = []
  readonly #lists: ArrayLike<Value>[] = []
  #elementCount = 0

  constructor(element: ShredLayout, keys: KeyDictionary, depth: number) {
    this.#element = element
    this.#keys = keys
    this.#depth = depth
  }

  get used(): boolean {
    return this.#rows.length > 0
  }

  set(row: number, value: Value): boolean {
    if (kindOf(value) !== ValueKind.array) return false
    const list = value as ArrayLike<Value>
    this.#rows.push(row)
    this.#lists.push(list)
    this.#elementCount += list.length
    return true
  }

  build(length: number): Column {
    const offsets = new Int32Array(length + 1)
    const marks = new Marks(length)
    const group = new GroupBuilder(this.#element, this.#elementCount, this.#keys, this.#depth + 1)
    let next = 0
    let at = 0
    for (let row = 0; row < length; row += 1) {
      if (this.#rows[next] === row) {
        const list = this.#lists[next] as ArrayLike<Value>
        for (let index = 0; index < list.length; index += 1) group.set(at + index, list[index])
        at += list.length
        marks.mark(row)
        next += 1
      }
      offsets[row + 1] = at
    }
    const child = group.build(at)
    const type = new List(new Field('element', child.type, false))
    return { layout: 'list', type, length, validity: marks.build(length), offsets, child }
  }
}

/** Collects encoded values. */
class ResidualSink {
  readonly #writer: VariantWriter
  readonly #rows: number[] = []
  readonly #ends: number[] = []

  constructor(keys: KeyDictionary) {
    this.#writer = new VariantWriter(keys, 64)
  }

  get used(): boolean {
    return this.#rows.length > 0
  }

  set(row: number, value: Value, depth: number): void {
    this.#writer.write(value, depth)
    this.#add(row)
  }

  setObject(row: number, { restKeys, restValues, restPlaces }: ObjectSink, depth: number): void {
    this.#writer.writeObject(restKeys, restValues, { depth, places: restPlaces })
    this.#add(row)
  }

  #add(row: number): void {
    this.#rows.push(row)
    this.#ends.push(this.#writer.size)
  }

  build(length: number): BytesColumn {
    const offsets = new Int32Array(length + 1)
    const marks = new Marks(length)
    let next = 0
    let end = 0
    for (let row = 0; row < length; row += 1) {
      if (this.#rows[next] === row) {
        end = this.#ends[next] as number
        marks.mark(row)
        next += 1
      }
      offsets[row + 1] = end
    }
    const data = this.#writer.take()
    return { layout: 'bytes', type: new Binary(), length, validity: marks.build(length), offsets, data }
  }
}
