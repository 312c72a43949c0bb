import { SheafError } from '@sheafdb/core'
import { elementCount } from '../layout/values.ts'
import { broadcastShape, broadcastTo } from './elementwise.ts'
import { type NdArray, reshape, zeros } from './nd-array.ts'

type Doubles = NdArray<Float64Array>

/** Multiplies matrices of `[batch, rows, inner]` by `[batch, inner, columns]`. */
export function multiplyBatches(
  left: Float64Array,
  right: Float64Array,
  sizes: { readonly batch: number; readonly rows: number; readonly inner: number; readonly columns: number },
): Float64Array {
  const { batch, rows, inner, columns } = sizes
  const result = zeros([batch, rows, columns]).values
  for (let which = 0; which < batch; which += 1) {
    const rightStart = which * inner * columns
    for (let row = 0; row < rows; row += 1) {
      const target = (which * rows + row) * columns
      // Over whole rows of the right matrix: its elements, and the result's, are read in the order they stand in.
      for (let item = 0; item < inner; item += 1) {
        const factor = left[(which * rows + row) * inner + item] as number
        const source = rightStart + item * columns
        for (let column = 0; column < columns; column += 1)
          result[target + column] =
            (result[target + column] as number) + factor * (right[source + column] as number)
      }
    }
  }
  return result
}

/** Multiplies matrices, as NumPy's `@` does: vectors are rows or columns, axes before the last two are stretched. */
export function matmul(left: Doubles, right: Doubles): Doubles {
  if (left.shape.length === 0 || right.shape.length === 0)
    throw new SheafError('ARGUMENT', 'Matrices are multiplied by @, numbers by *.')
  const a = left.shape.length === 1 ? reshape(left, [1, -1]) : left
  const b = right.shape.length === 1 ? reshape(right, [-1, 1]) : right
  const [rows, inner] = a.shape.slice(-2) as [number, number]
  const [depth, columns] = b.shape.slice(-2) as [number, number]
  if (inner !== depth) {
    throw new SheafError(
      'ARGUMENT',
      `Matrices of these shapes cannot be multiplied. The inner sizes must be equal: [${left.shape.join(', ')}] and [${right.shape.join(', ')}]`,
    )
  }
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const values = multiplyBatches(
    broadcastTo(a, [...batch, rows, inner]).values,
    broadcastTo(b, [...batch, inner, columns]).values,
    { batch: elementCount(batch), rows, inner, columns },
  )
  const tail = [...(left.shape.length === 1 ? [] : [rows]), ...(right.shape.length === 1 ? [] : [columns])]
  return { values, shape: [...batch, ...tail] }
}
