import { boxedColumn, type Column, type ExtensionOperator, types } from '@sheafdb/core'
import { orderNumber, orderRank, orderText } from '../functions/comparison.ts'
import { Dictionary } from '../layout/dictionary.ts'
import { dataFactory, type Term } from '../layout/term.ts'
import { TermNumbers } from '../layout/term-numbers.ts'
import { XSD_INTEGER } from '../layout/vocabulary.ts'
import { addColumns } from './batches.ts'
import { selectedIds } from './ids.ts'

const NUMBER_RANK = orderRank(dataFactory.literal('0', dataFactory.namedNode(XSD_INTEGER)) as Term)

/**
 * Adds what the terms of ids sort by: the rank of their sort, a number and a text. Terms that are numbers are not
 * decoded; among equal numbers of different types none comes first. Settings: `terms`, the terms table, and `fields`.
 */
export const orderOperator: ExtensionOperator = {
  name: 'rdf.order',
  execute(plan, inputs, context) {
    const { terms } = plan.settings as { readonly terms: string }
    const source = context.snapshot.catalog.table(terms) === undefined ? null : context.snapshot.source(terms)
    const dictionary = source === null ? null : new Dictionary(source)
    const numbers = source === null ? null : new TermNumbers(source)
    const [input] = inputs
    return addColumns(plan, input as never, (batch, places) => {
      const ids = selectedIds(batch, batch.columns[places[0] as number] as Column)
      const values = numbers === null ? new Float64Array(ids.length).fill(Number.NaN) : numbers.of(ids)
      const ranks = new Int32Array(batch.length)
      const keys = new Float64Array(batch.length)
      const texts = new Array<string>(batch.length).fill('')
      const others: number[] = []
      for (let at = 0; at < ids.length; at += 1) {
        const row = batch.selection === null ? at : (batch.selection[at] as number)
        ranks[row] = NUMBER_RANK
        keys[row] = values[at] as number
        if (!Number.isFinite(values[at])) others.push(at)
      }
      const decoded = dictionary === null ? [] : dictionary.terms(others.map((at) => ids[at] as number))
      for (const [index, at] of others.entries()) {
        const row = batch.selection === null ? at : (batch.selection[at] as number)
        const term = decoded[index] ?? null
        ranks[row] = orderRank(term)
        keys[row] = orderNumber(term)
        texts[row] = orderText(term)
      }
      const flat = { layout: 'flat', length: batch.length, validity: null } as const
      return [
        { ...flat, type: types.int64, values: ranks },
        { ...flat, type: types.float64, values: keys },
        boxedColumn(types.variant, texts),
      ]
    })
  },
}
