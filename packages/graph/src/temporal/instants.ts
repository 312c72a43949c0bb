import type { Value } from '@sheafdb/core'
import { addMonths, civilFromDays, ordinalDay, quarterOf, quarterStart, weekDay, weekOf } from './calendar.ts'
import { Duration } from './duration.ts'
import { defineValueKey } from './value-key.ts'
import {
  atZone,
  type Local,
  NANOS_PER_DAY,
  NANOS_PER_SECOND,
  offsetText,
  resolveLocal,
  SECONDS_PER_DAY,
  shift,
  type Zone,
} from './zone.ts'

const pad = (value: number, length = 2): string => String(value).padStart(length, '0')

function dateText(days: number): string {
  const { year, month, day } = civilFromDays(days)
  const size = Math.abs(year)
  const sign = year < 0 ? '-' : year > 9999 ? '+' : ''
  return `${sign}${pad(size, 4)}-${pad(month)}-${pad(day)}`
}

function timeText(nanos: number): string {
  const seconds = Math.floor(nanos / NANOS_PER_SECOND)
  const fraction = nanos % NANOS_PER_SECOND
  const start = `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}`
  if (seconds % 60 === 0 && fraction === 0) return start
  const digits = fraction === 0 ? '' : `.${pad(fraction, 9).replace(/0+$/, '')}`
  return `${start}:${pad(seconds % 60)}${digits}`
}

function dateField(days: number, name: string): Value | undefined {
  const { year, month, day } = civilFromDays(days)
  switch (name) {
    case 'year':
      return year
    case 'quarter':
      return quarterOf(month)
    case 'month':
      return month
    case 'week':
      return weekOf(days).week
    case 'weekYear':
      return weekOf(days).weekYear
    case 'day':
      return day
    case 'ordinalDay':
      return ordinalDay(days)
    case 'weekDay':
    case 'dayOfWeek':
      return weekDay(days)
    case 'dayOfQuarter':
      return days - quarterStart(year, quarterOf(month)) + 1
    default:
      return undefined
  }
}

function timeField(nanos: number, name: string): Value | undefined {
  const seconds = Math.floor(nanos / NANOS_PER_SECOND)
  switch (name) {
    case 'hour':
      return Math.floor(seconds / 3600)
    case 'minute':
      return Math.floor(seconds / 60) % 60
    case 'second':
      return seconds % 60
    case 'millisecond':
      return Math.floor((nanos % NANOS_PER_SECOND) / 1_000_000)
    case 'microsecond':
      return Math.floor((nanos % NANOS_PER_SECOND) / 1000)
    case 'nanosecond':
      return nanos % NANOS_PER_SECOND
    default:
      return undefined
  }
}

function zoneField(offset: number, region: string | null, name: string): Value | undefined {
  const text = offset === 0 ? 'Z' : offsetText(offset)
  switch (name) {
    case 'timezone':
      return region ?? text
    case 'offset':
      return text
    case 'offsetMinutes':
      return Math.trunc(offset / 60)
    case 'offsetSeconds':
      return offset
    default:
      return undefined
  }
}

/** Splits a duration's time into whole days and the rest. */
function splitTime(
  { totalNanos }: Duration,
  sign: 1 | -1,
): { readonly days: number; readonly nanos: number } {
  const perDay = BigInt(NANOS_PER_DAY)
  return { days: sign * Number(totalNanos / perDay), nanos: sign * Number(totalNanos % perDay) }
}

function addNanos({ days, nanos }: Local, added: number): Local {
  const total = nanos + added
  const carry = Math.floor(total / NANOS_PER_DAY)
  return { days: days + carry, nanos: total - carry * NANOS_PER_DAY }
}

/** Is what the kinds of instants have in common: keys that order them, fields and arithmetic. */
export abstract class Instant {
  abstract get kind(): string
  /** Orders values of one kind. */
  abstract get key(): readonly number[]
  abstract plus(duration: Duration, sign: 1 | -1): Instant
  abstract field(name: string): Value | undefined

  equals(other: Value): boolean {
    return this.compare(other) === 0
  }

  compare(other: Value): number | null {
    if (!(other instanceof Instant) || other.kind !== this.kind) return null
    const [left, right] = [this.key, other.key]
    for (let at = 0; at < left.length; at += 1) {
      const difference = (left[at] as number) - (right[at] as number)
      if (difference !== 0) return difference
    }
    return 0
  }

  arithmetic(operator: string, other: Value, reversed: boolean): Value | undefined {
    if (!(other instanceof Duration)) return undefined
    if (operator === '+') return this.plus(other, 1)
    return operator === '-' && !reversed ? this.plus(other, -1) : undefined
  }

  toJSON(): string {
    return this.toString()
  }
}

defineValueKey(Instant.prototype, (instant: Instant) => [instant.kind, ...instant.key])

/** Is a date without a time. */
export class DateValue extends Instant {
  readonly days: number
  constructor(days: number) {
    super()
    this.days = days
  }
  get kind(): string {
    return 'date'
  }
  get key(): readonly number[] {
    return [this.days]
  }
  plus(duration: Duration, sign: 1 | -1): DateValue {
    const days = addMonths(this.days, sign * duration.months) + sign * duration.days
    return new DateValue(days + splitTime(duration, sign).days)
  }
  field(name: string): Value | undefined {
    return dateField(this.days, name)
  }
  override toString(): string {
    return dateText(this.days)
  }
}

/** Is a time of day without an offset. */
export class LocalTimeValue extends Instant {
  readonly nanos: number
  constructor(nanos: number) {
    super()
    this.nanos = nanos
  }
  get kind(): string {
    return 'localtime'
  }
  get key(): readonly number[] {
    return [this.nanos]
  }
  plus(duration: Duration, sign: 1 | -1): LocalTimeValue {
    return new LocalTimeValue(addNanos({ days: 0, nanos: this.nanos }, splitTime(duration, sign).nanos).nanos)
  }
  field(name: string): Value | undefined {
    return timeField(this.nanos, name)
  }
  override toString(): string {
    return timeText(this.nanos)
  }
}

/** Is a time of day at an offset. */
export class TimeValue extends Instant {
  readonly nanos: number
  readonly offset: number
  constructor(nanos: number, offset: number) {
    super()
    this.nanos = nanos
    this.offset = offset
  }
  get kind(): string {
    return 'time'
  }
  get key(): readonly number[] {
    return [this.nanos - this.offset * NANOS_PER_SECOND, this.offset]
  }
  plus(duration: Duration, sign: 1 | -1): TimeValue {
    return new TimeValue(
      addNanos({ days: 0, nanos: this.nanos }, splitTime(duration, sign).nanos).nanos,
      this.offset,
    )
  }
  field(name: string): Value | undefined {
    return timeField(this.nanos, name) ?? zoneField(this.offset, null, name)
  }
  override toString(): string {
    return `${timeText(this.nanos)}${offsetText(this.offset)}`
  }
}

/** Is a date and time without a zone. */
export class LocalDateTimeValue extends Instant {
  readonly days: number
  readonly nanos: number
  constructor({ days, nanos }: Local) {
    super()
    this.days = days
    this.nanos = nanos
  }
  get kind(): string {
    return 'localdatetime'
  }
  get key(): readonly number[] {
    return [this.days, this.nanos]
  }
  plus(duration: Duration, sign: 1 | -1): LocalDateTimeValue {
    return new LocalDateTimeValue(plusLocal(this, duration, sign))
  }
  field(name: string): Value | undefined {
    return dateField(this.days, name) ?? timeField(this.nanos, name)
  }
  override toString(): string {
    return `${dateText(this.days)}T${timeText(this.nanos)}`
  }
}

function plusLocal({ days, nanos }: Local, duration: Duration, sign: 1 | -1): Local {
  const time = splitTime(duration, sign)
  const moved = addMonths(days, sign * duration.months) + sign * duration.days + time.days
  return addNanos({ days: moved, nanos }, time.nanos)
}

/** Is a date and time in a zone. */
export class DateTimeValue extends Instant {
  readonly days: number
  readonly nanos: number
  readonly offset: number
  readonly region: string | null
  constructor({ days, nanos }: Local, offset: number, region: string | null) {
    super()
    this.days = days
    this.nanos = nanos
    this.offset = offset
    this.region = region
  }
  get kind(): string {
    return 'datetime'
  }
  /** The same instant as a local time in UTC. */
  get instant(): Local {
    return shift(this, -this.offset)
  }
  get zone(): Zone {
    return { region: this.region, offset: this.offset }
  }
  get key(): readonly number[] {
    const { days, nanos } = this.instant
    return [days, nanos, this.offset]
  }
  plus(duration: Duration, sign: 1 | -1): DateTimeValue {
    const days = addMonths(this.days, sign * duration.months) + sign * duration.days
    const moved = resolveLocal({ days, nanos: this.nanos }, this.zone)
    const time = splitTime(duration, sign)
    const start = shift(moved.local, -moved.offset)
    const { local, offset } = atZone(
      addNanos({ days: start.days + time.days, nanos: start.nanos }, time.nanos),
      this.zone,
    )
    return new DateTimeValue(local, offset, this.region)
  }
  field(name: string): Value | undefined {
    const { days, nanos } = this.instant
    const seconds = days * SECONDS_PER_DAY + Math.floor(nanos / NANOS_PER_SECOND)
    if (name === 'epochSeconds') return seconds
    if (name === 'epochMillis') return seconds * 1000 + Math.floor((nanos % NANOS_PER_SECOND) / 1_000_000)
    return (
      dateField(this.days, name) ?? timeField(this.nanos, name) ?? zoneField(this.offset, this.region, name)
    )
  }
  override toString(): string {
    const region = this.region === null ? '' : `[${this.region}]`
    return `${dateText(this.days)}T${timeText(this.nanos)}${offsetText(this.offset)}${region}`
  }
}

/** Makes a date and time of a local time in a zone. */
export function zonedDateTime(local: Local, zone: Zone): DateTimeValue {
  const resolved = resolveLocal(local, zone)
  return new DateTimeValue(resolved.local, resolved.offset, zone.region)
}

/** Makes a date and time of an instant in a zone. */
export function instantDateTime(instant: Local, zone: Zone): DateTimeValue {
  const { local, offset } = atZone(instant, zone)
  return new DateTimeValue(local, offset, zone.region)
}
