import type { DType, TensorValues } from '../layout/dtype.ts'

/** Is an array of a file or of another library, read whole, in the order of rows. */
export type FileArray = {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly values: TensorValues
}
