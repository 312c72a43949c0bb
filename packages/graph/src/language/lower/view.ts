import {
  type ColumnExpression,
  call,
  column,
  type Expression,
  isInteger,
  type LogicalPlan,
  literal,
  makeField,
  newColumnId,
  type ScanColumn,
  SheafError,
  scan,
  types,
  withFreshIds,
} from '@sheafdb/core'
import { List } from 'apache-arrow'
import type { ViewTable, ViewTables } from '../../layout/materialize.ts'
import type { ViewEdges, ViewSchema } from '../../layout/schema.ts'
import type * as syntax from '../syntax.ts'
import { type Facets, ID_TYPE, outputColumn, type Within } from './frame.ts'
import { typeMatches } from './labels.ts'

/** Is a scan of nodes or edges with its columns. */
export type EntityScan = {
  readonly plan: LogicalPlan
  readonly id: ColumnExpression
  readonly facets: Facets
}

const TEXT_LIST = new List(makeField('item', types.utf8))

function columnOf(plan: LogicalPlan, name: string): ColumnExpression {
  const field = plan.output.find((candidate) => candidate.name === name)
  if (field !== undefined) return column(field)
  const known = plan.output.map((candidate) => candidate.name).join(', ')
  throw new SheafError(
    'NOT_FOUND',
    `A graph view names a column that its table does not have. The columns are (${known}): ${name}`,
  )
}

function wholeRow(plan: LogicalPlan): Expression {
  return call('object', ...plan.output.flatMap((field) => [literal(field.name), column(field)]))
}

/** Reads the nodes of a label from the table behind it. */
export function scanViewNodes(view: ViewSchema, label: string): EntityScan {
  const nodes = view.nodes.get(label)
  if (nodes === undefined)
    throw new SheafError('NOT_FOUND', `The graph view has no nodes of this label: ${label}`)
  const plan = withFreshIds(nodes.plan)
  const labels = literal([label], TEXT_LIST)
  return { plan, id: columnOf(plan, nodes.key), facets: { labels, properties: wholeRow(plan) } }
}

/** Is the table behind edges, as the adjacency names it. */
export type EdgeTable = {
  readonly table: string
  readonly source: string
  readonly target: string
  readonly isInteger: boolean
}

/** Finds the table behind the edges of a type. @throws `UNSUPPORTED` where they are no plain table */
export function edgeTable(edges: ViewEdges): EdgeTable {
  const { scanned, fields } = plainScan(edges.plan)
  const field = (name: string): string => fields.get(columnOf(edges.plan, name).id) ?? name
  const ends = [columnOf(edges.plan, edges.source.column), columnOf(edges.plan, edges.target.column)]
  return {
    table: scanned.table,
    source: field(edges.source.column),
    target: field(edges.target.column),
    isInteger: ends.every((end) => isInteger(end.type)),
  }
}

type Scan = LogicalPlan & { kind: 'scan' }

/** Looks through projections of plain columns to a scan, and names its field behind each column. */
function plainScan(plan: LogicalPlan): {
  readonly scanned: Scan
  readonly fields: ReadonlyMap<number, string>
} {
  if (plan.kind === 'scan')
    return {
      scanned: plan,
      fields: new Map(
        plan.columns.flatMap((item) => (item.access === undefined ? [[item.id, item.field] as const] : [])),
      ),
    }
  if (plan.kind === 'project') {
    const inner = plainScan(plan.input)
    const fields = plan.expressions.flatMap(({ id, expression }) => {
      const field = expression.kind === 'column' ? inner.fields.get(expression.id) : undefined
      return field === undefined ? [] : [[id, field] as const]
    })
    return { scanned: inner.scanned, fields: new Map(fields) }
  }
  throw new SheafError(
    'UNSUPPORTED',
    'Nodes and edges that paths and algorithms of a graph view read are rows of a table as it is. Name a table or a collection, not a query.',
  )
}

/** Finds the tables behind the nodes of a label and the edges of a type, as operators read them. */
export function viewTables(view: ViewSchema, { label, type }: Within): ViewTables {
  const nodes = label === null ? undefined : view.nodes.get(label)
  const edges = type === null ? undefined : view.edges.get(type)
  return {
    nodes:
      nodes === undefined
        ? null
        : { ...viewTable(nodes.plan, label as string), key: fieldBehind(nodes.plan, nodes.key) },
    edges:
      edges === undefined
        ? null
        : {
            ...viewTable(edges.plan, type as string),
            source: fieldBehind(edges.plan, edges.source.column),
            target: fieldBehind(edges.plan, edges.target.column),
          },
  }
}

function viewTable(plan: LogicalPlan, name: string): ViewTable {
  const { scanned, fields } = plainScan(plan)
  const properties = plan.output.flatMap((item) => {
    const field = fields.get(item.id)
    return field === undefined ? [] : [{ name: item.name, field, type: item.type }]
  })
  return { name, table: scanned.table, properties }
}

function fieldBehind(plan: LogicalPlan, name: string): string {
  return plainScan(plan).fields.get(columnOf(plan, name).id) ?? name
}

/** Reads the edges of a type from the table behind them; their id is the row's. */
export function scanViewEdges(view: ViewSchema, type: string): EntityScan {
  const edges = view.edges.get(type)
  if (edges === undefined)
    throw new SheafError('NOT_FOUND', `The graph view has no edges of this type: ${type}`)
  const { scanned, fields } = plainScan(edges.plan)
  const rowId: ScanColumn = {
    id: newColumnId(),
    name: '_row_id',
    type: ID_TYPE,
    nullable: false,
    field: '_row_id',
  }
  const shown = edges.plan.output.flatMap((field): ScanColumn[] => {
    const name = fields.get(field.id)
    return name === undefined ? [] : [{ ...field, id: newColumnId(), field: name }]
  })
  const plan = scan(scanned.table, [rowId, ...shown], [])
  const rows = shown.map((item) => outputColumn(plan, item.id))
  const named = (name: string): ColumnExpression =>
    rows.find((item) => item.name === name) ?? columnOf(plan, name)
  return {
    plan,
    id: outputColumn(plan, rowId.id),
    facets: {
      source: named(edges.source.column),
      target: named(edges.target.column),
      type: literal(type, types.utf8),
      properties: call('object', ...rows.flatMap((item) => [literal(item.name), item])),
    },
  }
}

/** Is how a relationship of a pattern reads in a view: its type, and whether it runs along the pattern. */
export type ViewStep = { readonly type: string; readonly orientation: 'right' | 'left' | 'both' }

/** Is what the parts of a path stand for in a view. */
export type ViewPath = {
  readonly labels: readonly (string | undefined)[]
  readonly steps: readonly (ViewStep | undefined)[]
}

type Part = syntax.NodePattern | syntax.RelationshipPattern

/**
 * Finds which label each node of a path has and which type each relationship, from what the pattern says and from
 * which labels the types join.
 */
export function resolveViewPath(
  view: ViewSchema,
  parts: readonly Part[],
  known: (name: string) => string | undefined,
): ViewPath {
  const labels = parts.map((part) =>
    part.kind === 'node' ? candidateLabels(view, part, known) : new Set<string>(),
  )
  let steps: readonly (readonly ViewStep[])[] = []
  for (let round = 0; round < parts.length; round += 1) {
    steps = parts.map((part, at) =>
      part.kind === 'relationship' ? candidateSteps(view, part, labels, at) : [],
    )
    for (const [at, part] of parts.entries())
      if (part.kind === 'relationship') narrowEnds(view, steps[at] ?? [], labels, at)
  }
  const only = <Item>(items: Iterable<Item>): Item | undefined => {
    const [first, ...rest] = items
    return rest.length === 0 ? first : undefined
  }
  return { labels: labels.map((set) => only(set)), steps: steps.map((list) => only(list)) }
}

function candidateLabels(
  view: ViewSchema,
  node: syntax.NodePattern,
  known: (name: string) => string | undefined,
): Set<string> {
  const bound = node.variable === null ? undefined : known(node.variable.name)
  if (bound !== undefined) return new Set([bound])
  return new Set(
    [...view.nodes.keys()].filter(
      (label) => node.labels === null || typeMatches(node.labels, label) !== false,
    ),
  )
}

function candidateSteps(
  view: ViewSchema,
  part: syntax.RelationshipPattern,
  labels: readonly ReadonlySet<string>[],
  at: number,
): readonly ViewStep[] {
  const [left, right] = [labels[at - 1] as ReadonlySet<string>, labels[at + 1] as ReadonlySet<string>]
  return [...view.edges].flatMap(([type, { source, target }]): ViewStep[] => {
    if (part.types !== null && typeMatches(part.types, type) === false) return []
    const forward = part.direction !== 'left' && left.has(source.label) && right.has(target.label)
    const backward = part.direction !== 'right' && left.has(target.label) && right.has(source.label)
    if (forward && backward && part.direction === 'both') return [{ type, orientation: 'both' }]
    return forward ? [{ type, orientation: 'right' }] : backward ? [{ type, orientation: 'left' }] : []
  })
}

function narrowEnds(
  view: ViewSchema,
  steps: readonly ViewStep[],
  labels: readonly Set<string>[],
  at: number,
): void {
  const [left, right] = [new Set<string>(), new Set<string>()]
  for (const { type, orientation } of steps) {
    const { source, target } = view.edges.get(type) as ViewEdges
    if (orientation !== 'left') {
      left.add(source.label)
      right.add(target.label)
    }
    if (orientation !== 'right') {
      left.add(target.label)
      right.add(source.label)
    }
  }
  const keep = (set: Set<string>, wanted: ReadonlySet<string>): void => {
    for (const label of set) if (!wanted.has(label)) set.delete(label)
  }
  keep(labels[at - 1] as Set<string>, left)
  keep(labels[at + 1] as Set<string>, right)
}
