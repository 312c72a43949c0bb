import { canonicalInteger, type Value } from '@sheafdb/core'
import { isNumeric } from '../values.ts'
import { defineValueKey } from './value-key.ts'
import { NANOS_PER_SECOND } from './zone.ts'

const SECONDS_PER_MONTH = 2_629_746
const NANOS = BigInt(NANOS_PER_SECOND)

/** Is a duration: months, days and nanoseconds apart, since neither months nor days have one length. */
export class Duration {
  readonly months: number
  readonly days: number
  readonly totalNanos: bigint

  constructor(months: number, days: number, totalNanos: bigint) {
    this.months = months
    this.days = days
    this.totalNanos = totalNanos
  }

  /** Whole seconds, rounded down. */
  get seconds(): bigint {
    const seconds = this.totalNanos / NANOS
    return this.totalNanos % NANOS < 0n ? seconds - 1n : seconds
  }

  /** Nanoseconds past the whole seconds. */
  get nanos(): number {
    return Number(this.totalNanos - this.seconds * NANOS)
  }

  equals(other: Value): boolean {
    return (
      other instanceof Duration &&
      this.months === other.months &&
      this.days === other.days &&
      this.totalNanos === other.totalNanos
    )
  }

  /** Durations have no order: a month may be longer than 30 days, or shorter. */
  compare(): null {
    return null
  }

  field(name: string): Value | undefined {
    const whole = (value: number, size: number): number => Math.trunc(value / size)
    const { months, days, seconds, nanos } = this
    const wide = (value: bigint): Value => canonicalInteger(value)
    const floor = (size: bigint): bigint => {
      const total = this.totalNanos
      return total / size - (total % size < 0n ? 1n : 0n)
    }
    switch (name) {
      case 'years':
        return whole(months, 12)
      case 'quarters':
        return whole(months, 3)
      case 'months':
        return months
      case 'weeks':
        return whole(days, 7)
      case 'days':
        return days
      case 'hours':
        return wide(seconds / 3600n)
      case 'minutes':
        return wide(seconds / 60n)
      case 'seconds':
        return wide(seconds)
      case 'milliseconds':
        return wide(floor(1_000_000n))
      case 'microseconds':
        return wide(floor(1000n))
      case 'nanoseconds':
        return wide(this.totalNanos)
      case 'quartersOfYear':
        return whole(months, 3) % 4
      case 'monthsOfQuarter':
        return months % 3
      case 'monthsOfYear':
        return months % 12
      case 'daysOfWeek':
        return days % 7
      case 'minutesOfHour':
        return wide((seconds / 60n) % 60n)
      case 'secondsOfMinute':
        return wide(seconds % 60n)
      case 'millisecondsOfSecond':
        return Math.floor(nanos / 1_000_000)
      case 'microsecondsOfSecond':
        return Math.floor(nanos / 1000)
      case 'nanosecondsOfSecond':
        return nanos
      default:
        return undefined
    }
  }

  arithmetic(operator: string, other: Value, reversed: boolean): Value | undefined {
    if (other instanceof Duration && !reversed) {
      if (operator === '+') return this.plus(other, 1)
      if (operator === '-') return this.plus(other, -1)
    }
    if (operator === '-' && reversed && other === 0)
      return new Duration(-this.months, -this.days, -this.totalNanos)
    if (!isNumeric(other)) return undefined
    if (operator === '*') return this.#scale(Number(other), 1)
    return operator === '/' && !reversed ? this.#scale(1, Number(other)) : undefined
  }

  /** Adds a duration, or takes it away. */
  plus(other: Duration, sign: 1 | -1): Duration {
    return new Duration(
      this.months + sign * other.months,
      this.days + sign * other.days,
      this.totalNanos + BigInt(sign) * other.totalNanos,
    )
  }

  /** Multiplies and divides; parts of a month go on as days, parts of a day as time. */
  #scale(factor: number, divisor: number): Duration {
    const exact = Number.isInteger(factor) && Number.isInteger(divisor)
    const time = exact
      ? (this.totalNanos * BigInt(factor)) / BigInt(divisor)
      : BigInt(Math.trunc((Number(this.totalNanos) * factor) / divisor))
    return makeDuration((this.months * factor) / divisor, (this.days * factor) / divisor, time)
  }

  toString(): string {
    const years = Math.trunc(this.months / 12)
    const date = `${part(years, 'Y')}${part(this.months % 12, 'M')}${part(this.days, 'D')}`
    const time = timeText(this.totalNanos)
    if (date === '' && time === '') return 'PT0S'
    return `P${date}${time === '' ? '' : `T${time}`}`
  }

  toJSON(): string {
    return this.toString()
  }
}

defineValueKey(Duration.prototype, (duration: Duration) => {
  const length =
    BigInt(duration.months * SECONDS_PER_MONTH + duration.days * 86_400) * NANOS + duration.totalNanos
  return [
    'duration',
    canonicalInteger(length),
    duration.months,
    duration.days,
    canonicalInteger(duration.totalNanos),
  ]
})

function part(value: number | bigint, unit: string): string {
  return Number(value) === 0 ? '' : `${value}${unit}`
}

function timeText(total: bigint): string {
  const hours = total / (3600n * NANOS)
  const minutes = (total / (60n * NANOS)) % 60n
  const rest = total % (60n * NANOS)
  return `${part(hours, 'H')}${part(minutes, 'M')}${rest === 0n ? '' : `${secondsText(rest)}S`}`
}

function secondsText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos
  const fraction = (size % NANOS).toString().padStart(9, '0').replace(/0+$/, '')
  return `${nanos < 0n ? '-' : ''}${size / NANOS}${fraction === '' ? '' : `.${fraction}`}`
}

/** Makes a duration of months and days that may have fractions, and nanoseconds. */
export function makeDuration(months: number, days: number, nanos: bigint): Duration {
  const wholeMonths = Math.trunc(months)
  const monthSeconds = (months - wholeMonths) * SECONDS_PER_MONTH
  const allDays = days + monthSeconds / 86_400
  const wholeDays = Math.trunc(allDays)
  const rest =
    Math.round((days - Math.trunc(days)) * 86_400 * NANOS_PER_SECOND) +
    Math.round(monthSeconds * NANOS_PER_SECOND)
  const carried = BigInt(rest) - BigInt(wholeDays - Math.trunc(days)) * 86_400n * NANOS
  return new Duration(wholeMonths, wholeDays, nanos + carried)
}

/** Makes nanoseconds of units that may have fractions. */
export function nanosOf(
  amounts: readonly (readonly [amount: number | bigint, nanosPerUnit: number])[],
): bigint {
  let total = 0n
  for (const [amount, size] of amounts) {
    if (typeof amount === 'bigint') total += amount * BigInt(size)
    else {
      const whole = Math.trunc(amount)
      total += BigInt(whole) * BigInt(size) + BigInt(Math.round((amount - whole) * size))
    }
  }
  return total
}
