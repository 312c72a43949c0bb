import {
  boxedColumn,
  type Column,
  columnReader,
  type ExtensionOperator,
  type Steps,
  types,
  type Value,
} from '@sheafdb/core'
import { Dictionary } from '../layout/dictionary.ts'
import { matchQuads } from '../layout/quads.ts'
import type { Term } from '../layout/term.ts'
import { isInlineId } from '../layout/term-id.ts'
import { isBatch, placesOf, rowsOf } from './batches.ts'

/**
 * Makes the triples of DESCRIBE: those of the default graph that leave the nodes, and those of the blank nodes that
 * they lead to. Settings: `terms` and `quads`, the tables. Input: columns of ids. Output: subject, predicate, object.
 */
export const describeOperator: ExtensionOperator = {
  name: 'rdf.describe',
  *execute(plan, inputs, context) {
    const { terms, quads } = plan.settings as { readonly terms: string; readonly quads: string }
    const places = placesOf(plan)
    const wanted = new Set<number>()
    for (const step of inputs[0] as Steps) {
      if (!isBatch(step)) yield step
      else
        for (const place of places) {
          const read = columnReader(step.columns[place] as Column)
          for (const row of rowsOf(step)) {
            const id = read(row)
            if (id !== null) wanted.add(Number(id))
          }
        }
    }
    if (context.snapshot.catalog.table(quads) === undefined) return
    const dictionary = new Dictionary(context.snapshot.source(terms))
    const source = context.snapshot.source(quads)
    const columns: [Value[], Value[], Value[]] = [[], [], []]
    const seen = new Set<number>()
    const queue = [...wanted].filter((id) => id > 0 && !isInlineId(id))
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (seen.has(next)) continue
      seen.add(next)
      context.check()
      for (const [subject, predicate, object] of matchQuads(source, { subject: next, graph: 0 })) {
        const triple = dictionary.terms([subject, predicate, object]) as [Term, Term, Term]
        for (const [at, term] of triple.entries()) (columns[at] as Value[]).push(term)
        if (triple[2].termType === 'BlankNode') queue.push(object)
      }
    }
    yield {
      length: columns[0].length,
      columns: columns.map((values) => boxedColumn(types.variant, values)),
      selection: null,
    }
  },
}
