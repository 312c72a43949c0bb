import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { bsonType, isNullish } from '../value.ts'
import { fromLocal, toLocal, utcTime, type Zone } from './timezone.ts'

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['millisecond', 1],
  ['second', 1000],
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
  ['week', 604_800_000],
])

const UNIT_MONTHS: ReadonlyMap<string, number> = new Map([
  ['month', 1],
  ['quarter', 3],
  ['year', 12],
])

const MS_PER_DAY = 86_400_000

/** Reads a unit of time. @throws the code for another type, FailedToParse for an unknown one */
export function unitOf(value: Value, code: number): string {
  if (typeof value !== 'string')
    throw mongoError(code, `A unit of time is a text. It is a ${bsonType(value)}.`)
  if (UNIT_MS.has(value) || UNIT_MONTHS.has(value)) return value
  throw mongoError(9, `There is no unit of time of this name. Use day, month, … in the singular: ${value}`)
}

/** Adds an amount of a unit to a date, days and longer by a zone's calendar; a day past its month is the month's last. */
export function addUnits(date: Date, unit: string, amount: number, zone: Zone): Date {
  const months = UNIT_MONTHS.get(unit)
  const ms = UNIT_MS.get(unit) ?? 0
  const result =
    months === undefined && ms < MS_PER_DAY
      ? date.getTime() + amount * ms
      : fromLocal(addLocal(toLocal(date, zone), months, amount, ms), zone)
  const moved = new Date(result)
  if (Number.isNaN(moved.getTime()))
    throw mongoError(5166406, 'A date is out of range. Use a smaller amount.')
  return moved
}

function addLocal(local: Date, months: number | undefined, amount: number, ms: number): number {
  if (months === undefined) return local.getTime() + amount * ms
  const total = local.getUTCFullYear() * 12 + local.getUTCMonth() + amount * months
  const year = Math.floor(total / 12)
  const month = total - year * 12 + 1
  const last = new Date(utcTime({ year, month: month + 1, day: 0 })).getUTCDate()
  const ofDay = local.getTime() - Math.floor(local.getTime() / MS_PER_DAY) * MS_PER_DAY
  return utcTime({ year, month, day: Math.min(local.getUTCDate(), last) }) + ofDay
}

const WEEKDAYS: ReadonlyMap<string, number> = new Map(
  ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'].flatMap((name, index) => [
    [name, index],
    [name.slice(0, 3), index],
  ]),
)

/** Reads the day that starts a week, from 0 for Sunday. */
export function weekdayOf(value: Value, codes: readonly [type: number, unknown: number]): number {
  if (isNullish(value)) return 0
  if (typeof value !== 'string')
    throw mongoError(codes[0], `A start of the week is the name of a day. It is a ${bsonType(value)}.`)
  const day = WEEKDAYS.get(value.toLowerCase())
  if (day === undefined)
    throw mongoError(codes[1], `There is no day of this name. Check its spelling: ${value}`)
  return day
}

/** Counts the boundaries of a unit between two dates. */
export function countUnits(start: Date, end: Date, unit: string, zone: Zone, weekday: number): bigint {
  const ms = UNIT_MS.get(unit)
  if (ms !== undefined && ms < MS_PER_DAY && unit === 'millisecond')
    return BigInt(end.getTime() - start.getTime())
  const from = toLocal(start, zone)
  const to = toLocal(end, zone)
  const months = UNIT_MONTHS.get(unit)
  if (months !== undefined) return BigInt(monthIndex(to, months) - monthIndex(from, months))
  if (unit === 'week') return BigInt(weekIndex(to, weekday) - weekIndex(from, weekday))
  const size = ms as number
  if (size >= MS_PER_DAY) return BigInt(Math.floor(to.getTime() / size) - Math.floor(from.getTime() / size))
  // Shorter units count time that has passed, whatever the clocks do in between.
  const offset = zone.offsetAt(start.getTime())
  return BigInt(Math.floor((end.getTime() + offset) / size) - Math.floor((start.getTime() + offset) / size))
}

function monthIndex(local: Date, months: number): number {
  return Math.floor((local.getUTCFullYear() * 12 + local.getUTCMonth()) / months)
}

function weekIndex(local: Date, weekday: number): number {
  // The epoch was a Thursday, day 4.
  return Math.floor((Math.floor(local.getTime() / MS_PER_DAY) + 4 - weekday) / 7)
}

const REFERENCE = utcTime({ year: 2000, month: 1, day: 1 })

/** Gives the start of the bin of a unit that a date lies in; bins count from 2000. */
export function truncateDate(
  date: Date,
  {
    unit,
    size,
    zone,
    weekday,
  }: { readonly unit: string; readonly size: number; readonly zone: Zone; readonly weekday: number },
): Date {
  const local = toLocal(date, zone)
  const months = UNIT_MONTHS.get(unit)
  if (months !== undefined) {
    const base = 2000 * 12
    const width = months * size
    const bin = Math.floor((local.getUTCFullYear() * 12 + local.getUTCMonth() - base) / width) * width + base
    return new Date(
      fromLocal(utcTime({ year: Math.floor(bin / 12), month: (((bin % 12) + 12) % 12) + 1, day: 1 }), zone),
    )
  }
  const width = (UNIT_MS.get(unit) as number) * size
  const start = unit === 'week' ? weekReference(weekday) : REFERENCE
  if (width < MS_PER_DAY && unit !== 'day' && unit !== 'week') {
    const reference = fromLocal(REFERENCE, zone)
    return new Date(reference + Math.floor((date.getTime() - reference) / width) * width)
  }
  return new Date(fromLocal(start + Math.floor((local.getTime() - start) / width) * width, zone))
}

function weekReference(weekday: number): number {
  // 1 January 2000 was a Saturday, day 6: the first start of a week on or after it.
  return REFERENCE + ((weekday - 6 + 7) % 7) * MS_PER_DAY
}
