import { resolve } from 'node:path'
import { SheafError } from '@sheafdb/core'
import {
  checksumOf,
  openSafetensors,
  type SafetensorsFile,
  type TensorToWrite,
} from '../formats/safetensors/file.ts'
import type { FileTensor } from '../formats/safetensors/header.ts'
import type { ZarrArray } from '../formats/zarr/reader.ts'
import { type DType, dtypeNamed, type TensorValues } from '../layout/dtype.ts'
import { isFixed, type TensorOptions } from '../layout/table.ts'
import { bytesToValues, toValues, valuesToBytes } from '../layout/values.ts'
import type { NewTensor, StoredTensor, TensorSource } from './rows.ts'

/**
 * Says how tensors of a file are kept: `array` as numbers, `blob` as their exact bytes, `both`, or `reference`, where
 * the file stays the only copy. A collection without dtype and shape keeps exact bytes, which are read as numbers: there
 * `array`, `blob` and `both` are one.
 */
export type ImportMode = 'array' | 'blob' | 'both' | 'reference'

const MODES: readonly ImportMode[] = ['array', 'blob', 'both', 'reference']

/** Checks a mode against what the collection can keep. @throws `ARGUMENT`, `UNSUPPORTED` */
export function checkMode(mode: ImportMode, options: TensorOptions): ImportMode {
  if (!MODES.includes(mode))
    throw new SheafError('ARGUMENT', `There is no such mode. Use one of ${MODES.join(', ')}: ${String(mode)}`)
  if (mode !== 'array' && isFixed(options)) {
    throw new SheafError(
      'UNSUPPORTED',
      `A collection of one dtype and shape keeps numbers only. Import with mode 'array', or into a collection without: ${mode}`,
    )
  }
  return mode
}

/** Makes a tensor of the collection of one of a file. @throws `ARGUMENT` where it has another shape */
export function importedTensor(
  file: SafetensorsFile,
  tensor: FileTensor,
  target: { readonly path: string; readonly mode: ImportMode; readonly options: TensorOptions },
): NewTensor {
  const bytes = file.read(tensor)
  const { name, shape } = tensor
  if (target.mode === 'reference') {
    const source = { path: resolve(target.path), name, checksum: checksumOf(bytes) }
    return { id: name, dtype: tensor.dtype.name, shape, values: null, attributes: {}, source }
  }
  const values = bytesToValues(bytes, tensor.dtype)
  const { options } = target
  if (!isFixed(options)) return { id: name, dtype: tensor.dtype.name, shape, values, attributes: {} }
  if (tensor.dtype.isPacked || shape.join() !== options.shape.join()) {
    throw new SheafError(
      'ARGUMENT',
      `A tensor of the file does not fit the collection. Import into one without dtype and shape: "${name}" is ${tensor.dtype.name} [${shape.join(', ')}]`,
    )
  }
  const dtype = dtypeNamed(options.dtype)
  return { id: name, dtype: dtype.name, shape, values: toValues(values, dtype, shape), attributes: {} }
}

/** Makes what is put of an array of a file. @throws `ARGUMENT` where the collection has another shape */
export function importedArray(
  { name, dtype, shape, values }: ZarrArray,
  options: TensorOptions,
): {
  readonly id: string
  readonly values: TensorValues
  readonly dtype: DType
  readonly shape: readonly number[]
} {
  if (options.shape === undefined || options.shape.join() === shape.join())
    return { id: name, values, dtype, shape }
  throw new SheafError(
    'ARGUMENT',
    `An array of the file does not fit the collection. Import into one without dtype and shape: "${name}" is ${dtype} [${shape.join(', ')}]`,
  )
}

/** Reads the elements of a tensor that stays in its file. @throws `CORRUPT` where the file is not the one that was referred to */
export function readReference(stored: Pick<StoredTensor, 'dtype'>, source: TensorSource): TensorValues {
  const file = openSafetensors(source.path)
  try {
    const tensor = file.tensors.find((candidate) => candidate.name === source.name)
    const bytes = tensor === undefined ? undefined : file.read(tensor)
    if (bytes === undefined || checksumOf(bytes) !== source.checksum) {
      throw new SheafError(
        'CORRUPT',
        `A tensor in a file outside the store has changed since it was attached. Attach the file again: "${source.name}" in ${source.path}`,
        { path: source.path },
      )
    }
    return bytesToValues(bytes, dtypeNamed(stored.dtype))
  } finally {
    file.close()
  }
}

/** Makes a stored tensor ready to be written to a file. @throws `ARGUMENT` for a name that a file cannot have */
export function exportedTensor(stored: StoredTensor): TensorToWrite {
  const name = String(stored.id)
  if (name === '__metadata__')
    throw new SheafError(
      'ARGUMENT',
      'A tensor in a safetensors file cannot be named __metadata__. Give it another id.',
    )
  const dtype = dtypeNamed(stored.dtype)
  const values = stored.values ?? readReference(stored, stored.source as TensorSource)
  return { name, dtype, shape: stored.shape, bytes: valuesToBytes(values, dtype) }
}
