/**
 * Writes tensors as a Zarr 3 group: `zarr.json` of the group, and for each tensor a folder with its `zarr.json` and its
 * elements as one chunk `c/0/…/0`, little-endian, uncompressed.
 *
 * @see https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SheafError } from '@sheafdb/core'
import { elementCount } from '../../layout/values.ts'
import type { TensorToWrite } from '../safetensors/file.ts'

const NAME = /^(?!__)(?!\.+$)[^/\\:*?"<>|\p{Cc}]{1,200}$/u

/** Writes a folder beside its place, then moves it there. @throws `ALREADY_EXISTS`, `ARGUMENT` for a name that no node can have */
export function writeZarr(path: string, tensors: readonly TensorToWrite[]): void {
  if (existsSync(path))
    throw new SheafError(
      'ALREADY_EXISTS',
      `There is something at this path already. Remove it, or choose another: ${path}`,
    )
  for (const tensor of tensors) checkTensor(tensor)
  const beside = `${path}.${process.pid}.part`
  try {
    rmSync(beside, { recursive: true, force: true })
    writeJson(beside, { zarr_format: 3, node_type: 'group', attributes: {} })
    for (const tensor of tensors) writeArray(join(beside, tensor.name), tensor)
    renameSync(beside, path)
  } catch (cause) {
    rmSync(beside, { recursive: true, force: true })
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

function writeJson(folder: string, metadata: object): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'zarr.json'), JSON.stringify(metadata, null, 2))
}

function writeArray(folder: string, { dtype, shape, bytes }: TensorToWrite): void {
  writeJson(folder, {
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: dtype.name,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: shape.map((size) => Math.max(1, size)) } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: dtype.name === 'bool' ? false : 0,
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    attributes: {},
  })
  if (elementCount(shape) === 0) return
  const chunk = join(folder, 'c', ...shape.map(() => '0'))
  mkdirSync(dirname(chunk), { recursive: true })
  writeFileSync(chunk, bytes)
}
