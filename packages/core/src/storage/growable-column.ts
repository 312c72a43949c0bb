import { type DataType, type FixedSizeList, Type } from 'apache-arrow'
import {
  type BitColumn,
  type BytesColumn,
  boxedColumn,
  type Column,
  columnReader,
  columnValues,
  type DictionaryColumn,
  decodeUtf8,
  type FixedListColumn,
  type FlatColumn,
  isBoxedType,
  type ListColumn,
  type NumberArray,
  type StructColumn,
  type Validity,
} from '../types/column.ts'
import { columnFromValues, makeNumberArray } from '../types/column-builder.ts'
import { isText, valueType } from '../types/data-type.ts'
import { canonicalInteger, type Value } from '../types/value.ts'
import { writeWide } from '../types/wide-integers.ts'
import { valueSize } from './value-size.ts'

const FIRST_CAPACITY = 16

/** Is a column that rows are appended to, read through views of its first rows that later appends leave as they are. */
export abstract class GrowableColumn {
  readonly type: DataType
  length = 0
  #view: Column | null = null

  constructor(type: DataType) {
    this.type = type
  }

  /** Appends rows `from` up to `to` of a column of the same type. */
  abstract append(column: Column, from: number, to: number): void
  abstract appendNulls(count: number): void
  abstract get sizeBytes(): number
  protected abstract makeView(length: number): Column

  /** Gives the first `length` rows; past the end they are null. */
  view(length: number): Column {
    if (length > this.length) this.appendNulls(length - this.length)
    if (this.#view === null || this.#view.length !== length) this.#view = this.makeView(length)
    return this.#view
  }

  read(index: number): Value {
    return index < this.length ? columnReader(this.view(this.length))(index) : null
  }
}

/** Makes an empty growable column of the layout that the engine keeps a type in. */
export function growableColumn(type: DataType): GrowableColumn {
  const inner = valueType(type)
  if (isBoxedType(inner)) return new GrowableBoxed(inner)
  if (inner.typeId === Type.Bool) return new GrowableBits(inner)
  if (isText(inner)) return new GrowableBytes(inner)
  switch (inner.typeId) {
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return new GrowableBytes(inner)
    case Type.List:
    case Type.LargeList:
      return new GrowableList(inner)
    case Type.FixedSizeList:
      return new GrowableFixedList(inner)
    case Type.Struct:
      return new GrowableStruct(inner)
    default:
      return new GrowableFlat(inner)
  }
}

/** Grows a typed array to hold at least `needed` elements, by doubling, keeping the first `used`. */
function grow<T extends NumberArray>(array: T, used: number, needed: number): T {
  if (needed <= array.length) return array
  const make = array.constructor as new (length: number) => T
  const grown = new make(Math.max(needed, array.length * 2, FIRST_CAPACITY))
  grown.set(array.subarray(0, used) as never)
  return grown
}

/** Is a validity bitmap that grows; it stays `null` until the first null. */
class GrowableValidity {
  #bits: Uint8Array | null = null

  get sizeBytes(): number {
    return this.#bits?.length ?? 0
  }

  append(validity: Validity, from: number, to: number, at: number): void {
    if (validity === null) {
      if (this.#bits !== null) this.#setRange(at, at + to - from)
      return
    }
    for (let index = from; index < to; index += 1) {
      const valid = ((validity[index >> 3] as number) >> (index & 7)) & 1
      if (valid === 0) this.#clear(at + index - from)
      else if (this.#bits !== null) this.#set(at + index - from)
    }
  }

  appendNulls(at: number, count: number): void {
    for (let index = at; index < at + count; index += 1) this.#clear(index)
  }

  #reserve(bit: number): Uint8Array {
    if (this.#bits === null) this.#bits = new Uint8Array((bit >> 3) + FIRST_CAPACITY).fill(255)
    const needed = (bit >> 3) + 1
    if (needed > this.#bits.length) this.#bits = grow(this.#bits, this.#bits.length, needed)
    return this.#bits
  }

  #clear(bit: number): void {
    const bits = this.#reserve(bit)
    bits[bit >> 3] = (bits[bit >> 3] as number) & ~(1 << (bit & 7))
  }

  #set(bit: number): void {
    const bits = this.#reserve(bit)
    bits[bit >> 3] = (bits[bit >> 3] as number) | (1 << (bit & 7))
  }

  #setRange(from: number, to: number): void {
    for (let bit = from; bit < to; bit += 1) this.#set(bit)
  }

  isValid(bit: number): boolean {
    return this.#bits === null || (((this.#bits[bit >> 3] as number) >> (bit & 7)) & 1) === 1
  }

  view(length: number): Validity {
    if (this.#bits === null) return null
    this.#reserve(Math.max(0, length - 1))
    return (this.#bits as Uint8Array).subarray(0, (length + 7) >> 3)
  }
}

class GrowableFlat extends GrowableColumn {
  #values: NumberArray
  readonly #validity = new GrowableValidity()

  constructor(type: DataType) {
    super(type)
    const wide = makeNumberArray(type, 0)
    // Most 64-bit integers fit 32 bits, which are much faster to read; the column widens at the first that does not.
    this.#values = isWide(wide) ? new Int32Array(0) : wide
  }

  get sizeBytes(): number {
    return this.#values.byteLength + this.#validity.sizeBytes
  }

  append(column: Column, from: number, to: number): void {
    const flat = column as FlatColumn
    const at = this.length
    const count = to - from
    this.#widenFor(flat.values, from, to)
    this.#values = grow(this.#values, at, at + count)
    copyNumbers(flat.values, from, to, this.#values, at)
    this.#validity.append(flat.validity, from, to, at)
    this.length = at + count
  }

  appendNulls(count: number): void {
    this.#values = grow(this.#values, this.length, this.length + count)
    this.#validity.appendNulls(this.length, count)
    this.length += count
  }

  #widenFor(values: NumberArray, from: number, to: number): void {
    if (!(this.#values instanceof Int32Array) || !isWide(makeNumberArray(this.type, 0))) return
    if (fitsInt32(values, from, to)) return
    const wide = makeNumberArray(this.type, Math.max(this.#values.length, FIRST_CAPACITY)) as BigInt64Array
    writeWide({ values: this.#values, from: 0, to: this.length }, wide, 0)
    this.#values = wide
  }

  protected makeView(length: number): Column {
    return {
      layout: 'flat',
      type: this.type,
      length,
      validity: this.#validity.view(length),
      values: this.#values.subarray(0, length),
    }
  }

  override read(index: number): Value {
    if (index >= this.length || !this.#validity.isValid(index)) return null
    const value = this.#values[index] as number | bigint
    return typeof value === 'bigint' ? canonicalInteger(value) : value
  }
}

function isWide(values: NumberArray): values is BigInt64Array | BigUint64Array {
  return values instanceof BigInt64Array || values instanceof BigUint64Array
}

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

function fitsInt32(values: NumberArray, from: number, to: number): boolean {
  if (values instanceof Int32Array || values instanceof Int16Array || values instanceof Int8Array) return true
  for (let index = from; index < to; index += 1) {
    const value = values[index] as number | bigint
    if (value < INT32_MIN || value > INT32_MAX) return false
  }
  return true
}

/** Copies numbers between arrays of any widths; the values fit the target. */
export function copyNumbers(
  source: NumberArray,
  from: number,
  to: number,
  target: NumberArray,
  at: number,
): void {
  if (isWide(source) === isWide(target)) {
    target.set(source.subarray(from, to) as never, at)
  } else if (isWide(source)) {
    for (let index = from; index < to; index += 1) target[at + index - from] = Number(source[index])
  } else {
    writeWide({ values: source, from, to }, target as BigInt64Array, at)
  }
}

class GrowableBits extends GrowableColumn {
  readonly #values = new GrowableValidity()
  readonly #validity = new GrowableValidity()

  get sizeBytes(): number {
    return this.#values.sizeBytes + this.#validity.sizeBytes
  }

  append(column: Column, from: number, to: number): void {
    const bits = column as BitColumn
    this.#values.append(bits.values, from, to, this.length)
    this.#validity.append(bits.validity, from, to, this.length)
    this.length += to - from
  }

  appendNulls(count: number): void {
    this.#values.appendNulls(this.length, count)
    this.#validity.appendNulls(this.length, count)
    this.length += count
  }

  protected makeView(length: number): Column {
    const values = this.#values.view(length) ?? new Uint8Array((length + 7) >> 3).fill(255)
    return { layout: 'bit', type: this.type, length, validity: this.#validity.view(length), values }
  }
}

class GrowableBytes extends GrowableColumn {
  #offsets: Int32Array = new Int32Array(FIRST_CAPACITY)
  #data: Uint8Array = new Uint8Array(0)
  readonly #validity = new GrowableValidity()
  readonly #text: boolean

  constructor(type: DataType) {
    super(type)
    this.#text = isText(type)
  }

  get sizeBytes(): number {
    return this.#offsets.byteLength + this.#data.byteLength + this.#validity.sizeBytes
  }

  append(column: Column, from: number, to: number): void {
    this.#offsets = grow(this.#offsets, this.length + 1, this.length + to - from + 1)
    if (column.layout === 'dictionary') this.#appendCodes(column, from, to)
    else this.#appendRange(column as BytesColumn, from, to)
    this.#validity.append((column as BytesColumn).validity, from, to, this.length)
    this.length += to - from
  }

  #appendRange(column: BytesColumn, from: number, to: number): void {
    const end = this.#offsets[this.length] as number
    const first = column.offsets[from] as number
    const size = (column.offsets[to] as number) - first
    this.#data = grow(this.#data, end, end + size)
    this.#data.set(column.data.subarray(first, first + size), end)
    for (let index = from; index < to; index += 1) {
      this.#offsets[this.length + index - from + 1] = (column.offsets[index + 1] as number) - first + end
    }
  }

  #appendCodes(column: DictionaryColumn, from: number, to: number): void {
    const { offsets, data } = column.dictionary as BytesColumn
    const { codes, validity } = column
    let end = this.#offsets[this.length] as number
    for (let index = from; index < to; index += 1) {
      const valid = validity === null || (((validity[index >> 3] as number) >> (index & 7)) & 1) === 1
      if (valid) {
        const code = codes[index] as number
        const start = offsets[code] as number
        const size = (offsets[code + 1] as number) - start
        this.#data = grow(this.#data, end, end + size)
        for (let at = 0; at < size; at += 1) this.#data[end + at] = data[start + at] as number
        end += size
      }
      this.#offsets[this.length + index - from + 1] = end
    }
  }

  appendNulls(count: number): void {
    this.#offsets = grow(this.#offsets, this.length + 1, this.length + count + 1)
    this.#offsets.fill(this.#offsets[this.length] as number, this.length + 1, this.length + count + 1)
    this.#validity.appendNulls(this.length, count)
    this.length += count
  }

  protected makeView(length: number): Column {
    return {
      layout: 'bytes',
      type: this.type,
      length,
      validity: this.#validity.view(length),
      offsets: this.#offsets.subarray(0, length + 1),
      data: this.#data,
    }
  }

  override read(index: number): Value {
    if (index >= this.length || !this.#validity.isValid(index)) return null
    const start = this.#offsets[index] as number
    const end = this.#offsets[index + 1] as number
    return this.#text ? decodeUtf8(this.#data, start, end) : this.#data.subarray(start, end)
  }
}

class GrowableList extends GrowableColumn {
  #offsets: Int32Array = new Int32Array(FIRST_CAPACITY)
  readonly #child: GrowableColumn
  readonly #validity = new GrowableValidity()

  constructor(type: DataType) {
    super(type)
    this.#child = growableColumn((type.children[0] as { type: DataType }).type)
  }

  get sizeBytes(): number {
    return this.#offsets.byteLength + this.#child.sizeBytes + this.#validity.sizeBytes
  }

  append(column: Column, from: number, to: number): void {
    const { offsets, child, validity } = column as ListColumn
    this.#offsets = grow(this.#offsets, this.length + 1, this.length + to - from + 1)
    const first = offsets[from] as number
    const end = this.#offsets[this.length] as number
    this.#child.append(child, first, offsets[to] as number)
    for (let index = from; index < to; index += 1) {
      this.#offsets[this.length + index - from + 1] = (offsets[index + 1] as number) - first + end
    }
    this.#validity.append(validity, from, to, this.length)
    this.length += to - from
  }

  appendNulls(count: number): void {
    this.#offsets = grow(this.#offsets, this.length + 1, this.length + count + 1)
    this.#offsets.fill(this.#offsets[this.length] as number, this.length + 1, this.length + count + 1)
    this.#validity.appendNulls(this.length, count)
    this.length += count
  }

  protected makeView(length: number): Column {
    const offsets = this.#offsets.subarray(0, length + 1)
    const child = this.#child.view(offsets[length] as number)
    return { layout: 'list', type: this.type, length, validity: this.#validity.view(length), offsets, child }
  }
}

class GrowableFixedList extends GrowableColumn {
  readonly #size: number
  readonly #child: GrowableColumn
  readonly #validity = new GrowableValidity()

  constructor(type: DataType) {
    super(type)
    this.#size = (type as FixedSizeList).listSize
    this.#child = growableColumn((type.children[0] as { type: DataType }).type)
  }

  get sizeBytes(): number {
    return this.#child.sizeBytes + this.#validity.sizeBytes
  }

  append(column: Column, from: number, to: number): void {
    const { child, validity } = column as FixedListColumn
    this.#child.append(child, from * this.#size, to * this.#size)
    this.#validity.append(validity, from, to, this.length)
    this.length += to - from
  }

  appendNulls(count: number): void {
    // The places of null lists hold zeros, not nulls, so that a column of vectors keeps no bitmap of its elements.
    const element = this.#child.type
    const zeros = zeroColumn(element, count * this.#size)
    if (zeros === null) this.#child.appendNulls(count * this.#size)
    else this.#child.append(zeros, 0, zeros.length)
    this.#validity.appendNulls(this.length, count)
    this.length += count
  }

  protected makeView(length: number): Column {
    const child = this.#child.view(length * this.#size)
    const validity = this.#validity.view(length)
    return { layout: 'fixed', type: this.type, length, validity, size: this.#size, child }
  }
}

function zeroColumn(type: DataType, length: number): Column | null {
  if (type.typeId !== Type.Int && type.typeId !== Type.Float) return null
  return { layout: 'flat', type, length, validity: null, values: makeNumberArray(type, length) }
}

class GrowableStruct extends GrowableColumn {
  readonly #children: readonly GrowableColumn[]
  readonly #validity = new GrowableValidity()

  constructor(type: DataType) {
    super(type)
    this.#children = type.children.map((field) => growableColumn(field.type))
  }

  get sizeBytes(): number {
    return this.#children.reduce((sum, child) => sum + child.sizeBytes, this.#validity.sizeBytes)
  }

  append(column: Column, from: number, to: number): void {
    const { children, validity } = column as StructColumn
    for (let at = 0; at < children.length; at += 1)
      (this.#children[at] as GrowableColumn).append(children[at] as Column, from, to)
    this.#validity.append(validity, from, to, this.length)
    this.length += to - from
  }

  appendNulls(count: number): void {
    for (const child of this.#children) child.appendNulls(count)
    this.#validity.appendNulls(this.length, count)
    this.length += count
  }

  protected makeView(length: number): Column {
    const children = this.#children.map((child) => child.view(length))
    return { layout: 'struct', type: this.type, length, validity: this.#validity.view(length), children }
  }
}

/** Sizes are estimated of one value in so many. */
const SIZED_ROWS = 16

class GrowableBoxed extends GrowableColumn {
  readonly #values: Value[] = []
  #sizedRows = 0
  #sizedBytes = 0

  get sizeBytes(): number {
    return this.#sizedRows === 0 ? 0 : (this.#sizedBytes / this.#sizedRows) * this.#values.length
  }

  append(column: Column, from: number, to: number): void {
    const values = columnValues(column)
    for (let index = from; index < to; index += 1) {
      const value = values[index] ?? null
      if (this.#values.length % SIZED_ROWS === 0) {
        this.#sizedRows += 1
        this.#sizedBytes += valueSize(value)
      }
      this.#values.push(value)
    }
    this.length += to - from
  }

  appendNulls(count: number): void {
    for (let index = 0; index < count; index += 1) this.#values.push(null)
    this.length += count
  }

  protected makeView(length: number): Column {
    return { layout: 'boxed', type: this.type, length, values: this.#values.slice(0, length) }
  }

  override read(index: number): Value {
    return this.#values[index] ?? null
  }
}

/**
 * Gives a column as its field's type keeps it, converting where its layout or numbers differ.
 *
 * @throws `TYPE`, `OVERFLOW` where a value does not fit
 */
export function coerceColumn(column: Column, type: DataType): Column {
  const inner = valueType(type)
  if (fitsType(column, inner)) return column
  const read = columnReader(column)
  const values = Array.from({ length: column.length }, (_, index) => read(index))
  return isBoxedType(inner) ? boxedColumn(inner, values) : columnFromValues(inner, values)
}

/** Tells whether a column's buffers can be appended to a growable column of a type as they are. */
function fitsType(column: Column, type: DataType): boolean {
  if (isBoxedType(type)) return column.layout === 'boxed'
  switch (column.layout) {
    case 'flat':
      return fitsFlat(column, type)
    case 'bit':
      return type.typeId === Type.Bool
    case 'bytes':
      return isBytesType(type) && isText(type) === isText(column.type)
    case 'dictionary':
      return column.dictionary.layout === 'bytes' && fitsType(column.dictionary, type)
    case 'list':
      return (
        type.typeId === Type.List && fitsType(column.child, (type.children[0] as { type: DataType }).type)
      )
    case 'fixed':
      return (
        type.typeId === Type.FixedSizeList &&
        (type as FixedSizeList).listSize === column.size &&
        fitsType(column.child, (type.children[0] as { type: DataType }).type)
      )
    case 'struct':
      return (
        type.typeId === Type.Struct &&
        type.children.length === column.children.length &&
        type.children.every(
          (field, index) =>
            field.name === column.type.children[index]?.name &&
            fitsType(column.children[index] as Column, field.type),
        )
      )
    case 'boxed':
      return false
  }
}

function isBytesType(type: DataType): boolean {
  if (isText(type)) return true
  return [Type.Binary, Type.LargeBinary, Type.BinaryView, Type.FixedSizeBinary].includes(type.typeId)
}

function fitsFlat(column: FlatColumn, type: DataType): boolean {
  if (column.type.typeId !== type.typeId) return false
  if (type.typeId === Type.Int || type.typeId === Type.Float)
    return column.type === type || column.type.toString() === type.toString()
  return (column.type as unknown as { unit?: number }).unit === (type as unknown as { unit?: number }).unit
}
