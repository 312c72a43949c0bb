import { SheafError } from '@sheafdb/core'
import type { AxisSlice } from '../language/syntax.ts'

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
export type AxisView = {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/** Finds where the elements of a part of an array are. @throws `ARGUMENT` for an index past an axis, or more parts than axes */
export function sliceView(
  shape: readonly number[],
  slices: readonly AxisSlice[],
): { readonly view: AxisView; readonly shape: readonly number[] } {
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
  return { view, shape: view.shape }
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
