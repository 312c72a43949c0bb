import type { Value } from '@sheafdb/core'
import { runtimeTypeError } from '../functions/errors.ts'
import { addMonths, civilFromDays } from './calendar.ts'
import { Duration } from './duration.ts'
import { DateTimeValue, DateValue, LocalDateTimeValue, LocalTimeValue, TimeValue } from './instants.ts'
import { atZone, type Local, NANOS_PER_DAY, resolveLocal, shift, type Zone } from './zone.ts'

type Side = { readonly days: number | null; readonly nanos: number; readonly zone: Zone | null }

function sideOf(value: Value): Side {
  if (value instanceof DateValue) return { days: value.days, nanos: 0, zone: null }
  if (value instanceof LocalTimeValue) return { days: null, nanos: value.nanos, zone: null }
  if (value instanceof TimeValue)
    return { days: null, nanos: value.nanos, zone: { region: null, offset: value.offset } }
  if (value instanceof LocalDateTimeValue) return { days: value.days, nanos: value.nanos, zone: null }
  if (value instanceof DateTimeValue) return { days: value.days, nanos: value.nanos, zone: value.zone }
  throw runtimeTypeError('A duration lies between two dates or times.', value)
}

/** Is two ends as local times in one zone: an end without a date has the other's, one without a zone too. */
type Span = { readonly from: Local; readonly to: Local; readonly zone: Zone | null }

function spanOf(left: Value, right: Value): Span {
  const [a, b] = [sideOf(left), sideOf(right)]
  const from = { days: a.days ?? b.days ?? 0, nanos: a.nanos }
  const to = { days: b.days ?? a.days ?? 0, nanos: b.nanos }
  const zone = a.zone ?? b.zone
  if (a.zone === null || b.zone === null || zone === null) return { from, to, zone }
  return { from, to: atZone(instantOf(to, b.zone), zone).local, zone }
}

function instantOf(local: Local, zone: Zone | null): Local {
  if (zone === null) return local
  const resolved = resolveLocal(local, zone)
  return shift(resolved.local, -resolved.offset)
}

function nanosBetween(from: Local, to: Local, zone: Zone | null): bigint {
  const [a, b] = [instantOf(from, zone), instantOf(to, zone)]
  return BigInt(b.days - a.days) * BigInt(NANOS_PER_DAY) + BigInt(b.nanos - a.nanos)
}

/** Counts whole days: a day that the time of day does not complete is left out. */
function daysBetween(from: Local, to: Local): number {
  const days = to.days - from.days
  if (days > 0 && to.nanos < from.nanos) return days - 1
  return days < 0 && to.nanos > from.nanos ? days + 1 : days
}

function monthsBetween(from: Local, to: Local): number {
  const end = civilFromDays(from.days + daysBetween(from, to))
  const start = civilFromDays(from.days)
  const packed = (date: typeof start): number => (date.year * 12 + date.month - 1) * 32 + date.day
  return Math.trunc((packed(end) - packed(start)) / 32)
}

/** Gives the duration between two dates or times, in months, days and time. */
export function between(left: Value, right: Value): Value {
  const { from, to, zone } = spanOf(left, right)
  const months = monthsBetween(from, to)
  const moved = { days: addMonths(from.days, months), nanos: from.nanos }
  const days = daysBetween(moved, to)
  return new Duration(months, days, nanosBetween({ days: moved.days + days, nanos: from.nanos }, to, zone))
}

/** Gives the whole months between two dates or times. */
export function inMonths(left: Value, right: Value): Value {
  const { from, to } = spanOf(left, right)
  return new Duration(monthsBetween(from, to), 0, 0n)
}

/** Gives the whole days between two dates or times. */
export function inDays(left: Value, right: Value): Value {
  const { from, to } = spanOf(left, right)
  return new Duration(0, daysBetween(from, to), 0n)
}

/** Gives the time between two dates or times. */
export function inSeconds(left: Value, right: Value): Value {
  const { from, to, zone } = spanOf(left, right)
  return new Duration(0, 0, nanosBetween(from, to, zone))
}
