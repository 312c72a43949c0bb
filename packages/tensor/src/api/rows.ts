import {
  type Batch,
  batchRowCount,
  type Column,
  columnFromValues,
  columnReader,
  defineMember,
  elementType,
  type FixedListColumn,
  makeField,
  type RowBatch,
  SheafError,
  type TableDefinition,
  types,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import type { Attributes } from '../layout/attributes.ts'
import { type DType, dtypeNamed, isHalf, type TensorValues } from '../layout/dtype.ts'
import {
  FIXED_FIELDS,
  type IdKind,
  isFixed,
  OWN_FIELDS,
  type TensorOptions,
  vectorType,
} from '../layout/table.ts'
import { bytesToValues, elementCount, valuesToBytes } from '../layout/values.ts'

/** Identifies a tensor in its collection. */
export type TensorId = string | number | bigint

/** Is a tensor to be written. */
export type NewTensor = {
  readonly id: TensorId
  readonly dtype: DType
  readonly shape: readonly number[]
  /** `null` where the elements stay in the file that `source` names. */
  readonly values: TensorValues | null
  readonly attributes: Attributes
  readonly source?: TensorSource
  /** True where nobody else holds the array of elements. */
  readonly isOwned?: boolean
}

/** Tells where the elements of a tensor are that stays in its file. */
export type TensorSource = { readonly path: string; readonly name: string; readonly checksum: string }

/** Is a tensor as it is read, before its elements are looked at. */
export type StoredTensor = Omit<NewTensor, 'source' | 'values' | 'isOwned'> & {
  /** Where the elements are that stay in a file; else they are in the store. */
  readonly source: TensorSource | null
  /** Copies the elements. Only where there is no source. */
  readonly values: () => TensorValues
  /** Gives the little-endian bytes of the elements: a view of the store's memory where they are kept so. */
  readonly bytes: () => Uint8Array
  /** True where the elements are kept otherwise than as their bytes. */
  readonly isNarrow: boolean
}

/** Tells of which kind ids are. @throws `TYPE` for what cannot be an id */
export function idKindOf(ids: readonly TensorId[]): IdKind {
  let kind: IdKind | undefined
  for (const id of ids) {
    const own = typeof id === 'string' ? 'text' : isInteger(id) ? 'integer' : undefined
    if (own === undefined) throw new SheafError('TYPE', `An id must be text or an integer: ${String(id)}`)
    kind = kind === undefined || kind === own ? own : 'any'
  }
  return kind ?? 'any'
}

function isInteger(id: unknown): boolean {
  return typeof id === 'bigint' || (typeof id === 'number' && Number.isInteger(id))
}

/** Makes the rows of tensors for the table of a collection. */
export function rowsOf(
  table: TableDefinition,
  options: TensorOptions,
  tensors: readonly NewTensor[],
): RowBatch {
  const attributes = attributeFields(table, options)
  const idType = (table.fields.find((field) => field.name === 'id') as TableDefinition['fields'][number]).type
  const columns = [
    columnFromValues(
      idType,
      tensors.map((tensor) => tensor.id),
    ),
    ...(isFixed(options) ? [vectorColumn(table, options, tensors)] : byteColumns(tensors)),
    ...attributes.map((field) =>
      columnFromValues(
        field.type,
        tensors.map(({ attributes: own }) =>
          Object.hasOwn(own, field.name) ? (own[field.name] ?? null) : null,
        ),
      ),
    ),
  ]
  const own = isFixed(options) ? FIXED_FIELDS : OWN_FIELDS
  return { fields: [...own, ...attributes.map((field) => field.name)], columns, length: tensors.length }
}

/** Gives the fields of a table that are attributes. */
export function attributeFields(table: TableDefinition, options: TensorOptions): TableDefinition['fields'] {
  const own = new Set(isFixed(options) ? FIXED_FIELDS : OWN_FIELDS)
  return table.fields.filter((field) => !own.has(field.name))
}

function vectorColumn(
  table: TableDefinition,
  options: { readonly dtype: DType; readonly shape: readonly number[] },
  tensors: readonly NewTensor[],
): Column {
  const size = elementCount(options.shape)
  const dtype = dtypeNamed(options.dtype)
  const values = joinedValues(tensors, size, dtype.makeArray)
  const type = table.fields.find((field) => field.name === 'values')?.type ?? vectorType(options.dtype, size)
  const own = { type: elementType(type), length: values.length, validity: null }
  const child: Column =
    own.type.typeId === types.bool.typeId
      ? { layout: 'bit', ...own, values: bitsOf(values as Uint8Array) }
      : { layout: 'flat', ...own, values }
  return {
    layout: 'fixed',
    type,
    length: tensors.length,
    validity: null,
    size,
    child,
  }
}

/** Joins the elements of tensors; those of one alone that nobody else holds are taken as they are. */
function joinedValues(
  tensors: readonly NewTensor[],
  size: number,
  makeArray: new (length: number) => TensorValues,
): TensorValues {
  const [only] = tensors
  if (tensors.length === 1 && only?.isOwned === true && only.values instanceof makeArray) return only.values
  const values = new makeArray(size * tensors.length)
  tensors.forEach((tensor, index) => {
    values.set(tensor.values as never, index * size)
  })
  return values
}

function bitsOf(values: Uint8Array): Uint8Array {
  const bits = new Uint8Array((values.length + 7) >> 3)
  for (let at = 0; at < values.length; at += 1)
    if (values[at] !== 0) bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7))
  return bits
}

function byteColumns(tensors: readonly NewTensor[]): Column[] {
  const column = (type: Column['type'], read: (tensor: NewTensor) => unknown) =>
    columnFromValues(type, tensors.map(read))
  return [
    column(types.utf8, (tensor) => tensor.dtype),
    shapeColumn(tensors),
    column(types.binary, ({ values, dtype }) =>
      values === null ? null : valuesToBytes(values, dtypeNamed(dtype)),
    ),
    column(types.utf8, (tensor) => tensor.source?.path ?? null),
    column(types.utf8, (tensor) => tensor.source?.name ?? null),
    column(types.utf8, (tensor) => tensor.source?.checksum ?? null),
  ]
}

function shapeColumn(tensors: readonly NewTensor[]): Column {
  return columnFromValues(
    new List(makeField('item', types.int64, { nullable: false })),
    tensors.map((tensor) => tensor.shape),
  )
}

/** Reads the tensors of a batch whose columns are all fields of the table, in their order. */
export function tensorsOf(batch: Batch, table: TableDefinition, options: TensorOptions): StoredTensor[] {
  const attributes = attributeFields(table, options)
  const columns = new Map(table.fields.map((field, at) => [field.name, batch.columns[at] as Column]))
  const reader = (name: string) => columnReader(columns.get(name) as Column)
  const readId = reader('id')
  const readAttributes = attributes.map((field) => reader(field.name))
  const readTensor = isFixed(options)
    ? fixedReader(options, columns.get('values') as FixedListColumn)
    : byteReader(reader)
  return Array.from({ length: batchRowCount(batch) }, (_, at) => {
    const row = batch.selection === null ? at : (batch.selection[at] as number)
    const own: Record<string, unknown> = {}
    attributes.forEach((field, index) => {
      const value = readAttributes[index]?.(row) ?? null
      if (value !== null) defineMember(own, field.name, value)
    })
    return { ...readTensor(row), id: readId(row) as TensorId, attributes: own }
  })
}

type TensorReader = (row: number) => Omit<StoredTensor, 'id' | 'attributes'>

function fixedReader(
  options: { readonly dtype: DType; readonly shape: readonly number[] },
  column: FixedListColumn,
): TensorReader {
  const dtype = dtypeNamed(options.dtype)
  const { size, child } = column
  const read = elementReader(child, dtype.makeArray)
  const isView =
    child.layout === 'flat' && child.values.constructor === dtype.makeArray && !isHalf(dtype.name)
  return (row) => ({
    dtype: options.dtype,
    shape: options.shape,
    source: null,
    isNarrow: !isView,
    values: () => read(row * size, size),
    bytes: () =>
      isView
        ? viewBytes(child.values.subarray(row * size, (row + 1) * size))
        : valuesToBytes(read(row * size, size), dtype),
  })
}

function viewBytes(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** Makes the reader of elements: bits as 0 and 1, integers that are stored narrower than their type says widened. */
function elementReader(
  child: Column,
  makeArray: new (length: number) => TensorValues,
): (from: number, count: number) => TensorValues {
  if (child.layout === 'bit') {
    const bits = child.values
    return (from, count) =>
      Uint8Array.from({ length: count }, (_, at) => {
        const place = from + at
        return ((bits[place >> 3] as number) >> (place & 7)) & 1
      })
  }
  if (child.layout !== 'flat') throw new SheafError('CORRUPT', 'The elements of a tensor are no numbers.')
  const { values } = child
  if (values.constructor === makeArray)
    return (from, count) => values.slice(from, from + count) as TensorValues
  return (from, count) => widened(values, from, new makeArray(count))
}

/** Copies integers that are stored narrower than their type says. */
function widened(from: ArrayLike<number | bigint>, start: number, to: TensorValues): TensorValues {
  const isWide = to instanceof BigInt64Array || to instanceof BigUint64Array
  for (let at = 0; at < to.length; at += 1) {
    const value = from[start + at] as number | bigint
    to[at] = (isWide ? BigInt(value) : Number(value)) as never
  }
  return to
}

function byteReader(reader: (name: string) => (row: number) => unknown): TensorReader {
  const [dtype, shape, values] = [reader('dtype'), reader('shape'), reader('values')]
  const [path, name, checksum] = [reader('_path'), reader('_name'), reader('_checksum')]
  return (row) => {
    const type = dtype(row) as DType
    const source =
      path(row) === null
        ? null
        : { path: path(row) as string, name: name(row) as string, checksum: checksum(row) as string }
    return {
      dtype: type,
      shape: Array.from(shape(row) as ArrayLike<number>, Number),
      values: () => bytesToValues(values(row) as Uint8Array, dtypeNamed(type)),
      bytes: () => values(row) as Uint8Array,
      isNarrow: false,
      source,
    }
  }
}
