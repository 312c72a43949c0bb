import type { CollectionDefinition } from '@sheafdb/core'

/** Describes a column of a table as SQL declared it. */
export type ColumnOptions = {
  readonly name: string
  /** The SQL type, as DuckDB writes it. */
  readonly type: string
  /** True where values are held in another Arrow type than the SQL type's own, so that SQL reads them through a cast. */
  readonly held?: boolean
  readonly notNull?: boolean
  /** The expression of DEFAULT. */
  readonly default?: string
  /** The expression of a generated column. */
  readonly generated?: string
}

/** Is what the catalog keeps of a table. */
export type TableOptions = {
  readonly kind: 'table'
  readonly columns: readonly ColumnOptions[]
  /** Column names of PRIMARY KEY; empty for none. */
  readonly primaryKey: readonly string[]
  /** Column names of each UNIQUE constraint and unique index. */
  readonly unique: readonly (readonly string[])[]
  /** Conditions of CHECK. */
  readonly checks: readonly string[]
  /** The names of the conditions of CHECK, by their place; empty for those without. */
  readonly checkNames?: readonly string[]
  readonly indexes?: readonly IndexOptions[]
  readonly foreignKeys?: readonly ForeignKeyOptions[]
}

/** Is what the catalog keeps of a foreign key. */
export type ForeignKeyOptions = {
  readonly columns: readonly string[]
  readonly table: string
  readonly references: readonly string[]
}

/** Is what the catalog keeps of an index. */
export type IndexOptions = {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
}

/** Is what the catalog keeps of a view. */
export type ViewOptions = {
  readonly kind: 'view'
  readonly sql: string
  readonly columns: readonly string[]
  /** The schema in which the query's names are looked up first, where it is not `main`. */
  readonly schema?: string
}

/** Is what the catalog keeps of a schema: that it is there. */
export type SchemaOptions = { readonly kind: 'schema' }

/** Is what the catalog keeps of a sequence; 64-bit integers as text. How far it has come is counted apart. */
export type SequenceOptions = {
  readonly kind: 'sequence'
  readonly start: string
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cycle: boolean
  /** The table that takes the sequence with it when it is dropped. */
  readonly ownedBy?: string
}

/** Is what the catalog keeps of a type: the type that it stands for, as SQL. */
export type TypeOptions = { readonly kind: 'type'; readonly sql: string }

/** Is what the catalog keeps of a macro: its parameters and body as SQL, and the relations that it names. */
export type MacroOptions = {
  readonly kind: 'macro'
  readonly sql: string
  readonly isTable: boolean
  readonly relations: readonly string[]
}

/** Reads what the catalog keeps of a relational collection that is a table or a view. */
export function optionsOf(collection: CollectionDefinition): TableOptions | ViewOptions {
  return collection.options as TableOptions | ViewOptions
}

/** Tells whether a collection is a table or a view, and no object of another kind. */
export function isRelation(collection: CollectionDefinition): boolean {
  const { kind } = optionsOf(collection)
  return kind === 'table' || kind === 'view'
}
