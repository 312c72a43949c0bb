import { registerFunctions } from '../registry.ts'
import { castFunctions } from './cast.ts'
import { comparisonFunctions } from './comparison.ts'
import { logicFunctions } from './logic.ts'
import { nestedFunctions } from './nested.ts'
import { numberFunctions } from './number.ts'
import { textFunctions } from './text.ts'

/** Puts the core's functions into the registry. */
export function registerCoreFunctions(): void {
  registerFunctions([
    ...comparisonFunctions,
    ...logicFunctions,
    ...numberFunctions,
    ...textFunctions,
    ...nestedFunctions,
    ...castFunctions,
  ])
}
