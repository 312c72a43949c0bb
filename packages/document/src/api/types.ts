import type { Query } from '@sheafdb/core'
import type { Document } from '../semantics/value.ts'

/** Describes a collection when it is first written to. */
export type CollectionSettings = {
  /** A JSON Schema that documents must follow: draft-07, or 2020-12 where its `$schema` says so. */
  readonly schema?: Readonly<Record<string, unknown>>
  /** Schemas that it refers to (`$ref`), by URI: nothing is fetched. */
  readonly schemas?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Whether a document that does not follow is refused (the default) or only warned about. */
  readonly validation?: 'error' | 'warn'
}

/** Is a filter in MongoDB's query language. */
export type FilterDocument = Readonly<Record<string, unknown>>
/** Is an update in MongoDB's language: operators, or a pipeline. */
export type UpdateDocument = Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[]
/** Maps fields to 1 or -1. */
export type SortDocument = Readonly<Record<string, unknown>>

/** Holds what `$$name` stands for in expressions. */
export type Variables = { readonly let?: Readonly<Record<string, unknown>> }

/** Tunes a find. */
export type FindOptions = Variables & {
  readonly projection?: Readonly<Record<string, unknown>>
  readonly sort?: SortDocument
  readonly skip?: number
  readonly limit?: number
}

/** Tunes an update. */
export type UpdateOptions = Variables & {
  readonly upsert?: boolean
  readonly arrayFilters?: readonly Readonly<Record<string, unknown>>[]
  readonly sort?: SortDocument
}

/** Tunes the calls that find one document and change it. */
export type FindAndChangeOptions = UpdateOptions & {
  readonly projection?: Readonly<Record<string, unknown>>
  /** Which document is given: as it was (the default), or as it is then. */
  readonly returnDocument?: 'before' | 'after'
}

/** Is the answer to `insertOne`. */
export type InsertOneResult = { readonly acknowledged: true; readonly insertedId: unknown }
/** Is the answer to `insertMany`. */
export type InsertManyResult = {
  readonly acknowledged: true
  readonly insertedCount: number
  readonly insertedIds: Readonly<Record<number, unknown>>
}
/** Is the answer to updates and replacements. */
export type UpdateResult = {
  readonly acknowledged: true
  readonly matchedCount: number
  readonly modifiedCount: number
  readonly upsertedCount: number
  readonly upsertedId: unknown
}
/** Is the answer to deletions. */
export type DeleteResult = { readonly acknowledged: true; readonly deletedCount: number }
/** Is the answer to `bulkWrite`. */
export type BulkWriteResult = {
  readonly acknowledged: true
  readonly insertedCount: number
  readonly matchedCount: number
  readonly modifiedCount: number
  readonly deletedCount: number
  readonly upsertedCount: number
  readonly insertedIds: Readonly<Record<number, unknown>>
  readonly upsertedIds: Readonly<Record<number, unknown>>
}

/** Is one step of `bulkWrite`: an object whose only key names the call. */
export type BulkOperation = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Is a list that can be awaited, or read by `rows()` like a query. */
export type ListResult<Item> = PromiseLike<Item[]> & { rows(): Promise<Item[]> }

/** Names an index and what it is over. */
export type IndexDescription = {
  readonly v: 2
  readonly key: Readonly<Record<string, unknown>>
  readonly name: string
} & Readonly<Record<string, unknown>>

/** Tells how far a load is: `done` and `total` in bytes where it reads, in documents where it writes. */
export type LoadProgress = {
  readonly done: number
  readonly total: number | undefined
  readonly documents: number
}

/** Tunes an import. */
export type ImportOptions = {
  /** How many documents make a transaction. Default 10,000. */
  readonly batchSize?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: LoadProgress) => void
}

/** Tunes an export. */
export type ExportOptions = {
  /** `json` is one array, `ndjson` a line each. Default by the file's ending. */
  readonly format?: 'ndjson' | 'json'
  readonly filter?: FilterDocument
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: LoadProgress) => void
}

/** Is a query whose rows are documents. */
export type DocumentQuery = Query<Document>
