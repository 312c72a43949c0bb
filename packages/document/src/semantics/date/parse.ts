import { mongoError } from '../../language/errors.ts'
import { isoYearStart } from './calendar.ts'
import { fromLocal, UTC, utcTime, type Zone, zoneOf } from './timezone.ts'

/** Tells how a text is read: by a format (`%Y-%m-%d`), and in a zone where the text names none. */
export type ParseOptions = { readonly format?: string | undefined; readonly zone?: Zone | undefined }

/** Reads a date. @throws ConversionFailure where the text is none */
export function parseDate(text: string, { format, zone }: ParseOptions): Date {
  const found = format === undefined ? parseFree(text) : parseFormat(text, format)
  if (found === null) throw dateError(text)
  const time = fromLocal(found.local, found.zone ?? zone ?? UTC)
  if (Number.isNaN(time)) throw dateError(text)
  if (found.zone !== null && zone !== undefined && format === undefined)
    throw mongoError(241, `A date names a time zone and another was given. Leave one out: ${text}`)
  return new Date(time)
}

function dateError(text: string): Error {
  return mongoError(241, `A text is no date. Write it as 2024-12-31T23:59:59Z: ${text}`)
}

type Found = { readonly local: number; readonly zone: Zone | null }

const FREE =
  /^(\d{4})(?:-?(\d{1,2})(?:-?(\d{1,2}))?)?(?:[T ]+(\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?|[A-Za-z]+(?:\/[A-Za-z_]+)*)?$/

function parseFree(text: string): Found | null {
  const match = FREE.exec(text.trim())
  if (match === null) return parseWords(text)
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  if (month === undefined || day === undefined) return null
  const fields = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    millisecond: Math.floor(Number(`0.${fraction ?? 0}`) * 1000),
  }
  if (!inRange(fields)) return null
  return { local: utcTime(fields), zone: zone === undefined ? null : zoneOrNull(zone) }
}

function inRange(fields: {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}): boolean {
  const days = new Date(Date.UTC(fields.year, fields.month, 0)).getUTCDate()
  return (
    fields.month >= 1 &&
    fields.month <= 12 &&
    fields.day >= 1 &&
    fields.day <= days &&
    fields.hour <= 23 &&
    fields.minute <= 59 &&
    fields.second <= 59
  )
}

function zoneOrNull(name: string): Zone {
  return zoneOf(name)
}

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

const WORDS = /^(?:[a-z]+,?\s+)?([a-z]+)\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$/i

function parseWords(text: string): Found | null {
  const match = WORDS.exec(text.trim())
  if (match === null) return null
  const [, name = '', day, year] = match
  const month = MONTHS.findIndex(
    (candidate) => candidate === name.toLowerCase() || candidate.slice(0, 3) === name.toLowerCase(),
  )
  if (month === -1) return null
  return { local: utcTime({ year: Number(year), month: month + 1, day: Number(day) }), zone: null }
}

type Fields = Record<string, number>

const DIRECTIVES: ReadonlyMap<string, readonly [pattern: string, field: string]> = new Map([
  ['Y', ['(\\d{4})', 'year']],
  ['m', ['(\\d{2})', 'month']],
  ['d', ['(\\d{2})', 'day']],
  ['H', ['(\\d{2})', 'hour']],
  ['M', ['(\\d{2})', 'minute']],
  ['S', ['(\\d{2})', 'second']],
  ['L', ['(\\d{3})', 'millisecond']],
  ['j', ['(\\d{1,3})', 'dayOfYear']],
  ['G', ['(\\d{4})', 'isoYear']],
  ['V', ['(\\d{2})', 'isoWeek']],
  ['u', ['([1-7])', 'isoDay']],
  ['z', ['([+-]\\d{2}:?\\d{2})', 'zone']],
  ['Z', ['([+-]\\d+)', 'zoneMinutes']],
  ['b', ['([A-Za-z]{3})', 'monthName']],
  ['B', ['([A-Za-z]+)', 'monthName']],
])

function parseFormat(text: string, format: string): Found | null {
  const names: string[] = []
  const pattern = format.replaceAll(/%(.)|[\s\S]/g, (whole: string, directive: string | undefined) => {
    if (directive === undefined) return whole.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
    if (directive === '%') return '%'
    const known = DIRECTIVES.get(directive)
    if (known === undefined)
      throw mongoError(
        18536,
        `A date format has an unknown letter. Use those of %Y-%m-%dT%H:%M:%S.%L: %${directive}`,
      )
    names.push(known[1])
    return known[0]
  })
  const match = new RegExp(`^${pattern}$`).exec(text)
  if (match === null) return null
  return fieldsToTime(new Map(names.map((name, index) => [name, match[index + 1] as string])))
}

function fieldsToTime(texts: ReadonlyMap<string, string>): Found | null {
  const fields: Fields = {}
  for (const [name, text] of texts) fields[name] = Number(text)
  const month = texts.get('monthName')
  if (month !== undefined) {
    const index = MONTHS.findIndex((name) => name.slice(0, 3) === month.toLowerCase().slice(0, 3))
    if (index === -1) return null
    fields.month = index + 1
  }
  const local = localTime(fields)
  if (local === null) return null
  return { local, zone: formatZone(texts) }
}

function formatZone(texts: ReadonlyMap<string, string>): Zone | null {
  const name = texts.get('zone')
  if (name !== undefined) return zoneOf(name)
  const minutes = texts.get('zoneMinutes')
  if (minutes === undefined) return null
  const offset = Number(minutes) * 60_000
  return { name: minutes, offsetAt: () => offset }
}

function localTime(fields: Fields): number | null {
  const { hour = 0, minute = 0, second = 0, millisecond = 0 } = fields
  const ofDay = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
  if (fields.isoYear !== undefined) {
    const { isoWeek = 1, isoDay = 1 } = fields
    return isoYearStart(fields.isoYear) + ((isoWeek - 1) * 7 + (isoDay - 1)) * 86_400_000 + ofDay
  }
  const { year, month = 1, day = 1, dayOfYear } = fields
  if (year === undefined) return null
  if (dayOfYear !== undefined) return utcTime({ year, month: 1, day: dayOfYear }) + ofDay
  if (fields.month === undefined || fields.day === undefined) return null
  return inRange({ year, month, day, hour, minute, second }) ? utcTime({ year, month, day }) + ofDay : null
}
