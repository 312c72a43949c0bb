import type { DataType } from 'apache-arrow'
import { aggregateNamed } from '../expression/aggregates.ts'
import { column, literal, newColumnId } from '../expression/build.ts'
import type { ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import type { Column } from '../types/column.ts'
import { elementType, types } from '../types/data-type.ts'
import { assert, SheafError } from '../types/errors.ts'
import { checkColumns, freeze, requireBoolean } from './checks.ts'
import type {
  AdjacencyReference,
  AggregateExpression,
  Direction,
  FrontierPlan,
  GroupingSets,
  JoinKey,
  JoinKind,
  LogicalPlan,
  Metric,
  MultiwayLeg,
  NamedExpression,
  PathSemantics,
  PlanField,
  ScanColumn,
  SortKey,
  VectorIndexSettings,
} from './logical-plan.ts'

/** Makes a plan field with a new id. */
export function planField(name: string, type: DataType, nullable = true): PlanField {
  return Object.freeze({ id: newColumnId(), name, type, nullable })
}

/** Names an expression, giving it a new id; a plain column keeps the id that it has. */
export function named(name: string, expression: Expression): NamedExpression {
  return Object.freeze({ id: expression.kind === 'column' ? expression.id : newColumnId(), name, expression })
}

/** Finds a field of a plan's output by name. @throws `NOT_FOUND` naming the fields there are */
export function fieldNamed(plan: { readonly output: readonly PlanField[] }, name: string): PlanField {
  const field = plan.output.find((candidate) => candidate.name === name)
  if (field !== undefined) return field
  const known = plan.output.map((candidate) => candidate.name).join(', ')
  throw new SheafError('NOT_FOUND', `There is no column of this name. The columns are (${known}): ${name}`)
}

/** Refers to a column of a plan's output by name. @throws `NOT_FOUND` */
export function columnNamed(plan: { readonly output: readonly PlanField[] }, name: string): ColumnExpression {
  return column(fieldNamed(plan, name))
}

function fieldOf({ id, name, expression }: NamedExpression): PlanField {
  return Object.freeze({ id, name, type: expression.type, nullable: expression.nullable })
}

/** Reads columns of a table. */
export function scan(
  table: string,
  columns: readonly ScanColumn[],
  filters: readonly Expression[] = [],
): LogicalPlan {
  const output = columns.map(({ id, name, type, nullable }) => Object.freeze({ id, name, type, nullable }))
  return freeze({
    kind: 'scan',
    table,
    columns: Object.freeze([...columns]),
    filters: Object.freeze([...filters]),
    output,
  })
}

/** Reads whole fields of a table, giving each a new id. */
export function scanFields(
  table: string,
  fields: readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[],
): LogicalPlan {
  return scan(
    table,
    fields.map((field) =>
      Object.freeze({ ...planField(field.name, field.type, field.nullable), field: field.name }),
    ),
  )
}

/** Gives rows that the plan carries, as columns. */
export function values(
  output: readonly PlanField[],
  columns: readonly Column[],
  rowCount: number,
): LogicalPlan {
  assert(output.length === columns.length, 'values need a column a field')
  return freeze({ kind: 'values', columns, rowCount, output })
}

/** Gives one row of no columns: what a query without a source reads from. */
export function singleRow(): LogicalPlan {
  return values([], [], 1)
}

/** Keeps the rows for which a predicate is true. @throws `TYPE` where it is no boolean */
export function filter(input: LogicalPlan, predicate: Expression): LogicalPlan {
  checkColumns(predicate, input)
  if (predicate.kind === 'literal' && predicate.value === true) return input
  requireBoolean(predicate)
  return freeze({ kind: 'filter', input, predicate, output: input.output })
}

/** Computes columns; the output is exactly these. An id that stands twice gets a new id the second time. */
export function project(input: LogicalPlan, items: readonly NamedExpression[]): LogicalPlan {
  const seen = new Set<ColumnId>()
  const expressions = items.map((item) => {
    checkColumns(item.expression, input)
    const id = seen.has(item.id) ? newColumnId() : item.id
    seen.add(id)
    return id === item.id ? item : Object.freeze({ ...item, id })
  })
  return freeze({
    kind: 'project',
    input,
    expressions: Object.freeze([...expressions]),
    output: expressions.map(fieldOf),
  })
}

/** Keeps columns of the input by id, in the order given. */
export function keepColumns(input: LogicalPlan, ids: readonly ColumnId[]): LogicalPlan {
  const byId = new Map(input.output.map((field) => [field.id, field]))
  return project(
    input,
    ids.map((id) => {
      const field = byId.get(id)
      assert(field, `column ${id} is not in the input`)
      return { id, name: field.name, expression: column(field) }
    }),
  )
}

/** Adds computed columns after the input's own. */
export function extend(input: LogicalPlan, expressions: readonly NamedExpression[]): LogicalPlan {
  return project(input, [
    ...input.output.map((field) => ({ id: field.id, name: field.name, expression: column(field) })),
    ...expressions,
  ])
}

/** Joins two inputs. Semi and anti joins give the left columns only. */
export function join(
  left: LogicalPlan,
  right: LogicalPlan,
  options: {
    readonly how: JoinKind
    readonly keys?: readonly JoinKey[]
    readonly residual?: Expression | null
  },
): LogicalPlan {
  const { how, keys = [], residual = null } = options
  const leftIds = new Set(left.output.map((field) => field.id))
  assert(
    !right.output.some((field) => leftIds.has(field.id)),
    'the two inputs of a join share a column id: use `withFreshIds`',
  )
  for (const key of keys) {
    checkColumns(key.left, left)
    checkColumns(key.right, right)
  }
  if (residual !== null) {
    checkColumns(residual, left, right)
    requireBoolean(residual)
  }
  return freeze({
    kind: 'join',
    how,
    left,
    right,
    keys: Object.freeze([...keys]),
    residual,
    output: joinOutput(how, left, right),
  })
}

/** Gives the columns of a join: outer sides become nullable. */
export function joinOutput(how: JoinKind, left: LogicalPlan, right: LogicalPlan): PlanField[] {
  if (how === 'semi' || how === 'anti') return [...left.output]
  const isRightOuter = how === 'left' || how === 'full' || how === 'single'
  return [
    ...left.output.map((field) => loosened(field, how === 'right' || how === 'full')),
    ...right.output.map((field) => loosened(field, isRightOuter)),
  ]
}

function loosened(field: PlanField, isNullable: boolean): PlanField {
  return field.nullable || !isNullable ? field : Object.freeze({ ...field, nullable: true })
}

/** Makes an aggregate expression; its type comes from the registry of aggregates. @throws `NOT_FOUND`, `TYPE` */
export function aggregateExpression(
  name: string,
  fn: string,
  args: readonly Expression[],
  options: {
    readonly distinct?: boolean
    readonly filter?: Expression | null
    readonly order?: readonly SortKey[]
  } = {},
): AggregateExpression {
  const definition = aggregateNamed(fn)
  return Object.freeze({
    id: newColumnId(),
    name,
    function: fn,
    args: Object.freeze([...args]),
    distinct: options.distinct ?? false,
    filter: options.filter ?? null,
    order: Object.freeze([...(options.order ?? [])]),
    type: definition.type(args.map((arg) => arg.type)),
    nullable: definition.nullable,
  })
}

/** Groups rows and computes aggregates. With no groups there is exactly one row. */
export function aggregate(
  input: LogicalPlan,
  groups: readonly NamedExpression[],
  aggregates: readonly AggregateExpression[],
  sets: GroupingSets | null = null,
): LogicalPlan {
  for (const group of groups) checkColumns(group.expression, input)
  for (const item of aggregates) checkAggregate(item, input)
  for (const indexes of sets?.indexes ?? [])
    assert(
      indexes.every((at) => groups[at] !== undefined),
      'a grouping set names a group that is not there',
    )
  const isPartial = (at: number): boolean => sets?.indexes.some((set) => !set.includes(at)) ?? false
  const output = [
    ...groups.map((group, at) => loosened(fieldOf(group), isPartial(at))),
    ...aggregates.map(({ id, name, type, nullable }) => Object.freeze({ id, name, type, nullable })),
    ...(sets?.set ? [sets.set] : []),
  ]
  return freeze({
    kind: 'aggregate',
    input,
    groups: Object.freeze([...groups]),
    aggregates: Object.freeze([...aggregates]),
    sets,
    output,
  })
}

function checkAggregate(item: AggregateExpression, input: LogicalPlan): void {
  for (const arg of item.args) checkColumns(arg, input)
  if (item.filter !== null) checkColumns(item.filter, input)
  for (const key of item.order) checkColumns(key.expression, input)
}

/** Makes a sort key. By default ascending, nulls last, NaN less than every other number. */
export function sortKey(
  expression: Expression,
  options: {
    readonly descending?: boolean
    readonly nullsFirst?: boolean
    readonly nansLast?: boolean
  } = {},
): SortKey {
  return Object.freeze({
    expression,
    descending: options.descending ?? false,
    nullsFirst: options.nullsFirst ?? false,
    nansLast: options.nansLast ?? false,
  })
}

/** Sorts rows by keys; rows with equal keys keep their order. */
export function sort(input: LogicalPlan, keys: readonly SortKey[]): LogicalPlan {
  for (const key of keys) checkColumns(key.expression, input)
  return keys.length === 0
    ? input
    : freeze({ kind: 'sort', input, keys: Object.freeze([...keys]), output: input.output })
}

/** Skips `offset` rows and gives at most `count`: numbers, or parameters whose value comes later. */
export function limit(
  input: LogicalPlan,
  count: Expression | number | null,
  offset: Expression | number | null = null,
): LogicalPlan {
  const asExpression = (value: Expression | number | null) =>
    typeof value === 'number' ? literal(checkCount(value)) : value
  return freeze({
    kind: 'limit',
    input,
    count: asExpression(count),
    offset: asExpression(offset),
    output: input.output,
  })
}

function checkCount(count: number): number {
  if (Number.isInteger(count) && count >= 0) return count
  throw new SheafError('ARGUMENT', `A limit or offset must be an integer of at least 0: ${count}`)
}

/** Gives each distinct row once. */
export function distinct(input: LogicalPlan): LogicalPlan {
  return freeze({ kind: 'distinct', input, output: input.output })
}

/** Gives a row for each element of a list. */
export function unnest(
  input: LogicalPlan,
  list: Expression,
  options: {
    readonly name: string
    readonly type?: DataType
    /** The field of the elements, where one was made before the plan: what is above may then be made first. */
    readonly element?: PlanField
    readonly ordinality?: string
    readonly outer?: boolean
  },
): LogicalPlan {
  checkColumns(list, input)
  const element = options.element ?? planField(options.name, options.type ?? elementType(list.type))
  const ordinality = options.ordinality === undefined ? null : planField(options.ordinality, types.int64)
  const output = [...input.output, element, ...(ordinality === null ? [] : [ordinality])]
  return freeze({ kind: 'unnest', input, list, element, ordinality, outer: options.outer ?? false, output })
}

/** Follows the edges of an adjacency one hop. */
export function expand(
  input: LogicalPlan,
  options: {
    readonly from: ColumnExpression
    readonly adjacency: AdjacencyReference
    readonly direction: Direction
    readonly target: PlanField
    readonly edge?: PlanField | null
    readonly exclude?: readonly ColumnExpression[]
    readonly closes?: ColumnExpression | null
  },
): LogicalPlan {
  const { from, adjacency, direction, target, edge = null, exclude = [], closes = null } = options
  checkColumns(from, input)
  const output = [...input.output, target, ...(edge === null ? [] : [edge])]
  return freeze({ kind: 'expand', input, from, adjacency, direction, target, edge, exclude, closes, output })
}

/** Counts the edges of each row's node. */
export function degree(
  input: LogicalPlan,
  options: {
    readonly from: ColumnExpression
    readonly adjacency: AdjacencyReference
    readonly direction: Direction
    readonly count: PlanField
    readonly exclude?: readonly ColumnExpression[]
  },
): LogicalPlan {
  const { from, adjacency, direction, count, exclude = [] } = options
  checkColumns(from, input)
  return freeze({
    kind: 'degree',
    input,
    from,
    adjacency,
    direction,
    exclude,
    count,
    output: [...input.output, count],
  })
}

/** Gives the nodes that edges lead to, each once. */
export function frontier(
  input: LogicalPlan,
  options: Pick<FrontierPlan, 'from' | 'adjacency' | 'direction' | 'target' | 'ways'> &
    Partial<Pick<FrontierPlan, 'weight' | 'looped' | 'distinct' | 'loops'>>,
): LogicalPlan {
  const { weight = null, looped = null, distinct = false, loops = null, target, ways, ...rest } = options
  for (const read of [rest.from, weight, looped]) if (read !== null) checkColumns(read, input)
  const output = [target, ways, loops].filter((field) => field !== null)
  return freeze({ kind: 'frontier', input, ...rest, weight, looped, distinct, target, ways, loops, output })
}

/** Binds the nodes that every leg reaches; with `count` gives how many choices there are instead of a row each. */
export function multiwayJoin(
  input: LogicalPlan,
  options: {
    readonly legs: readonly MultiwayLeg[]
    readonly target?: PlanField | null
    readonly count?: PlanField | null
  },
): LogicalPlan {
  const { legs, target = null, count = null } = options
  assert((target === null) !== (count === null), 'a multiway join gives rows or counts')
  for (const leg of legs) checkColumns(leg.from, input)
  const made = count === null ? [target, ...legs.map((leg) => leg.edge)] : [count]
  const output = [...input.output, ...made.filter((field) => field !== null)]
  return freeze({ kind: 'multiway-join', input, legs, target, count, output })
}

/** Follows an adjacency a variable count of hops. */
export function path(
  input: LogicalPlan,
  options: {
    readonly from: ColumnExpression
    readonly to?: ColumnExpression | null
    readonly adjacency: AdjacencyReference
    readonly direction: Direction
    readonly semantics: PathSemantics
    readonly limit?: { readonly count: number; readonly groups: boolean }
    readonly minimum: number
    readonly maximum: number | null
    readonly target: PlanField
    readonly edges?: PlanField | null
    readonly nodes?: PlanField | null
    readonly exclude?: readonly ColumnExpression[]
  },
): LogicalPlan {
  const { to = null, edges = null, nodes = null, exclude = [], ...rest } = options
  checkColumns(options.from, input)
  const output = [
    ...input.output,
    options.target,
    ...(edges === null ? [] : [edges]),
    ...(nodes === null ? [] : [nodes]),
  ]
  return freeze({ kind: 'path', input, to, edges, nodes, exclude, ...rest, output })
}

/** Repeats a step until it gives no new rows. `step` reads the last round by `recursiveInput(name, …)`. */
export function recursive(
  name: string,
  base: LogicalPlan,
  step: LogicalPlan,
  options: { readonly distinct: boolean },
): LogicalPlan {
  assert(base.output.length === step.output.length, 'base and step of a recursion need the same columns')
  const output = base.output.map((field) => planField(field.name, field.type, true))
  return freeze({ kind: 'recursive', name, base, step, distinct: options.distinct, output })
}

/** Reads the rows of the last round of the surrounding recursion; `like` is its base. */
export function recursiveInput(name: string, like: LogicalPlan): LogicalPlan {
  return freeze({
    kind: 'recursive-input',
    name,
    output: like.output.map((field) => planField(field.name, field.type, true)),
  })
}

/** Gives the k rows whose vector is nearest to a query vector, nearest first. */
export function nearest(
  input: LogicalPlan,
  options: {
    readonly vector: ColumnExpression
    readonly query: Expression
    readonly k: Expression
    readonly metric: Metric
    readonly index?: VectorIndexSettings | null
    readonly distance?: PlanField
  },
): LogicalPlan {
  const { vector, query, k, metric } = options
  checkColumns(vector, input)
  const distance = options.distance ?? planField('distance', types.float64, false)
  return freeze({
    kind: 'nearest',
    input,
    vector,
    query,
    k,
    metric,
    index: options.index ?? null,
    distance,
    output: [...input.output, distance],
  })
}

/** Sends a part whole to a named engine. */
export function foreign(options: {
  readonly engine: string
  readonly text: string
  readonly inputs: readonly { readonly name: string; readonly plan: LogicalPlan }[]
  readonly parameters: readonly Expression[]
  readonly definitions?: readonly string[]
  readonly output: readonly PlanField[]
}): LogicalPlan {
  return freeze({ kind: 'foreign', ...options })
}

/** Calls an operator that a model adds. */
export function extension(options: {
  readonly operator: string
  readonly inputs: readonly LogicalPlan[]
  readonly expressions?: readonly Expression[]
  readonly settings?: Readonly<Record<string, unknown>>
  readonly output: readonly PlanField[]
}): LogicalPlan {
  return freeze({ kind: 'extension', expressions: [], settings: {}, ...options })
}
