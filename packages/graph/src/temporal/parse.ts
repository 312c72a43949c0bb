import { runtimeArgumentError } from '../functions/errors.ts'
import { daysFromCivil, daysFromWeek, daysInMonth, isLeapYear, weeksInYear } from './calendar.ts'
import { type Duration, makeDuration, nanosOf } from './duration.ts'
import { NANOS_PER_SECOND, parseZone, type Zone } from './zone.ts'

function formError(what: string, text: string): Error {
  return runtimeArgumentError(
    `A text is no ${what}. Write it in the form of ISO 8601: ${text}`,
    'InvalidArgumentValue',
  )
}

/** Checks a number of a date or time. @throws `ARGUMENT` */
export function checkRange(what: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value
  throw runtimeArgumentError(`The ${what} lies between ${low} and ${high}: ${value}`, 'InvalidArgumentValue')
}

/** Is the largest year that a date may have, either way. */
export const MAX_YEAR = 999_999_999

/** Makes the day of a year, month and day. @throws `ARGUMENT` */
export function checkedDate(year: number, month: number, day: number): number {
  checkRange('year', year, -MAX_YEAR, MAX_YEAR)
  checkRange('month', month, 1, 12)
  return daysFromCivil({ year, month, day: checkRange('day', day, 1, daysInMonth(year, month)) })
}

/** Makes the day of a week-based date. @throws `ARGUMENT` */
export function checkedWeek(year: number, week: number, dayOfWeek: number): number {
  checkRange('year', year, -MAX_YEAR, MAX_YEAR)
  return daysFromWeek(
    year,
    checkRange('week', week, 1, weeksInYear(year)),
    checkRange('day of the week', dayOfWeek, 1, 7),
  )
}

/** Makes the day of an ordinal date. @throws `ARGUMENT` */
export function checkedOrdinal(year: number, day: number): number {
  checkRange('year', year, -MAX_YEAR, MAX_YEAR)
  return (
    daysFromCivil({ year, month: 1, day: 1 }) +
    checkRange('day of the year', day, 1, isLeapYear(year) ? 366 : 365) -
    1
  )
}

const DATE_FORMS: readonly (readonly [RegExp, (parts: readonly number[]) => number])[] = [
  [/^([+-]?\d{4,9})-(\d{2})-(\d{2})$/, ([y, m, d]) => checkedDate(y as number, m as number, d as number)],
  [/^(\d{4})(\d{2})(\d{2})$/, ([y, m, d]) => checkedDate(y as number, m as number, d as number)],
  [/^([+-]?\d{4,9})-?W(\d{2})-?(\d)$/, ([y, w, d]) => checkedWeek(y as number, w as number, d as number)],
  [/^([+-]?\d{4,9})-?W(\d{2})$/, ([y, w]) => checkedWeek(y as number, w as number, 1)],
  [/^([+-]?\d{4,9})-(\d{3})$/, ([y, d]) => checkedOrdinal(y as number, d as number)],
  [/^(\d{4})(\d{3})$/, ([y, d]) => checkedOrdinal(y as number, d as number)],
  [/^([+-]?\d{4,9})-(\d{2})$/, ([y, m]) => checkedDate(y as number, m as number, 1)],
  [/^(\d{4})(\d{2})$/, ([y, m]) => checkedDate(y as number, m as number, 1)],
  [/^([+-]?\d{4,9})$/, ([y]) => checkedDate(y as number, 1, 1)],
]

/** Reads a date as days from 1970-01-01. @throws `ARGUMENT` */
export function parseDate(text: string): number {
  for (const [form, make] of DATE_FORMS) {
    const parts = form.exec(text)
    if (parts !== null) return make(parts.slice(1).map(Number))
  }
  throw formError('date', text)
}

const TIME = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?$/

/** Reads a time of day as nanoseconds. @throws `ARGUMENT` */
export function parseTime(text: string): number {
  const parts = TIME.exec(text)
  if (parts === null) throw formError('time', text)
  const hour = checkRange('hour', Number(parts[1]), 0, 23)
  const minute = checkRange('minute', Number(parts[2] ?? 0), 0, 59)
  const second = checkRange('second', Number(parts[3] ?? 0), 0, 59)
  const nanos = Number((parts[4] ?? '').padEnd(9, '0'))
  return (hour * 3600 + minute * 60 + second) * NANOS_PER_SECOND + nanos
}

const ZONED = /^(.*?)(Z|z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?(?:\[([^\]]+)\])?$/

/** Takes the zone off the end of a time; null where none is given. */
export function splitZone(text: string): { readonly rest: string; readonly zone: Zone | null } {
  const [, rest = '', offset, region] = ZONED.exec(text) as RegExpExecArray
  if (region !== undefined) return { rest, zone: parseZone(region) }
  return { rest, zone: offset === undefined ? null : parseZone(offset) }
}

/** Splits a date and time at its T. */
export function splitDateTime(text: string): { readonly date: string; readonly time: string } {
  const at = text.search(/[Tt]/)
  return at === -1 ? { date: text, time: '00' } : { date: text.slice(0, at), time: text.slice(at + 1) }
}

const NUMBER = String.raw`([+-]?\d+(?:[.,]\d+)?)`
const UNITS = new RegExp(
  `^([+-])?P(?:${NUMBER}Y)?(?:${NUMBER}M)?(?:${NUMBER}W)?(?:${NUMBER}D)?(?:T(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?$`,
  'i',
)
const DATE_LIKE = /^P(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2}(?:[.,]\d+)?))?$/i

/** Reads a duration. @throws `ARGUMENT` */
export function parseDuration(text: string): Duration {
  const like = DATE_LIKE.exec(text)
  if (like !== null) return durationOf(like.slice(1, 3), [undefined, ...like.slice(3, 4)], like.slice(4))
  const parts = UNITS.exec(text)
  if (parts === null || /[PT]$/i.test(text)) throw formError('duration', text)
  const made = durationOf(parts.slice(2, 4), parts.slice(4, 6), parts.slice(6))
  return parts[1] === '-' ? (made.arithmetic('*', -1, false) as Duration) : made
}

type Texts = readonly (string | undefined)[]

function durationOf(
  [years, months]: Texts,
  [weeks, days]: Texts,
  [hours, minutes, seconds]: Texts,
): Duration {
  const number = (text: string | undefined): number => Number((text ?? '0').replace(',', '.'))
  const time = nanosOf([
    [number(hours), 3600 * NANOS_PER_SECOND],
    [number(minutes), 60 * NANOS_PER_SECOND],
  ])
  return makeDuration(
    number(years) * 12 + number(months),
    number(weeks) * 7 + number(days),
    time + secondsNanos(seconds),
  )
}

/** Reads seconds with a fraction exactly. */
function secondsNanos(text: string | undefined): bigint {
  const [whole = '0', fraction = ''] = (text ?? '0').replace(',', '.').split('.')
  const size =
    BigInt(whole.replace(/^[+-]/, '')) * BigInt(NANOS_PER_SECOND) +
    BigInt(fraction.slice(0, 9).padEnd(9, '0') || '0')
  return whole.startsWith('-') ? -size : size
}
