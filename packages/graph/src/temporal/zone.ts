import { runtimeArgumentError } from '../functions/errors.ts'

/** Is a time zone: a fixed offset, or a region whose offset changes with time. */
export type Zone = { readonly region: string | null; readonly offset: number }

/** Is Coordinated Universal Time. */
export const UTC: Zone = { region: null, offset: 0 }

/** Is a local date and time: days from 1970-01-01, and nanoseconds of the day. */
export type Local = { readonly days: number; readonly nanos: number }

/** Is a second in nanoseconds. */
export const NANOS_PER_SECOND = 1_000_000_000
/** Is a day in seconds. */
export const SECONDS_PER_DAY = 86_400
/** Is a day in nanoseconds. */
export const NANOS_PER_DAY: number = SECONDS_PER_DAY * NANOS_PER_SECOND

const OFFSET = /^([+-])(\d{2}):?(\d{2})?(?::?(\d{2}))?$/
const MAX_OFFSET = 18 * 3600

/** Reads an offset such as `+01:00`, or a region such as `Europe/Oslo`. @throws `ARGUMENT` */
export function parseZone(text: string): Zone {
  if (text === 'Z' || text === 'z') return UTC
  const parts = OFFSET.exec(text)
  if (parts === null) return { region: checkedRegion(text), offset: 0 }
  const seconds = Number(parts[2]) * 3600 + Number(parts[3] ?? 0) * 60 + Number(parts[4] ?? 0)
  if (seconds > MAX_OFFSET) throw zoneError(text)
  return { region: null, offset: parts[1] === '-' && seconds !== 0 ? -seconds : seconds }
}

function zoneError(text: string): Error {
  return runtimeArgumentError(
    `A time zone is not known. Write an offset as +01:00 or a region as Europe/Oslo: ${text}`,
    'InvalidArgumentValue',
  )
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(region: string): Intl.DateTimeFormat {
  let format = formats.get(region)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: region,
      calendar: 'iso8601',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(region, format)
  }
  return format
}

function checkedRegion(text: string): string {
  try {
    formatOf(text)
    return text
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw zoneError(text)
  }
}

const MAX_DATE_MS = 8.64e15

/** Finds the offset of a region at an instant, in seconds. Past JavaScript's range of dates the nearest known one. */
function offsetAt(region: string, epochSeconds: number): number {
  const ms = Math.max(-MAX_DATE_MS + 1e9, Math.min(MAX_DATE_MS - 1e9, epochSeconds * 1000))
  const parts = new Map(
    formatOf(region)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  const number = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name))
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year')
  const local = new Date(0)
  local.setUTCFullYear(year, number('month') - 1, number('day'))
  local.setUTCHours(number('hour'), number('minute'), number('second'))
  return Math.round((local.getTime() - Math.floor(ms / 1000) * 1000) / 1000)
}

/** Gives the seconds from the epoch to a local time, as if it were UTC; exact up to 2^53. */
function localSeconds({ days, nanos }: Local): number {
  return days * SECONDS_PER_DAY + Math.floor(nanos / NANOS_PER_SECOND)
}

/**
 * Finds the offset of a local time in a zone. Where clocks are set back the earlier offset holds; where they are set
 * forward the local time moves on by the gap.
 */
export function resolveLocal(local: Local, zone: Zone): { readonly local: Local; readonly offset: number } {
  if (zone.region === null) return { local, offset: zone.offset }
  const seconds = localSeconds(local)
  const before = offsetAt(zone.region, seconds - SECONDS_PER_DAY)
  const after = offsetAt(zone.region, seconds + SECONDS_PER_DAY)
  if (offsetAt(zone.region, seconds - before) === before) return { local, offset: before }
  if (offsetAt(zone.region, seconds - after) === after) return { local, offset: after }
  return { local: shift(local, after - before), offset: after }
}

/** Moves a local time by seconds. */
export function shift({ days, nanos }: Local, seconds: number): Local {
  const wholeDays = Math.trunc(seconds / SECONDS_PER_DAY)
  const rest = nanos + (seconds - wholeDays * SECONDS_PER_DAY) * NANOS_PER_SECOND
  const carry = Math.floor(rest / NANOS_PER_DAY)
  return { days: days + wholeDays + carry, nanos: rest - carry * NANOS_PER_DAY }
}

/** Finds the local time of an instant, given as a local time in UTC, in a zone. */
export function atZone(instant: Local, zone: Zone): { readonly local: Local; readonly offset: number } {
  const offset = zone.region === null ? zone.offset : offsetAt(zone.region, localSeconds(instant))
  return { local: shift(instant, offset), offset }
}

/** Renders an offset: `Z`, `+01:00`, `+02:05:59`. */
export function offsetText(offset: number): string {
  if (offset === 0) return 'Z'
  const size = Math.abs(offset)
  const pad = (value: number): string => String(value).padStart(2, '0')
  const seconds = size % 60 === 0 ? '' : `:${pad(size % 60)}`
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 3600))}:${pad(Math.floor(size / 60) % 60)}${seconds}`
}
