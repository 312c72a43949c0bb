import type * as RDF from '@rdfjs/types'
import { column, columnNamed, type ModelContext, project, type Query, SheafError } from '@sheafdb/core'
import type { DatasetFacts } from '../language/lower/dataset.ts'
import { lowerQuery } from '../language/lower/query.ts'
import type { ViewProperty, ViewTable } from '../language/lower/view-table.ts'
import { UNKNOWN_ID } from '../layout/term-id.ts'
import { prepareQuery } from './plan-cache.ts'
import {
  type LoweredSource,
  loweringOptions,
  makeQueryOf,
  type SparqlOptions,
  type SparqlQuery,
} from './query.ts'

/** Says how the rows of a table are nodes. */
export type TableView = {
  /** The table or collection; by default the one of the same name. */
  readonly from?: string
  /** The column that tells its rows apart. */
  readonly key: string
  /** The class of its rows; by default the base and the table's name. */
  readonly class?: string
  /** IRIs for columns; by default `<base><table>#<column>`. `null` leaves a column out. */
  readonly properties?: Readonly<Record<string, string | null>>
  /** Columns that hold the key of another table of the view: their triples lead to its nodes. */
  readonly references?: Readonly<Record<string, string>>
}

/** Says which tables a view is over. */
export type RdfViewDefinition = {
  /** The IRI that all IRIs of the view start with. */
  readonly base: string
  readonly tables: Readonly<Record<string, TableView>>
}

/** Is a view of tables as triples, by the manner of a direct mapping: read in SPARQL, stored nowhere. */
export class RdfView {
  readonly #context: ModelContext
  readonly #definition: RdfViewDefinition
  readonly name: string

  constructor(context: ModelContext, name: string, definition: RdfViewDefinition) {
    this.#context = context
    this.name = name
    this.#definition = definition
    if (!URL.canParse(definition.base))
      throw new SheafError('ARGUMENT', `The base of a view must be an absolute IRI: ${definition.base}`)
  }

  /** Makes a query of SPARQL text over the tables. @throws `SYNTAX`, and when it runs `NOT_FOUND`, `UNSUPPORTED` */
  query(sparql: string, options: SparqlOptions = {}): SparqlQuery {
    const prepared = prepareQuery(sparql, options.baseIRI)
    let known: { readonly version: number; readonly lowered: ReturnType<LoweredSource> } | undefined
    const lowered = (): ReturnType<LoweredSource> => {
      const { version } = this.#context.catalog()
      if (known?.version !== version) {
        const tables = viewTables(this.#context, this.#definition)
        known = {
          version,
          lowered: lowerQuery(prepared.syntax, NO_QUADS, { ...loweringOptions(options), tables }),
        }
      }
      return known.lowered
    }
    return makeQueryOf(this.#context, prepared, lowered)
  }

  /** Gives the triples of the view, as SELECT ?subject ?predicate ?object does. */
  triples(): Query {
    return this.query(
      'SELECT ?subject ?predicate ?object { ?subject ?predicate ?object }',
    ) as unknown as Query
  }
}

/** Is the facts of a dataset without quads: a view has none. */
const NO_QUADS: DatasetFacts = {
  exists: false,
  quadsTable: '',
  termsTable: '',
  hasNamedGraphs: false,
  id: (_: RDF.Term) => UNKNOWN_ID,
  quadCount: () => 0,
  degree: () => 0,
  meanDegree: () => 0,
}

/** Finds the tables behind a view as they are now. @throws `NOT_FOUND`, `ARGUMENT` */
function viewTables(context: ModelContext, { base, tables }: RdfViewDefinition): ViewTable[] {
  const prefixOf = (name: string): string => {
    const table = Object.hasOwn(tables, name) ? tables[name] : undefined
    if (table === undefined)
      throw new SheafError('ARGUMENT', `A column refers to a table that the view does not have: ${name}`)
    return `${base}${encodeURIComponent(name)}/${encodeURIComponent(table.key)}=`
  }
  return Object.entries(tables).map(([name, table]): ViewTable => {
    const from = table.from ?? name
    const found = context.relation(from)
    if (found === undefined)
      throw new SheafError('NOT_FOUND', `A view names a table that is not there. Create it first: ${from}`)
    const plan = project(
      found,
      found.output.map((field) => ({ id: field.id, name: field.name, expression: column(field) })),
    )
    columnNamed(plan, table.key)
    const properties = new Map<string, ViewProperty>()
    for (const { name: own } of plan.output) {
      const given = ownValue(table.properties, own)
      const target = ownValue(table.references, own)
      if (given === null) continue
      const mark = target === undefined ? '#' : '#ref-'
      properties.set(given ?? `${base}${encodeURIComponent(name)}${mark}${encodeURIComponent(own)}`, {
        column: own,
        reference: target === undefined ? null : prefixOf(target),
      })
    }
    return {
      name,
      plan,
      key: table.key,
      prefix: prefixOf(name),
      type: table.class ?? `${base}${encodeURIComponent(name)}`,
      properties,
    }
  })
}

function ownValue<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  key: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
