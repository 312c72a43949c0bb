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
}
