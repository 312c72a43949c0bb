import { type FunctionDefinition, types } from '@sheafdb/core'
import { type DType, dtypeNamed } from './layout/dtype.ts'
import { bytesToValues } from './layout/values.ts'

/** Reads elements kept as exact bytes, as a list in the order of rows: `tensor.values(dtype, bytes)`. */
const values: FunctionDefinition = {
  name: 'tensor.values',
  nulls: 'strict',
  type: () => types.variant,
  evaluator: () => (dtype, bytes) =>
    Array.from(bytesToValues(bytes as Uint8Array, dtypeNamed(dtype as DType)) as ArrayLike<number | bigint>),
}

/** Holds the functions that plans over tensors call. */
export const tensorFunctions: readonly FunctionDefinition[] = [values]
