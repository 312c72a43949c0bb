import {
  type Batch,
  boxedColumn,
  type Column,
  columnReader,
  type ExtensionOperator,
  types,
  type Value,
} from '@sheafdb/core'
import type { Dictionary } from '../layout/dictionary.ts'
import { addColumns } from './batches.ts'
import { dictionaryOf } from './dictionary-of.ts'

/** Adds the terms of columns of ids. Settings: `terms`, the terms table. */
export const decodeOperator: ExtensionOperator = {
  name: 'rdf.decode',
  execute(plan, inputs, context) {
    const dictionary = dictionaryOf(plan, context)
    const [input] = inputs
    return addColumns(plan, input as never, (batch, places) =>
      places.map((place) => decodeColumn(batch, batch.columns[place] as Column, dictionary)),
    )
  },
}

function decodeColumn(batch: Batch, column: Column, dictionary: Dictionary | null): Column {
  const read = columnReader(column)
  const { selection, length } = batch
  const count = selection === null ? length : selection.length
  const ids = new Float64Array(count)
  for (let at = 0; at < count; at += 1) {
    const id = read(selection === null ? at : (selection[at] as number))
    ids[at] = id === null ? 0 : Number(id)
  }
  if (dictionary === null) return boxedColumn(types.variant, new Array<Value>(length).fill(null))
  const terms = dictionary.terms(ids)
  if (selection === null) return boxedColumn(types.variant, terms)
  const spread = new Array<Value>(length).fill(null)
  for (let at = 0; at < count; at += 1) spread[selection[at] as number] = terms[at]
  return boxedColumn(types.variant, spread)
}
