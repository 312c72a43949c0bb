import type { FunctionDefinition } from '@sheafdb/core'
import { type DType, dtypeNamed } from '../layout/dtype.ts'
import { bytesToValues } from '../layout/values.ts'
import { arrayFunctions, doubles } from './array.ts'
import { distanceFunctions } from './distance.ts'

/** Reads elements kept as exact bytes, as a list of doubles in the order of rows: `tensor.values(dtype, bytes)`. */
const values: FunctionDefinition = {
  name: 'tensor.values',
  nulls: 'strict',
  type: () => doubles,
  evaluator: () => (dtype, bytes) =>
    Array.from(bytesToValues(bytes as Uint8Array, dtypeNamed(dtype as DType)) as ArrayLike<number>, Number),
}

/** Holds the functions that plans over tensors call. */
export const tensorFunctions: readonly FunctionDefinition[] = [
  values,
  ...arrayFunctions,
  ...distanceFunctions,
]
