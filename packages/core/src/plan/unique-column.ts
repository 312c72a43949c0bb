import type { ColumnId } from '../expression/expression.ts'
import type { LogicalPlan } from './logical-plan.ts'

/** Tells whether a column surely holds no value twice: the row ids of a scan, the nodes of a frontier. */
export function isUniqueColumn(plan: LogicalPlan, id: ColumnId): boolean {
  switch (plan.kind) {
    case 'frontier':
      return plan.target.id === id
    case 'scan': {
      const at = plan.output.findIndex((field) => field.id === id)
      return plan.columns[at]?.field === '_row_id'
    }
    case 'filter':
    case 'limit':
    case 'sort':
    case 'degree':
      return isUniqueColumn(plan.input, id)
    case 'project': {
      const item = plan.expressions.find((candidate) => candidate.id === id)
      return item?.expression.kind === 'column' && isUniqueColumn(plan.input, item.expression.id)
    }
    default:
      return false
  }
}
