import type { ColumnExpression, ColumnId, Expression } from '../expression/expression.ts'
import type { LogicalPlan, ScanPlan } from '../plan/logical-plan.ts'
import { isInteger } from '../types/data-type.ts'
import type { OptimizerContext } from './rule.ts'
import { numberOf } from './statistics.ts'

const GUESS = { equality: 0.1, range: 0.3, text: 0.1, other: 0.25 } as const
const TEXT_SEARCHES: ReadonlySet<string> = new Set(['like', 'ilike', 'starts_with', 'ends_with', 'contains'])

const RANGES: ReadonlySet<string> = new Set(['lt', 'le', 'gt', 'ge'])
const SMALLEST_RANGE = 0.001

type Call = Extract<Expression, { kind: 'call' }>

/** Is a column of a scan that an expression reads. */
type ScannedField = { readonly scan: ScanPlan; readonly field: string }

/** Finds the scan column that a column of a plan is, through nodes that pass columns on. */
export function scannedField(plan: LogicalPlan, id: number): ScannedField | null {
  if (plan.kind === 'scan') {
    const found = plan.columns.find((candidate) => candidate.id === id && candidate.access === undefined)
    return found === undefined ? null : { scan: plan, field: found.field }
  }
  if (plan.kind === 'join') return scannedField(plan.left, id) ?? scannedField(plan.right, id)
  if (plan.kind === 'project') {
    const item = plan.expressions.find((candidate) => candidate.id === id)
    return item?.expression.kind === 'column' ? scannedField(plan.input, item.expression.id) : null
  }
  return 'input' in plan && plan.output.some((field) => field.id === id) ? scannedField(plan.input, id) : null
}

/** Estimates how many distinct values a field of a table has. */
export function distinctInTable({ scan, field }: ScannedField, context: OptimizerContext): number {
  const rows = Math.max(1, context.rowCount(scan.table))
  const key = context.key(scan.table)
  if (key.length === 1 && key[0] === field) return rows
  const counted = context.distinctCount(scan.table, field) ?? Math.sqrt(rows)
  return Math.max(1, Math.min(rows, counted, wholeRange({ scan, field }, context)))
}

/** Counts the integers between a field's bounds, infinite where it holds others. */
function wholeRange({ scan, field }: ScannedField, context: OptimizerContext): number {
  const column = scan.columns.find((candidate) => candidate.field === field && candidate.access === undefined)
  const bounds = column !== undefined && isInteger(column.type) ? context.bounds(scan.table, field) : null
  return bounds === null ? Number.POSITIVE_INFINITY : bounds.maximum - bounds.minimum + 1
}

/** Estimates the share of a plan's rows for which all predicates are true. Two bounds of one column make one range. */
export function sharedSelectivity(
  predicates: readonly Expression[],
  plan: LogicalPlan,
  context: OptimizerContext,
): number {
  let share = 1
  const ranges = new Map<ColumnId, number[]>()
  for (const predicate of predicates) {
    const each = selectivity(predicate, plan, context)
    const id = predicate.kind === 'call' && RANGES.has(predicate.function) ? columnOf(predicate) : null
    if (id === null) share *= each
    else ranges.set(id, [...(ranges.get(id) ?? []), each])
  }
  for (const [first, ...rest] of ranges.values()) {
    const both = rest.reduce((left, right) => Math.max(left + right - 1, SMALLEST_RANGE), first as number)
    share *= both
  }
  return share
}

function columnOf(call: Call): ColumnId | null {
  const columns = call.args.filter((arg) => arg.kind === 'column')
  return columns.length === 1 && call.args.some((arg) => arg.kind === 'literal')
    ? (columns[0] as ColumnExpression).id
    : null
}

/** Estimates the share of a plan's rows for which a predicate is true. */
export function selectivity(predicate: Expression, plan: LogicalPlan, context: OptimizerContext): number {
  if (predicate.kind === 'literal') return predicate.value === true ? 1 : 0
  if (predicate.kind !== 'call') return GUESS.other
  const of = (arg: Expression | undefined): number =>
    arg === undefined ? 1 : selectivity(arg, plan, context)
  switch (predicate.function) {
    case 'and':
      return of(predicate.args[0]) * of(predicate.args[1])
    case 'or': {
      const left = of(predicate.args[0])
      const right = of(predicate.args[1])
      return left + right - left * right
    }
    case 'not':
      return 1 - of(predicate.args[0])
    case 'is_not_null':
      return 1
    case 'eq':
      return equality(predicate, plan, context, 1)
    case 'in':
      return equality(predicate, plan, context, listLength(predicate.args[1]))
    case 'ne':
      return 1 - equality(predicate, plan, context, 1)
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return range(predicate, plan, context)
    default:
      return TEXT_SEARCHES.has(predicate.function) ? GUESS.text : GUESS.other
  }
}

function listLength(list: Expression | undefined): number {
  if (list?.kind !== 'literal' || typeof list.value !== 'object' || list.value === null) return 3
  return [...(list.value as Iterable<unknown>)].length
}

function fieldOf(call: Call, plan: LogicalPlan): ScannedField | null {
  const columns = call.args.filter((arg) => arg.kind === 'column')
  const [only] = columns
  return columns.length === 1 && only !== undefined ? scannedField(plan, only.id) : null
}

function equality(call: Call, plan: LogicalPlan, context: OptimizerContext, count: number): number {
  const found = fieldOf(call, plan)
  return found === null ? GUESS.equality : Math.min(1, count / distinctInTable(found, context))
}

/** The share of the range between a field's bounds that lies on the wanted side of a constant. */
function range(call: Call, plan: LogicalPlan, context: OptimizerContext): number {
  const found = fieldOf(call, plan)
  const constant = call.args.find((arg) => arg.kind === 'literal')
  const value = constant?.kind === 'literal' ? numberOf(constant.value) : null
  const bounds = found === null ? null : context.bounds(found.scan.table, found.field)
  if (bounds === null || value === null || bounds.maximum <= bounds.minimum) return GUESS.range
  const below = Math.min(1, Math.max(0, (value - bounds.minimum) / (bounds.maximum - bounds.minimum)))
  const isUpper = (call.function === 'lt' || call.function === 'le') === (call.args[0]?.kind === 'column')
  return isUpper ? below : 1 - below
}
