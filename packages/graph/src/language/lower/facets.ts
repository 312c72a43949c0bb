import {
  type ColumnExpression,
  call,
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
  SheafError,
  scan,
  types,
  values,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import { typedAccess } from '../../functions/access.ts'
import { propertyType } from '../../layout/kinds.ts'
import { MATERIALIZE, type MaterializeSettings } from '../../layout/materialize.ts'
import type { ViewSchema } from '../../layout/schema.ts'
import {
  type Binding,
  bindingColumns,
  bindingKey,
  type Facets,
  type Frame,
  ID_TYPE,
  type LowerContext,
  outputColumn,
  refreshColumns,
} from './frame.ts'
import { type EntityScan, scanViewEdges, scanViewNodes, viewTables } from './view.ts'

const LABELS_TYPE = new List(makeField('item', dictionaryOf(), { nullable: false }))

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
export function scanNodes(context: LowerContext, label?: string): EntityScan {
  if (context.schema?.view !== undefined) return scanViewNodes(context.schema.view, label as string)
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
export function scanEdges(context: LowerContext, edgeType?: string): EntityScan {
  if (context.schema?.view !== undefined) return scanViewEdges(context.schema.view, edgeType as string)
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
  const entity = binding.kind === 'node' ? scanNodes(context, binding.of) : scanEdges(context, binding.of)
  const id = outputColumn(frame.plan, binding.id.id)
  frame.plan = join(frame.plan, entity.plan, {
    how: id.nullable ? 'left' : 'inner',
    keys: [{ left: id, right: entity.id }],
  })
  const facets = refreshFacets(frame.plan, entity.facets)
  frame.facets.set(binding.id.id, facets)
  return facets
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
  if (context.schema?.view !== undefined) return items.map((item) => viewValue(context, frame, item))
  const fields = items.map(({ name }) => planField(name, types.variant))
  const settings: MaterializeSettings = {
    passThrough: true,
    nodes: context.schema?.nodes ?? null,
    edges: context.schema?.edges ?? null,
    items: items.map(({ binding }) => ({
      kind: binding.kind as Exclude<Binding['kind'], 'value'>,
      columnCount: bindingColumns(binding).length,
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

/** Makes the whole value of a view's node or relationship of the columns of its row. */
function viewValue(
  context: LowerContext,
  frame: Frame,
  { name, binding }: { readonly name: string; readonly binding: Binding },
): ColumnExpression {
  if (binding.kind === 'value') return binding.value
  if (binding.kind !== 'node' && binding.kind !== 'relationship')
    return viewLists(context, frame, name, binding)
  const { labels, type, source, target, properties } = facetsOf(context, frame, binding)
  const made =
    binding.kind === 'node'
      ? call('cypher.make_node', binding.id, labels as Expression, properties)
      : call(
          'cypher.make_relationship',
          binding.id,
          type as Expression,
          source as Expression,
          target as Expression,
          properties,
        )
  return addColumn(frame, name, made)
}

/** Makes the whole value of a view's path or list of relationships, which are all of one label and one type. */
function viewLists(
  context: LowerContext,
  frame: Frame,
  name: string,
  binding: Exclude<Binding, { kind: 'value' }>,
): ColumnExpression {
  const within = 'within' in binding ? binding.within : undefined
  const tables = within === undefined ? null : viewTables(context.schema?.view as ViewSchema, within)
  if (tables === null || (binding.kind === 'path' && tables.nodes === null)) {
    throw new SheafError(
      'UNSUPPORTED',
      `A whole path of a graph view has nodes of one label and relationships of one type. Return parts of it: ${name}`,
    )
  }
  const field = planField(name, types.variant)
  const columns = bindingColumns(binding)
  const settings: MaterializeSettings = {
    passThrough: true,
    nodes: null,
    edges: null,
    items: [{ kind: binding.kind, columnCount: columns.length, view: tables }],
  }
  frame.plan = extension({
    operator: MATERIALIZE,
    inputs: [frame.plan],
    expressions: columns,
    settings,
    output: [...frame.plan.output, field],
  })
  return column(field)
}

/** Adds a computed column to a frame. */
export function addColumn(frame: Frame, name: string, expression: Expression): ColumnExpression {
  const item =
    expression.kind === 'column' ? { id: newColumnId(), name, expression } : named(name, expression)
  frame.plan = extend(frame.plan, [item])
  return outputColumn(frame.plan, item.id)
}

/** Gives facets the columns of a plan as they are in it. */
export function refreshFacets(plan: LogicalPlan, facets: Facets): Facets {
  return Object.fromEntries(
    Object.entries(facets).map(([name, part]) => [name, refreshColumns(plan, part as Expression)]),
  ) as unknown as Facets
}

/** Is an entity whose properties can be read: of which kind, and its properties as a whole. */
export type PropertyOwner = { readonly kind: 'node' | 'relationship'; readonly properties: Expression }

/**
 * Reads one property: a column where the properties are told apart in the plan, else a path into their value, typed
 * where all values of the property have one type.
 */
export function propertyOf(
  context: LowerContext,
  { kind, properties }: PropertyOwner,
  key: string,
): Expression {
  if (properties.kind !== 'call' || properties.function !== 'object') {
    const type = context.schema === undefined ? undefined : propertyType(context.schema.kinds[kind], key)
    return call(type === undefined ? 'variant.get' : typedAccess(type), properties, literal(key))
  }
  const at = properties.args.findIndex(
    (arg, place) => place % 2 === 0 && arg.kind === 'literal' && arg.value === key,
  )
  return at === -1 ? literal(null) : (properties.args[at + 1] as Expression)
}
