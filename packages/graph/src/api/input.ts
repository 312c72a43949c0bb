import {
  type Column,
  type ColumnReader,
  columnReader,
  type DataType,
  decimalText,
  SheafError,
  type Value,
} from '@sheafdb/core'
import { type Decimal, type Time, type Timestamp, Type } from 'apache-arrow'
import { dateTimeAt } from '../temporal/construct.ts'
import { DateValue, LocalDateTimeValue, LocalTimeValue } from '../temporal/instants.ts'
import { UTC } from '../temporal/zone.ts'

const MAX_DEPTH = 100

/**
 * Makes values of the language out of JavaScript's: a `Date` becomes a date and time in UTC, also inside lists and
 * maps. What holds none is given as it is.
 *
 * @throws `LIMIT` for values nested too deep
 */
export function fromJavaScript(value: Value, depth = 0): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (depth > MAX_DEPTH) {
    throw new SheafError(
      'LIMIT',
      `A value is nested over ${MAX_DEPTH} levels deep, or holds itself. Give flatter values.`,
    )
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : dateTimeAt(value.getTime(), UTC)
  if (Array.isArray(value)) {
    const items = value.map((item: Value) => fromJavaScript(item, depth + 1))
    return items.some((item, at) => item !== value[at]) ? items : value
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const entries = Object.entries(value)
  const items = entries.map(([, item]) => fromJavaScript(item, depth + 1))
  if (items.every((item, at) => item === entries[at]?.[1])) return value
  return Object.fromEntries(entries.map(([key], at) => [key, items[at]]))
}

const UNITS_PER_SECOND = [1n, 1000n, 1_000_000n, 1_000_000_000n]
const NANOS_PER_SECOND = 1_000_000_000n
const NANOS_PER_DAY = 86_400n * NANOS_PER_SECOND

/** Gives the function that reads an Arrow column as values of the language: dates and times as such, decimals as floats. */
export function inputReader(column: Column): ColumnReader {
  const read = columnReader(column)
  const convert = conversion(column.type)
  if (convert === null) return read
  return (index) => {
    const value = read(index)
    return value === null ? null : convert(value as number | bigint)
  }
}

function conversion(type: DataType): ((value: number | bigint) => Value) | null {
  switch (type.typeId) {
    case Type.Date:
      return type.ArrayType === Int32Array
        ? (days) => new DateValue(Number(days))
        : (ms) => new DateValue(Math.floor(Number(ms) / 86_400_000))
    case Type.Timestamp: {
      const { unit } = type as Timestamp
      return (value) => new LocalDateTimeValue(localOf(value, unit))
    }
    case Type.Time: {
      const { unit } = type as Time
      return (value) => new LocalTimeValue(localOf(value, unit).nanos)
    }
    case Type.Decimal: {
      const { scale } = type as Decimal
      return (value) => Number(decimalText(value as bigint, scale))
    }
    default:
      return null
  }
}

function localOf(value: number | bigint, unit: number): { readonly days: number; readonly nanos: number } {
  const nanos = BigInt(value) * (NANOS_PER_SECOND / (UNITS_PER_SECOND[unit] as bigint))
  const rest = ((nanos % NANOS_PER_DAY) + NANOS_PER_DAY) % NANOS_PER_DAY
  return { days: Number((nanos - rest) / NANOS_PER_DAY), nanos: Number(rest) }
}
