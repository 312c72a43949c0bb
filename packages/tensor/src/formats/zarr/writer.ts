/**
 * Writes tensors as a Zarr group, uncompressed, little-endian. Of version 3: `zarr.json` of the group, and for each
 * tensor a folder with its `zarr.json` and its chunks `c/0/…/0`. Of version 2: `.zgroup`, `.zarray` and chunks `0.….0`.
 * Without `chunks` a tensor is one chunk; chunks at the end of an axis are filled up with zeros, as both versions say.
 *
 * @see https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SheafError } from '@sheafdb/core'
import { sliceView } from '../../compute/slice-view.ts'
import type { DTypeDescription } from '../../layout/dtype.ts'
import { elementCount } from '../../layout/values.ts'
import type { TensorToWrite } from '../safetensors/file.ts'
import { readView } from '../strided-read.ts'

const NAME = /^(?!__)(?!\.+$)[^/\\:*?"<>|\p{Cc}]{1,200}$/u

/** Says how a group is laid out: its version, 3 where nothing is said, and the largest size of a chunk along each axis. */
export type ZarrExport = { readonly version?: 2 | 3; readonly chunks?: readonly number[] }

/** Writes a folder beside its place, then moves it there. @throws `ALREADY_EXISTS`, `ARGUMENT` for a name that no node can have */
export function writeZarr(path: string, tensors: readonly TensorToWrite[], options: ZarrExport): void {
  if (existsSync(path))
    throw new SheafError(
      'ALREADY_EXISTS',
      `There is something at this path already. Remove it, or choose another: ${path}`,
    )
  const { version = 3, chunks } = options
  if (version !== 2 && version !== 3)
    throw new SheafError('ARGUMENT', `Zarr is written in version 2 or 3: ${String(version)}`)
  for (const tensor of tensors) checkTensor(tensor)
  const beside = `${path}.${process.pid}.part`
  const layout = version === 3 ? VERSION_3 : VERSION_2
  try {
    rmSync(beside, { recursive: true, force: true })
    writeJson(beside, layout.group)
    for (const tensor of tensors)
      writeArray(join(beside, tensor.name), tensor, layout, chunkShape(tensor, chunks))
    renameSync(beside, path)
  } catch (cause) {
    rmSync(beside, { recursive: true, force: true })
    if (cause instanceof SheafError) throw cause
    const code = (cause as { code?: string }).code === 'ENOSPC' ? 'NO_SPACE' : 'IO'
    throw new SheafError(code, `The Zarr folder cannot be written (${(cause as Error).message}): ${path}`, {
      cause,
      path,
    })
  }
}

function checkTensor({ name, dtype }: TensorToWrite): void {
  if (!NAME.test(name))
    throw new SheafError(
      'ARGUMENT',
      `An id cannot be the name of a Zarr array. Give the tensor another: ${JSON.stringify(name)}`,
    )
  if (dtype.isPacked || dtype.name === 'bfloat16')
    throw new SheafError('UNSUPPORTED', `Zarr has no type ${dtype.name}. Use exportSafetensors: "${name}"`)
}

function chunkShape({ shape }: TensorToWrite, chunks: readonly number[] | undefined): number[] {
  return shape.map((size, axis) => {
    const most = chunks?.[axis] ?? size
    if (!Number.isSafeInteger(most) || most < 0 || (most === 0 && size > 0))
      throw new SheafError('ARGUMENT', `The sizes of a chunk must be integers of at least 1: ${String(most)}`)
    return Math.max(1, Math.min(size, most))
  })
}

type Metadata = { readonly file: string; readonly json: object }
type Layout = {
  readonly group: Metadata
  array(tensor: TensorToWrite, chunks: readonly number[]): Metadata
  chunkPath(places: readonly number[]): string
}

const VERSION_3: Layout = {
  group: { file: 'zarr.json', json: { zarr_format: 3, node_type: 'group', attributes: {} } },
  array: ({ dtype, shape }, chunks) => ({
    file: 'zarr.json',
    json: {
      zarr_format: 3,
      node_type: 'array',
      shape,
      data_type: dtype.name,
      chunk_grid: { name: 'regular', configuration: { chunk_shape: chunks } },
      chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
      fill_value: dtype.name === 'bool' ? false : 0,
      codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
      attributes: {},
    },
  }),
  chunkPath: (places) => join('c', ...places.map(String)),
}

const VERSION_2: Layout = {
  group: { file: '.zgroup', json: { zarr_format: 2 } },
  array: ({ dtype, shape }, chunks) => ({
    file: '.zarray',
    json: {
      zarr_format: 2,
      shape,
      chunks,
      dtype: numpyType(dtype),
      compressor: null,
      fill_value: dtype.name === 'bool' ? false : 0,
      order: 'C',
      filters: null,
    },
  }),
  chunkPath: (places) => (places.length === 0 ? '0' : places.join('.')),
}

function numpyType({ name, bits }: DTypeDescription): string {
  const kind = name === 'bool' ? 'b' : name.startsWith('float') ? 'f' : name.startsWith('uint') ? 'u' : 'i'
  return `${bits === 8 ? '|' : '<'}${kind}${bits / 8}`
}

function writeJson(folder: string, { file, json }: Metadata): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), JSON.stringify(json, null, 2))
}

function writeArray(folder: string, tensor: TensorToWrite, layout: Layout, chunks: readonly number[]): void {
  const { shape, bytes, dtype } = tensor
  writeJson(folder, layout.array(tensor, chunks))
  if (elementCount(shape) === 0) return
  for (const places of chunkPlaces(shape, chunks)) {
    const path = join(folder, layout.chunkPath(places))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, chunkBytes({ shape, bytes, itemBytes: dtype.bits / 8 }, chunks, places))
  }
}

function* chunkPlaces(shape: readonly number[], chunks: readonly number[]): Generator<readonly number[]> {
  const counts = shape.map((size, axis) => Math.ceil(size / (chunks[axis] as number)))
  const total = elementCount(counts)
  for (let number = 0; number < total; number += 1) {
    let rest = number
    const places = new Array<number>(counts.length).fill(0)
    for (let axis = counts.length - 1; axis >= 0; axis -= 1) {
      places[axis] = rest % (counts[axis] as number)
      rest = Math.floor(rest / (counts[axis] as number))
    }
    yield places
  }
}

/** Cuts a chunk out, filled up with zeros to the size of all chunks. */
function chunkBytes(
  array: { readonly shape: readonly number[]; readonly bytes: Uint8Array; readonly itemBytes: number },
  chunks: readonly number[],
  places: readonly number[],
): Uint8Array {
  const { shape, bytes, itemBytes } = array
  const slices = places.map((place, axis) => {
    const size = chunks[axis] as number
    return { kind: 'range', start: place * size, stop: (place + 1) * size, step: 1 } as const
  })
  const { view, shape: cut } = sliceView(shape, slices)
  const own = readView((start, size) => bytes.subarray(start, start + size), view, itemBytes)
  if (cut.every((size, axis) => size === chunks[axis])) return own
  const whole = new Uint8Array(elementCount(chunks) * itemBytes)
  const run = (cut.at(-1) ?? 1) * itemBytes
  const rows = elementCount(cut.slice(0, -1))
  for (let row = 0; row < rows; row += 1)
    whole.set(own.subarray(row * run, (row + 1) * run), rowPlace(cut, chunks, row) * itemBytes)
  return whole
}

/** Finds where a row of a part that was cut out begins in its chunk. */
function rowPlace(cut: readonly number[], chunks: readonly number[], row: number): number {
  let rest = row
  let place = 0
  let stride = chunks.at(-1) ?? 1
  for (let axis = cut.length - 2; axis >= 0; axis -= 1) {
    place += (rest % (cut[axis] as number)) * stride
    rest = Math.floor(rest / (cut[axis] as number))
    stride *= chunks[axis] as number
  }
  return place
}
