import type { ColumnId } from '@sheafdb/core'

/** Names the operator that makes whole nodes, relationships and paths of their ids. */
export const MATERIALIZE = 'graph.materialize'

/** Says what the operator makes: for each output column of which kind and of which input columns. */
export type MaterializeSettings = {
  readonly nodes: string | null
  readonly edges: string | null
  readonly items: readonly {
    readonly kind: 'node' | 'relationship' | 'relationships' | 'path'
    readonly columns: readonly ColumnId[]
    readonly output: ColumnId
  }[]
}
