import { call, type Expression, literal, types } from '@sheafdb/core'
import { timestampOfDate } from '../../functions/calendar.ts'
import { addInterval, type Interval, TIME_UNITS } from '../../functions/calendar-arithmetic.ts'
import type { ExpressionNode } from '../syntax.ts'
import { notNative } from './native.ts'
import { familyOf } from './types.ts'

const UNITS: Readonly<Record<string, Partial<Interval>>> = {
  millennium: { months: 12_000 },
  century: { months: 1200 },
  decade: { months: 120 },
  year: { months: 12 },
  quarter: { months: 3 },
  month: { months: 1 },
  week: { days: 7 },
  day: { days: 1 },
  hour: { micros: 3_600_000_000n },
  minute: { micros: 60_000_000n },
  second: { micros: 1_000_000n },
  millisecond: { micros: 1000n },
  microsecond: { micros: 1n },
}

/** Other names of units, as DuckDB reads them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  centuries: 'century',
  millennia: 'millennium',
  millenniums: 'millennium',
  mon: 'month',
  min: 'minute',
  sec: 'second',
  hr: 'hour',
  ms: 'millisecond',
  us: 'microsecond',
}

/** Gives a unit's one name; `undefined` for what is none. */
export function unitNamed(name: string): string | undefined {
  const lower = name.toLowerCase()
  const plain = OTHER_NAMES[lower] ?? OTHER_NAMES[lower.replace(/s$/, '')] ?? lower.replace(/s$/, '')
  return plain in UNITS ? plain : undefined
}

function spanOf(count: number, unit: string): Interval {
  const { months = 0, days = 0, micros = 0n } = UNITS[unit] as Partial<Interval>
  return { months: months * count, days: days * count, micros: micros * BigInt(count) }
}

function together(a: Interval, b: Interval): Interval {
  return { months: a.months + b.months, days: a.days + b.days, micros: a.micros + b.micros }
}

const NO_TIME: Interval = { months: 0, days: 0, micros: 0n }

/** Reads a constant interval: `INTERVAL '1 month 2 days'`, `INTERVAL 90 DAY`; `undefined` for everything else. */
export function constantInterval(node: ExpressionNode): Interval | undefined {
  if (node.class === 'CAST' && node.cast_type.id === 'INTERVAL' && node.child.class === 'CONSTANT') {
    const { value } = node.child.value
    return typeof value === 'string' ? intervalOfText(value) : undefined
  }
  if (node.class !== 'FUNCTION' || node.children?.length !== 1) return undefined
  const unit = /^to_(\w+)$/.exec(node.function_name.toLowerCase())?.[1]
  const name = unit === undefined ? undefined : unitNamed(unit)
  const count = constantCount(node.children[0] as ExpressionNode)
  return name === undefined || count === undefined ? undefined : spanOf(count, name)
}

/** Reads a whole number under the conversions that DuckDB's parser puts around it. */
function constantCount(node: ExpressionNode): number | undefined {
  if (node.class === 'CAST') return constantCount(node.child)
  if (node.class === 'FUNCTION' && node.children?.length === 1) {
    const count = constantCount(node.children[0] as ExpressionNode)
    if (node.function_name === 'trunc') return count
    return node.function_name === '-' && count !== undefined ? -count : undefined
  }
  if (node.class !== 'CONSTANT') return undefined
  const { type, value } = node.value
  if (type.id === 'VARCHAR' && /^-?\d{1,9}$/.test(String(value))) return Number(value)
  return /INT$|^INTEGER$/.test(type.id) && Number.isSafeInteger(value) && Math.abs(value as number) < 1e9
    ? (value as number)
    : undefined
}

function intervalOfText(text: string): Interval | undefined {
  const pieces = text.trim().split(/\s+/)
  if (pieces.length % 2 !== 0) return undefined
  let sum = NO_TIME
  for (let at = 0; at < pieces.length; at += 2) {
    const unit = unitNamed(pieces[at + 1] as string)
    if (unit === undefined || !/^[+-]?\d{1,9}$/.test(pieces[at] as string)) return undefined
    sum = together(sum, spanOf(Number(pieces[at]), unit))
  }
  return sum
}

/** Adds a constant interval to a date or timestamp, which gives a timestamp; of constants right away. */
export function plusInterval(value: Expression, interval: Interval, sign: 1 | -1): Expression {
  const signed = {
    months: sign * interval.months,
    days: sign * interval.days,
    micros: BigInt(sign) * interval.micros,
  }
  const time = asTimestamp(value)
  if (time.kind === 'literal')
    return literal(
      time.value === null ? null : addInterval(time.value as number | bigint, signed),
      types.timestamp,
    )
  const micros = Number(signed.micros)
  if (!Number.isSafeInteger(micros)) return notNative('a long interval')
  const parts = [signed.months, signed.days, micros].map((part) => literal(part, types.int64))
  return call('sql.add_interval', time, ...parts)
}

function asTimestamp(value: Expression): Expression {
  const family = familyOf(value)
  if (family === 'timestamp') return value
  if (family !== 'date') return notNative('an interval beside what is no date')
  if (value.kind !== 'literal') return call('sql.cast.date.timestamp', value)
  const micros = value.value === null ? null : timestampOfDate(value.value as number)
  return micros === undefined ? notNative('a date out of range') : literal(micros, types.timestamp)
}

function constantUnit(unit: Expression): string {
  const name = unit.kind === 'literal' && typeof unit.value === 'string' ? unitNamed(unit.value) : undefined
  return name === undefined || !TIME_UNITS.has(name) ? notNative('a unit that is no constant') : name
}

/** Cuts a date or timestamp to a unit. */
export function dateTrunc([unit, value]: readonly Expression[]): Expression {
  if (unit === undefined || value === undefined) return notNative('date_trunc')
  return call('sql.truncate', literal(constantUnit(unit), types.utf8), asTimestamp(value))
}

const COUNTED: ReadonlySet<string> = new Set([
  'year',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'millisecond',
  'microsecond',
])

/** Counts the boundaries of a unit between two dates or timestamps. */
export function dateDiff([unit, from, to]: readonly Expression[]): Expression {
  if (unit === undefined || from === undefined || to === undefined) return notNative('date_diff')
  const name = constantUnit(unit)
  if (!COUNTED.has(name)) return notNative(`date_diff by ${name}`)
  const areDates = familyOf(from) === 'date' && familyOf(to) === 'date'
  const [start, end] = areDates ? [from, to] : [asTimestamp(from), asTimestamp(to)]
  return call('sql.date_diff', literal(name, types.utf8), start, end)
}
