import { canonicalInteger, SheafError } from '@sheafdb/core'
import {
  civilFromDays,
  dateOfTimestamp,
  daysFromCivil,
  daysInMonth,
  INFINITE_DAYS,
  INFINITE_MICROS,
} from './calendar.ts'

/** Is a span of time as SQL counts it: months and days are of uneven length. */
export type Interval = { readonly months: number; readonly days: number; readonly micros: bigint }

const MICROS_PER_DAY = 86_400_000_000n

function isInfinite(micros: number | bigint): boolean {
  return Math.abs(dateOfTimestamp(micros)) === INFINITE_DAYS
}

function timestampOf(days: number, micros: bigint): number | bigint {
  const total = BigInt(days) * MICROS_PER_DAY + micros
  if (total < INFINITE_MICROS && total > -INFINITE_MICROS) return canonicalInteger(total)
  throw new SheafError('OVERFLOW', 'The timestamp is out of range. Use a smaller interval.')
}

function timeOfDay(micros: number | bigint, days: number): bigint {
  return BigInt(micros) - BigInt(days) * MICROS_PER_DAY
}

/** Adds months first, keeping to the last day of short ones, then days, then time. @throws `OVERFLOW` */
export function addInterval(
  micros: number | bigint,
  { months, days, micros: time }: Interval,
): number | bigint {
  if (isInfinite(micros)) return micros
  const start = dateOfTimestamp(micros)
  let date = start
  if (months !== 0) {
    const { year, month, day } = civilFromDays(start)
    const index = year * 12 + (month - 1) + months
    const [newYear, newMonth] = [Math.floor(index / 12), (((index % 12) + 12) % 12) + 1]
    date = daysFromCivil(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)))
  }
  return timestampOf(date + days, timeOfDay(micros, start) + time)
}

const YEARS: Readonly<Record<string, number>> = { year: 1, decade: 10, century: 100, millennium: 1000 }
const MICROS: Readonly<Record<string, bigint>> = {
  microsecond: 1n,
  millisecond: 1000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
}

/** Names the units by which times are cut and counted. */
export const TIME_UNITS: ReadonlySet<string> = new Set([
  ...Object.keys(YEARS),
  'quarter',
  'month',
  'week',
  'day',
  ...Object.keys(MICROS),
])

/** Cuts a timestamp to the start of a unit. */
export function truncateTime(unit: string, micros: number | bigint): number | bigint {
  if (isInfinite(micros)) return micros
  const days = dateOfTimestamp(micros)
  const step = MICROS[unit]
  if (step !== undefined) {
    const time = timeOfDay(micros, days)
    return timestampOf(days, time - (time % step))
  }
  if (unit === 'day') return timestampOf(days, 0n)
  if (unit === 'week') return timestampOf(days - ((((days + 3) % 7) + 7) % 7), 0n)
  const { year, month } = civilFromDays(days)
  if (unit === 'month') return timestampOf(daysFromCivil(year, month, 1), 0n)
  if (unit === 'quarter') return timestampOf(daysFromCivil(year, month - ((month - 1) % 3), 1), 0n)
  const span = YEARS[unit] as number
  return timestampOf(daysFromCivil(Math.trunc(year / span) * span, 1, 1), 0n)
}

/** Counts the starts of a unit between two finite timestamps. */
export function diffTimes(unit: string, from: number | bigint, to: number | bigint): bigint {
  const step = MICROS[unit]
  if (step !== undefined) return floored(BigInt(to), step) - floored(BigInt(from), step)
  const [start, end] = [dateOfTimestamp(from), dateOfTimestamp(to)]
  if (unit === 'day') return BigInt(end) - BigInt(start)
  const [a, b] = [civilFromDays(start), civilFromDays(end)]
  if (unit === 'month') return BigInt((b.year - a.year) * 12 + b.month - a.month)
  return BigInt(b.year - a.year)
}

function floored(value: bigint, step: bigint): bigint {
  return value / step - (value % step < 0n ? 1n : 0n)
}
