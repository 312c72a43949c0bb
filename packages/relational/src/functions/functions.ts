import { type FunctionDefinition, types } from '@sheafdb/core'
import { castFunctions } from './casts.ts'
import { nestedFunctions } from './nested.ts'
import { numberFunctions } from './number.ts'
import { definitionOf, registryName, SIMPLE_FUNCTIONS } from './simple.ts'
import { temporalFunctions } from './temporal.ts'

/** Tells whether a float is NaN, which DuckDB sorts last. */
const isNan: FunctionDefinition = {
  name: 'sql.is_nan',
  nulls: 'strict',
  type: () => types.bool,
  evaluator: () => (value) => Number.isNaN(value),
  compile: ([value]) => `(${value} !== ${value})`,
}

const simpleFunctions = new Map(
  [...SIMPLE_FUNCTIONS.values()].map((simple) => [registryName(simple), definitionOf(simple)]),
)

/** Holds the functions that SQL adds to the registry. */
export const sqlFunctions: readonly FunctionDefinition[] = [
  isNan,
  ...temporalFunctions,
  ...castFunctions,
  ...numberFunctions,
  ...nestedFunctions,
  ...simpleFunctions.values(),
]
