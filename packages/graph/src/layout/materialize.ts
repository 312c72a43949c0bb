/** Names the operator that makes whole nodes, relationships and paths of their ids. */
export const MATERIALIZE = 'graph.materialize'

/**
 * Says what the operator makes: the last columns of its output, one an item. Each item reads the next `columnCount` of
 * the operator's expressions.
 */
export type MaterializeSettings = {
  readonly passThrough: true
  readonly nodes: string | null
  readonly edges: string | null
  readonly items: readonly {
    readonly kind: 'node' | 'relationship' | 'relationships' | 'path'
    readonly columnCount: number
  }[]
}
