import { arrayOperators } from './array.ts'
import { convertOperators } from './convert.ts'
import { dateOperators } from './date.ts'
import { logicOperators } from './logic.ts'
import { numberOperators } from './number.ts'
import { objectOperators } from './object.ts'
import { addOperators } from './registry.ts'
import { statisticOperators } from './statistic.ts'
import { textOperators } from './text.ts'

/** Makes the operators known to expressions. Doing so twice is harmless. */
export function installOperators(): void {
  for (const list of [
    logicOperators,
    numberOperators,
    textOperators,
    arrayOperators,
    objectOperators,
    dateOperators,
    convertOperators,
    statisticOperators,
  ]) {
    addOperators(list)
  }
}
