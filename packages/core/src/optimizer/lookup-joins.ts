import { indexOver } from '../catalog/index-match.ts'
import type { Expression } from '../expression/expression.ts'
import { join } from '../plan/build.ts'
import type { JoinPlan, LogicalPlan, ScanPlan } from '../plan/logical-plan.ts'
import { mapPlan } from '../plan/traverse.ts'
import { inOrderOf } from './column-order.ts'
import { estimateRows } from './estimate.ts'
import type { OptimizerContext, Rule } from './rule.ts'

/** A scan that keeps less than this share of its table is hashed: reading row by row would read mostly in vain. */
const KEPT_SHARE = 0.2
/** Looking up a key costs about this many times as much as hashing a row. */
const KEY_LOOKUP_COST = 10

/**
 * Reads the right rows of a join one by one from their table, by row id or by key, where that reads less than hashing
 * all of them. The inputs of an inner join change sides where only the left one can be read so.
 */
export const lookupJoins: Rule = {
  name: 'lookup-joins',
  apply: (plan, context) =>
    mapPlan(plan, (node) => (node.kind === 'join' ? chooseAccess(node, context) : node)),
}

const LOOKS_UP: ReadonlySet<string> = new Set(['inner', 'left', 'semi', 'anti'])

function chooseAccess(plan: JoinPlan, context: OptimizerContext): LogicalPlan {
  if (!LOOKS_UP.has(plan.how)) return plan
  const access = accessOf(plan, context)
  if (access !== null) return Object.freeze({ ...plan, ...access })
  if (plan.how !== 'inner') return plan
  const keys = plan.keys.map((key) => ({ ...key, left: key.right, right: key.left }))
  const swapped = join(plan.right, plan.left, { how: 'inner', keys, residual: plan.residual }) as JoinPlan
  const other = accessOf(swapped, context)
  return other === null ? plan : inOrderOf(plan, Object.freeze({ ...swapped, ...other }))
}

function accessOf(plan: JoinPlan, context: OptimizerContext): Pick<JoinPlan, 'access' | 'index'> | null {
  const { right } = plan
  if (right.kind !== 'scan' || plan.keys.some((key) => key.nullsEqual === true)) return null
  const rows = context.rowCount(right.table)
  const fields = plan.keys.map((key) => fieldOf(key.right, right))
  if (fields.length === 1 && fields[0] === '_row_id')
    return estimateRows(right, context) >= rows * KEPT_SHARE ? { access: 'row-id' } : null
  const key = context.key(right.table)
  const isKey = key.length > 0 && key.length === fields.length && key.every((field) => fields.includes(field))
  const pays = (rowsEach: number): boolean =>
    estimateRows(plan.left, context) * KEY_LOOKUP_COST * rowsEach < rows
  if (isKey) return pays(1) ? { access: 'key' } : null
  const index = plan.keys.length === 0 ? null : indexOfJoin(plan, right, context)
  if (index === null) return null
  const [field] = fields
  const distinct = typeof field === 'string' ? context.distinctCount(right.table, field) : null
  return pays(Math.max(1, rows / (distinct ?? Math.sqrt(rows)))) ? { access: 'index', index } : null
}

function indexOfJoin(plan: JoinPlan, right: ScanPlan, context: OptimizerContext): string | null {
  const table = context.definition(right.table)
  if (table === undefined || table.indexes.length === 0) return null
  const sides = plan.keys.map((key) => key.right)
  return indexOver(sides, right, table)?.index.name ?? null
}

function fieldOf(expression: Expression, scan: ScanPlan): string | null {
  if (expression.kind !== 'column') return null
  return (
    scan.columns.find((column) => column.id === expression.id && column.access === undefined)?.field ?? null
  )
}
