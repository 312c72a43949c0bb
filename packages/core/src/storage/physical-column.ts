/**
 * Decides how a column of a segment is laid out: as narrow as its values allow, text that repeats as codes of a
 * dictionary, variants shredded. The logical type stays in the catalog; what a file holds is described by nodes.
 */

import { serialize } from 'node:v8'
import { type DataType, Type } from 'apache-arrow'
import { type TypeJson, typeToJson } from '../catalog/type-json.ts'
import {
  type BoxedColumn,
  type BytesColumn,
  type Column,
  type DictionaryColumn,
  type FlatColumn,
  isNullAt,
  type NumberArray,
} from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { halfEncodingOf, isText, isVariant, types } from '../types/data-type.ts'
import { floatsToBrains, floatsToHalves } from '../types/half.ts'
import { shredVariants } from '../types/variant/index.ts'
import { NUMBER_KINDS, type NumberArrayConstructor } from './column-codec.ts'
import { copyNumbers } from './growable-column.ts'

/** Names the 16 bits in which single-precision numbers are kept, where their type is that of halves. */
type HalfEncoding = 'float16' | 'bfloat16'

/** Describes how a column, or a child of one, is kept in a segment. */
export type PhysicalNode = {
  readonly layout: 'flat' | 'bit' | 'bytes' | 'dictionary' | 'list' | 'fixed' | 'struct' | 'decimal' | 'null'
  /** What the engine makes of it where that is not the layout: variants of a struct, opaque of bytes, floats of 16 bits. */
  readonly encoding?: 'variant' | 'opaque' | HalfEncoding
  /** The logical type. */
  readonly type: TypeJson
  /** The kind of number of values or codes: an index into `NUMBER_KINDS`. */
  readonly kind?: number
  /** Which dictionary of the segment the codes are of. */
  readonly dictionary?: number
  readonly size?: number
  readonly children?: readonly PhysicalNode[]
}

/** Is a column as it goes into a file: its description, and buffers of exactly that description. */
export type PhysicalColumn = { readonly node: PhysicalNode; readonly column: Column }

/** Collects the dictionaries of a segment. */
export type DictionaryList = { readonly node: PhysicalNode; readonly column: Column }[]

/** Lays out a column of a logical type. Dictionaries are appended to the list. */
export function toPhysical(column: Column, type: DataType, dictionaries: DictionaryList): PhysicalColumn {
  if (column.layout === 'boxed') return boxedToPhysical(column, type, dictionaries)
  return layOut(column, dictionaries)
}

function boxedToPhysical(column: BoxedColumn, type: DataType, dictionaries: DictionaryList): PhysicalColumn {
  if (isVariant(type)) {
    const struct = shredVariants(column.values)
    const physical = layOut(struct, dictionaries)
    return { node: { ...physical.node, encoding: 'variant' }, column: physical.column }
  }
  if (type.typeId === Type.Null) return { node: { layout: 'null', type: ['null'] }, column }
  if (type.typeId === Type.Decimal) return decimalToPhysical(column, type)
  const values = column.values.map((value) => (value === null ? null : new Uint8Array(serialize(value))))
  const bytes = columnFromValues(types.binary, values)
  return { node: { layout: 'bytes', encoding: 'opaque', type: typeToJson(type) }, column: bytes }
}

function decimalToPhysical(column: BoxedColumn, type: DataType): PhysicalColumn {
  const words = Math.ceil((type as unknown as { bitWidth: number }).bitWidth / 64)
  const values = new BigUint64Array(column.length * words)
  let validity: Uint8Array | null = null
  for (let index = 0; index < column.length; index += 1) {
    const value = column.values[index]
    if (value === null || value === undefined) {
      validity ??= new Uint8Array((column.length + 7) >> 3).fill(255)
      validity[index >> 3] = (validity[index >> 3] as number) & ~(1 << (index & 7))
      continue
    }
    let rest = BigInt.asUintN(words * 64, value as bigint)
    for (let word = 0; word < words; word += 1) {
      values[index * words + word] = BigInt.asUintN(64, rest)
      rest >>= 64n
    }
  }
  const flat: FlatColumn = { layout: 'flat', type, length: column.length, validity, values }
  return { node: { layout: 'decimal', type: typeToJson(type), size: words }, column: flat }
}

function layOut(column: Column, dictionaries: DictionaryList): PhysicalColumn {
  const type = typeToJson(column.type)
  switch (column.layout) {
    case 'flat': {
      const encoding = halfEncodingOf(column.type)
      if (encoding !== undefined) return halvesToPhysical(column, encoding)
      const narrow = narrowFlat(column)
      return { node: { layout: 'flat', type, kind: kindOf(narrow.values) }, column: narrow }
    }
    case 'bit':
      return { node: { layout: 'bit', type }, column }
    case 'bytes': {
      const encoded = isText(column.type) ? dictionaryEncode(column) : null
      return encoded === null
        ? { node: { layout: 'bytes', type }, column }
        : layOutDictionary(encoded, dictionaries)
    }
    case 'dictionary':
      return layOutDictionary(column, dictionaries)
    case 'list':
    case 'fixed': {
      const child = toPhysical(column.child, column.child.type, dictionaries)
      const node = { layout: column.layout, type, children: [child.node] } as const
      return {
        node: column.layout === 'fixed' ? { ...node, size: column.size } : node,
        column: { ...column, child: child.column },
      }
    }
    case 'struct': {
      const children = column.children.map((child) => toPhysical(child, child.type, dictionaries))
      return {
        node: { layout: 'struct', type, children: children.map((child) => child.node) },
        column: { ...column, children: children.map((child) => child.column) },
      }
    }
    case 'boxed':
      return boxedToPhysical(column, column.type, dictionaries)
  }
}

function halvesToPhysical(column: FlatColumn, encoding: HalfEncoding): PhysicalColumn {
  const floats = column.values as Float32Array
  const values = encoding === 'float16' ? floatsToHalves(floats) : floatsToBrains(floats)
  return {
    node: { layout: 'flat', encoding, type: typeToJson(column.type), kind: kindOf(values) },
    column: { ...column, values },
  }
}

function layOutDictionary(column: DictionaryColumn, dictionaries: DictionaryList): PhysicalColumn {
  const codes = narrowInteger(column.codes) as DictionaryColumn['codes']
  // The dictionary's own layout is kept plain, so that every reader can decode it.
  const dictionary: PhysicalColumn = {
    node: { layout: 'bytes', type: typeToJson(column.dictionary.type) },
    column: column.dictionary,
  }
  const number = dictionaries.push(dictionary) - 1
  const node: PhysicalNode = {
    layout: 'dictionary',
    type: typeToJson(column.type),
    kind: kindOf(codes),
    dictionary: number,
  }
  return { node, column: { ...column, codes } }
}

function kindOf(values: NumberArray): number {
  return NUMBER_KINDS.indexOf(values.constructor as NumberArrayConstructor)
}

/** Narrows integers. Floats, dates and times keep their width, so that other readers know what they are. */
function narrowFlat(column: FlatColumn): FlatColumn {
  if (column.type.typeId === Type.Int) return { ...column, values: narrowInteger(column.values) }
  return { ...column, values: widened(column.values, column.type) }
}

/** Brings a date or time that the memtable keeps in fewer bits to the width of its type. */
function widened(values: NumberArray, type: DataType): NumberArray {
  const wide = type.typeId !== Type.Float && type.ArrayType === BigInt64Array
  if (!wide || values instanceof BigInt64Array) return values
  const target = new BigInt64Array(values.length)
  copyNumbers(values, 0, values.length, target, 0)
  return target
}

const LIMITS: readonly (readonly [low: number, high: number, make: new (length: number) => NumberArray])[] = [
  [-128, 127, Int8Array],
  [-32_768, 32_767, Int16Array],
  [-2_147_483_648, 2_147_483_647, Int32Array],
]

/** Gives integers in the narrowest signed width that holds them all. */
function narrowInteger(values: NumberArray): NumberArray {
  if (values.length === 0) return values
  const [low, high] = rangeOf(values)
  for (const [minimum, maximum, make] of LIMITS) {
    if (low < minimum || high > maximum) continue
    const narrow = new make(0)
    if (narrow.BYTES_PER_ELEMENT >= values.BYTES_PER_ELEMENT) return values
    const target = new make(values.length)
    copyNumbers(values, 0, values.length, target, 0)
    return target
  }
  return values
}

function rangeOf(values: NumberArray): readonly [number | bigint, number | bigint] {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return wideRange(values)
  let low = values[0] as number
  let high = low
  for (let index = 1; index < values.length; index += 1) {
    const value = values[index] as number
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

function wideRange(values: BigInt64Array | BigUint64Array): readonly [bigint, bigint] {
  let low = values[0] as bigint
  let high = low
  for (let index = 1; index < values.length; index += 1) {
    const value = values[index] as bigint
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

const LARGEST_DICTIONARY = 65_536
/** After so many rows, text that does not repeat enough is left as it is. */
const PROBE_ROWS = 4096

/** Makes codes and a dictionary of text, or gives `null` where it repeats too little for that to pay. */
export function dictionaryEncode(column: BytesColumn): DictionaryColumn | null {
  const { length, offsets, data } = column
  if (length < 16) return null
  const table = new TextTable(data)
  const codes = new Int32Array(length)
  for (let index = 0; index < length; index += 1) {
    if (column.validity !== null && isNullAt(column, index)) continue
    codes[index] = table.code(offsets[index] as number, offsets[index + 1] as number)
    if (table.count > LARGEST_DICTIONARY) return null
    if (index === PROBE_ROWS && table.count > PROBE_ROWS / 2) return null
  }
  if (table.count > length / 2) return null
  return {
    layout: 'dictionary',
    type: column.type,
    length,
    validity: column.validity,
    codes,
    dictionary: table.dictionary(column.type),
  }
}

/** Gives equal runs of bytes equal codes: open addressing over FNV hashes. */
class TextTable {
  count = 0
  readonly #data: Uint8Array
  #slots = new Int32Array(1024).fill(-1)
  #starts = new Int32Array(512)
  #ends = new Int32Array(512)
  #hashes = new Int32Array(512)

  constructor(data: Uint8Array) {
    this.#data = data
  }

  code(start: number, end: number): number {
    const data = this.#data
    let hash = 0x811c9dc5
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (data[at] as number), 0x01000193)
    hash ^= hash >>> 15
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (;;) {
      const code = this.#slots[slot] as number
      if (code < 0) return this.#add(slot, { hash, start, end })
      if (this.#hashes[code] === hash && this.#equals(code, start, end)) return code
      slot = (slot + 1) & mask
    }
  }

  #equals(code: number, start: number, end: number): boolean {
    const first = this.#starts[code] as number
    if ((this.#ends[code] as number) - first !== end - start) return false
    for (let at = 0; at < end - start; at += 1)
      if (this.#data[first + at] !== this.#data[start + at]) return false
    return true
  }

  #add(slot: number, entry: { readonly hash: number; readonly start: number; readonly end: number }): number {
    const code = this.count
    if (code === this.#starts.length) this.#growEntries()
    this.#slots[slot] = code
    this.#starts[code] = entry.start
    this.#ends[code] = entry.end
    this.#hashes[code] = entry.hash
    this.count += 1
    if (this.count * 2 > this.#slots.length) this.#growSlots()
    return code
  }

  #growEntries(): void {
    const grow = (array: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(array.length * 2)
      grown.set(array)
      return grown
    }
    this.#starts = grow(this.#starts)
    this.#ends = grow(this.#ends)
    this.#hashes = grow(this.#hashes)
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1)
    const mask = slots.length - 1
    for (let code = 0; code < this.count; code += 1) {
      let slot = (this.#hashes[code] as number) & mask
      while (slots[slot] !== -1) slot = (slot + 1) & mask
      slots[slot] = code
    }
    this.#slots = slots
  }

  dictionary(type: DataType): BytesColumn {
    const offsets = new Int32Array(this.count + 1)
    for (let code = 0; code < this.count; code += 1)
      offsets[code + 1] =
        (offsets[code] as number) + (this.#ends[code] as number) - (this.#starts[code] as number)
    const data = new Uint8Array(offsets[this.count] as number)
    for (let code = 0; code < this.count; code += 1)
      data.set(this.#data.subarray(this.#starts[code], this.#ends[code]), offsets[code])
    return { layout: 'bytes', type, length: this.count, validity: null, offsets, data }
  }
}
