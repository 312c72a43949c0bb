import { SheafError } from '@sheafdb/core'
import { einsum, isEinsum, parseEinsum } from '../compute/einsum.ts'
import { evaluateExpression, namesIn } from '../compute/evaluate.ts'
import type { Floats } from '../compute/kernels.ts'
import { type NdArray, scalar, toDoubles, toSingles } from '../compute/nd-array.ts'
import { dtypeNamed, dtypeOfArray, type TensorValues } from '../layout/dtype.ts'
import { shapeOf, type TensorInput, toValues } from '../layout/values.ts'

/** Is an array that is computed with: the id of a tensor of the collection, a number, an array, or values with their shape. */
export type EvaluateInput =
  | string
  | number
  | TensorInput
  | { readonly values: TensorValues; readonly shape: readonly number[] }

/** Names the arrays of an expression, or gives those of an einsum in order. */
export type EvaluateInputs = readonly EvaluateInput[] | Readonly<Record<string, EvaluateInput>>

/** Is what is computed; a single number has no axes. */
export type Evaluated<Precision extends 'float32' | 'float64' = 'float64'> = {
  readonly values: Precision extends 'float32' ? Float32Array : Float64Array
  readonly shape: readonly number[]
  readonly dtype: Precision
}

/** Says in which precision is computed: `float64` where nothing is said. */
export type EvaluateOptions<Precision extends 'float32' | 'float64'> = { readonly dtype?: Precision }

/** Reads a tensor of the collection. */
export type FindTensor = (id: string) => Promise<NdArray | undefined>

/** Computes an einsum or an expression. */
export async function evaluateText<Precision extends 'float32' | 'float64'>(
  text: string,
  inputs: EvaluateInputs,
  find: FindTensor,
  precision: Precision,
): Promise<Evaluated<Precision>> {
  if (precision !== 'float32' && precision !== 'float64')
    throw new SheafError('ARGUMENT', `Arrays are computed as 'float32' or 'float64': ${String(precision)}`)
  const toFloats = precision === 'float32' ? toSingles : toDoubles
  const result = isEinsum(text)
    ? await evaluateEinsum(text, inputs, find, toFloats)
    : await evaluateNames(text, inputs, find, toFloats)
  const { values, shape } = toFloats(result)
  return { values: values as Evaluated<Precision>['values'], shape, dtype: precision }
}

type ToFloats = (array: NdArray) => NdArray<Floats>

async function evaluateEinsum(
  text: string,
  inputs: EvaluateInputs,
  find: FindTensor,
  toFloats: ToFloats,
): Promise<NdArray<Floats>> {
  const list = Array.isArray(inputs) ? (inputs as readonly EvaluateInput[]) : Object.values(inputs)
  const arrays = await Promise.all(list.map((input) => arrayOf(input, find)))
  return einsum(parseEinsum(text), arrays.map(toFloats))
}

/** Computes an expression: a name is that of an input, else the id of a tensor. */
async function evaluateNames(
  text: string,
  inputs: EvaluateInputs,
  find: FindTensor,
  toFloats: ToFloats,
): Promise<NdArray<Floats>> {
  const named = new Map(
    Array.isArray(inputs)
      ? (inputs as readonly EvaluateInput[]).map((input, at) => [`x${at}`, input] as const)
      : Object.entries(inputs as Readonly<Record<string, EvaluateInput>>),
  )
  const given = new Map<string, NdArray>()
  for (const name of namesIn(text)) {
    const input = named.get(name)
    const array = input === undefined ? await find(name) : await arrayOf(input, find)
    if (array !== undefined) given.set(name, array)
  }
  const floats = new Map<string, NdArray<Floats>>()
  return evaluateExpression(
    text,
    (name) => {
      const array = given.get(name)
      const known = floats.get(name) ?? (array === undefined ? undefined : toFloats(array))
      if (known !== undefined) floats.set(name, known)
      return known
    },
    (name) => {
      const array = given.get(name)
      const areFloats = array?.values instanceof Float32Array || array?.values instanceof Float64Array
      return areFloats ? (array as NdArray<Floats>) : undefined
    },
  )
}

async function arrayOf(input: EvaluateInput, find: FindTensor): Promise<NdArray> {
  if (typeof input === 'number') return scalar(input)
  if (typeof input === 'string') {
    const found = await find(input)
    if (found !== undefined) return found
    throw new SheafError('NOT_FOUND', `There is no tensor of this id: ${input}`)
  }
  if (typeof input === 'object' && input !== null && 'values' in input && 'shape' in input) {
    const given = input as { readonly values: TensorValues; readonly shape: readonly number[] }
    const values = toValues(given.values, dtypeNamed(dtypeOfArray(given.values)), given.shape)
    return { values, shape: given.shape }
  }
  const shape = shapeOf(input as TensorInput)
  return { values: toValues(input as TensorInput, dtypeNamed(dtypeOfArray(input)), shape), shape }
}
