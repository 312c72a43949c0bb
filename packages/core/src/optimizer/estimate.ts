import { conjuncts } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import type { JoinKey, LogicalPlan, ScanPlan } from '../plan/logical-plan.ts'
import { planInputs } from '../plan/traverse.ts'
import type { OptimizerContext } from './rule.ts'

const SELECTIVITY = { equality: 0.1, range: 0.3, other: 0.25 } as const
const FAN_OUT = 10
const MINIMUM_ROWS = 1

/** Estimates the count of rows that a plan gives. */
export function estimateRows(plan: LogicalPlan, context: OptimizerContext): number {
  switch (plan.kind) {
    case 'scan':
      return Math.max(
        MINIMUM_ROWS,
        plan.filters.reduce(
          (rows, filter) => rows * selectivity(filter, plan, context),
          context.rowCount(plan.table),
        ),
      )
    case 'values':
      return plan.rowCount
    case 'filter':
      return Math.max(
        MINIMUM_ROWS,
        conjuncts(plan.predicate).reduce(
          (rows, predicate) => rows * selectivity(predicate, null, context),
          estimateRows(plan.input, context),
        ),
      )
    case 'aggregate':
      return plan.groups.length === 0 ? 1 : Math.max(MINIMUM_ROWS, estimateRows(plan.input, context) / 10)
    case 'limit': {
      const rows = estimateRows(plan.input, context)
      return plan.count?.kind === 'literal' ? Math.min(rows, Number(plan.count.value)) : rows
    }
    case 'join':
      return joinRows(plan.left, plan.right, plan.how === 'cross' ? [] : plan.keys, context)
    case 'union':
      return plan.inputs.reduce((rows, input) => rows + estimateRows(input, context), 0)
    case 'expand':
    case 'frontier':
    case 'unnest':
    case 'path':
      return estimateRows(plan.input, context) * FAN_OUT
    case 'apply':
    case 'intersect':
    case 'except':
      return estimateRows(planInputs(plan)[0] as LogicalPlan, context)
    case 'project':
    case 'window':
    case 'sort':
    case 'distinct':
    case 'degree':
    case 'multiway-join':
    case 'nearest':
      return estimateRows(plan.input, context)
    default:
      return 1000
  }
}

/** Estimates the rows of an inner join: the product over the larger count of distinct keys. */
export function joinRows(
  left: LogicalPlan,
  right: LogicalPlan,
  keys: readonly JoinKey[],
  context: OptimizerContext,
): number {
  const leftRows = estimateRows(left, context)
  const rightRows = estimateRows(right, context)
  return keys.reduce(
    (rows, key) =>
      rows /
      Math.max(
        1,
        distinctOf(key.left, left, context, leftRows),
        distinctOf(key.right, right, context, rightRows),
      ),
    leftRows * rightRows,
  )
}

function distinctOf(
  expression: Expression,
  plan: LogicalPlan,
  context: OptimizerContext,
  rows: number,
): number {
  const found = expression.kind === 'column' ? scanColumn(plan, expression.id) : null
  if (found === null) return Math.sqrt(rows)
  const known = context.distinctCount(found.scan.table, found.field)
  const key = context.key(found.scan.table)
  const all =
    known ??
    (key.length === 1 && key[0] === found.field
      ? context.rowCount(found.scan.table)
      : Math.sqrt(context.rowCount(found.scan.table)))
  return Math.min(rows, all)
}

/** Finds the scan column that a column of a plan is, through nodes that pass columns on. */
function scanColumn(
  plan: LogicalPlan,
  id: number,
): { readonly scan: ScanPlan; readonly field: string } | null {
  if (plan.kind === 'scan') {
    const found = plan.columns.find((candidate) => candidate.id === id && candidate.access === undefined)
    return found === undefined ? null : { scan: plan, field: found.field }
  }
  if (plan.kind === 'join') return scanColumn(plan.left, id) ?? scanColumn(plan.right, id)
  return 'input' in plan && plan.output.some((field) => field.id === id) ? scanColumn(plan.input, id) : null
}

function selectivity(predicate: Expression, scan: ScanPlan | null, context: OptimizerContext): number {
  if (predicate.kind !== 'call') return SELECTIVITY.other
  switch (predicate.function) {
    case 'eq': {
      const operand = predicate.args.find((arg) => arg.kind === 'column')
      const found = scan === null || operand?.kind !== 'column' ? null : scanColumn(scan, operand.id)
      if (found === null || scan === null) return SELECTIVITY.equality
      const rows = Math.max(1, context.rowCount(scan.table))
      return (
        1 / Math.max(1, distinctOf(operand as Expression, scan, { ...context, rowCount: () => rows }, rows))
      )
    }
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return SELECTIVITY.range
    default:
      return SELECTIVITY.other
  }
}
