import {
  type ColumnExpression,
  type ColumnId,
  column,
  type DataType,
  type Expression,
  filter,
  type LogicalPlan,
  mapExpression,
  type NamedExpression,
  newColumnId,
  type PlanField,
  planField,
  singleRow,
  types,
  type Value,
} from '@sheafdb/core'
import type { Procedure } from '../../functions/procedure.ts'
import type { GraphSchema } from '../../layout/schema.ts'
import type * as syntax from '../syntax.ts'

/** Is the type of ids of nodes and edges in plans. */
export const ID_TYPE: DataType = types.uint64

/** Is how a variable of the language is held in a plan. */
export type Binding =
  /** `of` is the label or type by which a view knows whose row it is. */
  | { readonly kind: 'node' | 'relationship'; readonly id: ColumnExpression; readonly of?: string }
  /** A path by the ids of its nodes and of its edges, in order. */
  | {
      readonly kind: 'path'
      readonly nodes: ColumnExpression
      readonly edges: ColumnExpression
      readonly within?: Within
    }
  /** The relationships of a stretch of variable length, by their ids. */
  | { readonly kind: 'relationships'; readonly edges: ColumnExpression; readonly within?: Within }
  | { readonly kind: 'value'; readonly value: ColumnExpression }

/** Says in a view which label all nodes of a path have and which type its relationships; `null` where they differ. */
export type Within = { readonly label: string | null; readonly type: string | null }

/** Holds the columns of a node or edge that a plan has fetched. */
export type Facets = {
  readonly labels?: Expression
  readonly type?: Expression
  readonly source?: Expression
  readonly target?: Expression
  readonly properties: Expression
}

/** Holds the variables of lambdas around an expression. */
export type Locals = ReadonlyMap<string, Expression>

const sources = new WeakMap<Expression, syntax.Expression>()

/** Remembers the list that a lambda's variable runs over. */
export function rememberSource(variable: Expression, list: syntax.Expression): void {
  sources.set(variable, list)
}

/** Gives the list that a lambda's variable runs over. */
export function sourceOf(variable: Expression): syntax.Expression | undefined {
  return sources.get(variable)
}

/** Is no lambda around. */
export const NO_LOCALS: Locals = new Map()

/** Is a plan under construction, with what its columns mean. */
export type Frame = {
  plan: LogicalPlan
  readonly bindings: Map<string, Binding>
  /** What has been fetched of entities, by the column of their id. */
  readonly facets: Map<ColumnId, Facets>
  /** Columns with whole values of entities, by the key of their binding. */
  readonly values: Map<string, ColumnExpression>
  /** In a correlated subquery: what ties its rows to those outside. */
  readonly domain: Domain | null
}

/** Is the rows that a correlated subquery is computed for, and the columns that tell them apart all through it. */
export type Domain = { readonly plan: LogicalPlan; readonly columns: readonly ColumnExpression[] }

/** Holds what lowering knows beside the syntax, and the rules that call each other across files. */
export type LowerContext = {
  readonly text: string
  /** `undefined` where the graph does not exist yet: it has no nodes. */
  readonly schema: GraphSchema | undefined
  readonly parameterType: (name: string) => DataType
  readonly parameterValue: (name: string) => Value
  readonly procedure: (name: string) => Procedure | undefined
  /** Gives the clock's milliseconds since the epoch, the same all through a statement. */
  readonly now: () => number
  /** Tells whether of a MATCH only the set of the nodes that it reaches is asked for. */
  readonly asksEndsOnly: (match: object) => boolean
  readonly rules: Rules
}

/** Holds the rules that call each other across files. */
export type Rules = {
  readonly expression: (
    context: LowerContext,
    frame: Frame,
    expression: syntax.Expression,
    locals?: Locals,
  ) => Expression
  readonly match: (context: LowerContext, frame: Frame, match: MatchParts) => void
  readonly subquery: (
    context: LowerContext,
    frame: Frame,
    expression: syntax.Expression,
    locals: Locals,
  ) => Expression
  readonly filter: (context: LowerContext, frame: Frame, predicate: syntax.Expression) => void
  readonly optionalMatch: (context: LowerContext, frame: Frame, clause: syntax.MatchClause) => void
  readonly callSubquery: (context: LowerContext, frame: Frame, clause: syntax.SubqueryClause) => void
}

/** Is what a MATCH asks for. */
export type MatchParts = {
  readonly patterns: readonly syntax.PathPattern[]
  readonly where: syntax.Expression | null
  readonly repeatable: boolean
}

/** Starts a frame of one row without columns. */
export function emptyFrame(): Frame {
  return makeFrame(singleRow())
}

/** Starts a frame over a plan. */
export function makeFrame(
  plan: LogicalPlan,
  bindings: Iterable<readonly [string, Binding]> = [],
  domain: Domain | null = null,
): Frame {
  return { plan, bindings: new Map(bindings), facets: new Map(), values: new Map(), domain }
}

/** Copies a frame, so that lowering goes on in two ways from it. */
export function copyFrame(frame: Frame): Frame {
  const copy = makeFrame(frame.plan, frame.bindings, frame.domain)
  for (const [id, facets] of frame.facets) copy.facets.set(id, facets)
  for (const [key, value] of frame.values) copy.values.set(key, value)
  return copy
}

/** Tells whether a frame is one row without columns, so that joining with it changes nothing. */
export function isUnit(frame: Frame): boolean {
  return frame.plan.kind === 'values' && frame.plan.output.length === 0 && frame.plan.rowCount === 1
}

/** Gives the columns that a binding is held in. */
export function bindingColumns(binding: Binding): readonly ColumnExpression[] {
  switch (binding.kind) {
    case 'node':
    case 'relationship':
      return [binding.id]
    case 'path':
      return [binding.nodes, binding.edges]
    case 'relationships':
      return [binding.edges]
    case 'value':
      return [binding.value]
  }
}

/** Rebuilds a binding with other columns. */
export function mapBinding(
  binding: Binding,
  change: (column: ColumnExpression) => ColumnExpression,
): Binding {
  switch (binding.kind) {
    case 'node':
    case 'relationship':
      return { ...binding, id: change(binding.id) }
    case 'path':
      return { ...binding, nodes: change(binding.nodes), edges: change(binding.edges) }
    case 'relationships':
      return { ...binding, edges: change(binding.edges) }
    case 'value':
      return { kind: 'value', value: change(binding.value) }
  }
}

/** Gives the key of a binding in {@link Frame.values}. */
export function bindingKey(binding: Binding): string {
  return `${binding.kind} ${bindingColumns(binding)
    .map(({ id }) => id)
    .join(' ')}`
}

/** Finds the column of a plan's output with an id. */
export function outputColumn(plan: LogicalPlan, id: ColumnId): ColumnExpression {
  const field = plan.output.find((candidate) => candidate.id === id) as PlanField
  return column(field)
}

/** Names an expression with an id of its own, also where it is a plain column. */
export function freshColumn(name: string, expression: Expression): NamedExpression {
  return Object.freeze({ id: newColumnId(), name, expression })
}

/** Makes a field for an id. */
export function idField(name: string, nullable = false): PlanField {
  return planField(name, ID_TYPE, nullable)
}

/** Keeps the rows of a frame for which a predicate is true. */
export function filterFrame(frame: Frame, predicate: Expression): void {
  frame.plan = filter(frame.plan, predicate)
}

/** Gives an expression the columns of a plan as they are in it: nullable after an outer join. */
export function refreshColumns(plan: LogicalPlan, expression: Expression): Expression {
  return mapExpression(expression, (part) => (part.kind === 'column' ? outputColumn(plan, part.id) : part))
}
