import type { CollectionDefinition, TableSpecification } from '../catalog/definition.ts'
import type { Engine, ExtensionOperator } from '../catalog/engine.ts'
import type { KeyedReader } from '../catalog/keyed-reader.ts'
import type { CatalogView, Snapshot, WriteTransaction } from '../catalog/table-store.ts'
import type { VectorIndexProvider } from '../catalog/vector-index.ts'
import type { AggregateDefinition } from '../expression/aggregates.ts'
import type { FunctionDefinition } from '../expression/registry.ts'
import type { LogicalPlan } from '../plan/logical-plan.ts'
import type { Batch } from '../types/column.ts'
import type { Value } from '../types/value.ts'
import type { Query, QueryOptions, RunOptions } from './query.ts'

/** Is a plan under a name, by which other languages see a collection. */
export type Relation = { readonly name: string; readonly plan: LogicalPlan }

/** Is a table function of SQL text: `cypher('social', 'MATCH …')`. */
export type TableFunction = {
  readonly name: string
  /** Lowers a call with constant arguments. */
  readonly lower: (context: ModelContext, args: readonly Value[]) => LogicalPlan | Promise<LogicalPlan>
}

/**
 * Is what a model has to work with, in a store, a transaction or a snapshot: the same code serves all three.
 */
export type ModelContext = {
  /** The catalog as this session sees it now. */
  catalog(): CatalogView
  /** Opens the snapshot that reads of this session see; close it. */
  snapshot(): Snapshot
  /**
   * Reads a table whose key is one field of bytes, at once and without a plan: in a store its last commit at each call.
   * `undefined` where there is no such table. Ask again when `keyedVersion` has changed.
   */
  keyed(table: string, fields: readonly string[]): KeyedReader | undefined
  /** Changes when what `keyed` gave may no longer be what it would give. */
  keyedVersion(): number
  /** Calls a listener after each commit of this process, and when the store is closed; gives what ends that. */
  onCommit(listener: () => void): () => void
  /** Tells whether each write is a transaction of its own: so in a store, not in a transaction. */
  readonly commitsEachWrite: boolean
  /**
   * Runs writes: in a store, as a transaction of its own that is committed when `work` resolves (and run again where
   * it met a conflict); in a transaction, as part of it; in a snapshot, fails with READ_ONLY.
   */
  write<Result>(work: (transaction: WriteTransaction) => Result | Promise<Result>): Promise<Result>
  /** Makes a lazy query. `lower` is called when the query first needs its plan. */
  query<Row = Record<string, unknown>>(
    lower: () => LogicalPlan | Promise<LogicalPlan>,
    options?: QueryOptions<Row>,
  ): Query<Row>
  /** Runs a plan over a transaction's state and gives its rows as arrays of values: the reading part of an update. */
  read(
    plan: LogicalPlan,
    options?: RunOptions & {
      readonly parameters?: ReadonlyMap<string, Value>
      readonly transaction?: WriteTransaction
    },
  ): Promise<Value[][]>
  /** Runs a plan and gives its batches, over a transaction's state where one is given: for writes of many rows. */
  batches(
    plan: LogicalPlan,
    options?: RunOptions & {
      readonly parameters?: ReadonlyMap<string, Value>
      readonly transaction?: WriteTransaction
    },
  ): AsyncIterable<Batch>
  /** Gives the same context over an open transaction: what is read and written through it is the transaction's. */
  within(transaction: WriteTransaction): ModelContext
  /** Finds a relation by its name among all models' collections: `people`, `social.nodes`, or `model:name` in full. */
  relation(name: string): LogicalPlan | undefined
  /** Lists the names of all relations. */
  relationNames(): readonly string[]
  /** Finds a table function of any model. */
  tableFunction(name: string): TableFunction | undefined
}

/** Says which table a file is read into or written from; the format is the file's ending's where it is not given. */
export type FileOptions = {
  readonly table: string
  readonly format?: 'arrow' | 'parquet' | 'csv' | 'ndjson'
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly done: number; readonly total: number | undefined }) => void
}

/** Is what a model that knows file formats does for `store.import` and `store.export`. */
export type FileAccess = {
  /** Reads a file into a table, which is made where there is none. */
  import(
    context: ModelContext,
    path: string,
    options: FileOptions,
  ): Promise<{ readonly rowsAffected: number }>
  /** Writes the rows of a plan to a file. */
  export(
    context: ModelContext,
    path: string,
    options: FileOptions & { readonly plan: LogicalPlan },
  ): Promise<{ readonly rowsAffected: number }>
}

/**
 * Is how a model plugs in. Required: its name, the version of its layout, the layout, and `open`; everything else has
 * a safe default.
 */
export type Model<Name extends string = string, Api = unknown> = {
  /** The name under which the store shows it: `store.<name>`. */
  readonly name: Name
  readonly layoutVersion: number
  /** Gives the tables of a new collection. */
  layout(collection: string, options: Readonly<Record<string, unknown>>): readonly TableSpecification[]
  /** Gives what the user holds. */
  open(context: ModelContext): Api
  /** Gives the relations under which other languages see a collection; by default each table as it is. */
  relations?(collection: CollectionDefinition, context: ModelContext): readonly Relation[]
  readonly functions?: readonly FunctionDefinition[]
  readonly aggregates?: readonly AggregateDefinition[]
  readonly operators?: readonly ExtensionOperator[]
  /** Makes indexes over vectors, for all models. */
  readonly vectorIndexes?: VectorIndexProvider
  readonly engines?: readonly Engine[]
  readonly tableFunctions?: readonly TableFunction[]
  readonly files?: FileAccess
}

/** Gives the API that a model shows on a store. */
export type ModelApi<M> = M extends { open(context: ModelContext): infer Api } ? Api : never

/** Maps each model that was passed to its API: `store.graph` exists where `graph()` was passed. */
export type ModelApis<Models extends readonly Model[]> = {
  readonly [M in Models[number] as M['name']]: ModelApi<M>
}
