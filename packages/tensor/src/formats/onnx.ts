import { SheafError } from '@sheafdb/core'
import { type DType, dtypeNamed, type TensorValues } from '../layout/dtype.ts'
import { bytesToValues, elementCount, toValues } from '../layout/values.ts'

/** Is a tensor as ONNX Runtime has it, in any of its packages: `new ort.Tensor(type, data, dims)`. */
export type OnnxTensor = {
  readonly type: string
  readonly data: ArrayBufferView
  readonly dims: readonly number[]
}

type DataArray = {
  new (buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView
  readonly BYTES_PER_ELEMENT: number
}

/** Holds the array in which ONNX Runtime takes the elements of a dtype: halves as their bits. */
const ARRAYS: Readonly<Partial<Record<DType, DataArray>>> = {
  bool: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
}

/** Describes a tensor: its data a view of the bytes where they are aligned. @throws `UNSUPPORTED` */
export function toOnnx(tensor: {
  readonly bytes: Uint8Array
  readonly shape: readonly number[]
  readonly dtype: DType
}): OnnxTensor {
  const make = ARRAYS[tensor.dtype]
  if (make === undefined)
    throw new SheafError(
      'UNSUPPORTED',
      `ONNX Runtime has no arrays of ${tensor.dtype}. Convert it to float32.`,
    )
  const { buffer, byteOffset, byteLength } =
    tensor.bytes.byteOffset % make.BYTES_PER_ELEMENT === 0 ? tensor.bytes : Uint8Array.from(tensor.bytes)
  const data = new make(buffer, byteOffset, byteLength / make.BYTES_PER_ELEMENT)
  return { type: tensor.dtype, data, dims: [...tensor.shape] }
}

/** Reads a tensor of ONNX Runtime. @throws `ARGUMENT`, `UNSUPPORTED` for text and other types that are no numbers */
export function fromOnnx(tensor: OnnxTensor): {
  readonly values: TensorValues
  readonly shape: readonly number[]
  readonly dtype: DType
} {
  const { type, data, dims } = tensor ?? {}
  if (typeof type !== 'string' || !ArrayBuffer.isView(data) || !Array.isArray(dims))
    throw new SheafError(
      'ARGUMENT',
      'A tensor of ONNX Runtime has type, data (a typed array) and dims. Give all three.',
    )
  if (ARRAYS[type as DType] === undefined)
    throw new SheafError('UNSUPPORTED', `Only tensors of numbers can be taken. Convert it first: ${type}`)
  const dtype = dtypeNamed(type)
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const size = (elementCount(dims) * dtype.bits) / 8
  if (bytes.length !== size)
    throw new SheafError(
      'ARGUMENT',
      `The data has other bytes than its dims need: ${bytes.length}, not ${size}`,
    )
  const values = toValues(bytesToValues(bytes, dtype), dtype, dims)
  return { values, shape: [...dims], dtype: dtype.name }
}
