import { SheafError } from '../types/errors.ts'

/** Makes the error of a subquery that stands for one value and gives several rows. */
export function moreThanOneRow(): SheafError {
  return new SheafError(
    'VALUE',
    'A subquery that stands for one value gave more than one row. Limit it to one row, or aggregate its rows.',
  )
}
