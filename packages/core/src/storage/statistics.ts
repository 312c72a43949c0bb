import type { Column } from '../types/column.ts'
import { columnReader } from '../types/column.ts'
import { groupKey } from '../types/value.ts'

const SAMPLE_ROWS = 16_384

/** Estimates how many distinct values a column has: exactly for dictionaries, else from a sample of its rows. */
export function estimateDistinct(column: Column): number | null {
  if (column.layout === 'dictionary') return column.dictionary.length
  if (column.layout !== 'flat' && column.layout !== 'bytes') return null
  const step = Math.max(1, Math.floor(column.length / SAMPLE_ROWS))
  const read = columnReader(column)
  const seen = new Map<unknown, number>()
  let sampled = 0
  for (let index = 0; index < column.length; index += step) {
    const key = groupKey(read(index))
    seen.set(key, (seen.get(key) ?? 0) + 1)
    sampled += 1
  }
  if (step === 1) return seen.size
  let once = 0
  for (const count of seen.values()) if (count === 1) once += 1
  // Values met once in the sample stand for as many unseen ones as rows were left out (Haas and Stokes, GEE).
  return Math.min(column.length, Math.round(Math.sqrt(column.length / sampled) * once + (seen.size - once)))
}
