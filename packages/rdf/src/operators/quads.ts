import { type Column, columnReader, type ExtensionOperator, MISSING, takeColumn, types } from '@sheafdb/core'
import { addColumns } from './batches.ts'

/**
 * Reads columns of the quads whose row ids a column holds: the predicate and graph of edges that were followed.
 * Settings: `quads`, the quads table, and `fields`, the columns to read.
 */
export const quadsOperator: ExtensionOperator = {
  name: 'rdf.quads',
  execute(plan, inputs, context) {
    const { quads, fields } = plan.settings as { readonly quads: string; readonly fields: readonly string[] }
    const requests = fields.map((field) => ({ field, type: types.int64 }))
    const [input] = inputs
    return addColumns(plan, input as never, (batch, places) => {
      if (context.snapshot.catalog.table(quads) === undefined) return []
      const read = columnReader(batch.columns[places[0] as number] as Column)
      const { selection, length } = batch
      const count = selection === null ? length : selection.length
      const rowIds = new Float64Array(count)
      for (let at = 0; at < count; at += 1)
        rowIds[at] = Number(read(selection === null ? at : (selection[at] as number)))
      const { columns } = context.snapshot.source(quads).gather(rowIds, requests)
      return selection === null ? columns : columns.map((column) => spread(column, selection, length))
    })
  },
}

/** Puts gathered values where the selected rows stand. */
function spread(column: Column, selection: Uint32Array, length: number): Column {
  const indexes = new Uint32Array(length).fill(MISSING)
  for (let at = 0; at < selection.length; at += 1) indexes[selection[at] as number] = at
  return takeColumn(column, indexes, true)
}
