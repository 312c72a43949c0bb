import { conjuncts } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import type { AggregatePlan, JoinKey, JoinPlan, LogicalPlan } from '../plan/logical-plan.ts'
import { planInputs } from '../plan/traverse.ts'
import type { OptimizerContext } from './rule.ts'
import { distinctInTable, scannedField, selectivity, sharedSelectivity } from './selectivity.ts'

const FAN_OUT = 10
const MINIMUM_ROWS = 1

/** Estimates the count of rows that a plan gives. */
export function estimateRows(plan: LogicalPlan, context: OptimizerContext): number {
  switch (plan.kind) {
    case 'scan':
      return Math.max(
        MINIMUM_ROWS,
        context.rowCount(plan.table) * sharedSelectivity(plan.filters, plan, context),
      )
    case 'values':
      return plan.rowCount
    case 'filter':
      return Math.max(
        MINIMUM_ROWS,
        estimateRows(plan.input, context) * sharedSelectivity(conjuncts(plan.predicate), plan.input, context),
      )
    case 'aggregate':
      return plan.groups.length === 0 ? 1 : groupCount(plan, context)
    case 'limit': {
      const rows = estimateRows(plan.input, context)
      return plan.count?.kind === 'literal' ? Math.min(rows, Number(plan.count.value)) : rows
    }
    case 'join':
      return joinedRows(plan, context)
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

/** Estimates the count of groups: no more than rows, nor than there are combinations of the groups' values. */
function groupCount(plan: AggregatePlan, context: OptimizerContext): number {
  const rows = estimateRows(plan.input, context)
  const combinations = plan.groups.reduce(
    (product, { expression }) => product * distinctOf(expression, plan.input, context),
    1,
  )
  return Math.max(MINIMUM_ROWS, Math.min(rows, combinations))
}

/** Estimates the rows of a join. */
function joinedRows(plan: JoinPlan, context: OptimizerContext): number {
  const left = estimateRows(plan.left, context)
  const right = estimateRows(plan.right, context)
  const share = keySelectivity(plan.keys, plan.left, plan.right, context)
  const inner =
    left * right * share * (plan.residual === null ? 1 : selectivity(plan.residual, plan, context))
  switch (plan.how) {
    case 'semi':
      return Math.min(left, inner)
    case 'anti':
      return Math.max(MINIMUM_ROWS, left - inner, left / 10)
    case 'left':
    case 'single':
      return Math.max(left, plan.how === 'single' ? left : inner)
    case 'right':
      return Math.max(right, inner)
    case 'full':
      return Math.max(left + right, inner)
    default:
      return inner
  }
}

/** Estimates the rows of an inner join of two plans. */
export function joinRows(
  left: LogicalPlan,
  right: LogicalPlan,
  keys: readonly JoinKey[],
  context: OptimizerContext,
): number {
  const share = keySelectivity(keys, left, right, context)
  return estimateRows(left, context) * estimateRows(right, context) * share
}

/**
 * Estimates the share of all pairs of rows that have equal keys: one over the larger count of distinct keys. Several keys
 * together have no more distinct values than the smaller side's tables have rows.
 */
export function keySelectivity(
  keys: readonly JoinKey[],
  left: LogicalPlan,
  right: LogicalPlan,
  context: OptimizerContext,
): number {
  if (keys.length === 0) return 1
  const distinct = keys.reduce(
    (product, key) =>
      product * Math.max(1, distinctOf(key.left, left, context), distinctOf(key.right, right, context)),
    1,
  )
  if (keys.length === 1) return 1 / distinct
  const most = Math.min(tableRows(keys, 'left', left, context), tableRows(keys, 'right', right, context))
  return 1 / Math.min(distinct, Math.max(1, most))
}

/** Counts the rows of the table that the keys of a side come from, infinite where they come from several. */
function tableRows(
  keys: readonly JoinKey[],
  side: 'left' | 'right',
  plan: LogicalPlan,
  context: OptimizerContext,
): number {
  const tables = new Set<string>()
  for (const key of keys) {
    const expression = key[side]
    const found = expression.kind === 'column' ? scannedField(plan, expression.id) : null
    if (found === null) return Number.POSITIVE_INFINITY
    tables.add(found.scan.table)
  }
  const [only] = tables
  return tables.size === 1 && only !== undefined ? context.rowCount(only) : Number.POSITIVE_INFINITY
}

/** Estimates how many distinct values an expression has before a plan's filters. */
function distinctOf(expression: Expression, plan: LogicalPlan, context: OptimizerContext): number {
  const found = expression.kind === 'column' ? scannedField(plan, expression.id) : null
  return found === null ? Math.sqrt(estimateRows(plan, context)) : distinctInTable(found, context)
}
