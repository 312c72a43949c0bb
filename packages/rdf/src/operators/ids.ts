import { type Batch, type Column, columnReader } from '@sheafdb/core'

/** Reads the ids of a column at the rows of a batch that are selected; 0 for null. */
export function selectedIds(batch: Batch, column: Column): Float64Array {
  const { selection, length } = batch
  const count = selection === null ? length : selection.length
  const ids = new Float64Array(count)
  if (column.layout === 'flat' && column.validity === null) {
    const { values } = column
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
      copyWide(values, selection, ids)
      return ids
    }
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

/** Copies ids of 64 bits by their halves, which makes no bigint a row: ids are safe integers, the unknown one -1. */
function copyWide(
  values: BigInt64Array | BigUint64Array,
  selection: Uint32Array | null,
  ids: Float64Array,
): void {
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const high = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  for (let at = 0; at < ids.length; at += 1) {
    const place = (selection === null ? at : (selection[at] as number)) * 2
    ids[at] = (high[place + 1] as number) * 4294967296 + (low[place] as number)
  }
}
