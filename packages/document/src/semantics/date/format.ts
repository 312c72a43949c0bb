import { mongoError } from '../../language/errors.ts'
import { dayOfWeek, dayOfYear, isoDayOfWeek, isoWeek, weekOfYear } from './calendar.ts'
import { toLocal, type Zone } from './timezone.ts'

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

type Writer = (local: Date, offset: number) => string

const pad = (number: number, width: number): string => String(number).padStart(width, '0')

function year(number: number): string {
  if (number < 0 || number > 9999)
    throw mongoError(18537, `A year cannot be written with four digits. Use 0 to 9999: ${number}`)
  return pad(number, 4)
}

const WRITERS: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ['Y', (local) => year(local.getUTCFullYear())],
  ['m', (local) => pad(local.getUTCMonth() + 1, 2)],
  ['d', (local) => pad(local.getUTCDate(), 2)],
  ['H', (local) => pad(local.getUTCHours(), 2)],
  ['M', (local) => pad(local.getUTCMinutes(), 2)],
  ['S', (local) => pad(local.getUTCSeconds(), 2)],
  ['L', (local) => pad(local.getUTCMilliseconds(), 3)],
  ['j', (local) => pad(dayOfYear(local), 3)],
  ['w', (local) => String(dayOfWeek(local))],
  ['u', (local) => String(isoDayOfWeek(local))],
  ['U', (local) => pad(weekOfYear(local), 2)],
  ['V', (local) => pad(isoWeek(local).week, 2)],
  ['G', (local) => year(isoWeek(local).year)],
  ['b', (local) => (MONTHS[local.getUTCMonth()] as string).slice(0, 3)],
  ['B', (local) => MONTHS[local.getUTCMonth()] as string],
  ['z', (_, offset) => zoneText(offset)],
  ['Z', (_, offset) => (offset === 0 ? '0' : `${offset < 0 ? '-' : '+'}${Math.abs(offset) / 60_000}`)],
  ['%', () => '%'],
])

function zoneText(offset: number): string {
  const minutes = Math.abs(offset) / 60_000
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${pad(minutes % 60, 2)}`
}

/** Checks a format. @throws Location18535 or Location18536 for an unknown letter */
export function checkFormat(format: string): string {
  for (const [, letter] of format.matchAll(/%([\s\S]?)/g)) {
    if (letter === '')
      throw mongoError(18535, `A date format ends with a single %. Write %% for one: ${format}`)
    if (!WRITERS.has(letter as string))
      throw mongoError(
        18536,
        `A date format has an unknown letter. Use those of %Y-%m-%dT%H:%M:%S.%L: %${letter}`,
      )
  }
  return format
}

/** Writes a date by a format. */
export function formatDate(date: Date, format: string, zone: Zone): string {
  const local = toLocal(date, zone)
  const offset = local.getTime() - date.getTime()
  return format.replaceAll(/%([\s\S])/g, (_, letter: string) =>
    (WRITERS.get(letter) as Writer)(local, offset),
  )
}
