import { SheafError } from '@sheafdb/core'
import type { AxisSlice } from '../language/syntax.ts'
import type { TensorValues } from '../layout/dtype.ts'
import { elementCount } from '../layout/values.ts'

/** Is elements in the order of rows, with their shape. */
export type NdArray<Values extends TensorValues = TensorValues> = {
  readonly values: Values
  readonly shape: readonly number[]
}

const MAX_ELEMENTS = 2 ** 28

/** Makes an array of zeros. @throws `LIMIT` where it would be too large */
export function zeros(shape: readonly number[]): NdArray<Float64Array> {
  const count = elementCount(shape)
  if (count > MAX_ELEMENTS) {
    throw new SheafError(
      'LIMIT',
      `A result would have more than ${MAX_ELEMENTS} elements. Slice or reduce first: [${shape.join(', ')}]`,
    )
  }
  return { values: new Float64Array(count), shape }
}

/** Makes an array of one number. */
export function scalar(value: number): NdArray<Float64Array> {
  return { values: Float64Array.of(value), shape: [] }
}

/** Gives the elements as doubles: the same array where they are. 64-bit integers round past 2^53. */
export function toDoubles({ values, shape }: NdArray): NdArray<Float64Array> {
  return values instanceof Float64Array
    ? { values, shape }
    : { values: Float64Array.from(values as ArrayLike<number | bigint>, Number), shape }
}

/** Counts the elements from one place of an axis to the next, by axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    strides[axis] = stride
    stride *= shape[axis] as number
  }
  return strides
}

/** Says where the elements of a result are: the result's shape, a step by axis and the first place. */
export type View = {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/** Copies elements as a view tells, in the order of the view's rows. */
export function gather<Values extends TensorValues>(values: Values, view: View): NdArray<Values> {
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
  const { shape } = array
  const used = slices.filter((slice) => slice.kind === 'index' || slice.kind === 'range').length
  if (used > shape.length) {
    throw new SheafError(
      'ARGUMENT',
      `A slice has more parts than the array has axes: ${used}, and the shape is [${shape.join(', ')}]`,
    )
  }
  const strides = stridesOf(shape)
  const view = { shape: [] as number[], strides: [] as number[], offset: 0 }
  let axis = 0
  const keep = (count: number) => {
    for (let left = count; left > 0; left -= 1, axis += 1) {
      view.shape.push(shape[axis] as number)
      view.strides.push(strides[axis] as number)
    }
  }
  for (const slice of slices) {
    if (slice.kind === 'ellipsis') keep(shape.length - used)
    else if (slice.kind === 'new-axis') {
      view.shape.push(1)
      view.strides.push(0)
    } else {
      const places = placesOf(slice, shape[axis] as number, axis)
      view.offset += places.start * (strides[axis] as number)
      if (slice.kind === 'range') {
        view.shape.push(places.count)
        view.strides.push(places.step * (strides[axis] as number))
      }
      axis += 1
    }
  }
  keep(shape.length - axis)
  return gather(array.values, view)
}

/** Finds the places of an axis that a slice takes, as NumPy does: negative ones count from the end, bounds are cut. */
export function placesOf(
  slice: Extract<AxisSlice, { kind: 'index' | 'range' }>,
  size: number,
  axis: number,
): { readonly start: number; readonly step: number; readonly count: number } {
  if (slice.kind === 'index') {
    const at = slice.at < 0 ? slice.at + size : slice.at
    if (at >= 0 && at < size) return { start: at, step: 1, count: 1 }
    throw new SheafError(
      'ARGUMENT',
      `An index is out of its axis: ${slice.at} of axis ${axis}, which has ${size}`,
    )
  }
  const { step } = slice
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1]
  const cut = (bound: number | null, open: number) =>
    bound === null ? open : Math.min(Math.max(bound < 0 ? bound + size : bound, low), high)
  const start = cut(slice.start, step > 0 ? 0 : size - 1)
  const stop = cut(slice.stop, step > 0 ? size : -1)
  const count = Math.max(0, Math.ceil((stop - start) / step))
  return { start: count === 0 ? 0 : start, step, count }
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
