import { functionNamed } from '../../expression/registry.ts'
import type { ScanColumn, ScanPlan, ValuesPlan } from '../../plan/logical-plan.ts'
import { makeBatch } from '../../types/column.ts'
import { types } from '../../types/data-type.ts'
import type { Value } from '../../types/value.ts'
import { type Interpretation, type Row, rowFunction, rowsOf } from './interpretation.ts'

/** Gives the rows that the plan carries. */
export function valuesRows(plan: ValuesPlan): Row[] {
  return rowsOf(makeBatch(plan.columns, plan.rowCount))
}

/** Reads all rows of a table whole, then computes paths and applies the filters. */
export function scanRows(plan: ScanPlan, { context }: Interpretation): Row[] {
  const source = context.snapshot.source(plan.table)
  const typeOf = (column: ScanColumn) =>
    source.definition.fields.find((field) => field.name === column.field)?.type ?? types.int64
  const columns = plan.columns.map((column) => ({
    field: column.field,
    type: column.access === undefined ? column.type : typeOf(column),
  }))
  const reads = plan.columns.map(accessOf)
  const filters = plan.filters.map((filter) => rowFunction(filter, plan.output, context))
  const rows: Row[] = []
  for (const batch of source.scan({ columns, predicates: [] })) {
    for (const whole of rowsOf(batch)) {
      const row = whole.map((value, place) => (reads[place] as (value: Value) => Value)(value))
      if (filters.every((filter) => filter(row) === true)) rows.push(row)
    }
  }
  return rows
}

function accessOf({ access, type }: ScanColumn): (value: Value) => Value {
  if (access === undefined) return (value) => value
  const evaluate = functionNamed(access.function).evaluator([], type)
  return (value) => evaluate(value, ...access.path) ?? null
}
