import { type FunctionDefinition, makeField, SheafError, types } from '@sheafdb/core'
import { List } from 'apache-arrow'
import { sliceArray } from './compute/nd-array.ts'
import { distanceFunctions } from './distance-functions.ts'
import { parseSlice } from './language/parser-slice.ts'
import { type DType, dtypeNamed } from './layout/dtype.ts'
import { bytesToValues } from './layout/values.ts'

const doubles = new List(makeField('item', types.float64))

/** Reads elements kept as exact bytes, as a list of doubles in the order of rows: `tensor.values(dtype, bytes)`. */
const values: FunctionDefinition = {
  name: 'tensor.values',
  nulls: 'strict',
  type: () => doubles,
  evaluator: () => (dtype, bytes) =>
    Array.from(bytesToValues(bytes as Uint8Array, dtypeNamed(dtype as DType)) as ArrayLike<number>, Number),
}

/** Takes a part of a vector in NumPy's notation, as doubles in the order of rows: `tensor_slice(values, '0:3')`. */
const slice: FunctionDefinition = {
  name: 'shared.tensor_slice',
  nulls: 'strict',
  type: () => doubles,
  evaluator: () => (vector, text) => {
    if (typeof text !== 'string' || (!Array.isArray(vector) && !ArrayBuffer.isView(vector)))
      throw new SheafError('TYPE', "tensor_slice takes a list of numbers and a slice as text: '0:3'")
    const values = Float64Array.from(vector as unknown as ArrayLike<number | bigint>, Number)
    return Array.from(sliceArray({ values, shape: [values.length] }, parseSlice(text)).values, Number)
  },
}

/** Holds the functions that plans over tensors call. */
export const tensorFunctions: readonly FunctionDefinition[] = [values, slice, ...distanceFunctions]
