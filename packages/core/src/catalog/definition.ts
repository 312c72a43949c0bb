import type { Field } from 'apache-arrow'
import type { Column } from '../types/column.ts'
import type { IndexDefinition, IndexSpecification } from './index-definition.ts'

/** Names the system columns that every table has: UInt64 row id and commit numbers. */
export const SYSTEM_COLUMNS = ['_row_id', '_created', '_deleted'] as const

/** Declares an adjacency over two columns of a table: the index behind `expand` and `path`. */
export type AdjacencyDefinition = {
  readonly name: string
  readonly source: string
  readonly target: string
  /** A column that parts the edges by an integer (edge type, predicate), or `null`. */
  readonly partition: string | null
}

/** Describes a table before it is in the catalog: what a model's layout asks for. */
export type TableSpecification = {
  /** The part of the collection that this table is (`nodes`, `quads`); empty where a collection is one table. */
  readonly part: string
  readonly fields: readonly Field[]
  /** Names of the key's fields, in order; empty for a table without a key. Rows are unique by it. */
  readonly key: readonly string[]
  readonly adjacencies?: readonly AdjacencyDefinition[]
  readonly indexes?: readonly IndexSpecification[]
  /** What the model keeps about the table: plain JSON. */
  readonly options?: Readonly<Record<string, unknown>>
}

/** Describes a table in the catalog. */
export type TableDefinition = {
  /** Never reused. */
  readonly id: number
  /** Full name, unique in the store: `model:collection` or `model:collection.part`. */
  readonly name: string
  readonly model: string
  readonly collection: string
  readonly part: string
  /** User fields, each with its `field_id` in the metadata. */
  readonly fields: readonly Field[]
  readonly key: readonly string[]
  readonly adjacencies: readonly AdjacencyDefinition[]
  readonly indexes: readonly IndexDefinition[]
  readonly options: Readonly<Record<string, unknown>>
}

/** Describes a user's named thing of a model, which owns one or more tables. */
export type CollectionDefinition = {
  readonly model: string
  readonly name: string
  readonly layoutVersion: number
  /** What the model keeps about the collection: plain JSON. */
  readonly options: Readonly<Record<string, unknown>>
  readonly tables: readonly TableDefinition[]
}

/** Makes the full name of a table. */
export function tableName(model: string, collection: string, part: string): string {
  return part === '' ? `${model}:${collection}` : `${model}:${collection}.${part}`
}

/** Is rows to be written: a column for each named field; fields left out are null. */
export type RowBatch = {
  readonly fields: readonly string[]
  readonly columns: readonly Column[]
  readonly length: number
}
