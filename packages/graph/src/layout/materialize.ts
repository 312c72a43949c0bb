import type { DataType } from '@sheafdb/core'

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
    /** In a view: the tables of the nodes and of the edges that the item reads. */
    readonly view?: ViewTables
  }[]
}

/** Says which tables of a view hold nodes of a label and edges of a type; a property is read from a field. */
export type ViewTables = {
  readonly nodes: (ViewTable & { readonly key: string }) | null
  readonly edges: (ViewTable & { readonly source: string; readonly target: string }) | null
}

/** Is a table of a view: whose rows are nodes of a label or edges of a type, and the fields of their properties. */
export type ViewTable = {
  readonly name: string
  readonly table: string
  readonly properties: readonly { readonly name: string; readonly field: string; readonly type: DataType }[]
}
