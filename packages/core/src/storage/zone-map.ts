import {
  type Column,
  columnReader,
  type DictionaryColumn,
  type FlatColumn,
  isNullAt,
} from '../types/column.ts'
import { compareValues, type Value } from '../types/value.ts'
import { safeDoubles } from '../types/wide-integers.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import type { ZoneMap } from './part.ts'

/** Bounds longer than this many UTF-16 units are not kept. */
const LONGEST_BOUND = 64

/** Computes the least and greatest value of a column of numbers or text; of other columns it knows the nulls only. */
export function zoneMapOf(column: Column): ZoneMap {
  switch (column.layout) {
    case 'flat':
      return flatZone(column)
    case 'dictionary':
      return dictionaryZone(column)
    case 'bytes':
      return orderedZone(column)
    default: {
      const nullCount = countNulls(column)
      const bound = nullCount === column.length ? null : undefined
      return { minimum: bound, maximum: bound, nullCount }
    }
  }
}

/** Gives the least and the greatest value of a column of any kind; `null` where it has nulls, or no rows. */
export function boundsOf(column: Column): readonly [Value, Value] | null {
  if (column.length === 0 || countNulls(column) > 0) return null
  const zone = zoneMapOf(column)
  if (zone.minimum !== undefined) return [zone.minimum, zone.maximum]
  const read = columnReader(column)
  let low = read(0)
  let high = low
  for (let index = 1; index < column.length; index += 1) {
    const value = read(index)
    if (compareValues(value, low) < 0) low = value
    else if (compareValues(value, high) > 0) high = value
  }
  return [low, high]
}

/** Gives the zone map of the rows of two. */
export function mergeZones(left: ZoneMap, right: ZoneMap): ZoneMap {
  const nullCount = left.nullCount + right.nullCount
  if (left.minimum === undefined || right.minimum === undefined)
    return { minimum: undefined, maximum: undefined, nullCount }
  if (left.minimum === null) return { ...right, nullCount }
  if (right.minimum === null) return { ...left, nullCount }
  return {
    minimum: compareValues(left.minimum, right.minimum) <= 0 ? left.minimum : right.minimum,
    maximum: compareValues(left.maximum, right.maximum) >= 0 ? left.maximum : right.maximum,
    nullCount,
  }
}

/** Counts the nulls of a column. */
export function countNulls(column: Column): number {
  if (column.layout !== 'boxed' && column.validity === null) return 0
  let count = 0
  for (let index = 0; index < column.length; index += 1) if (isNullAt(column, index)) count += 1
  return count
}

function flatZone(column: FlatColumn): ZoneMap {
  const { values } = column
  const wide = values instanceof BigInt64Array || values instanceof BigUint64Array
  const float = values instanceof Float64Array || values instanceof Float32Array
  if (column.validity !== null || float || column.length === 0) return orderedZone(column)
  const numbers = wide ? safeDoubles(values) : values
  if (numbers === null) return orderedZone(column)
  let minimum = numbers[0] as number
  let maximum = minimum
  for (let index = 1; index < column.length; index += 1) {
    const value = numbers[index] as number
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
  }
  return { minimum, maximum, nullCount: 0 }
}

function dictionaryZone(column: DictionaryColumn): ZoneMap {
  const used = new Uint8Array(column.dictionary.length)
  let nullCount = 0
  for (let index = 0; index < column.length; index += 1) {
    if (column.validity !== null && isNullAt(column, index)) nullCount += 1
    else used[column.codes[index] as number] = 1
  }
  const read = columnReader(column.dictionary)
  const bounds = new Bounds()
  for (let code = 0; code < used.length; code += 1) if (used[code] === 1) bounds.add(read(code))
  return bounds.zone(nullCount)
}

function orderedZone(column: Column): ZoneMap {
  const read = columnReader(column)
  const bounds = new Bounds()
  let nullCount = 0
  for (let index = 0; index < column.length; index += 1) {
    const value = read(index)
    if (value === null) nullCount += 1
    else bounds.add(value)
  }
  return bounds.zone(nullCount)
}

class Bounds {
  #minimum: Value = null
  #maximum: Value = null

  add(value: Value): void {
    if (this.#minimum === null) {
      this.#minimum = value
      this.#maximum = value
    } else if (compareValues(value, this.#minimum) < 0) this.#minimum = value
    else if (compareValues(value, this.#maximum) > 0) this.#maximum = value
  }

  zone(nullCount: number): ZoneMap {
    const known = isShort(this.#minimum) && isShort(this.#maximum)
    return known
      ? { minimum: this.#minimum, maximum: this.#maximum, nullCount }
      : { minimum: undefined, maximum: undefined, nullCount }
  }
}

function isShort(value: Value): boolean {
  if (value instanceof Uint8Array) return value.length <= LONGEST_BOUND
  return typeof value !== 'string' || value.length <= LONGEST_BOUND
}

const Bound = { unknown: 0, null: 1, number: 2, bigint: 3, text: 4, bytes: 5 } as const

/** Writes a zone map: the count of nulls as a varint, then both bounds, each a tag and its value. */
export function encodeZoneMap(writer: ByteWriter, zone: ZoneMap): void {
  writer.varint(zone.nullCount)
  encodeBound(writer, zone.minimum)
  encodeBound(writer, zone.maximum)
}

function encodeBound(writer: ByteWriter, bound: Value | undefined): void {
  if (bound === undefined) writer.uint8(Bound.unknown)
  else if (bound === null) writer.uint8(Bound.null)
  else if (typeof bound === 'number') {
    writer.uint8(Bound.number)
    writer.float64(bound)
  } else if (typeof bound === 'bigint') {
    writer.uint8(Bound.bigint)
    writer.text(String(bound))
  } else if (typeof bound === 'string') {
    writer.uint8(Bound.text)
    writer.text(bound)
  } else if (bound instanceof Uint8Array) {
    writer.uint8(Bound.bytes)
    writer.block(bound)
  } else writer.uint8(Bound.unknown)
}

/** Reads what {@link encodeZoneMap} wrote. */
export function decodeZoneMap(reader: ByteReader): ZoneMap {
  const nullCount = reader.varint()
  return { nullCount, minimum: decodeBound(reader), maximum: decodeBound(reader) }
}

function decodeBound(reader: ByteReader): Value | undefined {
  switch (reader.uint8()) {
    case Bound.null:
      return null
    case Bound.number:
      return reader.float64()
    case Bound.bigint:
      return BigInt(reader.text())
    case Bound.text:
      return reader.text()
    case Bound.bytes:
      return reader.block().slice()
    default:
      return undefined
  }
}
