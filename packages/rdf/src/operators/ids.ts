import { type Batch, type Column, columnReader } from '@sheafdb/core'

/** Reads the ids of a column at the rows of a batch that are selected; 0 for null. */
export function selectedIds(batch: Batch, column: Column): Float64Array {
  const { selection, length } = batch
  const count = selection === null ? length : selection.length
  const ids = new Float64Array(count)
  if (
    column.layout === 'flat' &&
    column.validity === null &&
    !(column.values instanceof BigInt64Array || column.values instanceof BigUint64Array)
  ) {
    const { values } = column
    for (let at = 0; at < count; at += 1)
      ids[at] = values[selection === null ? at : (selection[at] as number)] as number
    return ids
  }
  const read = columnReader(column)
  for (let at = 0; at < count; at += 1) {
    const id = read(selection === null ? at : (selection[at] as number))
    ids[at] = id === null ? 0 : Number(id)
  }
  return ids
}
