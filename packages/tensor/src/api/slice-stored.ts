import { sliceArray } from '../compute/nd-array.ts'
import { sliceView } from '../compute/slice-view.ts'
import { readView } from '../formats/strided-read.ts'
import type { AxisSlice } from '../language/syntax.ts'
import { dtypeNamed } from '../layout/dtype.ts'
import { elementCount, ownedValues } from '../layout/values.ts'
import { sliceReference } from './references.ts'
import type { StoredTensor } from './rows.ts'
import type { TensorSlice } from './stored-tensors.ts'

/**
 * Takes a part of a tensor: of its bytes, wherever they are, only those that hold the part are looked at, and `onRead` is
 * told how many these are.
 */
export async function sliceStored(
  stored: StoredTensor,
  slices: readonly AxisSlice[],
  onRead: (bytes: number) => void = () => {},
): Promise<TensorSlice> {
  const dtype = dtypeNamed(stored.dtype)
  if (stored.source !== null) {
    const { bytesRead, ...part } = await sliceReference(stored, stored.source, slices)
    onRead(bytesRead)
    return { ...part, dtype: dtype.name }
  }
  if (dtype.isPacked || stored.isNarrow) {
    const array = sliceArray({ values: stored.values(), shape: stored.shape }, slices)
    onRead((elementCount(stored.shape) * dtype.bits) / 8)
    return { ...array, dtype: dtype.name }
  }
  const { view, shape } = sliceView(stored.shape, slices)
  const bytes = stored.bytes()
  const read = (start: number, size: number) => {
    const part = bytes.subarray(start, start + size)
    onRead(part.length)
    return part
  }
  return { values: ownedValues(readView(read, view, dtype.bits / 8), dtype), shape, dtype: dtype.name }
}
