import {
  type Batch,
  batchRowCount,
  type Column,
  columnReader,
  compareValues,
  type ModelContext,
  SheafError,
  type Snapshot,
  types,
} from '@sheafdb/core'
import type { Attributes } from '../layout/attributes.ts'
import { type DType, dtypeNamed, dtypeOfArray, type TensorValues } from '../layout/dtype.ts'
import { type TensorOptions, tensorTableName } from '../layout/table.ts'
import { shapeOf, type TensorInput, toValues } from '../layout/values.ts'
import { checkOptions, type Definition, findDefinition, prepareDefinition } from './definition.ts'
import { readReference } from './references.ts'
import { type NewTensor, rowsOf, type StoredTensor, type TensorId, tensorsOf } from './rows.ts'

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

/** Is elements that were taken out, with their shape. */
export type TensorSlice = {
  readonly values: TensorValues
  readonly shape: readonly number[]
  readonly dtype: DType
}

const ROWS_PER_WRITE = 16_384

/** Reads and writes the tensors of a collection. */
export class StoredTensors {
  readonly name: string
  protected readonly context: ModelContext
  protected readonly options: TensorOptions

  constructor(context: ModelContext, name: string, options: TensorOptions) {
    this.name = name
    this.context = context
    this.options = checkOptions(options)
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
    await this.context.write((transaction) => {
      for (let from = 0; from < all.length; from += ROWS_PER_WRITE) {
        const own = findDefinition(transaction.snapshot.catalog, this.name, this.options)?.options
        const part = all
          .slice(from, from + ROWS_PER_WRITE)
          .map((entry) => newTensor(entry, own ?? this.options))
        const definition = prepareDefinition(transaction, this.name, this.options, part)
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
    return Promise.all(this.read(ids).map((stored) => (stored === undefined ? undefined : fetched(stored))))
  }

  protected read(ids: readonly TensorId[]): (StoredTensor | undefined)[] {
    const found = new Array<StoredTensor | undefined>(ids.length).fill(undefined)
    const snapshot = this.context.snapshot()
    try {
      const definition = findDefinition(snapshot.catalog, this.name, this.options)
      if (definition === undefined) return found
      const { batch, index } = snapshot.source(definition.table.name).lookup(
        ids.map((id) => [id]),
        definition.table.fields.map(({ name, type }) => ({ field: name, type })),
      )
      tensorsOf(batch, definition.table, definition.options).forEach((stored, at) => {
        found[index[at] as number] = stored
      })
      return found
    } finally {
      snapshot.close()
    }
  }

  /** Deletes a tensor; tells whether there was one. */
  async delete(id: TensorId): Promise<boolean> {
    return this.context.write((transaction) => {
      const definition = findDefinition(transaction.snapshot.catalog, this.name, this.options)
      if (definition === undefined) return false
      const { batch } = transaction.snapshot
        .source(definition.table.name)
        .lookup([[id]], [{ field: '_row_id', type: types.uint64 }])
      return transaction.delete(definition.table.name, rowIdsOf(batch)) > 0
    })
  }

  /** Counts the tensors. */
  async count(): Promise<number> {
    const snapshot = this.context.snapshot()
    try {
      const name = tensorTableName(this.name)
      if (snapshot.catalog.table(name) === undefined) return 0
      return snapshot.source(name).statistics().rowCount
    } finally {
      snapshot.close()
    }
  }

  /** Reads all tensors, in the order of ids. */
  protected all(): StoredTensor[] {
    const snapshot = this.context.snapshot()
    try {
      const definition = findDefinition(snapshot.catalog, this.name, this.options)
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

  /** Reads all tensors whole. */
  protected getAll(): Promise<Tensor[]> {
    return Promise.all(this.all().map(fetched))
  }

  protected async found(id: TensorId): Promise<Tensor> {
    return fetched(this.storedAs(id))
  }

  /** Finds a tensor as it stands in the store: nothing of its elements is copied. @throws `NOT_FOUND` */
  protected storedAs(id: TensorId): StoredTensor {
    const snapshot = this.context.snapshot()
    try {
      const definition = findDefinition(snapshot.catalog, this.name, this.options)
      const found = definition === undefined ? undefined : findStored(snapshot, definition, id)
      if (found !== undefined) return found
    } finally {
      snapshot.close()
    }
    throw new SheafError('NOT_FOUND', `There is no tensor of this id: ${String(id)}`)
  }

  /** Lists all ids, in their order. */
  protected ids(): TensorId[] {
    const snapshot = this.context.snapshot()
    try {
      const definition = findDefinition(snapshot.catalog, this.name, this.options)
      const field = definition?.table.fields.find(({ name }) => name === 'id')
      if (definition === undefined || field === undefined) return []
      const columns = [{ field: 'id', type: field.type }]
      const ids: TensorId[] = []
      for (const batch of snapshot.source(definition.table.name).scan({ columns, predicates: [] })) {
        const [read] = batch.columns.map(columnReader)
        for (let at = 0; at < batchRowCount(batch); at += 1)
          ids.push(read?.(batch.selection === null ? at : (batch.selection[at] as number)) as TensorId)
      }
      return ids.sort(compareValues)
    } finally {
      snapshot.close()
    }
  }

  /** Joins tensors, all where none are named, into one array. @throws `NOT_FOUND`, `UNSUPPORTED` for many shapes */
  protected async stacked(ids: readonly TensorId[] = this.ids()): Promise<TensorSlice> {
    const tensors: Tensor[] = []
    for (let from = 0; from < ids.length; from += ROWS_PER_WRITE)
      for (const found of await this.getMany(ids.slice(from, from + ROWS_PER_WRITE)))
        if (found !== undefined) tensors.push(found)
    const [first] = tensors
    if (first === undefined) throw new SheafError('NOT_FOUND', `The collection has no tensors: ${this.name}`)
    const { dtype, shape } = first
    const size = first.values.length
    const values = new (dtypeNamed(dtype).makeArray)(size * tensors.length)
    tensors.forEach((tensor, at) => {
      if (tensor.dtype !== dtype || tensor.shape.join() !== shape.join())
        throw new SheafError(
          'UNSUPPORTED',
          `Only tensors of one dtype and shape make an array. Slice one of them with { id }: ${tensor.id}`,
        )
      values.set(tensor.values as never, at * size)
    })
    return { values, shape: [tensors.length, ...shape], dtype }
  }
}

function findStored(
  snapshot: Snapshot,
  { table, options }: Definition,
  id: TensorId,
): StoredTensor | undefined {
  const columns = table.fields.map(({ name, type }) => ({ field: name, type }))
  const column = table.fields.findIndex(({ name }) => name === 'id')
  const predicates = (['ge', 'le'] as const).map((operator) => ({ column, operator, value: id }))
  for (const batch of snapshot.source(table.name).scan({ columns, predicates })) {
    const read = columnReader(batch.columns[column] as Column)
    for (let at = 0; at < batchRowCount(batch); at += 1) {
      const row = batch.selection === null ? at : (batch.selection[at] as number)
      if (compareValues(read(row), id) === 0)
        return tensorsOf({ ...batch, selection: Uint32Array.of(row) }, table, options)[0]
    }
  }
  return undefined
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

async function fetched(stored: StoredTensor): Promise<Tensor> {
  const { id, dtype, shape, attributes, source } = stored
  const values = source === null ? stored.values() : await readReference(stored, source)
  return { id, values, shape, dtype, attributes }
}
