import { explainExpression } from '../expression/explain.ts'
import type { ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import type {
  AdjacencyReference,
  FrameBound,
  GroupingSets,
  LogicalPlan,
  NamedExpression,
  PlanField,
  PlanKind,
  SortKey,
  WindowExpression,
  WindowFrame,
} from './logical-plan.ts'
import { planInputs } from './traverse.ts'

type Namer = (column: { readonly id: ColumnId; readonly name: string }) => string
type PlanOf<Kind extends PlanKind> = Extract<LogicalPlan, { kind: Kind }>

/** Says something more about a node: an estimate, an engine, counted rows. */
export type Annotate = (plan: LogicalPlan) => string | undefined

/**
 * Renders a plan as text, a node a line, inputs indented under it. Columns are shown by name; where two columns of
 * the plan share a name, the second is `name#2` and so on, so that equal plans give equal text whatever their ids.
 */
export function explainPlan(plan: LogicalPlan, annotate: Annotate = () => undefined): string {
  const names = new Map<ColumnId, string>()
  const counts = new Map<string, number>()
  const nameOf: Namer = ({ id, name }) => {
    let shown = names.get(id)
    if (shown === undefined) {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      shown = count === 1 ? name : `${name}#${count}`
      names.set(id, shown)
    }
    return shown
  }
  const lines: string[] = []
  render(plan, 0, nameOf, annotate, lines)
  return lines.join('\n')
}

function render(plan: LogicalPlan, depth: number, nameOf: Namer, annotate: Annotate, lines: string[]): void {
  const place = lines.length
  lines.push('')
  for (const input of planInputs(plan)) render(input, depth + 1, nameOf, annotate, lines)
  const note = annotate(plan)
  const text = (DESCRIBE[plan.kind] as (plan: LogicalPlan, nameOf: Namer) => string)(plan, nameOf)
  lines[place] =
    `${'  '.repeat(depth)}${plan.kind}${text === '' ? '' : ` ${text}`}${note === undefined ? '' : `  -- ${note}`}`
}

const show = (expression: Expression, nameOf: Namer): string =>
  explainExpression(expression, (column) => nameOf(column))
const list = (fields: readonly PlanField[], nameOf: Namer): string => `[${fields.map(nameOf).join(', ')}]`
const keys = (sortKeys: readonly SortKey[], nameOf: Namer): string =>
  sortKeys
    .map(
      (key) =>
        `${show(key.expression, nameOf)}${key.descending ? ' desc' : ''}${key.nullsFirst ? ' nulls first' : ''}${key.nansLast ? ' nans last' : ''}`,
    )
    .join(', ')

function frameBoundText(bound: FrameBound, nameOf: Namer): string {
  return 'value' in bound ? `${show(bound.value, nameOf)} ${bound.kind}` : bound.kind.replace('-', ' ')
}

function frameText({ unit, start, end, exclude }: WindowFrame, nameOf: Namer): string {
  const without = exclude === 'none' ? '' : ` exclude ${exclude.replace('-', ' ')}`
  return `${unit} ${frameBoundText(start, nameOf)} to ${frameBoundText(end, nameOf)}${without}`
}

function windowFunctionText(item: WindowExpression, nameOf: Namer): string {
  const args = item.args.map((arg) => show(arg, nameOf)).join(', ')
  const order = item.order.length === 0 ? '' : ` order by ${keys(item.order, nameOf)}`
  const filter = item.filter === null ? '' : ` filter ${show(item.filter, nameOf)}`
  const nulls = item.ignoreNulls ? ' ignore nulls' : ''
  return `${item.function}(${item.distinct ? 'distinct ' : ''}${args}${order})${nulls}${filter} over ${frameText(item.frame, nameOf)} as ${nameOf(item)}`
}

function setsText({ indexes, set }: GroupingSets, nameOf: Namer): string {
  const sets = indexes.map((places) => `(${places.join(', ')})`).join(' ')
  return ` sets ${sets}${set === null ? '' : ` as ${nameOf(set)}`}`
}

function adjacencyText({ table, source, target, partition }: AdjacencyReference): string {
  const parts = partition === null ? '' : ` where ${partition.field} in [${partition.values.join(', ')}]`
  return `${table}(${source} -> ${target})${parts}`
}

function exclusion(exclude: readonly ColumnExpression[], nameOf: Namer): string {
  return exclude.length === 0 ? '' : ` except [${exclude.map(nameOf).join(', ')}]`
}

const DESCRIBE: { readonly [Kind in PlanKind]: (plan: PlanOf<Kind>, nameOf: Namer) => string } = {
  scan: (plan, nameOf) => {
    const columns = plan.columns.map((column) => {
      const path =
        column.access === undefined ? column.field : `${column.field}.${column.access.path.join('.')}`
      const shown = nameOf(column)
      return shown === path ? shown : `${path} as ${shown}`
    })
    const filters = plan.filters.map((filter) => show(filter, nameOf)).join(' AND ')
    return `${plan.table} [${columns.join(', ')}]${filters === '' ? '' : ` where ${filters}`}${plan.index === undefined ? '' : ` by index ${plan.index}`}`
  },
  values: (plan, nameOf) => `${list(plan.output, nameOf)} ${plan.rowCount} rows`,
  filter: (plan, nameOf) => show(plan.predicate, nameOf),
  project: (plan, nameOf) =>
    `[${plan.expressions
      .map((item) => {
        const text = show(item.expression, nameOf)
        const shown =
          item.expression.kind === 'column' && item.expression.id === item.id ? item.name : nameOf(item)
        return text === shown ? text : `${text} as ${shown}`
      })
      .join(', ')}]`,
  join: (plan, nameOf) => {
    const on = plan.keys.map((key) => `${show(key.left, nameOf)} = ${show(key.right, nameOf)}`)
    if (plan.residual !== null) on.push(show(plan.residual, nameOf))
    const by =
      plan.access === undefined || plan.access === 'hash'
        ? ''
        : ` by ${plan.access}${plan.index === undefined ? '' : ` ${plan.index}`}`
    return `${plan.how}${by}${on.length === 0 ? '' : ` on ${on.join(' AND ')}`}`
  },
  apply: (plan) => plan.how,
  aggregate: (plan, nameOf) => {
    const groups = plan.groups.map((group) => {
      const text = show(group.expression, nameOf)
      const shown = nameOf(group)
      return text === shown ? text : `${text} as ${shown}`
    })
    const aggregates = plan.aggregates.map((item) => {
      const args = item.args.map((arg) => show(arg, nameOf)).join(', ')
      const filter = item.filter === null ? '' : ` filter ${show(item.filter, nameOf)}`
      const order = item.order.length === 0 ? '' : ` order by ${keys(item.order, nameOf)}`
      return `${item.function}(${item.distinct ? 'distinct ' : ''}${args === '' ? '*' : args}${order})${filter} as ${nameOf(item)}`
    })
    const sets = plan.sets === null ? '' : setsText(plan.sets, nameOf)
    const following = (plan.determined ?? []).map((at) => nameOf(plan.groups[at] as NamedExpression))
    const determined = following.length === 0 ? '' : ` following [${following.join(', ')}]`
    return `by [${groups.join(', ')}]${determined}${sets} [${aggregates.join(', ')}]`
  },
  window: (plan, nameOf) => {
    const partition = plan.partition.map((expression) => show(expression, nameOf)).join(', ')
    const functions = plan.functions.map((item) => windowFunctionText(item, nameOf)).join(', ')
    const order = plan.order.length === 0 ? '' : ` order ${keys(plan.order, nameOf)}`
    return `by [${partition}]${order} [${functions}]`
  },
  sort: (plan, nameOf) => `by ${keys(plan.keys, nameOf)}`,
  limit: (plan, nameOf) =>
    [
      plan.count === null ? '' : show(plan.count, nameOf),
      plan.offset === null ? '' : `offset ${show(plan.offset, nameOf)}`,
    ]
      .filter(Boolean)
      .join(' '),
  distinct: () => '',
  union: (plan, nameOf) => list(plan.output, nameOf),
  intersect: (plan, nameOf) => `${plan.all ? 'all ' : ''}${list(plan.output, nameOf)}`,
  except: (plan, nameOf) => `${plan.all ? 'all ' : ''}${list(plan.output, nameOf)}`,
  unnest: (plan, nameOf) =>
    `${show(plan.list, nameOf)} as ${nameOf(plan.element)}${plan.ordinality === null ? '' : `, ${nameOf(plan.ordinality)}`}${plan.outer ? ' outer' : ''}`,
  expand: (plan, nameOf) => {
    const edge = plan.edge === null ? '' : `, edge ${nameOf(plan.edge)}`
    const closes = plan.closes === null ? '' : ` closing ${nameOf(plan.closes)}`
    return `${plan.direction} ${adjacencyText(plan.adjacency)} from ${nameOf(plan.from)} to ${nameOf(plan.target)}${edge}${closes}${exclusion(plan.exclude, nameOf)}`
  },
  degree: (plan, nameOf) =>
    `${plan.direction} ${adjacencyText(plan.adjacency)} of ${nameOf(plan.from)} as ${nameOf(plan.count)}${exclusion(plan.exclude, nameOf)}`,
  frontier: (plan, nameOf) => {
    const weight = plan.weight === null ? '' : ` weighing ${nameOf(plan.weight)}`
    const looped = plan.looped === null ? '' : ` except loops ${nameOf(plan.looped)}`
    const ways = plan.ways === null ? '' : ` counting ${nameOf(plan.ways)}`
    return `${plan.direction} ${adjacencyText(plan.adjacency)} from ${nameOf(plan.from)}${weight}${looped} to ${nameOf(plan.target)}${ways}`
  },
  'multiway-join': (plan, nameOf) => {
    const legs = plan.legs.map((leg) => {
      const edge = leg.edge === null ? '' : ` edge ${nameOf(leg.edge)}`
      const unlike = leg.unlike.length === 0 ? '' : ` unlike leg ${leg.unlike.join(', ')}`
      return `${leg.direction} ${adjacencyText(leg.adjacency)} from ${nameOf(leg.from)}${edge}${exclusion(
        leg.exclude.map((excluded) => excluded.edge),
        nameOf,
      )}${unlike}`
    })
    const made =
      plan.count === null ? `to ${nameOf(plan.target as PlanField)}` : `count ${nameOf(plan.count)}`
    return `${made} by [${legs.join('; ')}]`
  },
  path: (plan, nameOf) => {
    const to = plan.to === null ? '' : ` ending ${nameOf(plan.to)}`
    const extra = [plan.edges, plan.nodes].filter((field) => field !== null).map(nameOf)
    const limit = plan.limit === undefined ? '' : ` ${plan.limit.count}${plan.limit.groups ? ' groups' : ''}`
    return `${plan.semantics}${limit} ${plan.direction} ${adjacencyText(plan.adjacency)} {${plan.minimum},${plan.maximum ?? ''}} from ${nameOf(plan.from)} to ${nameOf(plan.target)}${to}${extra.length === 0 ? '' : ` [${extra.join(', ')}]`}${exclusion(plan.exclude, nameOf)}`
  },
  recursive: (plan, nameOf) => `${plan.name} ${plan.distinct ? 'set' : 'bag'} ${list(plan.output, nameOf)}`,
  'recursive-input': (plan, nameOf) => `${plan.name} ${list(plan.output, nameOf)}`,
  nearest: (plan, nameOf) =>
    `${show(plan.k, nameOf)} by ${plan.metric} of ${nameOf(plan.vector)} to ${show(plan.query, nameOf)} as ${nameOf(plan.distance)}${plan.index === null ? '' : ` (${plan.index.kind}, ef ${plan.index.ef})`}`,
  foreign: (plan, nameOf) =>
    `${plan.engine} ${list(plan.output, nameOf)}: ${plan.text.replaceAll(/\s+/g, ' ')}`,
  extension: (plan, nameOf) => `${plan.operator} ${list(plan.output, nameOf)}`,
}
