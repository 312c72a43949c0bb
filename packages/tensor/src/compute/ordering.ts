import { SheafError } from '@sheafdb/core'
import { elementCount } from '../layout/values.ts'
import type { Floats } from './kernels.ts'
import { checkAxis, isSingle, type NdArray, transpose, zeros } from './nd-array.ts'

type Doubles = NdArray<Floats>

/** Puts NaN last, as NumPy does. */
function ascending(left: number, right: number): number {
  if (Number.isNaN(left) || Number.isNaN(right))
    return Number(Number.isNaN(left)) - Number(Number.isNaN(right))
  return left - right
}

/** Makes new rows of an axis out of its rows: of `count` elements each. */
function alongAxis(
  array: Doubles,
  axis: number,
  count: number,
  work: (row: Floats) => ArrayLike<number>,
): Doubles {
  const at = checkAxis(axis, array.shape.length)
  const others = array.shape.map((_, each) => each).filter((each) => each !== at)
  const last = transpose(array, [...others, at])
  const size = array.shape[at] as number
  const rows = elementCount(others.map((each) => array.shape[each] as number))
  const { values } = zeros([rows, count], isSingle(array))
  for (let row = 0; row < rows; row += 1)
    values.set(work(last.values.subarray(row * size, (row + 1) * size)), row * count)
  const shape = [...others.map((each) => array.shape[each] as number), count]
  const back = array.shape.map((_, each) => (each === at ? others.length : others.indexOf(each)))
  return transpose({ values, shape }, back)
}

function sizeOf(array: Doubles, axis: number): number {
  return array.shape[checkAxis(axis, array.shape.length)] as number
}

/** Sorts along an axis, upwards. */
export function sortAxis(array: Doubles, axis: number): Doubles {
  return alongAxis(array, axis, sizeOf(array, axis), (row) => row.slice().sort(ascending))
}

function orderOf(row: Floats, isDescending: boolean): number[] {
  const sign = isDescending ? -1 : 1
  const compare = (left: number, right: number): number => {
    const [a, b] = [row[left] as number, row[right] as number]
    return Number.isNaN(a) || Number.isNaN(b) ? ascending(a, b) : sign * (a - b)
  }
  return Array.from(row.keys()).sort((left, right) => compare(left, right) || left - right)
}

/** Gives the places of the elements along an axis in their order, upwards. */
export function argsortAxis(array: Doubles, axis: number): Doubles {
  return alongAxis(array, axis, sizeOf(array, axis), (row) => orderOf(row, false))
}

/** Gives the k greatest along an axis, or their places, the greatest first. @throws `ARGUMENT` for a k that there is not */
export function topAxis(
  array: Doubles,
  options: { readonly k: number; readonly axis: number; readonly places: boolean },
): Doubles {
  const { k, axis, places } = options
  const size = sizeOf(array, axis)
  if (!Number.isInteger(k) || k < 1 || k > size)
    throw new SheafError('ARGUMENT', `k must be an integer from 1 to the ${size} elements of the axis: ${k}`)
  return alongAxis(array, axis, k, (row) => {
    const order = orderOf(row, true).slice(0, k)
    return places ? order : order.map((at) => row[at] as number)
  })
}

/** Sums up along an axis, each element with those before it. */
export function cumulate(array: Doubles, axis: number): Doubles {
  return alongAxis(array, axis, sizeOf(array, axis), (row) => {
    let total = 0
    return row.map((value) => {
      total += value
      return total
    })
  })
}
