import {
  type Batch,
  batchRowCount,
  columnReader,
  compareValues,
  type LogicalPlan,
  type Metric,
  type ModelContext,
  type Query,
  SheafError,
  types,
  type VectorIndexSettings,
} from '@sheafdb/core'
import { sliceArray } from '../compute/nd-array.ts'
import { type DLPackTensor, fromDLPack, toDLPack } from '../formats/dlpack.ts'
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../formats/safetensors/file.ts'
import { readZarr, zarrArrays } from '../formats/zarr/reader.ts'
import { writeZarr } from '../formats/zarr/writer.ts'
import { type HnswIndexes, requireUsearch } from '../indexes/hnsw.ts'
import { parseSlice } from '../language/parser-slice.ts'
import type { Attributes } from '../layout/attributes.ts'
import { type DType, dtypeNamed, dtypeOfArray, type TensorValues } from '../layout/dtype.ts'
import { MODEL, type TensorOptions, tensorTableName } from '../layout/table.ts'
import { elementCount, shapeOf, type TensorInput, toValues } from '../layout/values.ts'
import { checkOptions, type Definition, findDefinition, prepareDefinition } from './definition.ts'
import { type Evaluated, type EvaluateInputs, evaluateText } from './evaluate.ts'
import {
  checkMode,
  exportedTensor,
  type ImportMode,
  importedArray,
  importedTensor,
  readReference,
} from './files.ts'
import { checkFusion, type FusedRow, type FusionOptions, fuse, fusedPlan, type Ranking } from './fuse.ts'
import { checkSearch, type NearestOptions, nearestPlan, nothingNear, type QueryVector } from './nearest.ts'
import {
  type NewTensor,
  rowsOf,
  type StoredTensor,
  type TensorId,
  type TensorSource,
  tensorsOf,
} from './rows.ts'
import { indexSettings, type VectorIndexOptions } from './vector-index.ts'

/** Is a tensor as it is read. */
export type Tensor = {
  readonly id: TensorId
  readonly values: TensorValues
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly attributes: Attributes
}

/** Is a tensor as it is put; `shape` and `dtype` where the collection leaves them open. */
export type TensorEntry = {
  readonly id: TensorId
  readonly values: TensorInput
  readonly attributes?: Attributes
  readonly shape?: readonly number[]
  readonly dtype?: DType
}

/** Is a row of a search: the tensor's id, its distance and its attributes. */
export type Neighbor = { readonly id: TensorId; readonly distance: number } & Readonly<
  Record<string, unknown>
>

/** Is elements that were taken out, with their shape. */
export type TensorSlice = {
  readonly values: TensorValues
  readonly shape: readonly number[]
  readonly dtype: DType
}

const ROWS_PER_WRITE = 16_384

/** Holds tensors by id, with attributes. It is made with its first write. */
export class TensorCollection {
  readonly name: string
  readonly #context: ModelContext
  readonly #options: TensorOptions
  readonly #indexes: HnswIndexes

  constructor(
    context: ModelContext,
    name: string,
    { options, indexes }: { readonly options: TensorOptions; readonly indexes: HnswIndexes },
  ) {
    this.name = name
    this.#context = context
    this.#options = checkOptions(options)
    this.#indexes = indexes
  }

  /** Writes a tensor, replacing the one of this id. @throws `ARGUMENT` for another count or shape than the collection's */
  async put(id: TensorId, values: TensorInput, attributes: Attributes = {}): Promise<void> {
    await this.putMany([{ id, values, attributes }])
  }

  /** Writes many tensors in one transaction. Of two of one id the later wins. */
  async putMany(
    entries: Iterable<TensorEntry>,
    options: { readonly onProgress?: (progress: { done: number; total: number }) => void } = {},
  ): Promise<void> {
    const all = Array.from(entries)
    if (all.length === 0) return
    await this.#context.write((transaction) => {
      for (let from = 0; from < all.length; from += ROWS_PER_WRITE) {
        const own = findDefinition(transaction.snapshot.catalog, this.name, this.#options)?.options
        const part = all
          .slice(from, from + ROWS_PER_WRITE)
          .map((entry) => newTensor(entry, own ?? this.#options))
        const definition = prepareDefinition(transaction, this.name, this.#options, part)
        transaction.insert(
          definition.table.name,
          rowsOf(definition.table, definition.options, part),
          'replace',
        )
        options.onProgress?.({ done: from + part.length, total: all.length })
      }
    })
  }

  /** Gives a tensor, `undefined` where there is none. Its values are a copy. */
  async get(id: TensorId): Promise<Tensor | undefined> {
    return (await this.getMany([id]))[0]
  }

  /** Gives tensors, in the order of ids. */
  async getMany(ids: readonly TensorId[]): Promise<(Tensor | undefined)[]> {
    return this.#get(ids)
  }

  #get(ids: readonly TensorId[]): (Tensor | undefined)[] {
    const found = new Array<Tensor | undefined>(ids.length).fill(undefined)
    const snapshot = this.#context.snapshot()
    try {
      const definition = findDefinition(snapshot.catalog, this.name, this.#options)
      if (definition === undefined) return found
      const { batch, index } = snapshot.source(definition.table.name).lookup(
        ids.map((id) => [id]),
        definition.table.fields.map(({ name, type }) => ({ field: name, type })),
      )
      tensorsOf(batch, definition.table, definition.options).forEach((stored, at) => {
        found[index[at] as number] = fetched(stored)
      })
      return found
    } finally {
      snapshot.close()
    }
  }

  /** Deletes a tensor; tells whether there was one. */
  async delete(id: TensorId): Promise<boolean> {
    return this.#context.write((transaction) => {
      const definition = findDefinition(transaction.snapshot.catalog, this.name, this.#options)
      if (definition === undefined) return false
      const { batch } = transaction.snapshot
        .source(definition.table.name)
        .lookup([[id]], [{ field: '_row_id', type: types.uint64 }])
      return transaction.delete(definition.table.name, rowIdsOf(batch)) > 0
    })
  }

  /** Counts the tensors. */
  async count(): Promise<number> {
    const snapshot = this.#context.snapshot()
    try {
      const name = tensorTableName(this.name)
      if (snapshot.catalog.table(name) === undefined) return 0
      return snapshot.source(name).statistics().rowCount
    } finally {
      snapshot.close()
    }
  }

  /**
   * Finds the tensors nearest to a vector: rows of `id`, `distance` and attributes, nearest first.
   *
   * @throws `ARGUMENT` for a vector of another length or a k below 1, `VALUE` for NaN or infinity in it
   * @example store.tensor('faces').nearest(vector, { k: 5, where: { label: 'x', age: { $lt: 5 } } })
   */
  nearest(vector: QueryVector, options: NearestOptions = {}): Query<Neighbor> {
    const numbers = checkSearch(vector, options)
    return this.#query<Neighbor>((definition) =>
      definition === undefined
        ? nothingNear()
        : nearestPlan(definition, numbers, { ...options, metric: this.#metric(options, definition) }),
    )
  }

  /** Searches near to many vectors, each as `nearest` does; gives their rows in the order of the vectors. */
  async nearestMany(vectors: Iterable<QueryVector>, options: NearestOptions = {}): Promise<Neighbor[][]> {
    const found: Neighbor[][] = []
    for (const query of Array.from(vectors, (vector) => this.nearest(vector, options)))
      found.push(await query.rows())
    return found
  }

  /**
   * Fuses the ranking near to a vector with others (of a search for text, of a graph, lists of ids) by reciprocal ranks:
   * rows of `id` and `score`, the best first.
   *
   * @example store.tensor('faces').fused(vector, [store.relational.query('SELECT id FROM hits ORDER BY rank')], { k: 5 })
   */
  fused(
    vector: QueryVector,
    rankings: readonly Ranking[],
    options: FusionOptions & Omit<NearestOptions, 'k'> = {},
  ): Query<FusedRow> {
    checkFusion(options)
    const { depth = 100, k: _, constant: __, weights: ___, ...search } = options
    const near = this.nearest(vector, { ...search, k: depth })
    return this.#context.query<FusedRow>(async () => fusedPlan(await fuse([near, ...rankings], options)))
  }

  #metric(options: NearestOptions, { options: own }: Definition): Metric {
    return options.metric ?? this.#options.metric ?? own.metric ?? 'cosine'
  }

  /** Makes a query whose plan is made once a version of the catalog. */
  #query<Row>(lower: (definition: Definition | undefined) => LogicalPlan): Query<Row> {
    let made: { readonly version: number; readonly plan: LogicalPlan } | undefined
    return this.#context.query<Row>(() => {
      const catalog = this.#context.catalog()
      if (made?.version !== catalog.version)
        made = {
          version: catalog.version,
          plan: lower(findDefinition(catalog, this.name, this.#options)),
        }
      return made.plan
    })
  }

  /**
   * Reads a safetensors file into the collection in one transaction; the names of its tensors become ids.
   *
   * @throws `CORRUPT` for a file that is damaged, `ARGUMENT` where a tensor does not fit the collection
   */
  async importSafetensors(
    path: string,
    options: { readonly mode?: ImportMode } = {},
  ): Promise<{ count: number }> {
    const file = openSafetensors(path)
    try {
      return await this.#context.write((transaction) => {
        const own = findDefinition(transaction.snapshot.catalog, this.name, this.#options)?.options
        const target = own ?? this.#options
        const mode = checkMode(options.mode ?? 'array', target)
        for (const tensor of file.tensors) {
          const part = [importedTensor(file, tensor, { path, mode, options: target })]
          const definition = prepareDefinition(transaction, this.name, this.#options, part)
          transaction.insert(
            definition.table.name,
            rowsOf(definition.table, definition.options, part),
            'replace',
          )
        }
        return { count: file.tensors.length }
      })
    } finally {
      file.close()
    }
  }

  /**
   * Shows the tensors of a safetensors file that stays where it is: they are read from it when they are asked for.
   *
   * @throws `UNSUPPORTED` for a collection of one dtype and shape
   */
  async attach(path: string): Promise<{ count: number }> {
    return this.importSafetensors(path, { mode: 'reference' })
  }

  /** Writes all tensors to a safetensors file, their ids as names. Attributes are left out. */
  async exportSafetensors(
    path: string,
    options: { readonly metadata?: Readonly<Record<string, string>> } = {},
  ): Promise<{ count: number }> {
    const tensors = this.#exported()
    writeSafetensors(path, tensors, Object.entries(options.metadata ?? {}))
    return { count: tensors.length }
  }

  #exported(): TensorToWrite[] {
    const tensors = this.#all().map(exportedTensor)
    if (new Set(tensors.map((tensor) => tensor.name)).size === tensors.length) return tensors
    throw new SheafError(
      'ARGUMENT',
      'Two ids would have one name in the file. Make all ids text, or all integers.',
    )
  }

  /** Reads all tensors, in the order of ids. */
  #all(): StoredTensor[] {
    const snapshot = this.#context.snapshot()
    try {
      const definition = findDefinition(snapshot.catalog, this.name, this.#options)
      if (definition === undefined) return []
      const { table, options } = definition
      const columns = table.fields.map(({ name, type }) => ({ field: name, type }))
      return [...snapshot.source(table.name).scan({ columns, predicates: [] })]
        .flatMap((batch) => tensorsOf(batch, table, options))
        .sort((left, right) => compareValues(left.id, right.id))
    } finally {
      snapshot.close()
    }
  }

  /**
   * Takes a part of the collection as one array, in NumPy's notation: its first axis are the tensors in the order of
   * ids, the others those of their shape. With `id`, a part of that tensor.
   *
   * @throws `SYNTAX`, `ARGUMENT` for a part that is not there, `NOT_FOUND`, `UNSUPPORTED` for tensors of many shapes
   * @example await store.tensor('faces').slice('0:10, ::2')
   */
  async slice(text: string, options: { readonly id?: TensorId } = {}): Promise<TensorSlice> {
    const slices = parseSlice(text)
    const { dtype, ...array } = options.id === undefined ? this.#stacked() : this.#found(options.id)
    return { ...sliceArray(array, slices), dtype }
  }

  #found(id: TensorId): TensorSlice {
    const [found] = this.#get([id])
    if (found !== undefined) return { values: found.values, shape: found.shape, dtype: found.dtype }
    throw new SheafError('NOT_FOUND', `There is no tensor of this id: ${String(id)}`)
  }

  /** Joins all tensors into one array. */
  #stacked(): TensorSlice {
    const tensors = this.#all().map(fetched)
    const [first] = tensors
    if (first === undefined) throw new SheafError('NOT_FOUND', `The collection has no tensors: ${this.name}`)
    const { dtype, shape } = first
    const size = first.values.length
    const values = new (dtypeNamed(dtype).makeArray)(size * tensors.length)
    tensors.forEach((tensor, at) => {
      if (tensor.dtype !== dtype || tensor.shape.join() !== shape.join())
        throw unsupported(
          `Only tensors of one dtype and shape make an array. Slice one of them with { id }: ${tensor.id}`,
        )
      values.set(tensor.values as never, at * size)
    })
    return { values, shape: [tensors.length, ...shape], dtype }
  }

  /**
   * Computes an einsum, `'ij,jk->ik'` over a list of arrays, or an expression over named ones, in double precision. A
   * name without input is the id of a tensor.
   *
   * @throws `SYNTAX` with the position, `NOT_FOUND`, `ARGUMENT` for shapes that do not fit
   * @example await store.tensor('weights').evaluate('softmax(w @ x + b)', { x: [1, 2, 3] })
   */
  async evaluate(text: string, inputs: EvaluateInputs = {}): Promise<Evaluated> {
    return evaluateText(text, inputs, (id) => this.#get([id])[0])
  }

  /**
   * Reads a Zarr array, or all arrays of a group, of version 2 or 3 into the collection in one transaction; their paths
   * in the group become ids. Arrays of text are left out of a group, and named in `skipped`.
   *
   * @throws `MISSING_DEPENDENCY` without zarrita, `CORRUPT`, `UNSUPPORTED`, `ARGUMENT` where an array does not fit
   */
  async importZarr(path: string): Promise<{ count: number; skipped: readonly string[] }> {
    const names = zarrArrays(path)
    const arrays = await Promise.all(names.map((name) => readZarr(path, name)))
    const found = arrays.filter((array) => array !== null)
    if (found.length === 0)
      throw unsupported(`Only arrays of numbers are tensors. This holds others: ${path}`)
    const target = findDefinition(this.#context.catalog(), this.name, this.#options)?.options ?? this.#options
    await this.putMany(found.map((array) => importedArray(array, target)))
    return { count: found.length, skipped: names.filter((_, at) => arrays[at] === null) }
  }

  /** Writes all tensors to a new folder as a Zarr 3 group, uncompressed, a chunk each. @throws `ALREADY_EXISTS` */
  async exportZarr(path: string): Promise<{ count: number }> {
    const tensors = this.#exported()
    writeZarr(path, tensors)
    return { count: tensors.length }
  }

  /** Gives a tensor as DLPack describes one, its bytes a copy. @throws `NOT_FOUND` */
  toDLPack(id: TensorId): DLPackTensor {
    return toDLPack(this.#found(id))
  }

  /** Writes a tensor that DLPack describes. @throws `UNSUPPORTED` for another device or order of elements */
  async fromDLPack(id: TensorId, capsule: DLPackTensor, attributes: Attributes = {}): Promise<void> {
    await this.putMany([{ id, ...fromDLPack(capsule), attributes }])
  }

  /**
   * Makes an index over the vectors (HNSW), or replaces the one there is: `nearest` then finds very likely the nearest, and
   * with `exact` surely. Resolves when it is built; it follows the rows as they come and go, and is built anew when the
   * store is opened.
   *
   * @throws `MISSING_DEPENDENCY` without usearch, `ARGUMENT`, `UNSUPPORTED`, `NOT_FOUND`
   */
  async createIndex(options: VectorIndexOptions): Promise<{ readonly rowCount: number }> {
    requireUsearch()
    const settings = await this.#setIndex((own) => indexSettings(options, own))
    const zeros = new Float64Array(elementCount(settings.own.shape ?? []))
    const graph = await this.#indexes.askedBy(() =>
      this.nearest(zeros, { k: 1, metric: settings.index?.metric as Metric }).rows(),
    )
    if (graph === null) return { rowCount: 0 }
    if (options.background !== true) await graph.built(options.onProgress)
    return { rowCount: graph.rowCount }
  }

  /** Takes the index over the vectors away; tells whether there was one. */
  async dropIndex(): Promise<boolean> {
    const [index] = this.listIndexes()
    if (index !== undefined) await this.#setIndex(() => null)
    return index !== undefined
  }

  /** Lists the indexes over the vectors. */
  listIndexes(): readonly VectorIndexSettings[] {
    const index = findDefinition(this.#context.catalog(), this.name, this.#options)?.options.index
    return index === undefined || index === null ? [] : [index]
  }

  #setIndex(
    make: (own: TensorOptions) => VectorIndexSettings | null,
  ): Promise<{ readonly index: VectorIndexSettings | null; readonly own: TensorOptions }> {
    return this.#context.write((transaction) => {
      const definition = findDefinition(transaction.snapshot.catalog, this.name, this.#options)
      if (definition === undefined)
        throw new SheafError('NOT_FOUND', `There is no collection of tensors of this name: ${this.name}`)
      const own = definition.options
      const index = make({ ...own, metric: this.#options.metric ?? own.metric })
      transaction.setOptions(MODEL, this.name, { ...own, index })
      return { index, own }
    })
  }
}

function unsupported(message: string): SheafError {
  return new SheafError('UNSUPPORTED', message)
}

function rowIdsOf(batch: Batch): Float64Array {
  const [read] = batch.columns.map(columnReader)
  return Float64Array.from({ length: batchRowCount(batch) }, (_, at) =>
    Number(read?.(batch.selection === null ? at : (batch.selection[at] as number))),
  )
}

function newTensor(entry: TensorEntry, options: TensorOptions): NewTensor {
  const dtype = options.dtype ?? entry.dtype ?? dtypeOfArray(entry.values)
  const description = dtypeNamed(dtype)
  if (description.isPacked)
    throw new SheafError('UNSUPPORTED', `Elements of ${dtype} come from files only. Use another dtype.`)
  const shape = options.shape ?? entry.shape ?? shapeOf(entry.values)
  return {
    id: entry.id,
    dtype,
    shape,
    values: toValues(entry.values, description, shape),
    attributes: entry.attributes ?? {},
  }
}

function fetched(stored: StoredTensor): Tensor {
  const { id, dtype, shape, attributes } = stored
  const values = stored.values ?? readReference(stored, stored.source as TensorSource)
  return { id, values, shape, dtype, attributes }
}
