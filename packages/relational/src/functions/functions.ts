import { type FunctionDefinition, types } from '@sheafdb/core'
import { temporalFunctions } from './temporal.ts'

/** Tells whether a float is NaN, which DuckDB sorts last. */
const isNan: FunctionDefinition = {
  name: 'sql.is_nan',
  nulls: 'strict',
  type: () => types.bool,
  evaluator: () => (value) => Number.isNaN(value),
  compile: ([value]) => `(${value} !== ${value})`,
}

/** Holds the functions that SQL adds to the registry. */
export const sqlFunctions: readonly FunctionDefinition[] = [isNan, ...temporalFunctions]
