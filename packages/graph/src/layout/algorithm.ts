import type { ViewTable } from './materialize.ts'

/** Names the operator that runs an algorithm over a graph. */
export const ALGORITHM = 'graph.algorithm'

/** Says what the operator runs; its expressions are the columns of the algorithm's arguments. */
export type AlgorithmSettings = {
  readonly passThrough: true
  readonly name: string
  readonly nodes: string
  readonly edges: string
  /** Edge types; the place of each is its id. */
  readonly types: readonly string[]
  /** Where the graph is a view: the table of its nodes, which have one label, and those of the edges between them. */
  readonly view?: ViewPart
}

/** Is the tables of a view that an algorithm runs over. */
export type ViewPart = {
  readonly nodes: ViewTable & { readonly key: string }
  readonly edges: readonly (ViewTable & { readonly source: string; readonly target: string })[]
}
