import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isSheafError, SheafError } from '@sheafdb/core'
import { gather, sliceArray } from '../../compute/nd-array.ts'
import { placesOf, sliceView } from '../../compute/slice-view.ts'
import type { AxisSlice } from '../../language/syntax.ts'
import { type DType, dtypeNamed, type TensorValues } from '../../layout/dtype.ts'
import type { FileArray } from '../file-array.ts'
import { type Library, openZarr, type ZarrStore } from './store.ts'

type Chunks = {
  readonly data: Iterable<number | bigint | boolean> & { readonly length: number }
  readonly shape: readonly number[]
  readonly stride: readonly number[]
}

const NUMBERS: ReadonlySet<string> = new Set([
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
  'float32',
  'float64',
])

/** Tells whether a path is a Zarr store: a folder, or a ZIP file of one. */
export function isZarr(path: string): boolean {
  return path.endsWith('.zip') || (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)
}

/** Finds the arrays of a store, as paths inside it; `''` where the store itself is one. @throws `NOT_FOUND`, `CORRUPT` */
export async function zarrArrays(path: string): Promise<string[]> {
  const { nodes } = await openZarr(path)
  const found = await nodes()
  if (found.length > 0) return found.sort()
  throw new SheafError(
    'CORRUPT',
    `There is no Zarr array in it (.zarray or zarr.json). Check the path: ${path}`,
    { path },
  )
}

/** Reads an array; `null` where its elements are no numbers. @throws `MISSING_DEPENDENCY`, `CORRUPT`, `UNSUPPORTED` */
export async function readZarr(
  path: string,
  inside: string,
  options: { readonly metadataOnly?: boolean } = {},
): Promise<FileArray | null> {
  const { zarr, store } = await openZarr(path)
  try {
    const array = await openArray(zarr, store, inside)
    if (!NUMBERS.has(array.dtype)) return null
    const name = inside === '' ? basename(path).replace(/(\.zarr)?(\.zip)?$/, '') : inside
    const dtype = array.dtype as DType
    if (options.metadataOnly === true || array.shape.includes(0))
      return { name, dtype, shape: array.shape, values: new (dtypeNamed(dtype).makeArray)(0) }
    const read = (await zarr.get(array)) as Chunks | number | bigint | boolean
    return { name, ...inRows(chunksOf(read), dtype) }
  } catch (error) {
    throw readError(join(path, inside), error)
  }
}

/** Reads a part of an array: only the chunks that hold it. @throws as {@link readZarr} */
export async function sliceZarr(
  path: string,
  inside: string,
  part: { readonly slices: readonly AxisSlice[]; readonly dtype: DType; readonly shape: readonly number[] },
): Promise<{ readonly values: TensorValues; readonly shape: readonly number[]; readonly bytesRead: number }> {
  const { shape } = sliceView(part.shape, part.slices)
  const { dtype } = part
  if (shape.includes(0)) return { values: new (dtypeNamed(dtype).makeArray)(0), shape, bytesRead: 0 }
  const { zarr, store, bytesRead } = await openZarr(path)
  try {
    const array = await openArray(zarr, store, inside)
    const { selection, after } = selectionOf(zarr, part)
    const read = (await zarr.get(array, selection as never)) as Chunks | number | bigint | boolean
    const { values } = sliceArray(inRows(chunksOf(read), dtype), after)
    return { values, shape, bytesRead: bytesRead() }
  } catch (error) {
    throw readError(join(path, inside), error)
  }
}

/** Says what to read along each axis, upwards, and what to do with it then: turn axes around, put new ones in. */
function selectionOf(
  zarr: Library,
  { slices, shape }: { readonly slices: readonly AxisSlice[]; readonly shape: readonly number[] },
): { readonly selection: unknown[]; readonly after: AxisSlice[] } {
  const used = slices.filter(({ kind }) => kind === 'index' || kind === 'range').length
  const selection: unknown[] = []
  const after: AxisSlice[] = []
  const whole = { kind: 'range', start: null, stop: null, step: 1 } as const
  const keep = (count: number) => {
    for (let left = count; left > 0; left -= 1) {
      selection.push(null)
      after.push(whole)
    }
  }
  for (const slice of slices) {
    if (slice.kind === 'ellipsis') keep(shape.length - used)
    else if (slice.kind === 'new-axis') after.push(slice)
    else {
      const axis = selection.length
      const { start, step, count } = placesOf(slice, shape[axis] as number, axis)
      const low = step > 0 ? start : start + (count - 1) * step
      const stride = Math.abs(step)
      selection.push(slice.kind === 'index' ? start : zarr.slice(low, low + (count - 1) * stride + 1, stride))
      if (slice.kind === 'range') after.push({ ...whole, step: Math.sign(step) })
    }
  }
  keep(shape.length - selection.length)
  return { selection, after }
}

function chunksOf(read: Chunks | number | bigint | boolean): Chunks {
  return typeof read === 'object' ? read : { data: [read] as never, shape: [], stride: [] }
}

function openArray(zarr: Library, store: ZarrStore, inside: string) {
  const root = zarr.root(store as never)
  return zarr.open(inside === '' ? root : root.resolve(inside), { kind: 'array' })
}

/** Puts elements in the order of rows, whatever order they were stored in. */
function inRows({ data, shape, stride }: Chunks, dtype: DType): Omit<FileArray, 'name'> {
  const values = new (dtypeNamed(dtype).makeArray)(data.length)
  let at = 0
  for (const value of data) {
    values[at] = (typeof value === 'boolean' ? Number(value) : value) as never
    at += 1
  }
  return { dtype, ...gather(values, { shape, strides: stride, offset: 0 }) }
}

function readError(path: string, error: unknown): SheafError {
  if (isSheafError(error)) return error
  const { name = '', message = String(error) } = error as Error
  const code = /Unsupported|UnknownCodec/.test(name)
    ? 'UNSUPPORTED'
    : /NotFound/.test(name)
      ? 'NOT_FOUND'
      : 'CORRUPT'
  return new SheafError(
    code,
    `The Zarr array cannot be read. Check it with another tool (${message}): ${path}`,
    {
      cause: error,
      path,
    },
  )
}
