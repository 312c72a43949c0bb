import type { Value } from '@sheafdb/core'
import { runtimeArgumentError, runtimeTypeError } from '../functions/errors.ts'
import { isMap, isNumeric } from '../values.ts'
import { civilFromDays, quarterOf, quarterStart, weekDay, weekOf } from './calendar.ts'
import { Duration, makeDuration, nanosOf } from './duration.ts'
import {
  DateTimeValue,
  DateValue,
  instantDateTime,
  LocalDateTimeValue,
  LocalTimeValue,
  TimeValue,
  zonedDateTime,
} from './instants.ts'
import {
  checkedDate,
  checkedOrdinal,
  checkedWeek,
  checkRange,
  parseDate,
  parseDuration,
  parseTime,
  splitDateTime,
  splitZone,
} from './parse.ts'
import { atZone, type Local, NANOS_PER_SECOND, parseZone, UTC, type Zone } from './zone.ts'

/** Is the parts of a date or time, as the functions that make them take them. */
export type Parts = Record<string, Value>

function numberPart(parts: Parts, name: string): number | undefined {
  const value = Object.hasOwn(parts, name) ? parts[name] : undefined
  if (value === undefined || value === null) return undefined
  if (isNumeric(value)) return Number(value)
  throw runtimeTypeError(`The part ${name} of a date or time is a number.`, value)
}

function daysIn(value: Value): number {
  if (value instanceof DateValue || value instanceof LocalDateTimeValue || value instanceof DateTimeValue)
    return value.days
  throw runtimeTypeError('A date is needed here.', value)
}

function nanosIn(value: Value): number {
  if (
    value instanceof LocalTimeValue ||
    value instanceof TimeValue ||
    value instanceof LocalDateTimeValue ||
    value instanceof DateTimeValue
  )
    return value.nanos
  throw runtimeTypeError('A time is needed here.', value)
}

function zoneIn(value: Value): Zone | null {
  if (value instanceof DateTimeValue) return value.zone
  return value instanceof TimeValue ? { region: null, offset: value.offset } : null
}

/** Makes a day of parts; those that are not given come from `base`, or are the first. @throws `ARGUMENT` */
export function dateOfParts(parts: Parts, base: number | null): number {
  const part = (name: string): number | undefined => numberPart(parts, name)
  const own = base === null ? null : civilFromDays(base)
  const year = part('year') ?? own?.year
  if (part('week') !== undefined || part('dayOfWeek') !== undefined) {
    const week = base === null ? null : weekOf(base)
    const weekYear = part('year') ?? week?.weekYear
    const dayOfWeek = part('dayOfWeek') ?? (base === null ? 1 : weekDay(base))
    return checkedWeek(required(weekYear), part('week') ?? week?.week ?? 1, dayOfWeek)
  }
  if (part('quarter') !== undefined || part('dayOfQuarter') !== undefined)
    return dateOfQuarter(part, required(year), base)
  const day = part('ordinalDay')
  if (day !== undefined) return checkedOrdinal(required(year), day)
  return checkedDate(required(year), part('month') ?? own?.month ?? 1, part('day') ?? own?.day ?? 1)
}

function dateOfQuarter(
  part: (name: string) => number | undefined,
  year: number,
  base: number | null,
): number {
  const own = base === null ? null : civilFromDays(base)
  const quarter = checkRange('quarter', part('quarter') ?? (own === null ? 1 : quarterOf(own.month)), 1, 4)
  const fromBase = base === null || own === null ? 1 : base - quarterStart(own.year, quarterOf(own.month)) + 1
  const start = quarterStart(year, quarter)
  const next = quarter === 4 ? quarterStart(year + 1, 1) : quarterStart(year, quarter + 1)
  return start + checkRange('day of the quarter', part('dayOfQuarter') ?? fromBase, 1, next - start) - 1
}

function required(year: number | undefined): number {
  if (year !== undefined) return year
  throw runtimeArgumentError(
    'A date needs a year. Give {year: …} or another date to start from.',
    'InvalidArgumentValue',
  )
}

/** Makes nanoseconds of the day of parts. @throws `ARGUMENT` */
export function timeOfParts(parts: Parts, base: number): number {
  const part = (name: string): number | undefined => numberPart(parts, name)
  const seconds = Math.floor(base / NANOS_PER_SECOND)
  const hour = checkRange('hour', part('hour') ?? Math.floor(seconds / 3600), 0, 23)
  const minute = checkRange('minute', part('minute') ?? Math.floor(seconds / 60) % 60, 0, 59)
  const second = checkRange('second', part('second') ?? seconds % 60, 0, 59)
  return (
    (hour * 3600 + minute * 60 + second) * NANOS_PER_SECOND +
    (fractionOfParts(parts) ?? base % NANOS_PER_SECOND)
  )
}

/** Makes nanoseconds of the parts of a second, `undefined` where none is given. */
export function fractionOfParts(parts: Parts): number | undefined {
  const [ms, us, ns] = ['millisecond', 'microsecond', 'nanosecond'].map((name) => numberPart(parts, name))
  if (ms === undefined && us === undefined && ns === undefined) return undefined
  const nanos = (ms ?? 0) * 1_000_000 + (us ?? 0) * 1000 + (ns ?? 0)
  return checkRange('fraction of a second in nanoseconds', nanos, 0, NANOS_PER_SECOND - 1)
}

function zonePart(parts: Parts): Zone | null {
  const { timezone } = parts
  if (timezone === undefined || timezone === null) return null
  if (typeof timezone === 'string') return parseZone(timezone)
  throw runtimeTypeError('A time zone is text.', timezone)
}

const given = (parts: Parts, name: string): Value =>
  Object.hasOwn(parts, name) ? (parts[name] ?? null) : null

function baseDays(parts: Parts): number | null {
  const base = given(parts, 'date') ?? given(parts, 'datetime')
  return base === null ? null : daysIn(base)
}

function baseTime(parts: Parts): { readonly nanos: number; readonly zone: Zone | null } {
  const base = given(parts, 'time') ?? given(parts, 'datetime')
  return base === null ? { nanos: 0, zone: null } : { nanos: nanosIn(base), zone: zoneIn(base) }
}

function unfit(what: string, value: Value): Error {
  return runtimeTypeError(`A ${what} is made of text, a map or another date or time.`, value)
}

/** Makes a date. */
export function makeDate(value: Value): Value {
  if (typeof value === 'string') return new DateValue(parseDate(value))
  if (isMap(value)) return new DateValue(dateOfParts(value, baseDays(value)))
  return new DateValue(daysIn(value))
}

/** Makes a time without an offset. */
export function makeLocalTime(value: Value): Value {
  if (typeof value === 'string') return new LocalTimeValue(parseTime(value))
  if (isMap(value)) return new LocalTimeValue(timeOfParts(value, baseTime(value).nanos))
  return new LocalTimeValue(nanosIn(value))
}

/** Makes a time with an offset. */
export function makeTime(value: Value): Value {
  if (typeof value === 'string') {
    const { rest, zone } = splitZone(value)
    return new TimeValue(parseTime(rest), (zone ?? UTC).offset)
  }
  if (!isMap(value)) return new TimeValue(nanosIn(value), (zoneIn(value) ?? UTC).offset)
  const base = baseTime(value)
  const wanted = zonePart(value)
  const offset = (wanted ?? base.zone ?? UTC).offset
  const moved =
    wanted !== null && base.zone !== null
      ? moveTime(base.nanos, wanted.offset - base.zone.offset)
      : base.nanos
  return new TimeValue(timeOfParts(value, moved), offset)
}

function moveTime(nanos: number, seconds: number): number {
  const day = 86_400 * NANOS_PER_SECOND
  return (((nanos + seconds * NANOS_PER_SECOND) % day) + day) % day
}

/** Makes a date and time without a zone. */
export function makeLocalDateTime(value: Value): Value {
  if (typeof value === 'string') {
    const { date, time } = splitDateTime(value)
    return new LocalDateTimeValue({ days: parseDate(date), nanos: parseTime(time) })
  }
  if (isMap(value)) {
    return new LocalDateTimeValue({
      days: dateOfParts(value, baseDays(value)),
      nanos: timeOfParts(value, baseTime(value).nanos),
    })
  }
  return new LocalDateTimeValue({
    days: daysIn(value),
    nanos: value instanceof DateValue ? 0 : nanosIn(value),
  })
}

/** Makes a date and time in a zone. */
export function makeDateTime(value: Value): Value {
  if (typeof value === 'string') return dateTimeOfText(value)
  if (isMap(value)) return dateTimeOfParts(value)
  if (value instanceof DateTimeValue) return value
  if (value instanceof DateValue) return zonedDateTime({ days: value.days, nanos: 0 }, UTC)
  if (value instanceof LocalDateTimeValue) return zonedDateTime(value, UTC)
  throw unfit('date and time', value)
}

function dateTimeOfText(text: string): Value {
  const { date, time } = splitDateTime(text)
  const { rest, zone } = splitZone(time)
  const local = { days: parseDate(date), nanos: parseTime(rest === '' ? '00' : rest) }
  return zonedDateTime(local, zone ?? UTC)
}

function dateTimeOfParts(parts: Parts): Value {
  const wanted = zonePart(parts)
  const base = baseTime(parts)
  const whole = given(parts, 'datetime')
  if (whole instanceof DateTimeValue && wanted !== null) {
    const { local } = atZone(whole.instant, wanted)
    return zonedDateTime(
      { days: dateOfParts(parts, local.days), nanos: timeOfParts(parts, local.nanos) },
      wanted,
    )
  }
  const zone = wanted ?? base.zone ?? UTC
  const days = dateOfParts(parts, baseDays(parts))
  if (wanted === null || base.zone === null)
    return zonedDateTime({ days, nanos: timeOfParts(parts, base.nanos) }, zone)
  const local = movedLocal({ days, nanos: base.nanos }, base.zone, wanted)
  return zonedDateTime({ days, nanos: timeOfParts(parts, local.nanos) }, wanted)
}

/** Reads a local time of one zone in another. */
function movedLocal(local: Local, from: Zone, to: Zone): Local {
  return atZone(zonedDateTime(local, from).instant, to).local
}

/** Makes a duration. */
export function makeDurationValue(value: Value): Value {
  if (value instanceof Duration) return value
  if (typeof value === 'string') return parseDuration(value)
  if (!isMap(value)) throw unfit('duration', value)
  const part = (name: string): number => numberPart(value, name) ?? 0
  const time = nanosOf([
    [part('hours'), 3600 * NANOS_PER_SECOND],
    [part('minutes'), 60 * NANOS_PER_SECOND],
    [part('seconds'), NANOS_PER_SECOND],
    [part('milliseconds'), 1_000_000],
    [part('microseconds'), 1000],
    [part('nanoseconds'), 1],
  ])
  return makeDuration(
    part('years') * 12 + part('quarters') * 3 + part('months'),
    part('weeks') * 7 + part('days'),
    time,
  )
}

/** Makes an instant of milliseconds since the epoch, in a zone. */
export function dateTimeAt(epochMs: number, zone: Zone, extraNanos = 0): DateTimeValue {
  const days = Math.floor(epochMs / 86_400_000)
  return instantDateTime({ days, nanos: (epochMs - days * 86_400_000) * 1_000_000 + extraNanos }, zone)
}
