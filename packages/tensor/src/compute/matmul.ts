import { SheafError } from '@sheafdb/core'
import { elementCount } from '../layout/values.ts'
import { broadcastShape, broadcastTo } from './elementwise.ts'
import { type Floats, product } from './kernels.ts'
import { type NdArray, reshape, zeros } from './nd-array.ts'

type Doubles = NdArray<Floats>

/** Multiplies matrices of `[batch, rows, inner]` by `[batch, inner, columns]`. */
export function multiplyBatches(
  left: Floats,
  right: Floats,
  sizes: { readonly batch: number; readonly rows: number; readonly inner: number; readonly columns: number },
): Floats {
  const { batch, rows, inner, columns } = sizes
  const single = left instanceof Float32Array && right instanceof Float32Array
  const { values } = zeros([batch, rows, columns], single)
  const [a, b] = single ? [left, right] : [inDoubles(left), inDoubles(right)]
  for (let which = 0; which < batch; which += 1) {
    const part = (of: Floats, size: number) => of.subarray(which * size, (which + 1) * size)
    product(part(a, rows * inner), part(b, inner * columns), part(values, rows * columns), sizes)
  }
  return values
}

function inDoubles(values: Floats): Floats {
  return values instanceof Float64Array ? values : Float64Array.from(values)
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
