import { compareText, compareValues, type Value } from '../types/value.ts'
import { addExact, divideIntegers, multiplyExact, negate, remainder, subtractExact } from './arithmetic.ts'

/** Names what generated code may call, as `rt.name(…)`. Sources given by `compile` may use nothing else. */
export type Runtime = {
  readonly compareText: (left: string, right: string) => number
  readonly compareValues: (left: Value, right: Value) => number
  readonly addExact: (left: Value, right: Value) => Value
  readonly subtractExact: (left: Value, right: Value) => Value
  readonly multiplyExact: (left: Value, right: Value) => Value
  readonly divideIntegers: (left: Value, right: Value) => Value
  readonly remainder: (left: Value, right: Value) => Value
  readonly negate: (value: Value) => Value
}

/** Holds what generated code calls. */
export const runtime: Runtime = {
  compareText,
  compareValues,
  addExact,
  subtractExact,
  multiplyExact,
  divideIntegers,
  remainder,
  negate,
}
