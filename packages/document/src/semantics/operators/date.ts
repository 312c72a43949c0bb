import type { Value } from '@sheafdb/core'
import { mongoError } from '../../language/errors.ts'
import { dayOfWeek, dayOfYear, isoDayOfWeek, isoWeek, isoYearStart, weekOfYear } from '../date/calendar.ts'
import { checkFormat, formatDate } from '../date/format.ts'
import { parseDate } from '../date/parse.ts'
import { fromLocal, toLocal, UTC, type Zone, zonedTime, zoneOf } from '../date/timezone.ts'
import { addUnits, countUnits, truncateDate, unitOf, weekdayOf } from '../date/units.ts'
import { compileExpression, type Evaluator } from '../expression.ts'
import { isObjectId, timeOfObjectId } from '../object-id.ts'
import { bsonType, isNullish, isNumber } from '../value.ts'
import { argumentList, evaluatedParts, type Operator, type Operators, partsOf } from './define.ts'

/** Gives the date of what date operators take: a date or an ObjectId. */
function dateOf(name: string, value: Value, code: number): Date {
  if (value instanceof Date) return value
  if (isObjectId(value)) return timeOfObjectId(value)
  throw mongoError(code, `${name} takes a date. It got a ${bsonType(value)}.`)
}

const DATE_PART = {
  required: ['date'],
  optional: ['timezone'],
  codes: { object: 40536, unknown: 40535, missing: 40539 },
}

/** Defines an operator that takes a part of a date: of a date alone, or of `{ date, timezone }`. */
function datePart(name: string, part: (local: Date) => Value): readonly [string, Operator] {
  const operator: Operator = (argument, context) => {
    const only = argument.kind === 'array' && argument.items.length === 1 ? argument.items[0] : argument
    if (only?.kind === 'object') {
      const parts = partsOf(name, DATE_PART, only)
      const date = compileExpression(parts.get('date') as never, context)
      const zone = parts.get('timezone')
      return partReader(name, date, zone === undefined ? null : compileExpression(zone, context), part)
    }
    const args = argumentList(argument)
    if (args.length !== 1) throw mongoError(40536, `${name} takes 1 argument. It got ${args.length}.`)
    return partReader(name, compileExpression(args[0] as never, context), null, part)
  }
  return [name, operator]
}

function partReader(
  name: string,
  date: Evaluator,
  zone: Evaluator | null,
  part: (local: Date) => Value,
): Evaluator {
  return (scope) => {
    const value = date(scope)
    const zoneName = zone === null ? undefined : zone(scope)
    if (zone !== null && isNullish(zoneName)) return null
    const at = zoneOf(zoneName)
    if (isNullish(value)) return null
    return part(toLocal(dateOf(name, value, 16006), at))
  }
}

/** Reads the zone of a call; `null` where it is null. */
function zonePart(values: ReadonlyMap<string, Value>): Zone | null {
  if (!values.has('timezone')) return UTC
  const zone = values.get('timezone')
  return isNullish(zone) ? null : zoneOf(zone)
}

function dateAdd(name: '$dateAdd' | '$dateSubtract', sign: 1 | -1) {
  return evaluatedParts(
    name,
    {
      required: ['startDate', 'unit', 'amount'],
      optional: ['timezone'],
      codes: { object: 5166400, unknown: 5166401, missing: 5166402 },
    },
    (values) => {
      const unitValue = values.get('unit')
      const amount = values.get('amount')
      const start = values.get('startDate')
      const unit = isNullish(unitValue) ? null : unitOf(unitValue, 5439013)
      const zone = zonePart(values)
      if (isNullish(start) || unit === null || isNullish(amount) || zone === null) return null
      const date = dateOf(name, start, 5166403)
      const count = Number(amount)
      if (!isNumber(amount) || !Number.isInteger(count))
        throw mongoError(5166405, `${name} takes a whole amount. It is a ${bsonType(amount)}.`)
      return addUnits(date, unit, sign * count, zone)
    },
  )
}

const dateDiff = evaluatedParts(
  '$dateDiff',
  {
    required: ['startDate', 'endDate', 'unit'],
    optional: ['timezone', 'startOfWeek'],
    codes: { object: 5166301, unknown: 5166302, missing: 5166303 },
  },
  (values) => {
    const unitValue = values.get('unit')
    const unit = isNullish(unitValue) ? null : unitOf(unitValue, 5439013)
    const zone = zonePart(values)
    const [start, end] = [values.get('startDate'), values.get('endDate')]
    if (unit === null || zone === null || isNullish(start) || isNullish(end)) return null
    if (unit === 'week' && values.has('startOfWeek') && isNullish(values.get('startOfWeek'))) return null
    const weekday = unit === 'week' ? weekdayOf(values.get('startOfWeek'), [5439015, 5439016]) : 0
    const from = dateOf('$dateDiff', start, 5166307)
    return countUnits(from, dateOf('$dateDiff', end, 5166307), unit, zone, weekday)
  },
)

const dateTrunc = evaluatedParts(
  '$dateTrunc',
  {
    required: ['date', 'unit'],
    optional: ['binSize', 'timezone', 'startOfWeek'],
    codes: { object: 5439007, unknown: 5439008, missing: 5439009 },
  },
  (values) => {
    const unitValue = values.get('unit')
    const unit = isNullish(unitValue) ? null : unitOf(unitValue, 5439013)
    const zone = zonePart(values)
    const date = values.get('date')
    const bin = values.has('binSize') ? values.get('binSize') : 1
    if (isNullish(date) || unit === null || zone === null || isNullish(bin)) return null
    if (unit === 'week' && values.has('startOfWeek') && isNullish(values.get('startOfWeek'))) return null
    const at = dateOf('$dateTrunc', date, 5439012)
    const size = Number(bin)
    if (!isNumber(bin) || !Number.isInteger(size))
      throw mongoError(5439017, `$dateTrunc takes a whole binSize. It is a ${bsonType(bin)}.`)
    if (size <= 0) throw mongoError(5439018, `$dateTrunc takes a positive binSize. It is ${bin}.`)
    const weekday = unit === 'week' ? weekdayOf(values.get('startOfWeek'), [5439015, 5439016]) : 0
    return truncateDate(at, { unit, size, zone, weekday })
  },
)

const ISO_PARTS = ['isoWeekYear', 'isoWeek', 'isoDayOfWeek']
const CALENDAR_PARTS = ['year', 'month', 'day']
const TIME_PARTS = ['hour', 'minute', 'second', 'millisecond']

const dateFromParts = evaluatedParts(
  '$dateFromParts',
  {
    required: [],
    optional: [...ISO_PARTS, ...CALENDAR_PARTS, ...TIME_PARTS, 'timezone'],
    codes: { object: 40519, unknown: 40518, missing: 40516 },
  },
  (values) => {
    const iso = values.has('isoWeekYear')
    if (!iso && !values.has('year'))
      throw mongoError(40516, "$dateFromParts needs a 'year' or an 'isoWeekYear'. Add one.")
    const odd = (iso ? CALENDAR_PARTS : ISO_PARTS).find((key) => values.has(key))
    if (odd !== undefined)
      throw mongoError(
        iso ? 40489 : 40525,
        `$dateFromParts cannot mix calendar and ISO parts. Remove: ${odd}`,
      )
    const zone = zonePart(values)
    const numbers = new Map<string, number | null>()
    for (const key of values.keys()) {
      if (key !== 'timezone') numbers.set(key, partNumber(key, values.get(key)))
    }
    if (zone === null || [...numbers.values()].includes(null)) return null
    return fromParts(numbers as ReadonlyMap<string, number>, iso, zone)
  },
)

function partNumber(key: string, value: Value): number | null {
  if (isNullish(value)) return null
  const number = Number(value)
  if (!isNumber(value) || !Number.isInteger(number))
    throw mongoError(40515, `$dateFromParts takes whole numbers. Its ${key} is a ${bsonType(value)}.`)
  if (key === 'year' || key === 'isoWeekYear') {
    if (number < 1 || number > 9999)
      throw mongoError(
        key === 'year' ? 40523 : 31095,
        `$dateFromParts takes years of 1 to 9999. It got ${number}.`,
      )
  } else if (Math.abs(number) > 32_767 && key !== 'second' && key !== 'millisecond') {
    throw mongoError(31034, `$dateFromParts takes parts of -32768 to 32767. Its ${key} is ${number}.`)
  }
  return number
}

function fromParts(parts: ReadonlyMap<string, number>, iso: boolean, zone: Zone): Date {
  const at = (key: string, otherwise: number): number => parts.get(key) ?? otherwise
  const time = {
    hour: at('hour', 0),
    minute: at('minute', 0),
    second: at('second', 0),
    millisecond: at('millisecond', 0),
  }
  if (!iso)
    return checked(
      zonedTime({ year: at('year', 1970), month: at('month', 1), day: at('day', 1), ...time }, zone),
    )
  const days = (at('isoWeek', 1) - 1) * 7 + at('isoDayOfWeek', 1) - 1
  const ofDay = ((time.hour * 60 + time.minute) * 60 + time.second) * 1000 + time.millisecond
  return checked(fromLocal(isoYearStart(at('isoWeekYear', 1970)) + days * 86_400_000 + ofDay, zone))
}

function checked(time: number): Date {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) throw mongoError(15, 'A date is out of range. Use smaller parts.')
  return date
}

const dateToParts = evaluatedParts(
  '$dateToParts',
  {
    required: ['date'],
    optional: ['timezone', 'iso8601'],
    codes: { object: 40524, unknown: 40520, missing: 40522 },
  },
  (values) => {
    const zone = zonePart(values)
    const iso = values.has('iso8601') ? values.get('iso8601') : false
    if (!isNullish(iso) && typeof iso !== 'boolean')
      throw mongoError(40521, `$dateToParts takes a true or false iso8601. It is a ${bsonType(iso)}.`)
    const date = values.get('date')
    if (isNullish(date) || zone === null || isNullish(iso)) return null
    const local = toLocal(dateOf('$dateToParts', date, 16006), zone)
    const time = {
      hour: local.getUTCHours(),
      minute: local.getUTCMinutes(),
      second: local.getUTCSeconds(),
      millisecond: local.getUTCMilliseconds(),
    }
    if (!iso)
      return {
        year: local.getUTCFullYear(),
        month: local.getUTCMonth() + 1,
        day: local.getUTCDate(),
        ...time,
      }
    const { year, week } = isoWeek(local)
    return { isoWeekYear: year, isoWeek: week, isoDayOfWeek: isoDayOfWeek(local), ...time }
  },
)

const DEFAULT_FORMAT = '%Y-%m-%dT%H:%M:%S.%LZ'
const LOCAL_FORMAT = '%Y-%m-%dT%H:%M:%S.%L'

const dateToString = evaluatedParts(
  '$dateToString',
  {
    required: ['date'],
    optional: ['format', 'timezone', 'onNull'],
    codes: { object: 18629, unknown: 18534, missing: 18628 },
  },
  (values) => {
    const format = values.get('format')
    if (!isNullish(format) && typeof format !== 'string')
      throw mongoError(18533, `$dateToString takes a format that is text. It is a ${bsonType(format)}.`)
    if (typeof format === 'string') checkFormat(format)
    const zone = zonePart(values)
    const date = values.get('date')
    if (isNullish(date)) return values.has('onNull') ? values.get('onNull') : null
    if (zone === null || (values.has('format') && isNullish(format))) return null
    const otherwise = zone === UTC ? DEFAULT_FORMAT : LOCAL_FORMAT
    return formatDate(dateOf('$dateToString', date, 16006), format ?? otherwise, zone)
  },
)

const dateFromString = evaluatedParts(
  '$dateFromString',
  {
    required: ['dateString'],
    optional: ['format', 'timezone', 'onError', 'onNull'],
    codes: { object: 40540, unknown: 40541, missing: 40542 },
  },
  (values) => {
    const format = values.get('format')
    if (!isNullish(format) && typeof format !== 'string')
      throw mongoError(40684, `$dateFromString takes a format that is text. It is a ${bsonType(format)}.`)
    const zone = zonePart(values)
    const text = values.get('dateString')
    if (isNullish(text)) return values.has('onNull') ? values.get('onNull') : null
    if (zone === null || (values.has('format') && isNullish(format))) return null
    try {
      if (typeof text !== 'string')
        throw mongoError(241, `$dateFromString takes a text. It is a ${bsonType(text)}.`)
      return parseDate(text, { format: format ?? undefined, zone: values.has('timezone') ? zone : undefined })
    } catch (error) {
      if (values.has('onError') && (error as { mongoCode?: number }).mongoCode === 241)
        return values.get('onError')
      throw error
    }
  },
)

/** Holds the operators of dates. */
export const dateOperators: Operators = [
  datePart('$year', (local) => local.getUTCFullYear()),
  datePart('$month', (local) => local.getUTCMonth() + 1),
  datePart('$dayOfMonth', (local) => local.getUTCDate()),
  datePart('$dayOfYear', dayOfYear),
  datePart('$dayOfWeek', dayOfWeek),
  datePart('$hour', (local) => local.getUTCHours()),
  datePart('$minute', (local) => local.getUTCMinutes()),
  datePart('$second', (local) => local.getUTCSeconds()),
  datePart('$millisecond', (local) => local.getUTCMilliseconds()),
  datePart('$week', weekOfYear),
  datePart('$isoWeek', (local) => isoWeek(local).week),
  datePart('$isoWeekYear', (local) => BigInt(isoWeek(local).year)),
  datePart('$isoDayOfWeek', isoDayOfWeek),
  dateAdd('$dateAdd', 1),
  dateAdd('$dateSubtract', -1),
  dateDiff,
  dateTrunc,
  dateFromParts,
  dateToParts,
  dateToString,
  dateFromString,
]
