import type { Adjacency } from '../../catalog/adjacency.ts'
import type { CsrIndex } from '../../catalog/csr.ts'
import type { AdjacencyDefinition, TableDefinition } from '../../catalog/definition.ts'
import type { ExecutionContext } from '../../catalog/engine.ts'
import type { AdjacencyReference, Direction } from '../../plan/logical-plan.ts'
import { SheafError } from '../../types/errors.ts'

/** Is an index to follow, and whether it is followed against the edges' direction. */
export type Side = { readonly index: CsrIndex; readonly backward: boolean }

/**
 * Finds an adjacency in the snapshot: one that the table declares, or one made for the columns asked for.
 *
 * @throws `NOT_FOUND` where the table has no such columns
 */
export function adjacencyOf(reference: AdjacencyReference, context: ExecutionContext): Adjacency {
  const source = context.snapshot.source(reference.table)
  const definition = source.definition.adjacencies.find(
    (candidate) =>
      candidate.source === reference.source &&
      candidate.target === reference.target &&
      (reference.partition === null || candidate.partition === reference.partition.field),
  )
  return source.adjacency(definition ?? undeclared(reference, source.definition))
}

/** Makes the definition of an adjacency that a table does not declare. */
function undeclared(reference: AdjacencyReference, { fields }: TableDefinition): AdjacencyDefinition {
  const { source, target, partition } = reference
  const wanted = [source, target, ...(partition === null ? [] : [partition.field])]
  if (!wanted.every((name) => fields.some((field) => field.name === name))) {
    throw new SheafError(
      'NOT_FOUND',
      `The table does not have the columns that an adjacency is asked of. Name columns that it has: ${reference.table} (${wanted.join(', ')})`,
    )
  }
  return { name: `made ${JSON.stringify(wanted)}`, source, target, partition: partition?.field ?? null }
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
