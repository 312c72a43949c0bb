import { SheafError } from '@sheafdb/core'
import type { AxisSlice } from '../language/syntax.ts'
import type { TensorValues } from '../layout/dtype.ts'
import { elementCount } from '../layout/values.ts'
import type { Floats } from './kernels.ts'
import { type AxisView, sliceView, stridesOf } from './slice-view.ts'

/** Is elements in the order of rows, with their shape. */
export type NdArray<Values extends TensorValues = TensorValues> = {
  readonly values: Values
  readonly shape: readonly number[]
}

const MAX_ELEMENTS = 2 ** 28

/** Makes an array of zeros. @throws `LIMIT` where it would be too large */
export function zeros(shape: readonly number[], isSingle = false): NdArray<Floats> {
  const count = elementCount(shape)
  if (count > MAX_ELEMENTS) {
    throw new SheafError(
      'LIMIT',
      `A result would have more than ${MAX_ELEMENTS} elements. Slice or reduce first: [${shape.join(', ')}]`,
    )
  }
  return { values: isSingle ? new Float32Array(count) : new Float64Array(count), shape }
}

/** Makes an array of one number. */
export function scalar(value: number): NdArray<Floats> {
  return { values: Float64Array.of(value), shape: [] }
}

/** Tells whether what is computed of arrays is in single precision: where all of them are, numbers without axes aside. */
export function isSingle(...arrays: readonly NdArray<Floats>[]): boolean {
  const deciding = arrays.filter(({ shape }) => shape.length > 0)
  return deciding.length > 0 && deciding.every(({ values }) => values instanceof Float32Array)
}

/** Gives the elements in single precision: the same array where they are. */
export function toSingles({ values, shape }: NdArray): NdArray<Floats> {
  return values instanceof Float32Array
    ? { values, shape }
    : { values: Float32Array.from(values as ArrayLike<number | bigint>, Number), shape }
}

/** Gives the elements as doubles: the same array where they are. 64-bit integers round past 2^53. */
export function toDoubles({ values, shape }: NdArray): NdArray<Floats> {
  return values instanceof Float64Array
    ? { values, shape }
    : { values: Float64Array.from(values as ArrayLike<number | bigint>, Number), shape }
}

/** Copies elements as a view tells, in the order of the view's rows. */
export function gather<Values extends TensorValues>(values: Values, view: AxisView): NdArray<Values> {
  const { shape, strides } = view
  const make = values.constructor as new (length: number) => Values
  const count = elementCount(shape)
  const result = new make(count)
  const last = shape.length - 1
  const places = new Array<number>(shape.length).fill(0)
  const length = last < 0 ? 1 : (shape[last] as number)
  const step = last < 0 ? 0 : (strides[last] as number)
  let from = view.offset
  for (let at = 0; at < count; ) {
    for (let item = 0; item < length; item += 1) {
      result[at] = values[from + item * step] as never
      at += 1
    }
    for (let axis = last - 1; axis >= 0; axis -= 1) {
      places[axis] = (places[axis] as number) + 1
      from += strides[axis] as number
      if ((places[axis] as number) < (shape[axis] as number)) break
      from -= (strides[axis] as number) * (shape[axis] as number)
      places[axis] = 0
    }
  }
  return { values: result, shape }
}

/** Takes a part of an array. @throws `ARGUMENT` for an index past an axis, or more parts than axes */
export function sliceArray<Values extends TensorValues>(
  array: NdArray<Values>,
  slices: readonly AxisSlice[],
): NdArray<Values> {
  return gather(array.values, sliceView(array.shape, slices).view)
}

/** Changes the order of axes; without one, turns it around. @throws `ARGUMENT` */
export function transpose<Values extends TensorValues>(
  array: NdArray<Values>,
  order: readonly number[] = array.shape.map((_, axis) => array.shape.length - 1 - axis),
): NdArray<Values> {
  const { shape } = array
  const axes = order.map((axis) => checkAxis(axis, shape.length))
  if (axes.length !== shape.length || new Set(axes).size !== shape.length)
    throw new SheafError('ARGUMENT', `An order of axes must name each axis once: [${order.join(', ')}]`)
  const strides = stridesOf(shape)
  return gather(array.values, {
    shape: axes.map((axis) => shape[axis] as number),
    strides: axes.map((axis) => strides[axis] as number),
    offset: 0,
  })
}

/** Gives elements another shape; one size may be -1, what is left. @throws `ARGUMENT` */
export function reshape<Values extends TensorValues>(
  array: NdArray<Values>,
  sizes: readonly number[],
): NdArray<Values> {
  const known = sizes.filter((size) => size !== -1)
  const rest = array.values.length / elementCount(known)
  const shape = sizes.map((size) => (size === -1 ? rest : size))
  const valid = shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  if (valid && sizes.length - known.length <= 1 && elementCount(shape) === array.values.length)
    return { values: array.values, shape }
  throw new SheafError(
    'ARGUMENT',
    `${array.values.length} elements do not have the shape [${sizes.join(', ')}]. Choose sizes whose product they are.`,
  )
}

/** Resolves an axis, negative ones from the end. @throws `ARGUMENT` */
export function checkAxis(axis: number, count: number): number {
  const at = axis < 0 ? axis + count : axis
  if (Number.isInteger(at) && at >= 0 && at < count) return at
  throw new SheafError('ARGUMENT', `There is no such axis. The array has ${count}: ${axis}`)
}
