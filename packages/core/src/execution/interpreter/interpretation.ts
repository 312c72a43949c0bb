import type { Engine, ExecutionContext, ExtensionOperator } from '../../catalog/engine.ts'
import type { ColumnId, Expression } from '../../expression/expression.ts'
import { interpretExpression, placesOf } from '../../expression/interpret.ts'
import type { LogicalPlan, PlanField } from '../../plan/logical-plan.ts'
import { type Batch, batchRowCount, columnReader, makeBatch } from '../../types/column.ts'
import { columnFromValues } from '../../types/column-builder.ts'
import type { Value } from '../../types/value.ts'

/** Is a row: a value a column, in the order of the plan's output. */
export type Row = readonly Value[]

/** Is what interpreting a plan needs beside the plan. */
export type Interpretation = {
  readonly context: ExecutionContext
  readonly engines: ReadonlyMap<string, Engine>
  readonly operators: ReadonlyMap<string, ExtensionOperator>
  /** The rows of the last round of each recursion that is running, by name. */
  readonly rounds: Map<string, readonly Row[]>
  /** Gives the rows of a plan. */
  run(plan: LogicalPlan): Promise<readonly Row[]>
}

/** Makes what computes an expression on a row of columns. */
export function rowFunction(
  expression: Expression,
  output: readonly PlanField[],
  context: ExecutionContext,
): (row: Row) => Value {
  const evaluate = interpretExpression(expression, placesOf(output), context.parameters)
  let current: Row = []
  const readers = output.map((_, place) => () => current[place] ?? null)
  return (row) => {
    current = row
    return evaluate(readers, 0, []) ?? null
  }
}

/** Makes what reads a column of a row by its id. */
export function cellReader(id: ColumnId, output: readonly PlanField[]): (row: Row) => Value {
  const place = placesOf(output).get(id) as number
  return (row) => row[place] ?? null
}

/** Gives the rows of a batch. */
export function rowsOf(batch: Batch): Row[] {
  const readers = batch.columns.map(columnReader)
  return Array.from({ length: batchRowCount(batch) }, (_, at) => {
    const index = batch.selection === null ? at : (batch.selection[at] as number)
    return readers.map((read) => read(index) ?? null)
  })
}

/** Makes a batch of rows, for engines and operators that take batches. */
export function batchOf(rows: readonly Row[], output: readonly PlanField[]): Batch {
  const columns = output.map((field, place) =>
    columnFromValues(
      field.type,
      rows.map((row) => row[place] ?? null),
    ),
  )
  return makeBatch(columns, rows.length)
}

/** Gives as many nulls as there are columns. */
export function nullsFor(output: readonly PlanField[]): Row {
  return output.map(() => null)
}
