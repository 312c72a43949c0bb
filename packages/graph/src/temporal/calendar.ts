/** Is a date of the proleptic Gregorian calendar. */
export type CivilDate = { readonly year: number; readonly month: number; readonly day: number }

const DAYS_PER_ERA = 146_097
const DAYS_TO_1970 = 719_468

/** Counts the days from 1970-01-01 to a date. @see http://howardhinnant.github.io/date_algorithms.html */
export function daysFromCivil({ year, month, day }: CivilDate): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - DAYS_TO_1970
}

/** Finds the date that lies some days after 1970-01-01. */
export function civilFromDays(days: number): CivilDate {
  const z = days + DAYS_TO_1970
  const era = Math.floor(z / DAYS_PER_ERA)
  const dayOfEra = z - era * DAYS_PER_ERA
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
  const day = dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** Tells whether a year has 366 days. */
export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Counts the days of a month. */
export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (MONTH_LENGTHS[month - 1] as number)
}

/** Gives the day of the week, Monday 1 to Sunday 7. */
export function weekDay(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1
}

/** Gives the first day of the first week of a week-based year: the week that holds January 4. */
function firstWeek(weekYear: number): number {
  const fourth = daysFromCivil({ year: weekYear, month: 1, day: 4 })
  return fourth - (weekDay(fourth) - 1)
}

/** Finds the week and the week-based year of a day. */
export function weekOf(days: number): { readonly weekYear: number; readonly week: number } {
  const { year } = civilFromDays(days)
  const weekYear = days >= firstWeek(year + 1) ? year + 1 : days >= firstWeek(year) ? year : year - 1
  return { weekYear, week: Math.floor((days - firstWeek(weekYear)) / 7) + 1 }
}

/** Counts the weeks of a week-based year. */
export function weeksInYear(weekYear: number): number {
  return (firstWeek(weekYear + 1) - firstWeek(weekYear)) / 7
}

/** Finds the day of a week-based date. */
export function daysFromWeek(weekYear: number, week: number, dayOfWeek: number): number {
  return firstWeek(weekYear) + (week - 1) * 7 + dayOfWeek - 1
}

/** Gives the day of the year, from 1. */
export function ordinalDay(days: number): number {
  return days - daysFromCivil({ year: civilFromDays(days).year, month: 1, day: 1 }) + 1
}

/** Gives the quarter of a month, from 1. */
export function quarterOf(month: number): number {
  return Math.floor((month - 1) / 3) + 1
}

/** Gives the first day of a quarter. */
export function quarterStart(year: number, quarter: number): number {
  return daysFromCivil({ year, month: quarter * 3 - 2, day: 1 })
}

/** Adds months to a day; a day past the end of the month becomes its last. */
export function addMonths(days: number, months: number): number {
  const { year, month, day } = civilFromDays(days)
  const index = year * 12 + (month - 1) + months
  const target = { year: Math.floor(index / 12), month: (((index % 12) + 12) % 12) + 1 }
  return daysFromCivil({ ...target, day: Math.min(day, daysInMonth(target.year, target.month)) })
}
