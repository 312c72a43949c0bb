import type { FunctionDefinition } from '@sheafdb/core'
import { accessFunctions } from './access.ts'
import { arithmeticFunctions } from './arithmetic.ts'
import { csvFunctions } from './csv.ts'
import { logicFunctions } from './logic.ts'
import { numberFunctions } from './number.ts'
import { procedureFunctions } from './procedure.ts'
import { spatialFunctions } from './spatial.ts'
import { structureFunctions } from './structure.ts'
import { temporalFunctions } from './temporal.ts'
import { textFunctions } from './text.ts'

/** Holds the functions that openCypher adds to the registry, all named `cypher.…`. */
export const functions: readonly FunctionDefinition[] = [
  ...accessFunctions,
  ...arithmeticFunctions,
  ...csvFunctions,
  ...logicFunctions,
  ...numberFunctions,
  ...procedureFunctions,
  ...spatialFunctions,
  ...structureFunctions,
  ...temporalFunctions,
  ...textFunctions,
]
