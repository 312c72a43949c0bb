import {
  call,
  column,
  extension,
  type LogicalPlan,
  makeField,
  named,
  planField,
  project,
  scanFields,
  types,
} from '@sheafdb/core'
import { QUAD_FIELDS, quadsTable, termsTable } from '../../layout/tables.ts'

/** Gives a dataset as other languages see it: subject, predicate, object and graph as plain values, the default graph null. */
export function plainQuads(collection: string): LogicalPlan {
  const quads = scanFields(
    quadsTable(collection),
    QUAD_FIELDS.map((name) => makeField(name, types.int64, { nullable: false })),
  )
  const terms = QUAD_FIELDS.map((name) => planField(name, types.variant, true))
  const decoded = extension({
    operator: 'rdf.decode',
    inputs: [quads],
    expressions: quads.output.map((field) => column(field)),
    settings: { terms: termsTable(collection) },
    output: [...quads.output, ...terms],
  })
  return project(
    decoded,
    terms.map((field) => named(field.name, call('sparql.plain', column(field)))),
  )
}
