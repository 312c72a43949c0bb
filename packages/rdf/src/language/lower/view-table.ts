import type { LogicalPlan } from '@sheafdb/core'

/** Is a column of a table as a predicate. */
export type ViewProperty = {
  readonly column: string
  /** The start of the IRIs of the rows that the column refers to; `null` for a plain value. */
  readonly reference: string | null
}

/** Is a table whose rows are nodes: each row the subject of a triple for each of its columns that is not null. */
export type ViewTable = {
  readonly name: string
  readonly plan: LogicalPlan
  readonly key: string
  /** The start of the IRIs of its rows; the key follows. */
  readonly prefix: string
  /** The class of its rows. */
  readonly type: string
  /** By the predicate's IRI. */
  readonly properties: ReadonlyMap<string, ViewProperty>
}
