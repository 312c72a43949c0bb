import type * as RDF from '@rdfjs/types'
import { column, columnFromValues, type PlanField, planField, types, values } from '@sheafdb/core'
import { fromRdfTerm } from '../../layout/term.ts'
import { UNKNOWN_ID } from '../../layout/term-id.ts'
import type { OperationSyntax } from '../syntax.ts'
import type { Environment } from './environment.ts'
import type { Binding, Relation } from './relation.ts'

/** Lowers VALUES: the terms that the dataset holds by their ids. */
export function lowerValues(
  operation: Extract<OperationSyntax, { type: 'values' }>,
  { facts }: Environment,
): Relation {
  const { variables, bindings: rows } = operation
  const fields: PlanField[] = []
  const columns = []
  const bindings = new Map<string, Binding>()
  for (const variable of variables) {
    const terms = rows.map((row) =>
      Object.hasOwn(row, variable.value) ? fromRdfTerm(row[variable.value] as RDF.Term) : null,
    )
    const ids = terms.map((term) => (term === null ? null : facts.id(term)))
    const certain = !terms.includes(null)
    const idField = planField(variable.value, types.int64, !certain)
    fields.push(idField)
    columns.push(columnFromValues(types.int64, ids))
    if (!ids.includes(UNKNOWN_ID)) bindings.set(variable.value, { id: column(idField), certain })
    else {
      const termField = planField(variable.value, types.variant, !certain)
      fields.push(termField)
      columns.push(columnFromValues(types.variant, terms))
      const term = column(termField)
      bindings.set(variable.value, { id: column(idField), idIsPartial: true, term, certain })
    }
  }
  return { plan: values(fields, columns, rows.length), bindings, rowCount: rows.length }
}
