import { SheafError } from '@sheafdb/core'
import { einsum, isEinsum, parseEinsum } from '../compute/einsum.ts'
import { evaluateExpression, namesIn } from '../compute/evaluate.ts'
import { type NdArray, scalar, toDoubles } from '../compute/nd-array.ts'
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

/** Is what is computed, in double precision; a single number has no axes. */
export type Evaluated = {
  readonly values: Float64Array
  readonly shape: readonly number[]
  readonly dtype: 'float64'
}

/** Reads a tensor of the collection. */
export type FindTensor = (id: string) => Promise<NdArray | undefined>

/** Computes an einsum or an expression. */
export async function evaluateText(
  text: string,
  inputs: EvaluateInputs,
  find: FindTensor,
): Promise<Evaluated> {
  const { values, shape } = isEinsum(text)
    ? await evaluateEinsum(text, inputs, find)
    : await evaluateNames(text, inputs, find)
  return { values, shape, dtype: 'float64' }
}

async function evaluateEinsum(
  text: string,
  inputs: EvaluateInputs,
  find: FindTensor,
): Promise<NdArray<Float64Array>> {
  const list = Array.isArray(inputs) ? (inputs as readonly EvaluateInput[]) : Object.values(inputs)
  return einsum(parseEinsum(text), await Promise.all(list.map((input) => arrayOf(input, find))))
}

/** Computes an expression: a name is that of an input, else the id of a tensor. */
async function evaluateNames(
  text: string,
  inputs: EvaluateInputs,
  find: FindTensor,
): Promise<NdArray<Float64Array>> {
  const named = new Map(
    Array.isArray(inputs)
      ? (inputs as readonly EvaluateInput[]).map((input, at) => [`x${at}`, input] as const)
      : Object.entries(inputs as Readonly<Record<string, EvaluateInput>>),
  )
  const arrays = new Map<string, NdArray<Float64Array>>()
  for (const name of namesIn(text)) {
    const input = named.get(name)
    const array = input === undefined ? await find(name) : await arrayOf(input, find)
    if (array !== undefined) arrays.set(name, toDoubles(array))
  }
  return evaluateExpression(text, (name) => arrays.get(name))
}

async function arrayOf(input: EvaluateInput, find: FindTensor): Promise<NdArray<Float64Array>> {
  if (typeof input === 'number') return scalar(input)
  if (typeof input === 'string') {
    const found = await find(input)
    if (found !== undefined) return toDoubles(found)
    throw new SheafError('NOT_FOUND', `There is no tensor of this id: ${input}`)
  }
  if (typeof input === 'object' && input !== null && 'values' in input && 'shape' in input) {
    const given = input as { readonly values: TensorValues; readonly shape: readonly number[] }
    const values = toValues(given.values, dtypeNamed(dtypeOfArray(given.values)), given.shape)
    return toDoubles({ values, shape: given.shape })
  }
  const shape = shapeOf(input as TensorInput)
  return toDoubles({ values: toValues(input as TensorInput, dtypeNamed(dtypeOfArray(input)), shape), shape })
}
