import {
  type Batch,
  boxedColumn,
  type Column,
  columnReader,
  type ExtensionOperator,
  type ExtensionPlan,
  type Steps,
  types,
  type Value,
} from '@sheafdb/core'
import { type QuadTemplate, Template } from '../layout/template.ts'
import { type Term, termKey } from '../layout/term.ts'
import { isBatch, placesOf, rowsOf } from './batches.ts'

/**
 * Makes the triples of CONSTRUCT: each template for each solution, each triple once. Settings: `template` and
 * `variables`, the names of the columns of terms that the expressions read. Output: subject, predicate, object.
 */
export const constructOperator: ExtensionOperator = {
  name: 'rdf.construct',
  *execute(plan, inputs) {
    const made = new TripleSink(plan)
    const places = placesOf(plan)
    for (const step of inputs[0] as Steps) {
      if (!isBatch(step)) yield step
      else yield made.triplesOf(step, places)
    }
  },
}

class TripleSink {
  readonly #template: Template
  readonly #seen = new Set<string>()

  constructor(plan: ExtensionPlan) {
    const { template, variables } = plan.settings as {
      readonly template: readonly QuadTemplate[]
      readonly variables: readonly string[]
    }
    this.#template = new Template(template, variables)
  }

  triplesOf(batch: Batch, places: readonly number[]): Batch {
    const readers = places.map((place) => columnReader(batch.columns[place] as Column))
    const columns: [Value[], Value[], Value[]] = [[], [], []]
    for (const row of rowsOf(batch)) {
      const solution = readers.map((read) => read(row) as Term | null)
      for (const quad of this.#template.quads(solution)) {
        const terms = [quad.subject, quad.predicate, quad.object] as Term[]
        const key = terms.map(termKey).join('\n')
        if (this.#seen.has(key)) continue
        this.#seen.add(key)
        for (const [at, term] of terms.entries()) (columns[at] as Value[]).push(term)
      }
    }
    return {
      length: columns[0].length,
      columns: columns.map((values) => boxedColumn(types.variant, values)),
      selection: null,
    }
  }
}
