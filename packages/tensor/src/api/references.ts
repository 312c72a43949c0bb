import { resolve } from 'node:path'
import { SheafError } from '@sheafdb/core'
import { type AxisView, sliceView } from '../compute/slice-view.ts'
import { openOutside } from '../formats/outside-file.ts'
import { checksumOf, openSafetensors } from '../formats/safetensors/file.ts'
import { openShards } from '../formats/safetensors/shards.ts'
import { readView } from '../formats/strided-read.ts'
import { isZarr, readZarr, sliceZarr, zarrArrays } from '../formats/zarr/reader.ts'
import { zarrChecksum } from '../formats/zarr/store.ts'
import type { AxisSlice } from '../language/syntax.ts'
import { type DType, dtypeNamed, type TensorValues } from '../layout/dtype.ts'
import { elementCount, ownedValues } from '../layout/values.ts'
import type { NewTensor, TensorSource } from './rows.ts'

/**
 * Tensors that stay in a file are known again by a checksum over their bytes. Behind an `@` it may say how the file was
 * when they were attached, its size and time, and where in it the bytes begin: while the file is as it was, a part of
 * them is read alone; else all of them are read and checked.
 */
type KnownPlace = { readonly stamp: string; readonly start: number }

function withPlace(checksum: string, { stamp, start }: KnownPlace): string {
  return stamp === '' ? checksum : `${checksum}@${stamp}:${start}`
}

function placeOf(checksum: string): KnownPlace | null {
  const [stamp, start] = (checksum.split('@')[1] ?? '').split(':')
  return stamp === undefined || start === undefined ? null : { stamp, start: Number(start) }
}

/** Describes what a slice reads. */
export type ReferenceSlice = {
  readonly values: TensorValues
  readonly shape: readonly number[]
  readonly bytesRead: number
}

type Reference = { readonly dtype: DType; readonly shape: readonly number[] }

/** Tells which tensors a file or a folder holds, as they are kept by reference. @throws `CORRUPT`, `NOT_FOUND`, `UNSUPPORTED` */
export async function referencesTo(
  path: string,
): Promise<{ readonly tensors: NewTensor[]; readonly skipped: readonly string[] }> {
  if (isZarr(path)) return zarrReferences(path)
  const files = openShards(path)
  try {
    const tensors = files.flatMap((file) =>
      file.tensors.map((tensor): NewTensor => {
        const checksum = checksumOf(file.read(tensor))
        const source: TensorSource = {
          path: resolve(file.file.path),
          name: tensor.name,
          checksum: withPlace(checksum, { stamp: file.file.stamp, start: tensor.start }),
        }
        const { name, shape } = tensor
        return { id: name, dtype: tensor.dtype.name, shape, values: null, attributes: {}, source }
      }),
    )
    return { tensors, skipped: [] }
  } finally {
    for (const file of files) file.close()
  }
}

async function zarrReferences(path: string): Promise<{ tensors: NewTensor[]; skipped: string[] }> {
  const tensors: NewTensor[] = []
  const skipped: string[] = []
  for (const inside of await zarrArrays(path)) {
    const array = await readZarr(path, inside, { metadataOnly: true })
    if (array === null) {
      skipped.push(inside)
      continue
    }
    const source = { path: resolve(path), name: inside, checksum: await zarrChecksum(path, inside) }
    const { name, dtype, shape } = array
    tensors.push({ id: name, dtype, shape, values: null, attributes: {}, source })
  }
  return { tensors, skipped }
}

/** Reads the elements of a tensor that stays in its file. @throws `CORRUPT` where the file is not the one that was referred to */
export async function readReference(stored: Reference, source: TensorSource): Promise<TensorValues> {
  if (!isZarr(source.path)) return readReferenceSync(stored, source)
  await checkZarr(source)
  const array = await readZarr(source.path, source.name)
  if (array === null || array.dtype !== stored.dtype) throw changed(source)
  return array.values
}

/** Reads the elements at once. @throws `UNSUPPORTED` for Zarr, which is only read asynchronously */
export function readReferenceSync(stored: Reference, source: TensorSource): TensorValues {
  if (isZarr(source.path))
    throw new SheafError('UNSUPPORTED', `A tensor in a Zarr array is read by get or slice: "${source.name}"`)
  const dtype = dtypeNamed(stored.dtype)
  const known = readKnown(stored, source)
  if (known !== null) return ownedValues(known, dtype)
  const file = openSafetensors(source.path)
  try {
    const tensor = file.tensors.find((candidate) => candidate.name === source.name)
    const bytes = tensor === undefined ? undefined : file.read(tensor)
    if (bytes === undefined || checksumOf(bytes) !== source.checksum.split('@')[0]) throw changed(source)
    return ownedValues(bytes, dtype)
  } finally {
    file.close()
  }
}

/** Reads bytes from where they were known to be; `null` where the file may be another by now. */
function readKnown(stored: Reference, source: TensorSource): Uint8Array | null {
  const place = placeOf(source.checksum)
  if (place === null) return null
  const file = openOutside(source.path)
  try {
    if (file.stamp !== place.stamp) return null
    return file.read(place.start, (elementCount(stored.shape) * dtypeNamed(stored.dtype).bits) / 8)
  } finally {
    file.close()
  }
}

/** Reads a part of a tensor that stays in its file: while the file is as it was, only the bytes of that part. */
export async function sliceReference(
  stored: Reference,
  source: TensorSource,
  slices: readonly AxisSlice[],
): Promise<ReferenceSlice> {
  const dtype = dtypeNamed(stored.dtype)
  const { view, shape } = sliceView(stored.shape, slices)
  if (isZarr(source.path)) {
    await checkZarr(source)
    return sliceZarr(source.path, source.name, { slices, dtype: stored.dtype, shape: stored.shape })
  }
  const part = dtype.bits % 8 === 0 ? readPart(source, view, dtype.bits / 8) : null
  if (part !== null) return { values: ownedValues(part.bytes, dtype), shape, bytesRead: part.bytesRead }
  const values = readReferenceSync(stored, source)
  if (dtype.isPacked)
    throw new SheafError('UNSUPPORTED', `Elements of ${dtype.name} are read whole, by get: "${source.name}"`)
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const size = values.BYTES_PER_ELEMENT
  const picked = readView((start, count) => bytes.subarray(start, start + count), view, size)
  const make = values.constructor as new (buffer: ArrayBuffer) => TensorValues
  return { values: new make(picked.buffer), shape, bytesRead: (elementCount(stored.shape) * dtype.bits) / 8 }
}

function readPart(
  source: TensorSource,
  view: AxisView,
  itemBytes: number,
): { readonly bytes: Uint8Array; readonly bytesRead: number } | null {
  const place = placeOf(source.checksum)
  if (place === null) return null
  const file = openOutside(source.path)
  try {
    if (file.stamp !== place.stamp) return null
    const read = (start: number, size: number) =>
      file.read(place.start + start, Math.min(size, file.sizeBytes - place.start - start))
    return { bytes: readView(read, view, itemBytes), bytesRead: file.bytesRead() }
  } finally {
    file.close()
  }
}

async function checkZarr(source: TensorSource): Promise<void> {
  const found = await zarrChecksum(source.path, source.name, source.checksum)
  if (found !== source.checksum && found.split('@')[0] !== source.checksum.split('@')[0])
    throw changed(source)
}

function changed(source: TensorSource): SheafError {
  return new SheafError(
    'CORRUPT',
    `A tensor in a file outside the store has changed since it was attached. Attach the file again: "${source.name}" in ${source.path}`,
    { path: source.path },
  )
}
