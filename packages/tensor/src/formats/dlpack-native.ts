/**
 * Lays out a tensor as DLPack's C structures of version 1, for native code in the same process.
 *
 * | offset | size | field of DLManagedTensorVersioned |
 * |---|---|---|
 * | 0 | 4, 4 | version: major 1, minor 1 |
 * | 8 | 8 | manager_ctx: not used |
 * | 16 | 8 | deleter: a function of the structure's address |
 * | 24 | 8 | flags: 1, read only |
 * | 32 | 8 | data |
 * | 40 | 4, 4 | device: type 1 (CPU), id 0 |
 * | 48 | 4 | ndim |
 * | 52 | 1, 1, 2 | dtype: code, bits, lanes |
 * | 56 | 8 | shape: ndim int64 |
 * | 64 | 8 | strides: ndim int64, or 0 |
 * | 72 | 8 | byte_offset |
 *
 * The structure, its shape and strides are one buffer, which stays with the bytes until the deleter is called.
 *
 * @see https://github.com/dmlc/dlpack/blob/main/include/dlpack/dlpack.h
 */
import { createRequire } from 'node:module'
import { SheafError } from '@sheafdb/core'
import type { DLPackTensor } from './dlpack-tensor.ts'

const MAJOR = 1
const STRUCT_BYTES = 80
const READ_ONLY = 1n
const CPU = 1

type Koffi = {
  proto(definition: string): unknown
  pointer(type: unknown): unknown
  register(callback: (address: unknown) => void, type: unknown): bigint
  call(address: bigint, type: unknown, ...args: unknown[]): unknown
  address(value: unknown): bigint
  view(address: bigint, sizeBytes: number): ArrayBuffer
}

type Native = { readonly koffi: Koffi; readonly deleterType: unknown; readonly deleter: bigint }

/** Holds what was given out, by the address of its structure, until its deleter is called. */
const given = new Map<bigint, { readonly struct: Uint8Array; readonly data: Uint8Array }>()

let native: Native | null | undefined

function load(): Native | null {
  if (native !== undefined) return native
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi
    const deleterType = koffi.proto('void SheafDLPackDeleter(void *self)')
    const deleter = koffi.register((self) => {
      given.delete(koffi.address(self))
    }, koffi.pointer(deleterType))
    native = { koffi, deleterType, deleter }
  } catch {
    native = null // An optional package: tensors are then described, and have no address.
  }
  return native
}

/** Counts the tensors that were given out and not deleted yet. */
export function givenCount(): number {
  return given.size
}

/** Makes the structure of a tensor and gives its address; `null` without koffi. */
export function managedAddress(tensor: DLPackTensor): bigint | null {
  const loaded = load()
  if (loaded === null) return null
  const { koffi, deleter } = loaded
  const axes = tensor.shape.length
  const struct = new Uint8Array(STRUCT_BYTES + 16 * axes)
  const address = koffi.address(struct)
  const view = new DataView(struct.buffer)
  view.setUint32(0, MAJOR, true)
  view.setUint32(4, 1, true)
  view.setBigUint64(16, deleter, true)
  view.setBigUint64(24, READ_ONLY, true)
  view.setBigUint64(32, tensor.data.length === 0 ? 0n : koffi.address(tensor.data), true)
  view.setInt32(40, CPU, true)
  view.setInt32(48, axes, true)
  view.setUint8(52, tensor.dtype.code)
  view.setUint8(53, tensor.dtype.bits)
  view.setUint16(54, tensor.dtype.lanes, true)
  view.setBigUint64(56, address + BigInt(STRUCT_BYTES), true)
  view.setBigUint64(64, address + BigInt(STRUCT_BYTES + 8 * axes), true)
  view.setBigUint64(72, BigInt(tensor.byteOffset), true)
  for (let axis = 0; axis < axes; axis += 1) {
    view.setBigInt64(STRUCT_BYTES + 8 * axis, BigInt(tensor.shape[axis] as number), true)
    view.setBigInt64(STRUCT_BYTES + 8 * (axes + axis), BigInt(tensor.strides?.[axis] ?? 0), true)
  }
  given.set(address, { struct, data: tensor.data })
  return address
}

const MAX_AXES = 64

/** Reads the tensor at an address, over its own bytes, then calls its deleter. @throws `MISSING_DEPENDENCY`, `ARGUMENT` */
export function takeManaged<Result>(address: bigint, read: (tensor: DLPackTensor) => Result): Result {
  const loaded = load()
  if (loaded === null)
    throw new SheafError(
      'MISSING_DEPENDENCY',
      'A tensor at an address is read by the package koffi. Install koffi.',
    )
  if (address <= 0n) throw new SheafError('ARGUMENT', `There is no tensor at this address: ${address}`)
  const { koffi, deleterType } = loaded
  const view = new DataView(koffi.view(address, STRUCT_BYTES))
  if (view.getUint32(0, true) !== MAJOR)
    throw new SheafError('UNSUPPORTED', `Only DLPack of version 1 can be taken: ${view.getUint32(0, true)}`)
  try {
    return read(describe(koffi, view))
  } finally {
    const deleter = view.getBigUint64(16, true)
    if (deleter !== 0n) koffi.call(deleter, deleterType, address)
  }
}

function describe(koffi: Koffi, view: DataView): DLPackTensor {
  const axes = view.getInt32(48, true)
  if (axes < 0 || axes > MAX_AXES)
    throw new SheafError('ARGUMENT', `A tensor has at most ${MAX_AXES} axes: ${axes}`)
  const numbers = (at: number): number[] => {
    if (axes === 0) return []
    return Array.from(new BigInt64Array(koffi.view(view.getBigUint64(at, true), axes * 8)), Number)
  }
  const shape = numbers(56)
  const strides = view.getBigUint64(64, true) === 0n ? null : numbers(64)
  const bits = view.getUint8(53)
  const byteOffset = Number(view.getBigUint64(72, true))
  const isEmpty = shape.includes(0)
  const last = shape.reduce(
    (sum, size, axis) => sum + (size - 1) * (strides?.[axis] ?? elementsBelow(shape, axis)),
    0,
  )
  const size = isEmpty ? 0 : byteOffset + Math.ceil(((last + 1) * bits) / 8)
  const data = size === 0 ? new Uint8Array(0) : new Uint8Array(koffi.view(view.getBigUint64(32, true), size))
  return {
    data,
    device: { deviceType: view.getInt32(40, true) as 1, deviceId: view.getInt32(44, true) as 0 },
    dtype: { code: view.getUint8(52), bits, lanes: view.getUint16(54, true) as 1 },
    shape,
    strides,
    byteOffset,
  }
}

function elementsBelow(shape: readonly number[], axis: number): number {
  return shape.slice(axis + 1).reduce((product, size) => product * size, 1)
}
