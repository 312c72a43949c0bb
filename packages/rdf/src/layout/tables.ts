import { makeField, type TableSpecification, tableName, types } from '@sheafdb/core'

/** Is the name of this model in a store. */
export const MODEL_NAME = 'rdf'
/** Is the version of the layout of terms and quads. */
export const LAYOUT_VERSION = 1

/** Tells kinds of terms apart in the terms table. */
export const TermKind = { iri: 1, blank: 2, literal: 3, triple: 4 } as const

/** Names the fields of the terms table, in order; the id of a term is its row id + 1. */
export const TERM_FIELDS = ['value', 'kind', 'datatype', 'language', 'direction', 'numeric'] as const

const TERMS: TableSpecification = {
  part: 'terms',
  fields: [
    // The IRI, the label, the lexical form, or for a triple term the ids of its parts.
    makeField('value', types.utf8, { nullable: false }),
    makeField('kind', types.uint8, { nullable: false }),
    // The term id of a literal's datatype; 0 for other kinds and for plain text.
    makeField('datatype', types.int64, { nullable: false }),
    makeField('language', types.utf8, { nullable: false }),
    makeField('direction', types.utf8, { nullable: false }),
    // The value of a numeric literal.
    makeField('numeric', types.float64, { nullable: true }),
  ],
  key: ['value', 'kind', 'datatype', 'language', 'direction'],
}

/** Names the fields of the quads table, in order: term ids. */
export const QUAD_FIELDS = ['subject', 'predicate', 'object', 'graph'] as const

/** Names a place in a quad. */
export type QuadField = (typeof QUAD_FIELDS)[number]

const QUADS: TableSpecification = {
  part: 'quads',
  fields: QUAD_FIELDS.map((name) => makeField(name, types.int64, { nullable: false })),
  key: [...QUAD_FIELDS],
  adjacencies: [
    { name: 'by-predicate', source: 'subject', target: 'object', partition: 'predicate' },
    { name: 'all', source: 'subject', target: 'object', partition: null },
  ],
}

/** Gives the tables of a dataset. */
export function datasetTables(): readonly TableSpecification[] {
  return [TERMS, QUADS]
}

/** Gives the name of a dataset's terms table. */
export function termsTable(collection: string): string {
  return tableName(MODEL_NAME, collection, TERMS.part)
}

/** Gives the name of a dataset's quads table. */
export function quadsTable(collection: string): string {
  return tableName(MODEL_NAME, collection, QUADS.part)
}
