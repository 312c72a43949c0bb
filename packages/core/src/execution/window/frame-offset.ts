import { SheafError } from '../../types/errors.ts'
import type { Value } from '../../types/value.ts'

/** Reads the count of rows or groups that a frame reaches. @throws `ARGUMENT` */
export function frameCount(value: Value): number {
  const count = typeof value === 'bigint' ? Number(value) : value
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count
  throw wrongOffset(value)
}

/** Makes the error of a frame that would start after its row, or end before it. */
export function wrongOffset(value: Value): SheafError {
  return new SheafError(
    'ARGUMENT',
    `The offset of a frame must be a number of at least 0. Correct it: ${String(value)}`,
  )
}
