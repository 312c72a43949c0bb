import {
  type CollectionDefinition,
  type IndexSpecification,
  makeField,
  type TableSpecification,
  tableName,
  types,
} from '@sheafdb/core'
import { type Shape, type ShapeJson, shapeFromJson } from './shape.ts'

/** Names the model in the catalog. */
export const MODEL = 'document'
/** Numbers the layout of collections. */
export const LAYOUT_VERSION = 1

/** Is an index as the catalog keeps it. */
export type IndexDefinition = {
  readonly name: string
  readonly key: readonly (readonly [path: string, direction: unknown])[]
  readonly unique: boolean
  readonly sparse: boolean
  /** The filter of the documents that it covers, as JSON with MongoDB's extended types. */
  readonly partial: string | null
  readonly expireAfterSeconds: number | null
}

/** Is what the catalog keeps of a collection. */
export type CollectionOptions = {
  readonly shape?: ShapeJson
  readonly schema?: Readonly<Record<string, unknown>>
  /** Schemas that the schema refers to, by URI. */
  readonly schemas?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly validation?: 'error' | 'warn'
  readonly indexes?: readonly IndexDefinition[]
}

/** Gives the one table of a collection: `_id` as its key, and the document whole, `_id` included. */
export function documentLayout(): readonly TableSpecification[] {
  return [
    {
      part: '',
      fields: [makeField('_id', types.variant), makeField('document', types.variant, { nullable: false })],
      key: ['_id'],
    },
  ]
}

/** Names the function that lists the keys of a document in an index on a path. */
export const INDEX_KEYS = 'document.keys'

/** Names the function that tells whether a sparse or partial index covers a document. */
export const INDEX_COVERS = 'document.covers'

/** Is what bounds the documents of an index, as the argument of `document.covers` in JSON. */
export type Cover = Pick<IndexDefinition, 'partial' | 'sparse'> & { readonly paths: readonly string[] }

/** Names the index of the table that keeps a sparse or partial index unique. */
export function uniqueIndexName(name: string): string {
  return `${name} (unique)`
}

/**
 * Gives the indexes of the table that stand for one of the collection. The first holds all documents, for reads; one
 * that is unique for some documents only has a second of those.
 */
export function tableIndexes(index: IndexDefinition): IndexSpecification[] {
  const { name, key, unique, sparse, partial } = index
  const parts = keyParts(key)
  if (!unique) return [{ name, parts }]
  if (!sparse && partial === null) return [{ name, parts, unique: 'nulls-equal' }]
  const cover: Cover = { partial, sparse, paths: key.map(([path]) => path) }
  const where = { call: INDEX_COVERS, args: [{ field: 'document' }, { value: JSON.stringify(cover) }] }
  return [
    { name, parts },
    { name: uniqueIndexName(name), parts, unique: 'nulls-equal', where },
  ]
}

function keyParts(key: IndexDefinition['key']): IndexSpecification['parts'] {
  return key.map(([path]) => ({
    expression: {
      call: INDEX_KEYS,
      args: [{ field: 'document' }, ...path.split('.').map((value) => ({ value }))],
    },
    multiple: true,
  }))
}

/** Gives the full name of a collection's table. */
export function documentTable(collection: string): string {
  return tableName(MODEL, collection, '')
}

/** Reads the options of a collection. */
export function optionsOf(collection: CollectionDefinition | undefined): CollectionOptions {
  return (collection?.options ?? {}) as CollectionOptions
}

const shapes = new WeakMap<object, Shape>()

/** Reads the shape of a collection; it must not be changed. */
export function shapeOf(collection: CollectionDefinition): Shape {
  let shape = shapes.get(collection.options)
  if (shape === undefined) {
    shape = shapeFromJson(optionsOf(collection).shape)
    shapes.set(collection.options, shape)
  }
  return shape
}
