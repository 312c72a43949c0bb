import { SheafError } from '@sheafdb/core'
import type { FileArray } from '../formats/file-array.ts'
import type { SafetensorsFile, TensorToWrite } from '../formats/safetensors/file.ts'
import type { FileTensor } from '../formats/safetensors/header.ts'
import { type DType, dtypeNamed, type TensorValues } from '../layout/dtype.ts'
import { isFixed, type TensorOptions } from '../layout/table.ts'
import { ownedValues, toValues, valuesToBytes } from '../layout/values.ts'
import { readReference } from './references.ts'
import type { NewTensor, StoredTensor } from './rows.ts'

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
export function importedTensor(file: SafetensorsFile, tensor: FileTensor, options: TensorOptions): NewTensor {
  const { name, shape } = tensor
  const values = ownedValues(file.read(tensor), tensor.dtype)
  if (!isFixed(options)) return { id: name, dtype: tensor.dtype.name, shape, values, attributes: {} }
  if (tensor.dtype.isPacked || shape.join() !== options.shape.join()) {
    throw new SheafError(
      'ARGUMENT',
      `A tensor of the file does not fit the collection. Import into one without dtype and shape: "${name}" is ${tensor.dtype.name} [${shape.join(', ')}]`,
    )
  }
  const dtype = dtypeNamed(options.dtype)
  return {
    id: name,
    dtype: dtype.name,
    shape,
    values: toValues(values, dtype, shape),
    attributes: {},
    isOwned: true,
  }
}

/** Makes what is put of an array of a file. @throws `ARGUMENT` where the collection has another shape */
export function importedArray(
  { name, dtype, shape, values }: FileArray,
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

/** Makes a stored tensor ready to be written to a file. @throws `ARGUMENT` for a name that a file cannot have */
export async function exportedTensor(stored: StoredTensor): Promise<TensorToWrite> {
  const name = String(stored.id)
  if (name === '__metadata__')
    throw new SheafError('ARGUMENT', 'A tensor in a file cannot be named __metadata__. Give it another id.')
  const dtype = dtypeNamed(stored.dtype)
  const bytes =
    stored.source === null ? stored.bytes() : valuesToBytes(await readReference(stored, stored.source), dtype)
  return { name, dtype, shape: stored.shape, bytes }
}
