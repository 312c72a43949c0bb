/** Is a piece of a text and where it stands there. */
export type Piece = { readonly text: string; readonly offset: number }

/** Is a relation's name, its parts joined by a dot where it has a schema. */
export type RelationName = {
  readonly name: string
  readonly offset: number
  readonly schema?: string
  /** True where the schema `main` was written before it. */
  readonly isMain?: boolean
}

/** Is what a statement gives back of the rows it wrote. */
export type Returning = Piece | null

/** Is CREATE TABLE. `body` is what stands in its brackets. */
export type CreateTable = {
  readonly kind: 'create-table'
  readonly table: RelationName
  readonly ifNotExists: boolean
  readonly orReplace: boolean
  readonly body: Piece | null
  readonly query: Piece | null
}

/** Is CREATE VIEW. */
export type CreateView = {
  readonly kind: 'create-view'
  readonly view: RelationName
  readonly ifNotExists: boolean
  readonly orReplace: boolean
  /** True where the query reads the view's own name: a recursive query. */
  readonly recursive: boolean
  readonly columns: readonly string[]
  readonly query: Piece
}

/** Is CREATE INDEX. */
export type CreateIndex = {
  readonly kind: 'create-index'
  readonly index: string
  readonly table: RelationName
  readonly unique: boolean
  readonly ifNotExists: boolean
  readonly columns: readonly Piece[]
  /** The kind of index after USING; `null` where nothing is said. */
  readonly method: string | null
}

/** Is CREATE of a schema, sequence, type or macro; `definition` is what follows the name. */
export type CreateObject = {
  readonly kind: 'create-object'
  readonly object: 'schema' | 'sequence' | 'type' | 'macro'
  readonly name: RelationName
  readonly ifNotExists: boolean
  readonly orReplace: boolean
  readonly definition: Piece | null
}

/** Is DROP. */
export type Drop = {
  readonly kind: 'drop'
  readonly object: 'table' | 'view' | 'index' | CreateObject['object']
  readonly names: readonly RelationName[]
  readonly ifExists: boolean
  readonly cascade: boolean
}

/** Is ALTER SEQUENCE … OWNED BY. */
export type AlterSequence = {
  readonly kind: 'alter-sequence'
  readonly sequence: RelationName
  readonly ifExists: boolean
  readonly owner: RelationName
}

/** Is ALTER TABLE; `change` is what follows the table's name. */
export type AlterTable = {
  readonly kind: 'alter-table'
  readonly object: 'table' | 'view'
  readonly table: RelationName
  readonly ifExists: boolean
  readonly change: Piece
}

/** Says what INSERT does with a row that is there already. */
export type OnConflict =
  | { readonly action: 'nothing'; readonly columns: readonly string[] }
  | {
      readonly action: 'update'
      readonly columns: readonly string[]
      readonly set: readonly Assignment[]
      readonly where: Piece | null
    }
  | { readonly action: 'replace' }

/** Is an assignment of UPDATE. */
export type Assignment = { readonly columns: readonly string[]; readonly value: Piece }

/** Is INSERT. `query` is null for DEFAULT VALUES. */
export type Insert = {
  readonly kind: 'insert'
  readonly with: Piece | null
  readonly table: RelationName
  readonly alias: string | null
  readonly columns: readonly string[] | null
  readonly byName: boolean
  readonly query: Piece | null
  readonly onConflict: OnConflict | null
  readonly returning: Returning
}

/** Is UPDATE. */
export type Update = {
  readonly kind: 'update'
  readonly with: Piece | null
  readonly table: RelationName
  readonly alias: string | null
  readonly set: readonly Assignment[]
  readonly from: Piece | null
  readonly where: Piece | null
  readonly returning: Returning
}

/** Is DELETE, or TRUNCATE. */
export type Delete = {
  readonly kind: 'delete'
  readonly with: Piece | null
  readonly table: RelationName
  readonly alias: string | null
  readonly using: Piece | null
  readonly where: Piece | null
  readonly returning: Returning
}

/** Is what a clause of MERGE does with its rows. */
export type MergeAction =
  | { readonly action: 'update'; readonly set: readonly Assignment[] | 'by-name' | 'by-position' }
  | { readonly action: 'delete' }
  | { readonly action: 'nothing' }
  | { readonly action: 'error'; readonly message: Piece | null }
  | {
      readonly action: 'insert'
      readonly columns: readonly string[] | null
      /** The row's values; `by-name` and `by-position` take the source's columns, `default` no value at all. */
      readonly values: Piece | 'by-name' | 'by-position' | 'default'
    }

/** Is a clause of MERGE: the rows that it takes, and what it does with them. */
export type MergeClause = {
  readonly rows: 'matched' | 'not-matched-by-target' | 'not-matched-by-source'
  readonly condition: Piece | null
  readonly action: MergeAction
}

/** Is MERGE INTO. `on` is a condition, or the columns of USING. */
export type Merge = {
  readonly kind: 'merge'
  readonly with: Piece | null
  readonly table: RelationName
  readonly alias: string | null
  readonly source: Piece
  readonly sourceAlias: string | null
  readonly sourceColumns: readonly string[]
  readonly on: Piece | readonly string[]
  readonly clauses: readonly MergeClause[]
  readonly returning: Returning
}

/** Is SET, RESET or PRAGMA of a setting; `value` is null for RESET. */
export type SettingStatement = {
  readonly kind: 'setting'
  readonly name: string
  /** True for SET VARIABLE, of a name of the user's. */
  readonly isVariable?: boolean
  readonly value: Piece | null
  readonly offset: number
}

/** Is COPY between a file and a table or query. */
export type Copy = {
  readonly kind: 'copy'
  readonly table: RelationName | null
  readonly query: Piece | null
  readonly columns: readonly string[] | null
  readonly direction: 'from' | 'to'
  readonly path: string
  readonly options: readonly { readonly name: string; readonly value: string }[]
}

/** Is BEGIN, COMMIT, ROLLBACK and the like. */
export type TransactionStatement = {
  readonly kind: 'transaction'
  readonly action: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollback-to'
  readonly name: string
}

/** Is a statement of SQL: the queries and expressions in it are left as text for DuckDB's parser. */
export type Statement =
  | { readonly kind: 'query'; readonly query: Piece }
  | { readonly kind: 'explain'; readonly analyze: boolean; readonly query: Piece }
  | { readonly kind: 'describe'; readonly query: Piece }
  | { readonly kind: 'show-tables' }
  | { readonly kind: 'show-schemas' }
  | { readonly kind: 'table-info'; readonly table: string }
  | CreateTable
  | CreateView
  | CreateIndex
  | CreateObject
  | Drop
  | AlterTable
  | AlterSequence
  | Merge
  | SettingStatement
  | Insert
  | Update
  | Delete
  | Copy
  | TransactionStatement
  | { readonly kind: 'unsupported'; readonly head: string; readonly offset: number; readonly known: boolean }
