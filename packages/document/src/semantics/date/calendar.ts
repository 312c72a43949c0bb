const MS_PER_DAY = 86_400_000

/** Gives the day of the year, from 1. */
export function dayOfYear(date: Date): number {
  const start = new Date(date.getTime())
  start.setUTCMonth(0, 1)
  return Math.floor(date.getTime() / MS_PER_DAY) - Math.floor(start.getTime() / MS_PER_DAY) + 1
}

/** Gives the day of the week, from 1 for Sunday. */
export function dayOfWeek(date: Date): number {
  return date.getUTCDay() + 1
}

/** Gives the ISO day of the week, from 1 for Monday. */
export function isoDayOfWeek(date: Date): number {
  return date.getUTCDay() === 0 ? 7 : date.getUTCDay()
}

/** Gives the week of the year, from 0; weeks start on Sunday. */
export function weekOfYear(date: Date): number {
  return Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7)
}

/** Gives the year and week of ISO 8601. */
export function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getTime())
  thursday.setUTCDate(thursday.getUTCDate() + 4 - isoDayOfWeek(date))
  return { year: thursday.getUTCFullYear(), week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1 }
}

/** Gives the midnight that starts an ISO week's year: the Monday of week 1. */
export function isoYearStart(year: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, 0, 4)
  return date.getTime() - (isoDayOfWeek(date) - 1) * MS_PER_DAY
}
