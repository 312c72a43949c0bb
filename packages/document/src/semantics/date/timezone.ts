import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { bsonType } from '../value.ts'

/** Gives how many milliseconds a zone's clocks are ahead of UTC at a time. */
export type Zone = { readonly name: string; readonly offsetAt: (time: number) => number }

/** Is the zone of no offset. */
export const UTC: Zone = { name: 'UTC', offsetAt: () => 0 }

const MS_PER_MINUTE = 60_000
const zones = new Map<string, Zone>()

/** Finds a zone by its offset (`+05:30`) or its Olson name. @throws Location40485 for an unknown one */
export function zoneOf(value: Value): Zone {
  if (value === undefined) return UTC
  if (typeof value !== 'string') throw mongoError(40517, `A time zone is a text. It is a ${bsonType(value)}.`)
  let zone = zones.get(value)
  if (zone === undefined) {
    zone = fixedZone(value) ?? namedZone(value)
    zones.set(value, zone)
  }
  return zone
}

function fixedZone(text: string): Zone | null {
  if (text === 'UTC' || text === 'GMT' || text === 'Z') return UTC
  const match = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(text)
  if (match === null) return null
  const [, sign, hours, minutes = '0'] = match
  const offset = (Number(hours) * 60 + Number(minutes)) * MS_PER_MINUTE * (sign === '-' ? -1 : 1)
  return { name: text, offsetAt: () => offset }
}

function namedZone(name: string): Zone {
  const format = zoneFormat(name)
  return {
    name,
    offsetAt: (time) => {
      const part = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
      const at = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0
      const local = utcTime({
        year: at('year'),
        month: at('month'),
        day: at('day'),
        hour: at('hour') % 24,
        minute: at('minute'),
        second: at('second'),
      })
      return local - Math.floor(time / 1000) * 1000
    },
  }
}

function zoneFormat(name: string): Intl.DateTimeFormat {
  // Names tell capitals from small letters, which Intl does not.
  if (/\/[a-z]/.test(name) || /^[a-z]/.test(name) || /[A-Z]{4}/.test(name)) throw unknownZone(name)
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw unknownZone(name)
  }
}

function unknownZone(name: string): Error {
  return mongoError(40485, `There is no time zone of this name. Use an Olson name or an offset: ${name}`)
}

/** Is a date taken apart, its month from 1. */
export type DateFields = {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour?: number
  readonly minute?: number
  readonly second?: number
  readonly millisecond?: number
}

/** Gives the time of fields in UTC; fields past their range carry over. Years below 100 are taken as they are. */
export function utcTime(fields: DateFields): number {
  const { year, month, day, hour = 0, minute = 0, second = 0, millisecond = 0 } = fields
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, millisecond)
  return date.getTime()
}

/** Gives the time of fields as a zone's clocks show them. */
export function zonedTime(fields: DateFields, zone: Zone): number {
  return fromLocal(utcTime(fields), zone)
}

/** Gives the time at which a zone's clocks show a local time; in a gap, the time after it. */
export function fromLocal(local: number, zone: Zone): number {
  const first = local - zone.offsetAt(local)
  const offset = zone.offsetAt(first)
  const second = local - offset
  return zone.offsetAt(second) === offset ? second : Math.max(first, second)
}

/** Gives a date whose UTC fields are what a zone's clocks show. */
export function toLocal(date: Date, zone: Zone): Date {
  return new Date(date.getTime() + zone.offsetAt(date.getTime()))
}
