import {
  call,
  column,
  expand,
  literal,
  type NamedExpression,
  planField,
  project,
  SheafError,
  types,
  type Value,
  values,
} from '@sheafdb/core'
import { runtimeTypeError } from '../functions/errors.ts'
import { entityOf } from '../language/lower/entities.ts'
import { facetsOf } from '../language/lower/facets.ts'
import { type Binding, type Frame, ID_TYPE, idField, NO_LOCALS } from '../language/lower/frame.ts'
import type * as syntax from '../language/syntax.ts'
import { arrayOf, isListValue, NodeValue, PathValue, RelationshipValue } from '../values.ts'
import {
  addColumns,
  extra,
  type ReadFrame,
  readFrame,
  sessionContext,
  sessionSchema,
  type UpdateSession,
} from './session.ts'
import { idColumn } from './write.ts'

type Doomed = { readonly nodes: Set<number>; readonly edges: Set<number> }

/** Runs DELETE. Edges left on nodes that were deleted without DETACH are an error at the end of the statement. */
export async function runDelete(
  session: UpdateSession,
  frame: Frame,
  clause: syntax.DeleteClause,
): Promise<Frame> {
  const context = sessionContext(session)
  const named: (EntityBinding & { readonly type: NamedExpression | null })[] = []
  const extras: { readonly column: NamedExpression; readonly kind: 'node' | 'relationship' | null }[] = []
  for (const expression of clause.expressions) {
    const entity = entityOf(context, frame, expression, NO_LOCALS)
    if (entity?.kind === 'node' || entity?.kind === 'relationship') {
      const type =
        entity.kind === 'node' ? null : extra('type', facetsOf(context, frame, entity).type ?? literal(null))
      named.push({ ...entity, type })
      extras.push({ column: extra('id', entity.id), kind: entity.kind })
    } else
      extras.push({
        column: extra('entity', context.rules.expression(context, frame, expression)),
        kind: null,
      })
  }
  const read = await readFrame(session, frame, [
    ...extras.map((item) => item.column),
    ...named.flatMap(({ type }) => (type === null ? [] : [type])),
  ])
  for (const entity of named) markDeleted(read, entity)
  const doomed: Doomed = { nodes: new Set(), edges: new Set() }
  for (const { column: item, kind } of extras)
    for (const value of read.column(item)) doom(doomed, value, kind)
  for (const id of doomed.nodes) if (session.deletedNodes.has(id)) doomed.nodes.delete(id)
  await deleteDoomed(session, doomed, clause.detach)
  return read.frame
}

type EntityBinding = Extract<Binding, { kind: 'node' | 'relationship' }>

/** Makes reading of what was deleted an error; the type of a relationship can still be told. */
function markDeleted(
  read: ReadFrame,
  { id, type }: EntityBinding & { readonly type: NamedExpression | null },
): void {
  const gone = call('cypher.deleted', id)
  if (type === null) {
    read.frame.facets.set(id.id, { labels: gone, properties: gone })
    return
  }
  const field = planField('type', types.utf8)
  addColumns(read.frame, [{ field, values: read.column(type) }])
  read.frame.facets.set(id.id, { type: column(field), source: gone, target: gone, properties: gone })
}

function doom(doomed: Doomed, value: Value, kind: 'node' | 'relationship' | null): void {
  if (value === null || value === undefined) return
  if (kind === 'node' || value instanceof NodeValue)
    doomed.nodes.add(value instanceof NodeValue ? value.id : Number(value))
  else if (kind === 'relationship' || value instanceof RelationshipValue) {
    doomed.edges.add(value instanceof RelationshipValue ? value.id : Number(value))
  } else if (value instanceof PathValue) {
    for (const node of value.nodes) doomed.nodes.add(node.id)
    for (const edge of value.relationships) doomed.edges.add(edge.id)
  } else if (isListValue(value)) for (const item of arrayOf(value)) doom(doomed, item, null)
  else
    throw runtimeTypeError('Only nodes, relationships and paths are deleted.', value, 'InvalidArgumentType')
}

async function deleteDoomed(session: UpdateSession, doomed: Doomed, detach: boolean): Promise<void> {
  const { transaction, counters } = session
  const schema = sessionSchema(session)
  const attached =
    doomed.nodes.size === 0 ? [] : await incidentEdges(session, Float64Array.from(doomed.nodes))
  for (const edge of attached) {
    if (detach) doomed.edges.add(edge)
    else session.danglingEdges.add(edge)
  }
  const edges = Float64Array.from([...doomed.edges].filter((id) => !session.deletedEdges.has(id)))
  if (edges.length > 0) counters.relationshipsDeleted += transaction.delete(schema.edges, edges)
  for (const id of edges) session.deletedEdges.add(id)
  const nodes = Float64Array.from(doomed.nodes)
  if (nodes.length > 0) {
    counters.nodesDeleted += transaction.delete(schema.nodes, nodes)
  }
  for (const id of nodes) session.deletedNodes.add(id)
}

/** Finds the edges at nodes, by a plan over the adjacency. */
async function incidentEdges(session: UpdateSession, nodes: Float64Array): Promise<readonly number[]> {
  const schema = sessionSchema(session)
  const field = planField('node', ID_TYPE, false)
  const edge = idField('edge')
  const plan = expand(values([field], [idColumn(nodes)], nodes.length), {
    from: column(field),
    adjacency: { table: schema.edges, source: 'source', target: 'target', partition: null },
    direction: 'both',
    target: idField('other'),
    edge,
  })
  const rows = await session.context.read(
    project(plan, [{ id: edge.id, name: 'edge', expression: column(edge) }]),
    {
      transaction: session.transaction,
    },
  )
  return rows.map(([id]) => Number(id))
}

/** Checks at the end of a statement that no deleted node has kept an edge. @throws `CONSTRAINT` */
export function checkDangling(session: UpdateSession): void {
  for (const edge of session.danglingEdges) {
    if (session.deletedEdges.has(edge)) continue
    throw new SheafError(
      'CONSTRAINT',
      'A node that has relationships cannot be deleted by itself. Use DETACH DELETE, or delete them too.',
      {
        phase: 'runtime',
        detail: 'DeleteConnectedNode',
      },
    )
  }
}
