import type { FunctionDefinition } from '@sheafdb/core'
import { castFunctions } from './casts.ts'
import { nestedFunctions } from './nested.ts'
import { numberFunctions } from './number.ts'
import { definitionOf, registryName, SIMPLE_FUNCTIONS } from './simple.ts'
import { temporalFunctions } from './temporal.ts'

const simpleFunctions = new Map(
  [...SIMPLE_FUNCTIONS.values()].map((simple) => [registryName(simple), definitionOf(simple)]),
)

/** Holds the functions that SQL adds to the registry. */
export const sqlFunctions: readonly FunctionDefinition[] = [
  ...temporalFunctions,
  ...castFunctions,
  ...numberFunctions,
  ...nestedFunctions,
  ...simpleFunctions.values(),
]
