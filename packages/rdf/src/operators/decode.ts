import {
  type Batch,
  boxedColumn,
  type Column,
  type ExtensionOperator,
  types,
  type Value,
} from '@sheafdb/core'
import type { Dictionary } from '../layout/dictionary.ts'
import { addColumns } from './batches.ts'
import { dictionaryOf } from './dictionary-of.ts'
import { selectedIds } from './ids.ts'

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
  const { selection, length } = batch
  const ids = selectedIds(batch, column)
  if (dictionary === null) return boxedColumn(types.variant, new Array<Value>(length).fill(null))
  const terms = dictionary.terms(ids)
  if (selection === null) return boxedColumn(types.variant, terms)
  const spread = new Array<Value>(length).fill(null)
  for (let at = 0; at < ids.length; at += 1) spread[selection[at] as number] = terms[at]
  return boxedColumn(types.variant, spread)
}
