import { SheafError } from '@sheafdb/core'
import { type ArithmeticName, arithmetic, type Floats } from './kernels.ts'
import { gather, isSingle, type NdArray, zeros } from './nd-array.ts'
import { stridesOf } from './slice-view.ts'

type Doubles = NdArray<Floats>

/** Finds the shape that two arrays are stretched to, as NumPy does. @throws `ARGUMENT` */
export function broadcastShape(left: readonly number[], right: readonly number[]): number[] {
  const length = Math.max(left.length, right.length)
  return Array.from({ length }, (_, axis) => {
    const a = left[axis - length + left.length] ?? 1
    const b = right[axis - length + right.length] ?? 1
    if (a === b || b === 1) return a
    if (a === 1) return b
    throw new SheafError(
      'ARGUMENT',
      `Arrays of these shapes do not fit each other. Make sizes equal or 1: [${left.join(', ')}] and [${right.join(', ')}]`,
    )
  })
}

/** Stretches an array to a shape: axes of size 1 are repeated. */
export function broadcastTo(array: Doubles, shape: readonly number[]): Doubles {
  if (array.shape.length === shape.length && array.shape.every((size, axis) => size === shape[axis]))
    return array
  const missing = shape.length - array.shape.length
  const own = stridesOf(array.shape)
  const strides = shape.map((_, axis) =>
    axis < missing || array.shape[axis - missing] === 1 ? 0 : (own[axis - missing] as number),
  )
  return gather(array.values, { shape, strides, offset: 0 })
}

/** Computes element by element over two arrays; by a kernel where one is named and none is repeated along an axis. */
export function combine(
  left: Doubles,
  right: Doubles,
  compute: (a: number, b: number) => number,
  kernel?: ArithmeticName,
): Doubles {
  const shape = broadcastShape(left.shape, right.shape)
  const result = zeros(shape, isSingle(left, right))
  if (kernel !== undefined && combineByKernel(kernel, left, right, result)) return result
  const { values } = result
  if (right.values.length === 1 && left.values.length === values.length) {
    const b = right.values[0] as number
    for (let at = 0; at < values.length; at += 1) values[at] = compute(left.values[at] as number, b)
    return result
  }
  const a = broadcastTo(left, shape).values
  const b = broadcastTo(right, shape).values
  for (let at = 0; at < values.length; at += 1) values[at] = compute(a[at] as number, b[at] as number)
  return result
}

function combineByKernel(kernel: ArithmeticName, left: Doubles, right: Doubles, result: Doubles): boolean {
  const operandOf = ({ values, shape }: Doubles): Floats | number | null => {
    if (shape.length === 0) return values[0] as number
    return values.length === result.values.length && values.constructor === result.values.constructor
      ? values
      : null
  }
  const [a, b] = [operandOf(left), operandOf(right)]
  if (a === null || b === null || (typeof a === 'number' && typeof b === 'number')) return false
  arithmetic(kernel, a, b, result.values)
  return true
}

/** Computes element by element over an array. */
export function apply(array: Doubles, compute: (value: number) => number): Doubles {
  const result = zeros(array.shape, isSingle(array))
  const { values } = array
  for (let at = 0; at < values.length; at += 1) result.values[at] = compute(values[at] as number)
  return result
}
