/** Builds the typed columns of scalars. */
import { Binary, Bool, type DataType, Float64, Int32, Int64, TimestampMicrosecond, Utf8 } from 'apache-arrow'
import type { Column, Validity } from '../column.ts'
import { columnFromValues } from '../column-builder.ts'
import type { Value } from '../value.ts'
import type { ShredLayout } from './infer.ts'
import { kindOf, ValueKind } from './kind.ts'
import { type ColumnSink, Marks } from './sink.ts'

/** Makes the sink of a type of scalar; null for layouts of objects, arrays and none. */
export function scalarSink(layout: ShredLayout, capacity: number): ColumnSink | null {
  switch (layout.typed) {
    case 'none':
    case 'object':
    case 'array':
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
      return new TextSink(capacity)
    case 'bytes':
      return new BytesSink()
  }
}

const isInt32 = (value: Value): boolean =>
  typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)
const isNumber = (value: Value): boolean => typeof value === 'number'
const isInt64 = (value: Value): boolean => kindOf(value) === ValueKind.int64

type FlatArray = Int32Array | Float64Array | BigInt64Array

/** Collects numbers of one kind in a typed array. */
export class FlatSink implements ColumnSink {
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

/** Collects dates as microseconds since the epoch. */
export class DateSink implements ColumnSink {
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

/** Collects booleans as bits. */
export class BooleanSink implements ColumnSink {
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

/** Collects texts, as codes as long as they repeat. */
export class TextSink implements ColumnSink {
  readonly #codeOf = new Map<string, number>()
  readonly #codes: Int32Array
  readonly #marks: Marks
  /** The texts by row, once there are too many for a dictionary. */
  #texts: string[] | null = null

  constructor(capacity: number) {
    this.#codes = new Int32Array(capacity)
    this.#marks = new Marks(capacity)
  }

  get used(): boolean {
    return this.#marks.count > 0
  }

  set(row: number, value: Value): boolean {
    if (typeof value !== 'string' || !value.isWellFormed()) return false
    this.#marks.mark(row)
    if (this.#texts !== null) this.#texts[row] = value
    else this.#setCode(row, value)
    return true
  }

  #setCode(row: number, text: string): void {
    let code = this.#codeOf.get(text)
    if (code === undefined) {
      code = this.#codeOf.size
      this.#codeOf.set(text, code)
    }
    this.#codes[row] = code
    if (code > DICTIONARY_LIMIT) this.#texts = this.#spellOut(row + 1)
  }

  /** Gives the texts of the first rows, those that are not set as empty. */
  #spellOut(length: number): string[] {
    const known = [...this.#codeOf.keys()]
    const texts = new Array<string>(this.#codes.length)
    for (let row = 0; row < length; row += 1) texts[row] = known[this.#codes[row] as number] as string
    return texts
  }

  build(length: number): Column {
    const validity = this.#marks.build(length)
    const repeats = this.#texts === null && this.#codeOf.size * 2 <= this.#marks.count
    return repeats ? this.#buildDictionary(length, validity) : this.#buildText(length, validity)
  }

  #buildDictionary(length: number, validity: Validity): Column {
    const dictionary = columnFromValues(new Utf8(), [...this.#codeOf.keys()])
    const codes = this.#codes.subarray(0, length)
    return { layout: 'dictionary', type: new Utf8(), length, validity, codes, dictionary }
  }

  #buildText(length: number, validity: Validity): Column {
    const texts = this.#texts ?? this.#spellOut(length)
    const values = Array.from({ length }, (_, row) =>
      validity === null || (((validity[row >> 3] as number) >> (row & 7)) & 1) === 1 ? texts[row] : null,
    )
    return columnFromValues(new Utf8(), values)
  }
}

/** Collects bytes. */
export class BytesSink implements ColumnSink {
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
