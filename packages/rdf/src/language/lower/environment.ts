import type * as RDF from '@rdfjs/types'
import type { ColumnExpression } from '@sheafdb/core'
import type { Fetcher } from '../fetcher.ts'
import type { OperationSyntax } from '../syntax.ts'
import type { ActiveDataset, ActiveGraph, DatasetFacts } from './dataset.ts'
import type { Relation } from './relation.ts'
import type { ViewTable } from './view-table.ts'

/** Makes a copy of a relation whose solutions a pattern is to be joined with, so that it need not be matched everywhere. */
export type Seed = () => Relation

/** Is what lowering carries along: the data's facts, the active graph, and what is above. */
export type Environment = {
  readonly facts: DatasetFacts
  readonly dataset: ActiveDataset
  readonly graph: ActiveGraph
  /** Lowers a pattern; `seed`, where given, makes a relation that the result is joined with. */
  readonly lower: (operation: OperationSyntax, environment: Environment, seed?: Seed) => Relation
  /** Makes the name of a variable that no query can name. */
  readonly hidden: (purpose: string) => string
  /** Adds a column that is null where a pattern has no solution that agrees with the row. */
  readonly markExistence: (
    operation: OperationSyntax,
    relation: Relation,
    environment: Environment,
  ) => { readonly relation: Relation; readonly mark: ColumnExpression }
  /** The tables of a view; `undefined` for a dataset of quads. */
  readonly tables?: readonly ViewTable[] | undefined
  /** Reaches the network for SERVICE; `undefined` where nothing does. */
  readonly fetch?: Fetcher | undefined
  /** The base against which IRI() resolves; empty for none. */
  readonly baseIri: string
}

/** Gives the name of the variable that a term of a pattern is: blank nodes are variables too; `undefined` for constants. */
export function variableName(term: RDF.Term): string | undefined {
  if (term.termType === 'Variable') return term.value
  return term.termType === 'BlankNode' ? `_:${term.value}` : undefined
}

/** Tells whether a variable is one that a query cannot name. */
export function isHidden(variable: string): boolean {
  return variable.startsWith('_:') || variable.startsWith('\u0000')
}
