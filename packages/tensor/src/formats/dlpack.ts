import { SheafError } from '@sheafdb/core'
import { stridesOf } from '../compute/nd-array.ts'
import { type DType, type DTypeDescription, dtypeNamed, type TensorValues } from '../layout/dtype.ts'
import { bytesToValues, elementCount, valuesToBytes } from '../layout/values.ts'

/**
 * Is a tensor as DLPack describes one, as a JavaScript object: the fields of `DLTensor`, `data` being the bytes
 * themselves. There is no address in it: it goes between libraries of one process that take it as it is.
 *
 * @see https://dmlc.github.io/dlpack/latest/c_api.html
 */
export type DLPackTensor = {
  /** Little-endian elements, from the start of a buffer of their own. */
  readonly data: Uint8Array
  /** The CPU, the only device. */
  readonly device: { readonly deviceType: 1; readonly deviceId: 0 }
  readonly dtype: { readonly code: number; readonly bits: number; readonly lanes: 1 }
  readonly shape: readonly number[]
  /** Elements from one place of an axis to the next; without them, in the order of rows. */
  readonly strides: readonly number[] | null
  readonly byteOffset: number
}

const Code = { int: 0, uint: 1, float: 2, brain: 4, bool: 6 } as const

function codeOf({ name }: DTypeDescription): number {
  if (name === 'bool') return Code.bool
  if (name === 'bfloat16') return Code.brain
  if (name.startsWith('float')) return Code.float
  return name.startsWith('uint') ? Code.uint : Code.int
}

const DTYPES: readonly DType[] = [
  'bool',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float16',
  'bfloat16',
  'float32',
  'float64',
]

/** Describes a tensor. @throws `UNSUPPORTED` for a dtype that DLPack does not have */
export function toDLPack(tensor: {
  readonly values: TensorValues
  readonly shape: readonly number[]
  readonly dtype: DType
}): DLPackTensor {
  const dtype = dtypeNamed(tensor.dtype)
  if (dtype.isPacked)
    throw new SheafError('UNSUPPORTED', `DLPack has no type ${dtype.name}. Use the bytes that get gives.`)
  return {
    data: valuesToBytes(tensor.values, dtype).slice(),
    device: { deviceType: 1, deviceId: 0 },
    dtype: { code: codeOf(dtype), bits: dtype.bits, lanes: 1 },
    shape: tensor.shape,
    strides: stridesOf(tensor.shape),
    byteOffset: 0,
  }
}

/** Reads a tensor that is described so. @throws `ARGUMENT`, `UNSUPPORTED` for another device, dtype or order of elements */
export function fromDLPack(capsule: DLPackTensor): {
  readonly values: TensorValues
  readonly shape: readonly number[]
  readonly dtype: DType
} {
  const { data, shape, dtype, byteOffset = 0 } = capsule
  if (!ArrayBuffer.isView(data) || !Array.isArray(shape) || typeof dtype !== 'object')
    throw new SheafError(
      'ARGUMENT',
      'A DLPack tensor has data (a typed array), shape and dtype. Give all three.',
    )
  const name = DTYPES.find((each) => {
    const known = dtypeNamed(each)
    return codeOf(known) === dtype.code && known.bits === dtype.bits && dtype.lanes === 1
  })
  const strides = stridesOf(shape)
  const inRows =
    capsule.strides?.every((stride, axis) => stride === strides[axis] || shape[axis] === 1) ?? true
  if (name === undefined || !inRows || capsule.device?.deviceType !== 1) {
    throw new SheafError(
      'UNSUPPORTED',
      'Only tensors on the CPU, of one lane and a known type, in the order of rows can be taken. Copy it into such a one.',
    )
  }
  const size = (elementCount(shape) * dtype.bits) / 8
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).subarray(
    byteOffset,
    byteOffset + size,
  )
  if (bytes.length !== size)
    throw new SheafError(
      'ARGUMENT',
      `The data has fewer bytes than the shape needs: ${bytes.length}, not ${size}`,
    )
  return { values: bytesToValues(bytes, dtypeNamed(name)), shape, dtype: name }
}
