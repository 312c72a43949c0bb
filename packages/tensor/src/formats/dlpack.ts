import { SheafError } from '@sheafdb/core'
import { gather } from '../compute/nd-array.ts'
import { stridesOf } from '../compute/slice-view.ts'
import { type DType, type DTypeDescription, dtypeNamed, type TensorValues } from '../layout/dtype.ts'
import { bytesToValues, checkShape, elementCount } from '../layout/values.ts'
import { managedAddress, takeManaged } from './dlpack-native.ts'
import type { DLPackCapsule, DLPackTensor } from './dlpack-tensor.ts'

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

/** Describes a tensor, over its own bytes where they are aligned. @throws `UNSUPPORTED` for a dtype that DLPack does not have */
export function toDLPack(tensor: {
  readonly bytes: Uint8Array
  readonly shape: readonly number[]
  readonly dtype: DType
}): DLPackCapsule {
  const dtype = dtypeNamed(tensor.dtype)
  if (dtype.isPacked)
    throw new SheafError('UNSUPPORTED', `DLPack has no type ${dtype.name}. Use the bytes that get gives.`)
  const isAligned = tensor.bytes.byteOffset % (dtype.bits / 8) === 0
  const described: DLPackTensor = {
    data: isAligned ? tensor.bytes : Uint8Array.from(tensor.bytes),
    device: { deviceType: 1, deviceId: 0 },
    dtype: { code: codeOf(dtype), bits: dtype.bits, lanes: 1 },
    shape: tensor.shape,
    strides: stridesOf(tensor.shape),
    byteOffset: 0,
  }
  let address: bigint | null | undefined
  return Object.defineProperty(described, 'address', {
    get: () => {
      if (address === undefined) address = managedAddress(described)
      return address
    },
  }) as DLPackCapsule
}

/**
 * Reads a tensor that is described so, or the one at an address of a `DLManagedTensorVersioned`, whose deleter is then
 * called.
 *
 * @throws `ARGUMENT`, `UNSUPPORTED` for another device or dtype, `MISSING_DEPENDENCY` for an address without koffi
 */
export function fromDLPack(capsule: DLPackTensor | bigint): {
  readonly values: TensorValues
  readonly shape: readonly number[]
  readonly dtype: DType
} {
  return typeof capsule === 'bigint' ? takeManaged(capsule, readDescribed) : readDescribed(capsule)
}

function readDescribed(capsule: DLPackTensor): ReturnType<typeof fromDLPack> {
  const { data, shape, dtype, byteOffset = 0 } = capsule ?? {}
  if (!ArrayBuffer.isView(data) || !Array.isArray(shape) || typeof dtype !== 'object')
    throw new SheafError(
      'ARGUMENT',
      'A DLPack tensor has data (a typed array), shape and dtype. Give all three.',
    )
  checkShape(shape)
  const name = DTYPES.find((each) => {
    const known = dtypeNamed(each)
    return codeOf(known) === dtype.code && known.bits === dtype.bits && dtype.lanes === 1
  })
  if (name === undefined || capsule.device?.deviceType !== 1)
    throw new SheafError(
      'UNSUPPORTED',
      'Only tensors on the CPU, of one lane and a known type, can be taken. Copy it into such a one.',
    )
  const strides = capsule.strides ?? stridesOf(shape)
  const last = lastElement(shape, strides)
  const itemBytes = dtype.bits / 8
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).subarray(byteOffset)
  const size = elementCount(shape) === 0 ? 0 : (last + 1) * itemBytes
  if (bytes.length < size)
    throw new SheafError(
      'ARGUMENT',
      `The data has fewer bytes than the shape needs: ${bytes.length}, not ${size}`,
    )
  const values = bytesToValues(bytes.subarray(0, size), dtypeNamed(name))
  return { values: gather(values, { shape, strides, offset: 0 }).values, shape: [...shape], dtype: name }
}

/** Finds the place of the last element. @throws `ARGUMENT` for strides that cannot be */
function lastElement(shape: readonly number[], strides: readonly number[]): number {
  const areStrides =
    strides.length === shape.length && strides.every((stride) => Number.isSafeInteger(stride) && stride >= 0)
  if (!areStrides)
    throw new SheafError(
      'ARGUMENT',
      'The strides must be integers of at least 0, one an axis. Copy it in the order of rows.',
    )
  return shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] as number), 0)
}
