import { SheafError } from '../errors.ts'

/** Is how deep a stored value may be nested: arrays and objects inside each other. */
export const MAX_VARIANT_DEPTH = 500

/** Is how many bytes one stored value may take once encoded. */
export const MAX_VARIANT_BYTES = 134_217_728

/** Makes the error of a value that is nested too deep. */
export function depthError(): SheafError {
  return new SheafError(
    'LIMIT',
    `A value is nested too deep, or contains itself. Store it with fewer levels than ${MAX_VARIANT_DEPTH}.`,
  )
}

/** Makes the error of a value that is too large. */
export function sizeError(): SheafError {
  return new SheafError(
    'LIMIT',
    `A value is too large. Store it in parts of less than ${MAX_VARIANT_BYTES} bytes.`,
  )
}
