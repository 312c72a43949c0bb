import type { Value } from '../types/value.ts'

/** Describes the values of a column in one part of a table. */
export type PartValues = { readonly minimum: Value; readonly maximum: Value; readonly distinctCount: number }

/**
 * Estimates how many distinct values the parts of a table have together. Parts whose ranges lie apart share no value;
 * parts over one range are taken to hold the same values; in between, by how far the ranges overlap.
 */
export function mergeDistinct(parts: readonly PartValues[]): number | null {
  const [first, ...rest] = parts
  if (first === undefined) return null
  if (rest.length === 0) return first.distinctCount
  const most = parts.reduce((count, part) => Math.max(count, part.distinctCount), 0)
  let minimum = Number.POSITIVE_INFINITY
  let maximum = Number.NEGATIVE_INFINITY
  let total = 0
  let lengths = 0
  for (const part of parts) {
    if (typeof part.minimum !== 'number' || typeof part.maximum !== 'number') return most
    minimum = Math.min(minimum, part.minimum)
    maximum = Math.max(maximum, part.maximum)
    lengths += part.maximum - part.minimum
    total += part.distinctCount
  }
  const apart = lengths > 0 ? Math.min(1, (maximum - minimum) / lengths) : 1
  return Math.max(most, Math.round(total * apart))
}
