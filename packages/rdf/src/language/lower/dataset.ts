import type * as RDF from '@rdfjs/types'
import type { DatasetSyntax } from '../syntax.ts'

/** Is what lowering has to know about the data: ids of terms, and counts to order joins by. */
export type DatasetFacts = {
  /** False before the first write: then nothing matches. */
  readonly exists: boolean
  readonly quadsTable: string
  readonly termsTable: string
  /** Gives the id of a term, -1 where the dataset does not hold it. */
  id(term: RDF.Term): number
  /** Counts the quads, of one predicate where one is given. */
  quadCount(predicate: number | null): number
  /** Counts the quads of a predicate (all where `null`) that leave or reach a node. */
  degree(predicate: number | null, node: number, direction: 'out' | 'in'): number
  /** Counts the quads of a predicate that leave or reach one node on average. */
  meanDegree(predicate: number | null, direction: 'out' | 'in'): number
  /** Tells whether quads stand in graphs other than the default graph. */
  readonly hasNamedGraphs: boolean
}

/** Tells in which graph patterns are matched. */
export type ActiveGraph =
  /** The default graph: the union of these graphs, `'all'` for every graph of the dataset. */
  | { readonly kind: 'default'; readonly graphs: readonly number[] | 'all' }
  | { readonly kind: 'named'; readonly graph: number }
  /** Each named graph in turn: a hidden variable of each solution. `graphs` limits them (FROM NAMED). */
  | { readonly kind: 'each'; readonly variable: string; readonly graphs: readonly number[] | null }

/** Is the default graph of a dataset as SPARQL sees it. */
export type ActiveDataset = {
  readonly default: ActiveGraph
  /** The named graphs, `null` for all. */
  readonly named: readonly number[] | null
}

/** Gives the dataset of a query: what FROM and FROM NAMED say, else the dataset as it is. */
export function activeDataset(
  facts: DatasetFacts,
  clauses: DatasetSyntax | null,
  unionDefaultGraph: boolean,
): ActiveDataset {
  if (clauses !== null && clauses.default.length + clauses.named.length > 0) {
    const ids = (graphs: readonly RDF.NamedNode[]) => [...new Set(graphs.map((graph) => facts.id(graph)))]
    return { default: { kind: 'default', graphs: ids(clauses.default) }, named: ids(clauses.named) }
  }
  return { default: { kind: 'default', graphs: unionDefaultGraph ? 'all' : [0] }, named: null }
}

/** Tells whether matching in a graph needs no look at the quads' graph: all quads are in it. */
export function needsNoGraph(facts: DatasetFacts, graph: ActiveGraph): boolean {
  if (graph.kind !== 'default' || facts.hasNamedGraphs) return false
  return graph.graphs === 'all' || graph.graphs.includes(0)
}

/** Tells whether the same triple may be found more than once because it stands in several graphs. */
export function mayRepeatTriples(facts: DatasetFacts, graph: ActiveGraph): boolean {
  if (graph.kind !== 'default' || !facts.hasNamedGraphs) return false
  return graph.graphs === 'all' || graph.graphs.length > 1
}
