import type { RecordBatch, Table } from 'apache-arrow'
import { typeOfValue } from '../expression/build.ts'
import { planField, values } from '../plan/build.ts'
import type { LogicalPlan } from '../plan/logical-plan.ts'
import { union } from '../plan/set-operations.ts'
import { recordBatchToBatch } from '../types/arrow.ts'
import { columnFromValues } from '../types/column-builder.ts'
import { commonType, type DataType, types, valueType } from '../types/data-type.ts'
import { SheafError } from '../types/errors.ts'
import type { Value } from '../types/value.ts'

/** Is rows that are not in the store: an apache-arrow table (of any copy of the package) or an array of objects. */
export type TabularSource = Table | readonly Readonly<Record<string, unknown>>[]

/** Makes a plan of rows that are given. @throws `ARGUMENT` for anything that is no table */
export function valuesOf(source: TabularSource): LogicalPlan {
  if (Array.isArray(source)) return valuesOfObjects(source)
  if (isArrowTable(source)) return valuesOfTable(source)
  throw new SheafError('ARGUMENT', 'Rows must be an apache-arrow Table or an array of objects.')
}

/** Tells by shape whether a value is an apache-arrow table, of whichever copy of the package. */
export function isArrowTable(source: unknown): source is Table {
  return (
    typeof source === 'object' &&
    source !== null &&
    'schema' in source &&
    'batches' in source &&
    Array.isArray(source.batches)
  )
}

function valuesOfTable(table: Table): LogicalPlan {
  const parts = table.batches.map((batch: RecordBatch) => {
    const output = table.schema.fields.map((field) =>
      planField(field.name, valueType(field.type), field.nullable),
    )
    return values(output, recordBatchToBatch(batch).columns, batch.numRows)
  })
  if (parts.length === 1) return parts[0] as LogicalPlan
  if (parts.length > 1) return union(parts)
  const output = table.schema.fields.map((field) =>
    planField(field.name, valueType(field.type), field.nullable),
  )
  return values(
    output,
    output.map((field) => columnFromValues(field.type, [])),
    0,
  )
}

function valuesOfObjects(rows: readonly Readonly<Record<string, unknown>>[]): LogicalPlan {
  const inferred = new Map<string, DataType>()
  for (const row of rows) {
    if (typeof row !== 'object' || row === null)
      throw new SheafError(
        'ARGUMENT',
        `Each row must be an object of column name to value. One is a ${typeof row}.`,
      )
    for (const [name, value] of Object.entries(row))
      inferred.set(name, commonType(inferred.get(name) ?? types.null, typeOf(value)))
  }
  const output = [...inferred].map(([name, type]) => planField(name, type))
  const columns = output.map((field) =>
    columnFromValues(
      field.type,
      rows.map((row) => (Object.hasOwn(row, field.name) ? (row[field.name] as Value) : null)),
    ),
  )
  return values(output, columns, rows.length)
}

function typeOf(value: unknown): DataType {
  return value instanceof Date ? types.timestamp : typeOfValue(value)
}
