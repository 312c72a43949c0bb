/** Is the date that DuckDB calls infinity. */
export const INFINITE_DAYS = 2147483647
const MICROS_PER_DAY = 86_400_000_000
/** Is the timestamp that DuckDB calls infinity, as a 64-bit integer. */
export const INFINITE_MICROS = 9223372036854775807n

/** Counts the days from 1970-01-01 to a day of the proleptic Gregorian calendar; year 0 is 1 BC. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** Gives the year, month and day of a count of days from 1970-01-01. */
export function civilFromDays(days: number): {
  readonly year: number
  readonly month: number
  readonly day: number
} {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1,
  }
}

/** Counts the days of a month. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

const DATE = /^\s*(-?\d{1,7})([-/\\ ])(\d{1,2})\2(\d{1,2})(?:\s*(\(bc\)))?/i

/** Reads the date that a text starts with; gives the days and what follows. */
function readDate(text: string): { readonly days: number; readonly rest: string } | undefined {
  const parts = DATE.exec(text)
  if (parts === null) return undefined
  const [whole, yearText, , monthText, dayText, era] = parts as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ]
  const written = Number(yearText)
  if (era !== undefined && written <= 0) return undefined
  const year = era === undefined ? written : 1 - written
  const [month, day] = [Number(monthText), Number(dayText)]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  const days = daysFromCivil(year, month, day)
  return Math.abs(days) >= INFINITE_DAYS ? undefined : { days, rest: text.slice(whole.length) }
}

const TIME = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?\s*(Z|[+-]\d{1,2}(?::?\d{2})?)?\s*$/i

/** Reads a time of day as microseconds, less the offset of its zone; digits past them are cut. */
function readTime(text: string): number | undefined {
  const parts = TIME.exec(text)
  if (parts === null) return undefined
  const [, hour = '', minute = '', second = '0', fraction = '', zone = ''] = parts
  const isEnd = Number(hour) === 24 && Number(minute) === 0 && Number(second) === 0
  if ((Number(hour) > 23 && !isEnd) || Number(minute) > 59 || Number(second) > 59) return undefined
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second)
  return seconds * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6)) - offsetOf(zone)
}

function offsetOf(zone: string): number {
  const parts = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone)
  if (parts === null) return 0
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0)
  return (parts[1] === '-' ? -minutes : minutes) * 60_000_000
}

const SPECIAL = new Map([
  ['epoch', 0],
  ['infinity', INFINITE_DAYS],
  ['-infinity', -INFINITE_DAYS],
])

/** Reads a date as days since the epoch, in the forms that DuckDB takes; `undefined` for others. */
export function parseDateText(text: string): number | undefined {
  const special = SPECIAL.get(text.trim().toLowerCase())
  if (special !== undefined) return special
  const date = readDate(text)
  if (date === undefined) return undefined
  if (date.rest.trim() === '') return date.days
  return /^[ T]/i.test(date.rest) && readTime(date.rest.slice(1).trim()) !== undefined ? date.days : undefined
}

/** Reads a timestamp as microseconds since the epoch, in the forms that DuckDB takes; `undefined` for others. */
export function parseTimestampText(text: string): number | bigint | undefined {
  const special = SPECIAL.get(text.trim().toLowerCase())
  if (special === 0) return 0
  if (special !== undefined) return special > 0 ? INFINITE_MICROS : -INFINITE_MICROS
  const date = readDate(text)
  if (date === undefined) return undefined
  if (date.rest.trim() === '') return microsOf(date.days, 0)
  if (!/^[ T]/i.test(date.rest)) return undefined
  const time = readTime(date.rest.slice(1).trim())
  return time === undefined ? undefined : microsOf(date.days, time)
}

function microsOf(days: number, micros: number): number | bigint | undefined {
  const total = days * MICROS_PER_DAY + micros
  if (Number.isSafeInteger(total)) return total
  const wide = BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(micros)
  return wide < INFINITE_MICROS && wide > -INFINITE_MICROS ? wide : undefined
}

/** Gives the timestamp of a date's midnight. */
export function timestampOfDate(days: number): number | bigint | undefined {
  if (Math.abs(days) === INFINITE_DAYS) return days > 0 ? INFINITE_MICROS : -INFINITE_MICROS
  return microsOf(days, 0)
}

/** Gives the date of a timestamp. */
export function dateOfTimestamp(micros: number | bigint): number {
  if (micros === INFINITE_MICROS || micros === -INFINITE_MICROS)
    return micros > 0 ? INFINITE_DAYS : -INFINITE_DAYS
  if (typeof micros === 'number') return Math.floor(micros / MICROS_PER_DAY)
  const perDay = BigInt(MICROS_PER_DAY)
  return Number(micros / perDay) - (micros % perDay < 0n ? 1 : 0)
}

const two = (value: number): string => String(value).padStart(2, '0')

/** Writes a date as DuckDB does. */
export function dateText(days: number): string {
  if (Math.abs(days) === INFINITE_DAYS) return days > 0 ? 'infinity' : '-infinity'
  const { year, month, day } = civilFromDays(days)
  const shown = `${String(year > 0 ? year : 1 - year).padStart(4, '0')}-${two(month)}-${two(day)}`
  return year > 0 ? shown : `${shown} (BC)`
}

/** Writes a timestamp of microseconds as DuckDB does. */
export function timestampText(micros: number | bigint): string {
  const days = dateOfTimestamp(micros)
  if (Math.abs(days) === INFINITE_DAYS) return dateText(days)
  const rest = Number(BigInt(micros) - BigInt(days) * BigInt(MICROS_PER_DAY))
  const seconds = Math.floor(rest / 1_000_000)
  const fraction = rest % 1_000_000
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`
  const [date, era = ''] = dateText(days).split(' ')
  return `${date}${era === '' ? '' : ` ${era}`} ${time}${digits}`
}
