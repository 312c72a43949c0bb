import type { Adjacency } from '../../catalog/adjacency.ts'
import type { CsrIndex } from '../../catalog/csr.ts'
import type { ExecutionContext } from '../../catalog/engine.ts'
import type { AdjacencyReference, Direction } from '../../plan/logical-plan.ts'
import { SheafError } from '../../types/errors.ts'

/** Is an index to follow, and whether it is followed against the edges' direction. */
export type Side = { readonly index: CsrIndex; readonly backward: boolean }

/** Finds an adjacency in the snapshot. @throws `NOT_FOUND` where the table declares none over these columns */
export function adjacencyOf(reference: AdjacencyReference, context: ExecutionContext): Adjacency {
  const source = context.snapshot.source(reference.table)
  const definition = source.definition.adjacencies.find(
    (candidate) =>
      candidate.source === reference.source &&
      candidate.target === reference.target &&
      (reference.partition === null || candidate.partition === reference.partition.field),
  )
  if (definition === undefined) {
    throw new SheafError(
      'NOT_FOUND',
      `The table has no adjacency over these columns. Declare one in its layout: ${reference.table} (${reference.source}, ${reference.target})`,
    )
  }
  return source.adjacency(definition)
}

/** Gives the indexes to follow for a direction. An edge from a node to itself is followed once, going out. */
export function sidesOf(
  reference: AdjacencyReference,
  direction: Direction,
  context: ExecutionContext,
): Side[] {
  const adjacency = adjacencyOf(reference, context)
  const partitions = reference.partition === null ? adjacency.partitions : reference.partition.values
  const sides: Side[] = []
  for (const partition of partitions) {
    const forward = direction === 'in' ? undefined : adjacency.forward(partition)
    const backward = direction === 'out' ? undefined : adjacency.backward(partition)
    if (forward !== undefined) sides.push({ index: forward, backward: false })
    if (backward !== undefined) sides.push({ index: backward, backward: true })
  }
  return sides
}
