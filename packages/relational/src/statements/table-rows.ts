import {
  type Batch,
  type Column,
  columnReader,
  concatColumns,
  type DataType,
  type Field,
  type LogicalPlan,
  type PlanField,
  planField,
  type Snapshot,
  type TableDefinition,
  takeColumn,
  types,
  values,
} from '@sheafdb/core'

/** Gives the columns of a batch without its selection. */
export function denseColumns(batch: Batch): { readonly columns: readonly Column[]; readonly length: number } {
  const { selection } = batch
  if (selection === null) return { columns: batch.columns, length: batch.length }
  return { columns: batch.columns.map((column) => takeColumn(column, selection)), length: selection.length }
}

/** Collects batches into one column a field. */
export async function collectColumns(
  batches: AsyncIterable<Batch>,
  output: readonly { readonly type: DataType }[],
): Promise<{ readonly columns: readonly Column[]; readonly length: number }> {
  const parts: { readonly columns: readonly Column[]; readonly length: number }[] = []
  for await (const batch of batches) {
    const dense = denseColumns(batch)
    if (dense.length > 0) parts.push(dense)
  }
  if (parts.length === 1) return parts[0] as (typeof parts)[number]
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const columns = output.map(({ type }, index) =>
    concatColumns(
      type,
      parts.map((part) => part.columns[index] as Column),
    ),
  )
  return { columns, length }
}

/** Makes a relation of rows at hand. */
export function rowsPlan(
  fields: readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[],
  columns: readonly Column[],
  length: number,
): LogicalPlan {
  const output = fields.map((field) => planField(field.name, field.type, field.nullable))
  return values(output, columns, length)
}

/** Reads whole rows of a table by row id, as a relation; `_row_id` is its first column where asked for. */
export function gatherRows(
  snapshot: Snapshot,
  table: TableDefinition,
  shown: readonly PlanField[],
  rowIds: Float64Array,
  options: { readonly rowId?: boolean } = {},
): LogicalPlan {
  const source = snapshot.source(table.name)
  const { columns } = source.gather(
    rowIds,
    table.fields.map((field: Field) => ({ field: field.name, type: field.type })),
  )
  const plan = rowsPlan(shown, columns, rowIds.length)
  if (!options.rowId || plan.kind !== 'values') return plan
  return values(
    [planField('_row_id', types.uint64, false), ...plan.output],
    [rowIdColumn(rowIds), ...columns],
    rowIds.length,
  )
}

/** Makes a column of row ids. */
export function rowIdColumn(rowIds: Float64Array): Column {
  return { layout: 'flat', type: types.uint64, length: rowIds.length, validity: null, values: rowIds }
}

/** Reads a column of row ids. */
export function readRowIds(column: Column, length: number): Float64Array {
  if (column.layout === 'flat' && column.values instanceof Float64Array) return column.values
  const read = columnReader(column)
  return Float64Array.from({ length }, (_, row) => Number(read(row)))
}
