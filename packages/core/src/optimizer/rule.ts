import type { TableDefinition } from '../catalog/definition.ts'
import type { LogicalPlan } from '../plan/logical-plan.ts'

/** Gives what the optimizer may know about the data: estimates, never the data itself. */
export type OptimizerContext = {
  /** Counts the rows of a table at the snapshot. */
  rowCount(table: string): number
  /** Estimates how many distinct values a field has, `null` where that is not known. */
  distinctCount(table: string, field: string): number | null
  /** Gives the least and greatest number of a field, `null` where they are not known or no numbers. */
  bounds(table: string, field: string): { readonly minimum: number; readonly maximum: number } | null
  /** Names the fields of a table's key. */
  key(table: string): readonly string[]
  /** Gives the definition of a table, with its indexes. */
  definition(table: string): TableDefinition | undefined
}

/** Is one step of the optimizer: a plan in, an equal and better plan out. */
export type Rule = {
  readonly name: string
  readonly apply: (plan: LogicalPlan, context: OptimizerContext) => LogicalPlan
}
