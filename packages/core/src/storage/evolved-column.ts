/**
 * Fields that a part does not have as they are asked for: of another type when the part was written, or added since.
 * Parts are never rewritten for that; what stands for such a column is made when it is read.
 */
import { type DataType, type Decimal, type Float, type Int, Type } from 'apache-arrow'
import { boxedColumn, type Column, columnReader, columnValues, isBoxedType } from '../types/column.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { isDecimal, isFloat, isInteger, isText, typesEqual, valueType } from '../types/data-type.ts'
import type { Value } from '../types/value.ts'
import { coerceColumn } from './growable-column.ts'
import type { PartField, ZoneMap } from './part.ts'

/** Tells whether each value of one type is a value of another: then a field may change to it. */
export function isLossless(from: DataType, to: DataType): boolean {
  if (typesEqual(valueType(from), valueType(to)) || from.typeId === Type.Null) return true
  if (isText(from) && isText(to)) return true
  if (isInteger(from) && isInteger(to)) return holdsIntegers(from as Int, to as Int)
  if (isInteger(from) && isFloat(to)) return digitsOf(from as Int) <= mantissaBits(to as Float)
  if (isFloat(from) && isFloat(to)) return mantissaBits(from as Float) <= mantissaBits(to as Float)
  if (isDecimal(from) && isDecimal(to)) return holdsDecimals(from as Decimal, to as Decimal)
  return false
}

/** Counts the bits of an integer type that hold its size. */
function digitsOf(type: Int): number {
  return type.isSigned ? type.bitWidth - 1 : type.bitWidth
}

function holdsIntegers(from: Int, to: Int): boolean {
  return digitsOf(from) <= digitsOf(to) && (to.isSigned || !from.isSigned)
}

/** Counts the bits of the integers that a type of floating-point numbers holds all of: of half, single and double. */
function mantissaBits(type: Float): number {
  return [11, 24, 53][type.precision] as number
}

function holdsDecimals(from: Decimal, to: Decimal): boolean {
  return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale
}

/**
 * Gives the values of a column in another type.
 *
 * @throws `TYPE`, `OVERFLOW` where a value is none of that type
 */
export function convertColumn(column: Column, from: DataType, to: DataType): Column {
  const type = valueType(to)
  if (isDecimal(from) && isDecimal(to)) return rescale(column, from as Decimal, to as Decimal)
  if (isText(from) && isText(to)) return { ...column, type } as Column
  if (column.layout === 'flat' && isInteger(from) && isInteger(to) && isLossless(from, to))
    return { ...column, type }
  if (isBoxedType(type)) return boxedColumn(type, columnValues(column))
  return columnFromValues(type, columnValues(column))
}

function rescale(column: Column, from: Decimal, to: Decimal): Column {
  const factor = 10n ** BigInt(Math.abs(to.scale - from.scale))
  const values = columnValues(column).map((value) => {
    if (value === null || value === undefined) return null
    return to.scale >= from.scale ? (value as bigint) * factor : (value as bigint) / factor
  })
  return boxedColumn(to, values)
}

/** Makes a column of one value. */
export function constantColumn(type: DataType, value: Value, length: number): Column {
  const values = new Array<Value>(length).fill(value)
  const inner = valueType(type)
  return isBoxedType(inner)
    ? boxedColumn(inner, values)
    : coerceColumn(columnFromValues(inner, values), inner)
}

/** Describes a column of one value. */
export function constantZone(value: Value, length: number): ZoneMap {
  if (value === null || value === undefined) return { minimum: null, maximum: null, nullCount: length }
  const isPlain = typeof value === 'number' || typeof value === 'string'
  return { minimum: isPlain ? value : undefined, maximum: isPlain ? value : undefined, nullCount: 0 }
}

/** Describes a converted column by what is known of the values before; decimals are other numbers then. */
export function convertedZone(zone: ZoneMap | null, to: DataType): ZoneMap | null {
  if (zone === null || !isDecimal(to)) return zone
  return { minimum: undefined, maximum: undefined, nullCount: zone.nullCount }
}

/** Finds the nearest field before, whose values a part has; `null` where it has none of them. */
export function storedField(field: PartField, has: (fieldId: number) => boolean): PartField | null {
  for (let former = field.former; former !== undefined; former = former.former)
    if (has(former.fieldId)) return former
  return null
}

/** Gives the value of rows that are older than a field and than those that it took over from. */
export function missingValue(field: PartField): Value {
  if (field.missing !== undefined) return field.missing
  const { former } = field
  const value = former === undefined ? null : missingValue(former)
  if (former === undefined || value === null) return null
  const column = constantColumn(former.type, value, 1)
  return columnReader(convertColumn(column, former.type, field.type))(0)
}
