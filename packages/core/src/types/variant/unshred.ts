/**
 * Reads shredded variants, as `shred.ts` writes them and as other writers may: see there for what a row means.
 *
 * Objects are read by functions generated for their fields, since assignments of constant keys are several times
 * faster than of computed ones; where code generation is not allowed, by a loop of the same meaning.
 */
import { type DataType, type Decimal, Type } from 'apache-arrow'
import {
  type BytesColumn,
  type Column,
  columnReader,
  type DictionaryColumn,
  type FlatColumn,
  isNullAt,
  type ListColumn,
  type StructColumn,
} from '../column.ts'
import { SheafError } from '../errors.ts'
import type { Value } from '../value.ts'
import { readPlaces, setKey, type VariantDecoder, variantDecoder } from './decode.ts'
import { decodeMetadata } from './metadata.ts'

/** Reads the value of a row; `undefined` where it is missing. */
export type VariantReader = (row: number) => Value

/** Chooses how objects are read; generated code where nothing is said. */
export type UnshredOptions = { readonly generateCode?: boolean }

/** Tells whether a type is a shredded variant, or an encoded one whose metadata is a dictionary. */
export function isShreddedVariant(type: DataType): boolean {
  if (type.typeId !== Type.Struct) return false
  const names = type.children.map((child) => child.name)
  return (
    names.length <= 3 &&
    names.includes('metadata') &&
    names.every((name) => name === 'metadata' || name === 'value' || name === 'typed_value')
  )
}

const readers = new WeakMap<StructColumn, VariantReader>()

/** Gives the function that reads rows of a shredded column, null for a null row; made once a column. */
export function shreddedReader(column: StructColumn, options: UnshredOptions = {}): VariantReader {
  if (options.generateCode === false) return makeReader(column, options)
  let reader = readers.get(column)
  if (reader === undefined) {
    reader = makeReader(column, options)
    readers.set(column, reader)
  }
  return reader
}

function makeReader(column: StructColumn, options: UnshredOptions): VariantReader {
  const read = groupReader(column, shreddedNames(column), options)
  const { validity } = column
  if (validity === null) return (row) => read(row) ?? null
  return (row) => (isNullAt(column, row) ? null : (read(row) ?? null))
}

/** Reads rows of a shredded column: all of them, or those of a selection. */
export function unshredVariants(column: StructColumn, selection: Uint32Array | null = null): Value[] {
  const read = shreddedReader(column)
  const count = selection === null ? column.length : selection.length
  const values = new Array<Value>(count)
  for (let at = 0; at < count; at += 1) values[at] = read(selection === null ? at : (selection[at] as number))
  return values
}

/** Gives the names of keys for each row of a shredded column. */
export type NamesOf = (row: number) => readonly string[]

/** Reads the dictionaries of keys of a shredded column. */
export function shreddedNames(column: StructColumn): NamesOf {
  const metadata = childNamed(column, 'metadata')
  if (metadata === undefined) {
    throw new SheafError('CORRUPT', 'A variant column has no metadata. Restore its file.')
  }
  if (metadata.layout === 'dictionary') {
    const dictionaries = metadataOf(metadata.dictionary)
    const { codes } = metadata
    if (dictionaries.length === 1) return () => dictionaries[0] as readonly string[]
    return (row) => dictionaries[codes[row] as number] ?? []
  }
  const read = columnReader(metadata)
  return (row) => decodeMetadata(read(row) as Uint8Array)
}

function metadataOf(column: Column): (readonly string[])[] {
  const read = columnReader(column)
  return Array.from({ length: column.length }, (_, row) => decodeMetadata(read(row) as Uint8Array))
}

/** Finds a child of a struct column by name. */
export function childNamed(column: StructColumn, name: string): Column | undefined {
  const index = column.type.children.findIndex((child) => child.name === name)
  return index === -1 ? undefined : column.children[index]
}

/** Makes the function that reads a pair of `value` and `typed_value`. */
export function groupReader(group: StructColumn, names: NamesOf, options: UnshredOptions): VariantReader {
  const value = childNamed(group, 'value')
  const typed = childNamed(group, 'typed_value')
  const readValue = value === undefined ? null : residualReader(value as BytesColumn, names)
  if (typed === undefined) return readValue ?? (() => undefined)
  const readTyped = typedReader(typed, names, options)
  if (value === undefined || readValue === null) {
    if (typed.layout !== 'boxed' && typed.validity === null) return readTyped
    return (row) => (isNullAt(typed, row) ? undefined : readTyped(row))
  }
  return (row) => {
    if (isNullAt(typed, row)) return readValue(row)
    const read = readTyped(row)
    return isNullAt(value, row) ? read : mergeObject(read, readValue(row), () => placesAt(value, typed, row))
  }
}

/** Tells where each key without a column belongs, and at which position each column's key lies. */
type Places = { readonly places: Uint16Array; readonly positions: ReadonlyMap<string, number> }

function placesAt(value: Column, typed: Column, row: number): Places | null {
  const { data, offsets } = value as BytesColumn
  const places = readPlaces(data, offsets[row] as number, offsets[row + 1] as number)
  if (places === null) return null
  const positions = new Map(typed.type.children.map((child, position) => [child.name, position]))
  return { places, positions }
}

function mergeObject(typed: Value, rest: Value, findPlaces: () => Places | null): Value {
  if (!isPlainObject(typed) || !isPlainObject(rest)) {
    throw new SheafError('CORRUPT', 'A shredded variant holds two values in one row. Restore its file.')
  }
  const found = findPlaces()
  if (found !== null) return interleave(typed, rest, found)
  for (const key of Object.keys(rest)) setKey(typed, key, rest[key])
  return typed
}

function interleave(
  typed: Record<string, Value>,
  rest: Record<string, Value>,
  { places, positions }: Places,
): Value {
  const object: Record<string, Value> = {}
  const restKeys = Object.keys(rest)
  let next = 0
  for (const key of Object.keys(typed)) {
    const position = positions.get(key) as number
    for (; next < restKeys.length && (places[next] as number) <= position; next += 1) {
      setKey(object, restKeys[next] as string, rest[restKeys[next] as string])
    }
    setKey(object, key, typed[key])
  }
  for (const key of restKeys.slice(next)) setKey(object, key, rest[key])
  return object
}

function isPlainObject(value: Value): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Makes the function that decodes the encoded values of a path. */
export function residualReader(column: BytesColumn, names: NamesOf): VariantReader {
  const { offsets, data } = column
  let known: readonly string[] | null = null
  let decode: VariantDecoder | null = null
  return (row) => {
    const start = offsets[row] as number
    const end = offsets[row + 1] as number
    if (start === end || isNullAt(column, row)) return undefined
    const own = names(row)
    if (decode === null || own !== known) {
      known = own
      decode = variantDecoder(own, data)
    }
    return decode(start, end)
  }
}

function typedReader(column: Column, names: NamesOf, options: UnshredOptions): VariantReader {
  switch (column.layout) {
    case 'struct':
      return objectReader(column, names, options)
    case 'list':
      return listReader(column, names, options)
    case 'flat':
      return flatReader(column)
    case 'bytes':
      return bytesReader(column)
    case 'dictionary':
      return dictionaryReader(column)
    default:
      return scalarReader(column)
  }
}

function scalarReader(column: Column): VariantReader {
  const read = columnReader(column)
  if (column.type.typeId !== Type.Decimal) return read
  const { scale } = column.type as Decimal
  return (row) => (scale === 0 ? read(row) : Number(`${read(row)}e-${scale}`))
}

function dictionaryReader(column: DictionaryColumn): VariantReader {
  const { codes } = column
  const read = typedReader(column.dictionary, () => [], {})
  const texts = Array.from({ length: column.dictionary.length }, (_, code) => read(code))
  return (row) => texts[codes[row] as number]
}

function flatReader(column: FlatColumn): VariantReader {
  const { type, values } = column
  if (type.typeId === Type.Timestamp) return timestampReader(column)
  if (type.typeId === Type.Date) {
    const msPerUnit = type.ArrayType === Int32Array ? 86_400_000 : 1
    return (row) => new Date(Number(values[row]) * msPerUnit)
  }
  if (type.typeId === Type.Int && (type as unknown as { bitWidth: number }).bitWidth === 64) {
    if (values instanceof BigInt64Array) return (row) => values[row]
    return (row) => BigInt(values[row] as number)
  }
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return (row) => Number(values[row])
  return (row) => values[row]
}

const UNITS_PER_MS: readonly number[] = [0.001, 1, 1000, 1_000_000]

function timestampReader(column: FlatColumn): VariantReader {
  const { values } = column
  const perMs = UNITS_PER_MS[(column.type as unknown as { unit: number }).unit] as number
  if (perMs <= 1) return (row) => new Date(Number(values[row]) / perMs)
  const units = BigInt(perMs)
  return (row) => {
    const count = BigInt(values[row] as bigint)
    const rest = count % units
    return new Date(Number((count - (rest < 0n ? rest + units : rest)) / units))
  }
}

function bytesReader(column: BytesColumn): VariantReader {
  if (column.type.typeId !== Type.Binary) return textReader(column)
  const { offsets, data } = column
  // Copied, since what is read may be changed by its owner; `slice` of a Buffer would share the bytes.
  return (row) => Uint8Array.prototype.slice.call(data, offsets[row], offsets[row + 1])
}

/** Node's own reading of a part of a buffer, without the checks of `toString`. */
type SlicedBuffer = Buffer & {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

/** Reads text; where all of it is ASCII, without a UTF-8 decoder. */
function textReader(column: BytesColumn): VariantReader {
  const { offsets, data } = column
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length) as SlicedBuffer
  if (isAscii(data, offsets[column.length] as number)) {
    return (row) => bytes.latin1Slice(offsets[row] as number, offsets[row + 1] as number)
  }
  return (row) => bytes.utf8Slice(offsets[row] as number, offsets[row + 1] as number)
}

function isAscii(data: Uint8Array, end: number): boolean {
  let bits = 0
  for (let at = 0; at < end; at += 1) bits |= data[at] as number
  return bits < 128
}

function listReader(column: ListColumn, names: NamesOf, options: UnshredOptions): VariantReader {
  const { offsets, child } = column
  const elementNames = sharedNames(names)
  const read = groupReader(child as StructColumn, elementNames, options)
  return (row) => {
    const start = offsets[row] as number
    const count = (offsets[row + 1] as number) - start
    const list = new Array<Value>(count)
    elementNames.row = row
    for (let at = 0; at < count; at += 1) list[at] = read(start + at) ?? null
    return list
  }
}

/** Gives the elements of a list the dictionary of keys of the row that they lie in. */
function sharedNames(names: NamesOf): NamesOf & { row: number } {
  const shared = (): readonly string[] => names(shared.row)
  shared.row = 0
  return shared
}

function objectReader(column: StructColumn, names: NamesOf, options: UnshredOptions): VariantReader {
  const keys = column.type.children.map((child) => child.name)
  const fields = column.children.map((child) => groupReader(child as StructColumn, names, options))
  if (options.generateCode !== false && keys.length <= MOST_GENERATED_FIELDS) {
    const generated = generateObjectReader(keys, fields)
    if (generated !== null) return generated
  }
  return (row) => {
    const object: Record<string, Value> = {}
    for (let index = 0; index < keys.length; index += 1) {
      const value = (fields[index] as VariantReader)(row)
      if (value !== undefined) setKey(object, keys[index] as string, value)
    }
    return object
  }
}

const MOST_GENERATED_FIELDS = 256

/** Generates the loop of `objectReader` unrolled; `null` where code generation is not allowed. */
function generateObjectReader(
  keys: readonly string[],
  fields: readonly VariantReader[],
): VariantReader | null {
  const parameters = fields.map((_, index) => `read${index}`)
  const steps = keys.map((key, index) => {
    const set =
      key === '__proto__' ? 'setKey(object, "__proto__", value)' : `object[${JSON.stringify(key)}] = value`
    return `value = read${index}(row); if (value !== undefined) ${set};`
  })
  const body = `return (row) => { const object = {}; let value; ${steps.join(' ')} return object }`
  try {
    return new Function('setKey', ...parameters, body)(setKey, ...fields)
  } catch (error) {
    if (error instanceof EvalError) return null
    throw error
  }
}
