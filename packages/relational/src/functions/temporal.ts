import {
  canonicalInteger,
  type DataType,
  type FunctionDefinition,
  SheafError,
  types,
  typesEqual,
  type Value,
} from '@sheafdb/core'
import { civilFromDays, dateOfTimestamp, daysFromCivil, daysInMonth, INFINITE_DAYS } from './calendar.ts'
import { addInterval, diffTimes, truncateTime } from './calendar-arithmetic.ts'

const MICROS_PER_DAY = 86_400_000_000n

/** Is a point in time, apart: days since the epoch, and microseconds since its midnight. */
type Point = { readonly days: number; readonly micros: number }

type Civil = ReturnType<typeof civilFromDays>

/** Takes a part of a point in time. */
type Part = (point: Point, civil: Civil) => number

const weekday = (days: number): number => (((days + 3) % 7) + 7) % 7

/** Finds the year and week of ISO 8601: the week that has the year's first Thursday is the first. */
function isoWeek(days: number): { readonly year: number; readonly week: number } {
  const thursday = days - weekday(days) + 3
  const { year } = civilFromDays(thursday)
  return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 }
}

/** Counts spans of years from year 1 on, and from 1 BC backwards. */
const spanOf = (year: number, years: number): number =>
  year > 0 ? Math.floor((year - 1) / years) + 1 : -(Math.floor(-year / years) + 1)

const PARTS: Readonly<Record<string, Part>> = {
  year: (_, { year }) => year,
  month: (_, { month }) => month,
  day: (_, { day }) => day,
  hour: ({ micros }) => Math.floor(micros / 3_600_000_000),
  minute: ({ micros }) => Math.floor(micros / 60_000_000) % 60,
  second: ({ micros }) => Math.floor(micros / 1_000_000) % 60,
  millisecond: ({ micros }) => Math.floor((micros % 60_000_000) / 1000),
  microsecond: ({ micros }) => micros % 60_000_000,
  dow: ({ days }) => (weekday(days) + 1) % 7,
  isodow: ({ days }) => weekday(days) + 1,
  quarter: (_, { month }) => Math.floor((month - 1) / 3) + 1,
  week: ({ days }) => isoWeek(days).week,
  isoyear: ({ days }) => isoWeek(days).year,
  doy: ({ days }, { year }) => days - daysFromCivil(year, 1, 1) + 1,
  decade: (_, { year }) => Math.trunc(year / 10),
  century: (_, { year }) => spanOf(year, 100),
  millennium: (_, { year }) => spanOf(year, 1000),
}

function requirePoint(name: string, type: DataType | undefined): void {
  if (type !== undefined && (typesEqual(type, types.date) || typesEqual(type, types.timestamp))) return
  throw new SheafError('TYPE', `The function ${name} takes dates and timestamps. Convert the value first.`)
}

/** Makes the function that parts a value of a type; infinities have no parts. */
function pointOf(type: DataType | undefined): (value: Value) => Point | null {
  if (type !== undefined && typesEqual(type, types.date))
    return (value) =>
      Math.abs(value as number) === INFINITE_DAYS ? null : { days: value as number, micros: 0 }
  return (value) => {
    const days = dateOfTimestamp(value as number | bigint)
    if (Math.abs(days) === INFINITE_DAYS) return null
    const micros =
      typeof value === 'number'
        ? value - days * Number(MICROS_PER_DAY)
        : Number(BigInt(value as bigint) - BigInt(days) * MICROS_PER_DAY)
    return { days, micros }
  }
}

function partFunction(name: string): FunctionDefinition {
  const take = PARTS[name] as Part
  return {
    name: `sql.${name}`,
    nulls: 'strict',
    nullable: () => true,
    type: ([type]) => {
      requirePoint(name, type)
      return types.int64
    },
    evaluator: ([type]) => {
      const apart = pointOf(type)
      return (value) => {
        const point = apart(value)
        return point === null ? null : take(point, civilFromDays(point.days))
      }
    },
  }
}

/** Cuts a timestamp to a unit: `sql.truncate(unit, timestamp)`. */
const truncate: FunctionDefinition = {
  name: 'sql.truncate',
  nulls: 'strict',
  type: ([, type]) => {
    requirePoint('date_trunc', type)
    return types.timestamp
  },
  evaluator: () => (unit, value) => truncateTime(String(unit), value as number | bigint),
}

/** Adds an interval: `sql.add_interval(timestamp, months, days, microseconds)`. */
const add: FunctionDefinition = {
  name: 'sql.add_interval',
  nulls: 'strict',
  type: ([type]) => {
    requirePoint('+', type)
    return types.timestamp
  },
  evaluator: () => (value, months, days, micros) =>
    addInterval(value as number | bigint, {
      months: Number(months),
      days: Number(days),
      micros: BigInt(micros as number | bigint),
    }),
}

/** Counts the boundaries of a unit between two dates or two timestamps: `sql.date_diff(unit, from, to)`. */
const difference: FunctionDefinition = {
  name: 'sql.date_diff',
  nulls: 'strict',
  nullable: () => true,
  type: () => types.int64,
  evaluator: ([, type]) => {
    const apart = pointOf(type)
    return (unit, from, to) => {
      const [start, end] = [apart(from), apart(to)]
      return start === null || end === null
        ? null
        : canonicalInteger(diffTimes(String(unit), wholeMicros(start), wholeMicros(end)))
    }
  },
}

/** Dates reach further than timestamps do. */
function wholeMicros({ days, micros }: Point): bigint {
  return BigInt(days) * MICROS_PER_DAY + BigInt(micros)
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const DAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ')

function pointFunction(
  name: string,
  gives: DataType,
  compute: (point: Point, civil: Civil) => Value,
): FunctionDefinition {
  return {
    name: `sql.${name}`,
    nulls: 'strict',
    nullable: () => true,
    type: ([type]) => {
      requirePoint(name, type)
      return gives
    },
    evaluator: ([type]) => {
      const apart = pointOf(type)
      return (value) => {
        const point = apart(value)
        return point === null ? null : compute(point, civilFromDays(point.days))
      }
    },
  }
}

/** Makes a date of its parts. @throws `VALUE` */
const makeDate: FunctionDefinition = {
  name: 'sql.make_date',
  nulls: 'strict',
  type: () => types.date,
  evaluator: () => (year, month, day) => {
    const [y, m, d] = [Number(year), Number(month), Number(day)]
    if (m >= 1 && m <= 12 && d >= 1 && d <= daysInMonth(y, m) && Math.abs(y) < 290_000)
      return daysFromCivil(y, m, d)
    throw new SheafError('VALUE', `There is no such date. Correct its parts: ${y}-${m}-${d}`)
  },
}

/** Holds the functions of dates and timestamps. */
export const temporalFunctions: readonly FunctionDefinition[] = [
  ...Object.keys(PARTS).map(partFunction),
  truncate,
  add,
  difference,
  makeDate,
  pointFunction('monthname', types.utf8, (_, { month }) => MONTHS[month - 1] as string),
  pointFunction('dayname', types.utf8, ({ days }) => DAYS[weekday(days)] as string),
  pointFunction('last_day', types.date, (_, { year, month }) =>
    daysFromCivil(year, month, daysInMonth(year, month)),
  ),
]
