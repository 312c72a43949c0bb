import type { Value } from '@sheafdb/core'
import { runtimeArgumentError, runtimeTypeError } from '../functions/errors.ts'
import { isMap } from '../values.ts'
import {
  civilFromDays,
  daysFromCivil,
  daysFromWeek,
  quarterOf,
  quarterStart,
  weekDay,
  weekOf,
} from './calendar.ts'
import { dateOfParts, fractionOfParts, type Parts, timeOfParts } from './construct.ts'
import {
  DateTimeValue,
  DateValue,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
  zonedDateTime,
} from './instants.ts'
import { type Local, NANOS_PER_SECOND, parseZone, UTC, type Zone } from './zone.ts'

const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ['hour', 3600 * NANOS_PER_SECOND],
  ['minute', 60 * NANOS_PER_SECOND],
  ['second', NANOS_PER_SECOND],
  ['millisecond', 1_000_000],
  ['microsecond', 1000],
])

const DATE_UNITS: ReadonlyMap<string, (days: number) => number> = new Map([
  ['millennium', (days) => yearStart(days, 1000)],
  ['century', (days) => yearStart(days, 100)],
  ['decade', (days) => yearStart(days, 10)],
  ['year', (days) => yearStart(days, 1)],
  ['weekyear', (days) => daysFromWeek(weekOf(days).weekYear, 1, 1)],
  ['quarter', (days) => quarterStart(civilFromDays(days).year, quarterOf(civilFromDays(days).month))],
  ['month', (days) => days - civilFromDays(days).day + 1],
  ['week', (days) => days - weekDay(days) + 1],
  ['day', (days) => days],
])

function yearStart(days: number, size: number): number {
  return daysFromCivil({ year: Math.floor(civilFromDays(days).year / size) * size, month: 1, day: 1 })
}

/** Is what a value to truncate holds; a part that it lacks is null. */
type Pieces = { readonly days: number | null; readonly nanos: number | null; readonly zone: Zone | null }

function piecesOf(value: Value): Pieces {
  if (value instanceof DateValue) return { days: value.days, nanos: null, zone: null }
  if (value instanceof LocalTimeValue) return { days: null, nanos: value.nanos, zone: null }
  if (value instanceof TimeValue)
    return { days: null, nanos: value.nanos, zone: { region: null, offset: value.offset } }
  if (value instanceof LocalDateTimeValue) return { days: value.days, nanos: value.nanos, zone: null }
  if (value instanceof DateTimeValue) return { days: value.days, nanos: value.nanos, zone: value.zone }
  throw runtimeTypeError('Only dates and times are truncated.', value)
}

function truncatePieces(unit: Value, pieces: Pieces, parts: Parts): Local & { readonly zone: Zone | null } {
  const name = String(unit).toLowerCase()
  const size = TIME_UNITS.get(name)
  const dateUnit = DATE_UNITS.get(name)
  if (size === undefined && dateUnit === undefined) {
    throw runtimeArgumentError(`A unit to truncate to is not known: ${String(unit)}`, 'InvalidArgumentValue')
  }
  const nanos = size === undefined ? 0 : Math.floor((pieces.nanos ?? 0) / size) * size
  const days = dateUnit === undefined || pieces.days === null ? (pieces.days ?? 0) : dateUnit(pieces.days)
  const { timezone } = parts
  return {
    days: pieces.days === null ? 0 : dateOfParts(parts, days),
    nanos: withFraction(parts, nanos),
    zone: typeof timezone === 'string' ? parseZone(timezone) : pieces.zone,
  }
}

/** Puts parts of a time in; parts of a second add to what truncation left. */
function withFraction(parts: Parts, nanos: number): number {
  const { millisecond: _ms, microsecond: _us, nanosecond: _ns, ...rest } = parts
  return timeOfParts(rest, nanos) + (fractionOfParts(parts) ?? 0)
}

/** Makes the truncation of one kind of value. */
function truncation(
  make: (truncated: Local & { readonly zone: Zone | null }) => Value,
): (unit: Value, value: Value, parts?: Value) => Value {
  return (unit, value, parts = {}) => {
    if (!isMap(parts)) throw runtimeTypeError('The parts to set are a map.', parts)
    return make(truncatePieces(unit, piecesOf(value), parts))
  }
}

/** Holds the truncations, by the name of the kind that they give. */
export const truncations: ReadonlyMap<string, (unit: Value, value: Value, parts?: Value) => Value> = new Map([
  ['date', truncation(({ days }) => new DateValue(days))],
  ['localtime', truncation(({ nanos }) => new LocalTimeValue(nanos))],
  ['time', truncation(({ nanos, zone }) => new TimeValue(nanos, (zone ?? UTC).offset))],
  ['localdatetime', truncation((local) => new LocalDateTimeValue(local))],
  ['datetime', truncation((local) => zonedDateTime(local, local.zone ?? UTC))],
])
