import { SheafError } from '@sheafdb/core'
import { dotOf, type Floats, sumOf } from './kernels.ts'
import { checkAxis, type NdArray, reshape, transpose, zeros } from './nd-array.ts'

type Doubles = NdArray<Floats>

/** Makes one number of the elements from `start` up to `end`. */
export type Reduction = (values: Floats, start: number, end: number) => number

function fold(first: number, step: (state: number, value: number) => number): Reduction {
  return (values, start, end) => {
    let state = first
    for (let at = start; at < end; at += 1) state = step(state, values[at] as number)
    return state
  }
}

const sum: Reduction = sumOf
const mean: Reduction = (values, start, end) => sum(values, start, end) / (end - start)

const variance: Reduction = (values, start, end) => {
  const middle = mean(values, start, end)
  let total = 0
  for (let at = start; at < end; at += 1) total += ((values[at] as number) - middle) ** 2
  return total / (end - start)
}

/** Finds the first place of the value that `isBetter` than all before. */
function best(isBetter: (value: number, than: number) => boolean): Reduction {
  return (values, start, end) => {
    if (start === end) throw new SheafError('ARGUMENT', 'There is no least or greatest of no elements.')
    let found = start
    for (let at = start + 1; at < end; at += 1)
      if (isBetter(values[at] as number, values[found] as number)) found = at
    return found - start
  }
}

const least = best((value, than) => value < than || (Number.isNaN(value) && !Number.isNaN(than)))
const greatest = best((value, than) => value > than || (Number.isNaN(value) && !Number.isNaN(than)))

/** Holds the reductions by their names in expressions. */
export const reductions: ReadonlyMap<string, Reduction> = new Map<string, Reduction>([
  ['sum', sum],
  ['mean', mean],
  ['prod', fold(1, (state, value) => state * value)],
  ['min', (values, start, end) => values[start + least(values, start, end)] as number],
  ['max', (values, start, end) => values[start + greatest(values, start, end)] as number],
  ['argmin', least],
  ['argmax', greatest],
  ['var', variance],
  ['std', (values, start, end) => Math.sqrt(variance(values, start, end))],
  ['norm', (values, start, end) => Math.sqrt(dotOf(values, values, start, end))],
  ['any', fold(0, (state, value) => (state !== 0 || value !== 0 ? 1 : 0))],
  ['all', fold(1, (state, value) => (state !== 0 && value !== 0 ? 1 : 0))],
])

/** Reduces an array along an axis, or whole. */
export function reduce(
  array: Doubles,
  reduction: Reduction,
  options: { readonly axis: number | null; readonly keepAxes: boolean },
): Doubles {
  const { shape } = array
  if (options.axis === null) {
    const value = reduction(array.values, 0, array.values.length)
    return { values: Float64Array.of(value), shape: options.keepAxes ? shape.map(() => 1) : [] }
  }
  const axis = checkAxis(options.axis, shape.length)
  const others = shape.map((_, at) => at).filter((at) => at !== axis)
  const last = transpose(array, [...others, axis])
  const size = shape[axis] as number
  const kept = others.map((at) => shape[at] as number)
  const { values } = zeros(kept)
  for (let row = 0; row < values.length; row += 1)
    values[row] = reduction(last.values, row * size, (row + 1) * size)
  const result = { values, shape: kept }
  return options.keepAxes
    ? reshape(
        result,
        shape.map((each, at) => (at === axis ? 1 : each)),
      )
    : result
}
