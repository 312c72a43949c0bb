import { SheafError, type Value } from '@sheafdb/core'
import { kindName } from '../values.ts'

/** Builds the error of a value of the wrong kind, found while a query runs. */
export function runtimeTypeError(what: string, value: Value, detail = 'InvalidArgumentValue'): SheafError {
  return new SheafError(
    'TYPE',
    `${what} Convert or filter the values first; this one is a ${kindName(value)}.`,
    {
      phase: 'runtime',
      detail,
    },
  )
}

/** Builds an error of an argument's value, found while a query runs. */
export function runtimeArgumentError(message: string, detail: string): SheafError {
  return new SheafError('ARGUMENT', message, { phase: 'runtime', detail })
}
