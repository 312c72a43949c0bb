import type { LogicalPlan, ModelContext, Query, Value } from '@sheafdb/core'
import type { DuckDatabase } from '../duckdb/database.ts'
import type { SqlPlanner } from '../planning/planner.ts'
import type { SessionSettings } from '../planning/settings.ts'

/** Is what a statement has to work with. */
export type StatementContext = {
  readonly context: ModelContext
  readonly database: DuckDatabase
  /** The DuckDB that may read and write files. */
  readonly files: DuckDatabase
  readonly planner: SqlPlanner
  /** What SET has changed in the session that the statement is from. */
  readonly settings: SessionSettings
  /** Makes a planner for another context: that of an open transaction. */
  readonly plannerFor: (context: ModelContext) => SqlPlanner
  readonly parameters: ReadonlyMap<string, Value>
  /** Relations beside those of the store: the queries of a template. */
  readonly relations: ReadonlyMap<string, LogicalPlan> | undefined
  /** Called now and then while many rows are written. */
  readonly onProgress?:
    | ((progress: { readonly done: number; readonly total: number | undefined }) => void)
    | undefined
  readonly signal?: AbortSignal | undefined
}

/** Is what a statement did. */
export type StatementResult = {
  /** Rows that were inserted, updated or deleted; 0 for everything else. */
  readonly rowsAffected: number
  /** The rows that a query, or RETURNING, gives. */
  readonly query?: Query
  /** The lines of a CSV file that COPY left out, with IGNORE_ERRORS. */
  readonly rejected?: readonly RejectedLine[]
}

/** Is a line of a file that could not be read. */
export type RejectedLine = {
  readonly line: number
  readonly column: string | null
  readonly message: string
  readonly text: string
}
