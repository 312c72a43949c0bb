import { SheafError, type Value } from '@sheafdb/core'

/** Is the values of a statement's parameters: a list for `?` and `$1`, an object for `$name`. */
export type Parameters = readonly unknown[] | Readonly<Record<string, unknown>>

const NONE: ReadonlyMap<string, Value> = new Map()

/** Gives parameters by name; those of a list are named by their place from 1. @throws `ARGUMENT` */
export function parameterMap(parameters: Parameters | undefined): ReadonlyMap<string, Value> {
  if (parameters === undefined) return NONE
  const values = new Map<string, Value>()
  if (Array.isArray(parameters)) {
    for (let index = 0; index < parameters.length; index += 1)
      values.set(String(index + 1), parameters[index])
    return values
  }
  if (typeof parameters !== 'object' || parameters === null)
    throw new SheafError('ARGUMENT', 'Parameters must be a list, or an object of name to value.')
  for (const [name, value] of Object.entries(parameters)) values.set(name, value)
  return values
}
