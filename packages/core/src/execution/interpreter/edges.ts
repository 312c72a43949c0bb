import type { ColumnExpression } from '../../expression/expression.ts'
import type { AdjacencyReference, Direction, PlanField } from '../../plan/logical-plan.ts'
import { types } from '../../types/data-type.ts'
import type { Value } from '../../types/value.ts'
import { cellReader, type Interpretation, type Row, rowsOf } from './interpretation.ts'

/** Is a step along an edge: the node that it leads to and the edge's row id. */
export type Step = { readonly edge: number; readonly node: number }

/** Gives the steps that leave a node. */
export type StepsFrom = (node: number) => readonly Step[]

/** Reads the edges of an adjacency's table, and gives the steps that they allow in a direction. */
export function stepsAlong(
  reference: AdjacencyReference,
  direction: Direction,
  { context }: Interpretation,
): StepsFrom {
  const { table, source, target, partition } = reference
  const fields = ['_row_id', source, target, ...(partition === null ? [] : [partition.field])]
  const columns = fields.map((field) => ({ field, type: types.int64 }))
  const edges = [...context.snapshot.source(table).scan({ columns, predicates: [] })]
    .flatMap(rowsOf)
    .filter((row) => row[1] !== null && row[2] !== null)
    .filter((row) => partition === null || partition.values.includes(Number(row[3] ?? Number.NaN)))
    .map(([edge, from, to]) => ({ edge: Number(edge), from: Number(from), to: Number(to) }))
  return (node) => {
    const out = edges.filter(({ from }) => from === node).map(({ edge, to }) => ({ edge, node: to }))
    const into = edges.filter(({ to }) => to === node).map(({ edge, from }) => ({ edge, node: from }))
    if (direction === 'out') return out
    // An edge from a node to itself is one step, whichever way it is looked at.
    return direction === 'in' ? into : [...out, ...into.filter((step) => step.node !== node)]
  }
}

/** Makes what collects the edges that a row must not follow: from columns holding an edge, or a list of edges. */
export function excludedEdges(
  columns: readonly ColumnExpression[],
  output: readonly PlanField[],
): (row: Row) => ReadonlySet<number> {
  const reads = columns.map((column) => cellReader(column.id, output))
  return (row) => {
    const edges = new Set<number>()
    for (const read of reads) addEdges(read(row), edges)
    return edges
  }
}

function addEdges(value: Value, edges: Set<number>): void {
  if (value === null || value === undefined) return
  if (typeof value === 'object') for (const item of value as Iterable<Value>) addEdges(item, edges)
  else edges.add(Number(value))
}
