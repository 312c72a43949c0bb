import type { Metric, VectorIndexSettings } from '@sheafdb/core'
import {
  type DataType,
  EXTENSION_NAME_KEY,
  makeField,
  SheafError,
  type TableSpecification,
  tableName,
  types,
} from '@sheafdb/core'
import { Field, FixedSizeList, List } from 'apache-arrow'
import { attributeType } from './attributes.ts'
import { type DType, dtypeNamed } from './dtype.ts'
import { checkShape, elementCount } from './values.ts'

/** Names the model: `store.tensor`. */
export const MODEL = 'tensor'
/** Counts the versions of the layout. */
export const LAYOUT_VERSION = 1

/** Says what a collection holds: as given by its user, and as the catalog keeps it. */
export type TensorOptions = {
  /** The type of elements. Without `dtype` and `shape` each tensor has its own, kept as exact bytes. */
  readonly dtype?: DType | undefined
  readonly shape?: readonly number[] | undefined
  /** How `nearest` measures; `cosine` where nothing is said. */
  readonly metric?: Metric | undefined
  /** Columns for attributes, by name: `'string'`, `'float64'`, … Others are added as they come. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
}

/** Tells of which kind the ids of a collection are: decided by the first ones. */
export type IdKind = 'text' | 'integer' | 'any'

/** Is the options of a collection in the catalog. */
export type CollectionOptions = TensorOptions & {
  readonly id: IdKind
  /** The index over its vectors, where it has one. */
  readonly index?: VectorIndexSettings | null
}

/** Names the fields that are no attributes, of a table whose tensors all have one dtype and shape. */
export const FIXED_FIELDS: readonly string[] = ['id', 'values']
/** Names the fields that are no attributes, of a table whose tensors each have their own. */
export const OWN_FIELDS: readonly string[] = ['id', 'dtype', 'shape', 'values', '_path', '_name', '_checksum']

const ID_TYPES: Readonly<Record<IdKind, DataType>> = {
  text: types.utf8,
  integer: types.int64,
  any: types.variant,
}

/** Tells whether all tensors of a collection have one shape and type: elements are then a column of numbers. */
export function isFixed(
  options: TensorOptions,
): options is TensorOptions & { readonly dtype: DType; readonly shape: readonly number[] } {
  return options.dtype !== undefined && options.shape !== undefined
}

/** Names the part of a collection that keeps what was built of its index over vectors. */
const GRAPH_PART = 'graph'

/**
 * Gives the table that keeps a graph over vectors: a `header` in JSON, and in parts the `ids` of rows and the commits that
 * `created` them as doubles, in the order of the graph's keys, and the `graph` as usearch writes it.
 */
function graphTable(): TableSpecification {
  return {
    part: GRAPH_PART,
    key: ['kind', 'number'],
    fields: [
      makeField('kind', types.utf8, { nullable: false }),
      makeField('number', types.int32, { nullable: false }),
      makeField('bytes', types.binary, { nullable: false }),
    ],
  }
}

/** Names the table of a collection's graph, given that of its tensors. */
export function graphTableName(collection: string): string {
  return tableName(MODEL, collection, GRAPH_PART)
}

/** Gives the table of a collection. @throws `ARGUMENT` */
export function tensorTable(options: CollectionOptions): TableSpecification {
  const id = makeField('id', ID_TYPES[options.id], { nullable: false })
  const attributes = Object.entries(options.attributes ?? {}).map(([name, type]) =>
    makeField(checkAttributeName(name), attributeType(type)),
  )
  return { part: '', key: ['id'], fields: [id, ...valueFields(options), ...attributes] }
}

/** Gives the tables of a collection: its tensors, and where these can be searched what was built of an index. */
export function collectionTables(options: CollectionOptions): TableSpecification[] {
  return isFixed(options) ? [tensorTable(options), graphTable()] : [tensorTable(options)]
}

function valueFields(options: TensorOptions): Field[] {
  if (isFixed(options)) return [vectorField(options.dtype, options.shape)]
  return [
    makeField('dtype', types.utf8, { nullable: false }),
    makeField('shape', new List(makeField('item', types.int64, { nullable: false })), { nullable: false }),
    makeField('values', types.binary),
    makeField('_path', types.utf8),
    makeField('_name', types.utf8),
    makeField('_checksum', types.utf8),
  ]
}

/** Makes the field of elements, which other readers of Arrow know as tensors of a fixed shape. */
function vectorField(dtype: DType, shape: readonly number[]): Field {
  const count = elementCount(checkShape(shape))
  if (count === 0)
    throw new SheafError('ARGUMENT', 'A collection of one shape must have elements. Leave out the shape.')
  if (dtypeNamed(dtype).isPacked)
    throw new SheafError(
      'UNSUPPORTED',
      `A collection cannot hold ${dtype} as numbers. Leave out dtype and shape.`,
    )
  const metadata = new Map([
    [EXTENSION_NAME_KEY, 'arrow.fixed_shape_tensor'],
    ['ARROW:extension:metadata', JSON.stringify({ shape })],
  ])
  return new Field('values', vectorType(dtype, count), false, metadata)
}

/** Gives the type of a column of elements. */
export function vectorType(dtype: DType, count: number): DataType {
  return new FixedSizeList(count, makeField('item', dtypeNamed(dtype).arrowType, { nullable: false }))
}

/** Names the table of a collection. */
export function tensorTableName(collection: string): string {
  return tableName(MODEL, collection, '')
}

const RESERVED = new Set(['id', 'dtype', 'shape', 'values', 'distance'])

/** Checks the name of an attribute. @throws `ARGUMENT` for a name that a column of the model has */
export function checkAttributeName(name: string): string {
  if (name !== '' && !RESERVED.has(name) && !name.startsWith('_')) return name
  throw new SheafError(
    'ARGUMENT',
    `An attribute cannot have this name. Those taken are ${[...RESERVED].join(', ')}, and all that begin with _: ${JSON.stringify(name)}`,
  )
}
