import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { SheafError } from '@sheafdb/core'
import { fromDLPack, toDLPack } from '../formats/dlpack.ts'
import type { DLPackCapsule, DLPackTensor } from '../formats/dlpack-tensor.ts'
import type { FileArray } from '../formats/file-array.ts'
import { readNpy, writeNpy } from '../formats/numpy/npy.ts'
import { layOutZip, readZip } from '../formats/numpy/zip.ts'
import { fromOnnx, type OnnxTensor, toOnnx } from '../formats/onnx.ts'
import { withPath } from '../formats/outside-file.ts'
import { type TensorToWrite, writeSafetensors } from '../formats/safetensors/file.ts'
import { isShardIndex, openShards, writeShards } from '../formats/safetensors/shards.ts'
import { writeBeside } from '../formats/write-beside.ts'
import { readZarr, zarrArrays } from '../formats/zarr/reader.ts'
import { writeZarr } from '../formats/zarr/writer.ts'
import type { Attributes } from '../layout/attributes.ts'
import { dtypeNamed } from '../layout/dtype.ts'
import { isFixed, type TensorOptions } from '../layout/table.ts'
import { elementCount, valuesToBytes } from '../layout/values.ts'
import { findDefinition, prepareDefinition } from './definition.ts'
import { checkMode, exportedTensor, type ImportMode, importedArray, importedTensor } from './files.ts'
import { readReferenceSync, referencesTo } from './references.ts'
import { type NewTensor, rowsOf, type StoredTensor, type TensorId } from './rows.ts'
import { StoredTensors, type TensorEntry } from './stored-tensors.ts'

/** Says how a safetensors file is written. */
export type SafetensorsExport = {
  readonly metadata?: Readonly<Record<string, string>>
  /** For a path that ends with `.json`: how many bytes of elements each file may take; 5 GB where nothing is said. */
  readonly maxShardBytes?: number
}

/** Says how an array of a NumPy file becomes tensors. */
export type NpyImport = {
  /** The tensor's id; the file's name where nothing is said. */
  readonly id?: TensorId
  /**
   * True makes a tensor of each place of the first axis, with the ids 0, 1, …; so it is in a collection of one shape
   * where the array has one axis more.
   */
  readonly rows?: boolean
}

const SHARD_BYTES = 5e9

/** Brings tensors in from files and from other libraries, and out to them. */
export class ExchangedTensors extends StoredTensors {
  /**
   * Reads a safetensors file into the collection in one transaction; the names of its tensors become ids. Of a model
   * parted over several files give the index, `model.safetensors.index.json`.
   *
   * @throws `CORRUPT` for a file that is damaged, `ARGUMENT` where a tensor does not fit the collection
   */
  async importSafetensors(
    path: string,
    options: { readonly mode?: ImportMode } = {},
  ): Promise<{ count: number }> {
    const mode = checkMode(options.mode ?? 'array', this.#target())
    if (mode === 'reference') {
      const { count } = await this.attach(path)
      return { count }
    }
    const files = openShards(path)
    try {
      return await this.context.write((transaction) => {
        const target =
          findDefinition(transaction.snapshot.catalog, this.name, this.options)?.options ?? this.options
        let count = 0
        for (const file of files)
          for (const tensor of file.tensors) {
            const part = [importedTensor(file, tensor, target)]
            const definition = prepareDefinition(transaction, this.name, this.options, part)
            transaction.insert(
              definition.table.name,
              rowsOf(definition.table, definition.options, part),
              'replace',
            )
            count += 1
          }
        return { count }
      })
    } finally {
      for (const file of files) file.close()
    }
  }

  /**
   * Shows the tensors of a file that stays where it is, safetensors (or the index of a parted model) or Zarr (a folder or a
   * ZIP file): they are read from it when they are asked for, a slice by the bytes or chunks that hold it.
   *
   * @throws `UNSUPPORTED` for a collection of one dtype and shape, `CORRUPT`, `NOT_FOUND`
   */
  async attach(path: string): Promise<{ count: number; skipped: readonly string[] }> {
    checkMode('reference', this.#target())
    const { tensors, skipped } = await referencesTo(path)
    await this.#insert(tensors)
    return { count: tensors.length, skipped }
  }

  #target(): TensorOptions {
    return findDefinition(this.context.catalog(), this.name, this.options)?.options ?? this.options
  }

  async #insert(tensors: readonly NewTensor[]): Promise<void> {
    if (tensors.length === 0) return
    await this.context.write((transaction) => {
      const { table, options } = prepareDefinition(transaction, this.name, this.options, tensors)
      transaction.insert(table.name, rowsOf(table, options, tensors), 'replace')
    })
  }

  /**
   * Writes all tensors to a safetensors file, their ids as names; to a path that ends with `.json`, an index and files
   * beside it. Attributes are left out.
   */
  async exportSafetensors(path: string, options: SafetensorsExport = {}): Promise<{ count: number }> {
    const { maxShardBytes = SHARD_BYTES } = options
    if (!(maxShardBytes > 0))
      throw new SheafError('ARGUMENT', `maxShardBytes must be above 0: ${maxShardBytes}`)
    const tensors = await this.#exported()
    const metadata = Object.entries(options.metadata ?? {})
    if (isShardIndex(path)) writeShards(path, tensors, { maxShardBytes, metadata })
    else writeSafetensors(path, tensors, metadata)
    return { count: tensors.length }
  }

  async #exported(): Promise<TensorToWrite[]> {
    const tensors: TensorToWrite[] = []
    for (const stored of this.all()) tensors.push(await exportedTensor(stored))
    if (new Set(tensors.map((tensor) => tensor.name)).size === tensors.length) return tensors
    throw new SheafError(
      'ARGUMENT',
      'Two ids would have one name in the file. Make all ids text, or all integers.',
    )
  }

  /**
   * Reads NumPy's `.npy` into the collection: as one tensor, or as one for each place of the first axis.
   *
   * @throws `CORRUPT`, `UNSUPPORTED` for elements that are no numbers, `ARGUMENT` where the array does not fit
   */
  async importNpy(path: string, options: NpyImport = {}): Promise<{ count: number }> {
    const array = readNpy(
      withPath(path, () => readFileSync(path)),
      basename(path).replace(/\.npy$/, ''),
    )
    const target = this.#target()
    const areRows =
      options.rows ??
      (isFixed(target) && array.shape.slice(1).join() === target.shape.join() && array.shape.length > 0)
    const entries = areRows ? rowsOfArray(array) : [importedArray(array, target)]
    const [first] = entries
    if (!areRows && options.id !== undefined && first !== undefined) entries[0] = { ...first, id: options.id }
    await this.putMany(entries)
    return { count: entries.length }
  }

  /** Reads the arrays of NumPy's `.npz`; their names become ids. @throws as {@link importNpy} */
  async importNpz(path: string): Promise<{ count: number }> {
    const members = withPath(path, () => readZip(readFileSync(path)))
    const target = this.#target()
    const entries = withPath(path, () =>
      members.map((member) =>
        importedArray(readNpy(member.read(), member.name.replace(/\.npy$/, '')), target),
      ),
    )
    await this.putMany(entries)
    return { count: entries.length }
  }

  /**
   * Writes a tensor to a `.npy` file, or without `id` all of them, of one dtype and shape, as one array in the order of
   * ids.
   *
   * @throws `NOT_FOUND`, `UNSUPPORTED` for a dtype that NumPy has not, or tensors of many shapes
   */
  async exportNpy(path: string, options: { readonly id?: TensorId } = {}): Promise<{ count: number }> {
    const { id } = options
    const array = id === undefined ? await this.stacked() : await this.found(id)
    writeBeside(path, writeNpy({ name: String(id ?? this.name), ...array }))
    return { count: id === undefined ? (array.shape[0] as number) : 1 }
  }

  /** Writes all tensors to a `.npz` file, their ids as names. @throws `UNSUPPORTED`, `LIMIT` past 4 GiB */
  async exportNpz(path: string): Promise<{ count: number }> {
    const tensors = await this.#exported()
    const files: { name: string; parts: Uint8Array[] }[] = []
    for (const { id, dtype, shape, values } of await this.getAll())
      files.push({ name: `${id}.npy`, parts: writeNpy({ name: String(id), dtype, shape, values }) })
    writeBeside(path, layOutZip(files))
    return { count: tensors.length }
  }

  /**
   * Reads a Zarr array, or all arrays of a group, of version 2 or 3, from a folder or a ZIP file into the collection in one
   * transaction; their paths in the group become ids. Arrays of text are left out of a group, and named in `skipped`.
   *
   * @throws `MISSING_DEPENDENCY` without zarrita, `CORRUPT`, `UNSUPPORTED`, `ARGUMENT` where an array does not fit
   */
  async importZarr(path: string): Promise<{ count: number; skipped: readonly string[] }> {
    const names = await zarrArrays(path)
    const arrays = await Promise.all(names.map((name) => readZarr(path, name)))
    const found = arrays.filter((array) => array !== null)
    if (found.length === 0)
      throw new SheafError('UNSUPPORTED', `Only arrays of numbers are tensors. This holds others: ${path}`)
    const target = this.#target()
    await this.putMany(found.map((array) => importedArray(array, target)))
    return { count: found.length, skipped: names.filter((_, at) => arrays[at] === null) }
  }

  /** Writes all tensors to a new folder as a Zarr group, uncompressed. @throws `ALREADY_EXISTS`, `ARGUMENT`, `UNSUPPORTED` */
  async exportZarr(
    path: string,
    options: { readonly version?: 2 | 3; readonly chunks?: readonly number[] } = {},
  ): Promise<{ count: number }> {
    const tensors = await this.#exported()
    writeZarr(path, tensors, options)
    return { count: tensors.length }
  }

  /**
   * Gives a tensor as DLPack describes one: over the store's own bytes where they are kept as such, so for reading only.
   *
   * @throws `NOT_FOUND`, `UNSUPPORTED`
   */
  toDLPack(id: TensorId): DLPackCapsule {
    return toDLPack(this.#bytesOf(id))
  }

  /** Writes a tensor that DLPack describes, or that stands at an address. @throws `UNSUPPORTED`, `ARGUMENT` */
  async fromDLPack(id: TensorId, capsule: DLPackTensor | bigint, attributes: Attributes = {}): Promise<void> {
    await this.putMany([{ id, ...fromDLPack(capsule), attributes }])
  }

  /** Gives a tensor as ONNX Runtime takes one: `new ort.Tensor(type, data, dims)`; for reading only, as `toDLPack`. */
  toOnnx(id: TensorId): OnnxTensor {
    return toOnnx(this.#bytesOf(id))
  }

  /** Writes a tensor of ONNX Runtime. @throws `UNSUPPORTED`, `ARGUMENT` */
  async fromOnnx(id: TensorId, tensor: OnnxTensor, attributes: Attributes = {}): Promise<void> {
    await this.putMany([{ id, ...fromOnnx(tensor), attributes }])
  }

  #bytesOf(id: TensorId): Pick<StoredTensor, 'dtype' | 'shape'> & { readonly bytes: Uint8Array } {
    const stored = this.storedAs(id)
    const { dtype, shape, source } = stored
    const bytes =
      source === null ? stored.bytes() : valuesToBytes(readReferenceSync(stored, source), dtypeNamed(dtype))
    return { dtype, shape, bytes }
  }
}

/** Parts an array along its first axis. @throws `ARGUMENT` for a single number */
function rowsOfArray({ dtype, shape, values }: FileArray): TensorEntry[] {
  const [count, ...rest] = shape
  if (count === undefined)
    throw new SheafError('ARGUMENT', 'An array without axes has no rows. Import it whole.')
  const size = elementCount(rest)
  return Array.from({ length: count }, (_, id) => ({
    id,
    dtype,
    shape: rest,
    values: values.subarray(id * size, (id + 1) * size),
  }))
}
