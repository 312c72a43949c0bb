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

/**
 * Gives the index of the table that stands for one of the collection. It holds all documents, also where the
 * collection's is partial or sparse: those only bound what is unique.
 */
export function tableIndex({ name, key }: IndexDefinition): IndexSpecification {
  const parts = key.map(([path]) => ({
    expression: {
      call: INDEX_KEYS,
      args: [{ field: 'document' }, ...path.split('.').map((value) => ({ value }))],
    },
    multiple: true,
  }))
  return { name, parts }
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
