import {
  type ColumnExpression,
  column,
  dictionaryOf,
  type Expression,
  extend,
  extension,
  join,
  type LogicalPlan,
  literal,
  makeField,
  named,
  newColumnId,
  type PlanField,
  planField,
  type ScanColumn,
  scan,
  types,
  values,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import { MATERIALIZE, type MaterializeSettings } from '../../layout/materialize.ts'
import {
  type Binding,
  bindingColumns,
  bindingKey,
  type Facets,
  type Frame,
  ID_TYPE,
  type LowerContext,
  outputColumn,
} from './frame.ts'

const LABELS_TYPE = new List(makeField('item', dictionaryOf(), { nullable: false }))

/** Is a scan of the nodes or edges with its columns. */
export type EntityScan = {
  readonly plan: LogicalPlan
  readonly id: ColumnExpression
  readonly facets: Facets
}

function scanColumn(field: string, type: ScanColumn['type']): ScanColumn {
  return Object.freeze({ id: newColumnId(), name: field, type, nullable: false, field })
}

function readTable(table: string | undefined, columns: readonly ScanColumn[]): LogicalPlan {
  if (table !== undefined) return scan(table, columns)
  const output: PlanField[] = columns.map(({ id, name, type, nullable }) => ({ id, name, type, nullable }))
  return extendEmpty(output)
}

/** Gives no rows of some columns: what a graph holds that was never written. */
function extendEmpty(output: readonly PlanField[]): LogicalPlan {
  const none = values([], [], 0)
  return extend(
    none,
    output.map((field) => ({ id: field.id, name: field.name, expression: literal(null, field.type) })),
  )
}

/** Reads all nodes. */
export function scanNodes(context: LowerContext): EntityScan {
  const columns = [
    scanColumn('_row_id', ID_TYPE),
    scanColumn('labels', LABELS_TYPE),
    scanColumn('properties', types.variant),
  ] as const
  const plan = readTable(context.schema?.nodes, columns)
  const [id, labels, properties] = columns.map((item) => outputColumn(plan, item.id)) as [
    ColumnExpression,
    ColumnExpression,
    ColumnExpression,
  ]
  return { plan, id, facets: { labels, properties } }
}

/** Reads all edges. */
export function scanEdges(context: LowerContext): EntityScan {
  const columns = [
    scanColumn('_row_id', ID_TYPE),
    scanColumn('source', ID_TYPE),
    scanColumn('target', ID_TYPE),
    scanColumn('type', types.utf8),
    scanColumn('properties', types.variant),
  ]
  const plan = readTable(context.schema?.edges, columns)
  const [id, source, target, type, properties] = columns.map((item) => outputColumn(plan, item.id)) as [
    ColumnExpression,
    ColumnExpression,
    ColumnExpression,
    ColumnExpression,
    ColumnExpression,
  ]
  return { plan, id, facets: { source, target, type, properties } }
}

/** Gives the columns of a node or relationship, joining its table to the plan where that has not been done. */
export function facetsOf(
  context: LowerContext,
  frame: Frame,
  binding: Binding & { kind: 'node' | 'relationship' },
): Facets {
  const known = frame.facets.get(binding.id.id)
  if (known !== undefined) return known
  const entity = binding.kind === 'node' ? scanNodes(context) : scanEdges(context)
  const id = outputColumn(frame.plan, binding.id.id)
  frame.plan = join(frame.plan, entity.plan, {
    how: id.nullable ? 'left' : 'inner',
    keys: [{ left: id, right: entity.id }],
  })
  const facets = Object.fromEntries(
    Object.entries(entity.facets).map(([name, expression]) => [
      name,
      outputColumn(frame.plan, (expression as ColumnExpression).id),
    ]),
  ) as unknown as Facets
  frame.facets.set(binding.id.id, facets)
  return facets
}

/** Gives the column of a node's labels. */
export function labelsOf(
  context: LowerContext,
  frame: Frame,
  binding: Binding & { kind: 'node' },
): Expression {
  return facetsOf(context, frame, binding).labels as Expression
}

/** Gives the whole value of a binding as users see it, fetched by the operator for it. */
export function wholeValue(context: LowerContext, frame: Frame, binding: Binding): Expression {
  if (binding.kind === 'value') return binding.value
  const key = bindingKey(binding)
  const known = frame.values.get(key)
  if (known !== undefined) return known
  const [made] = materialize(context, frame, [{ name: 'value', binding }])
  frame.values.set(key, made as ColumnExpression)
  return made as ColumnExpression
}

/** Adds columns with the whole values of bindings. Rows keep their order. */
export function materialize(
  context: LowerContext,
  frame: Frame,
  items: readonly { readonly name: string; readonly binding: Binding }[],
): readonly ColumnExpression[] {
  const fields = items.map(({ name }) => planField(name, types.variant))
  const settings: MaterializeSettings = {
    nodes: context.schema?.nodes ?? null,
    edges: context.schema?.edges ?? null,
    items: items.map(({ binding }, at) => ({
      kind: binding.kind as Exclude<Binding['kind'], 'value'>,
      columns: bindingColumns(binding).map(({ id }) => id),
      output: (fields[at] as PlanField).id,
    })),
  }
  frame.plan = extension({
    operator: MATERIALIZE,
    inputs: [frame.plan],
    expressions: items.flatMap(({ binding }) => bindingColumns(binding)),
    settings,
    output: [...frame.plan.output, ...fields],
  })
  return fields.map(column)
}

/** Adds a computed column to a frame. */
export function addColumn(frame: Frame, name: string, expression: Expression): ColumnExpression {
  const item =
    expression.kind === 'column' ? { id: newColumnId(), name, expression } : named(name, expression)
  frame.plan = extend(frame.plan, [item])
  return outputColumn(frame.plan, item.id)
}
