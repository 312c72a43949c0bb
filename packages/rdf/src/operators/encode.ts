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
import type { Term } from '../layout/term.ts'
import { inlineId, UNKNOWN_ID } from '../layout/term-id.ts'
import { addColumns, rowsOf } from './batches.ts'
import { dictionaryOf } from './dictionary-of.ts'

/** Adds the ids of columns of terms, -1 for terms that the dataset does not hold. Settings: `terms`, the terms table. */
export const encodeOperator: ExtensionOperator = {
  name: 'rdf.encode',
  execute(plan, inputs, context) {
    const dictionary = dictionaryOf(plan, context)
    const [input] = inputs
    return addColumns(plan, input as never, (batch, places) =>
      places.map((place) => encodeColumn(batch, batch.columns[place] as Column, dictionary)),
    )
  },
}

function encodeColumn(batch: Batch, column: Column, dictionary: Dictionary | null): Column {
  const read = columnReader(column)
  const rows: number[] = []
  const terms: Term[] = []
  for (const row of rowsOf(batch)) {
    const term = read(row) as Term | null
    if (term === null) continue
    rows.push(row)
    terms.push(term)
  }
  const ids = dictionary === null ? terms.map((term) => inlineId(term) ?? UNKNOWN_ID) : dictionary.ids(terms)
  const spread = new Array<Value>(batch.length).fill(null)
  for (let at = 0; at < rows.length; at += 1) spread[rows[at] as number] = ids[at]
  return boxedColumn(types.int64, spread)
}
