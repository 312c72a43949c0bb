import { type LogicalPlan, type ModelContext, SheafError } from '@sheafdb/core'
import type { GraphSchema, ViewEdges, ViewNodes } from '../layout/schema.ts'

/** Says which tables a graph view is over: whose rows are nodes of a label, and whose are edges of a type. */
export type ViewDefinition = {
  /** By label: the table or collection, and the column that tells its rows apart. */
  readonly nodes: Readonly<Record<string, { readonly from: string; readonly key: string }>>
  /** By type: the table or collection, and for both ends the label and the column with the key. */
  readonly edges: Readonly<
    Record<
      string,
      {
        readonly from: string
        readonly source: readonly [label: string, column: string]
        readonly target: readonly [label: string, column: string]
      }
    >
  >
}

/** Finds the tables behind a view as they are now. @throws `NOT_FOUND`, `ARGUMENT` */
export function viewSchema(context: ModelContext, definition: ViewDefinition): GraphSchema {
  const nodes = new Map<string, ViewNodes>()
  for (const [label, { from, key }] of Object.entries(definition.nodes)) {
    nodes.set(label, { plan: relation(context, from), key })
  }
  const edges = new Map<string, ViewEdges>()
  for (const [type, { from, source, target }] of Object.entries(definition.edges ?? {})) {
    for (const [label] of [source, target]) {
      if (!nodes.has(label))
        throw new SheafError(
          'ARGUMENT',
          `An edge of a graph view names a label that the view has no nodes of: ${label}`,
        )
    }
    edges.set(type, {
      plan: relation(context, from),
      source: { label: source[0], column: source[1] },
      target: { label: target[0], column: target[1] },
    })
  }
  return {
    nodes: '',
    edges: '',
    types: [...edges.keys()],
    kinds: { node: new Map(), relationship: new Map() },
    ends: [],
    view: { nodes, edges },
  }
}

function relation(context: ModelContext, name: string): LogicalPlan {
  const plan = context.relation(name)
  if (plan !== undefined) return plan
  throw new SheafError(
    'NOT_FOUND',
    `A graph view names a table that is not there. Create it before the view is queried: ${name}`,
  )
}
