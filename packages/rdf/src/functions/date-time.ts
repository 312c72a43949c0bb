/** Is a point in time, a date or a time of day, as its lexical form says it. */
export type DateTime = {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  /** Seconds with their fraction, as written. */
  readonly second: string
  /** Minutes east of UTC; `null` where no time zone is given. */
  readonly zone: number | null
  /** Milliseconds since 1970, taken as UTC where no zone is given. */
  readonly ms: number
}

const ZONE = '(Z|[+-]\\d\\d:\\d\\d)?'
const DATE = '(-?(?:[1-9]\\d{3,}|0\\d{3}))-(\\d\\d)-(\\d\\d)'
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d(?:\\.\\d+)?)'
const DATE_TIME_FORM = new RegExp(`^${DATE}T${TIME}${ZONE}$`)
const DATE_FORM = new RegExp(`^${DATE}${ZONE}$`)
const TIME_FORM = new RegExp(`^${TIME}${ZONE}$`)

/** Reads an xsd:dateTime; `undefined` where the form is not one. */
export function parseDateTime(text: string): DateTime | undefined {
  const found = DATE_TIME_FORM.exec(text)
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second, zone] = found
  return build({ year, month, day, hour, minute, second, zone })
}

/** Reads an xsd:date; `undefined` where the form is not one. */
export function parseDate(text: string): DateTime | undefined {
  const found = DATE_FORM.exec(text)
  if (found === null) return undefined
  const [, year, month, day, zone] = found
  return build({ year, month, day, hour: '0', minute: '0', second: '0', zone })
}

/** Reads an xsd:time; `undefined` where the form is not one. */
export function parseTime(text: string): DateTime | undefined {
  const found = TIME_FORM.exec(text)
  if (found === null) return undefined
  const [, hour, minute, second, zone] = found
  return build({ year: '1972', month: '12', day: '31', hour, minute, second, zone })
}

type Parts = {
  readonly [Part in 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'zone']: string | undefined
}

function build(parts: Parts): DateTime | undefined {
  const [year, month, day, hour, minute] = [parts.year, parts.month, parts.day, parts.hour, parts.minute].map(
    Number,
  )
  const second = parts.second ?? '0'
  const seconds = Number(second)
  const zone = zoneMinutes(parts.zone)
  if (
    year === undefined ||
    month === undefined ||
    day === undefined ||
    hour === undefined ||
    minute === undefined
  )
    return undefined
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  const endOfDay = hour === 24 && minute === 0 && seconds === 0
  if ((hour > 23 && !endOfDay) || minute > 59 || seconds >= 60 || zone === undefined) return undefined
  const days = new Date(0)
  days.setUTCFullYear(year, month - 1, day)
  const ms = days.getTime() + (hour * 3600 + minute * 60 + seconds - (zone ?? 0) * 60) * 1000
  return { year, month, day, hour, minute, second, zone, ms }
}

function daysIn(year: number, month: number): number {
  const day = new Date(0)
  day.setUTCFullYear(year, month, 0)
  return day.getUTCDate()
}

function zoneMinutes(zone: string | undefined): number | null | undefined {
  if (zone === undefined || zone === '') return null
  if (zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  if (minutes > 14 * 60 || Number(zone.slice(4, 6)) > 59) return undefined
  return zone.startsWith('-') ? -minutes : minutes
}

const MAX_ZONE_MS = 14 * 3_600_000

/**
 * Compares two points in time. Where one of them has no time zone and the difference could be within fourteen hours,
 * the order is not known: `null`.
 *
 * @see XML Schema 1.1 Part 2, appendix D.2.1
 */
export function compareDateTimes(left: DateTime, right: DateTime): number | null {
  const difference = left.ms - right.ms
  if ((left.zone === null) === (right.zone === null)) return Math.sign(difference)
  return Math.abs(difference) > MAX_ZONE_MS ? Math.sign(difference) : null
}

/** Writes a time zone as TZ() gives it. */
export function zoneText(zone: number | null): string {
  if (zone === null) return ''
  if (zone === 0) return 'Z'
  const minutes = Math.abs(zone)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${zone < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** Writes a time zone as the xsd:dayTimeDuration that TIMEZONE() gives. */
export function zoneDuration(zone: number): string {
  if (zone === 0) return 'PT0S'
  const minutes = Math.abs(zone)
  const hours = Math.floor(minutes / 60)
  return `${zone < 0 ? '-' : ''}PT${hours > 0 ? `${hours}H` : ''}${minutes % 60 > 0 ? `${minutes % 60}M` : ''}`
}

const DURATION = /^(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Is a duration: months and seconds, which cannot be turned into each other. */
export type Duration = { readonly months: number; readonly seconds: number }

/** Reads an xsd:duration or one of its kinds; `undefined` where the form is not one. */
export function parseDuration(text: string): Duration | undefined {
  const found = DURATION.exec(text)
  if (found === null || /[PT]$/.test(text)) return undefined
  const [, sign, years, months, days, , hours, minutes, seconds] = found
  const factor = sign === '-' ? -1 : 1
  const number = (part: string | undefined) => (part === undefined ? 0 : Number(part))
  return {
    months: factor * (number(years) * 12 + number(months)),
    seconds: factor * (number(days) * 86_400 + number(hours) * 3600 + number(minutes) * 60 + number(seconds)),
  }
}
