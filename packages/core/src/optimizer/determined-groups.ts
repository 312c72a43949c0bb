import type { ColumnId } from '../expression/expression.ts'
import type { AggregatePlan, JoinPlan, LogicalPlan, ScanPlan } from '../plan/logical-plan.ts'
import { mapPlan } from '../plan/traverse.ts'
import type { OptimizerContext, Rule } from './rule.ts'

/**
 * Finds groups whose values follow from those of other groups, such as a customer's name from the customer's key: rows
 * are then told apart by the others alone.
 */
export const determinedGroups: Rule = {
  name: 'determined-groups',
  apply: (plan, context) =>
    mapPlan(plan, (node) => (node.kind === 'aggregate' ? withDetermined(node, context) : node)),
}

function withDetermined(plan: AggregatePlan, context: OptimizerContext): LogicalPlan {
  if (plan.sets !== null || plan.groups.length < 2) return plan
  const dependencies = new Dependencies(context)
  dependencies.read(plan.input)
  const classes = plan.groups.map(({ expression }) =>
    expression.kind === 'column' ? dependencies.classOf(expression.id) : null,
  )
  const kept = new Set(classes.keys())
  for (let at = classes.length - 1; at >= 0; at -= 1) {
    const own = classes[at]
    if (own === null || own === undefined) continue
    kept.delete(at)
    const known = dependencies.closure([...kept].map((other) => classes[other] ?? null))
    if (!known.has(own)) kept.add(at)
  }
  const determined = [...classes.keys()].filter((at) => !kept.has(at))
  return determined.length === 0 ? plan : Object.freeze({ ...plan, determined })
}

/** Is what the columns of a scan follow from: those of its key. */
type Dependency = { readonly from: readonly ColumnId[]; readonly to: readonly ColumnId[] }

/** Holds which columns of a plan are equal, and which follow from others. */
class Dependencies {
  readonly #context: OptimizerContext
  /** A column that is equal to a column, up to the one that stands for all of them. */
  readonly #equal = new Map<ColumnId, ColumnId>()
  readonly #dependencies: Dependency[] = []

  constructor(context: OptimizerContext) {
    this.#context = context
  }

  /** Gives the column that stands for a column and all that are equal to it. */
  classOf(id: ColumnId): ColumnId {
    let current = id
    for (let next = this.#equal.get(current); next !== undefined; next = this.#equal.get(current))
      current = next
    return current
  }

  #unite(left: ColumnId, right: ColumnId): void {
    const one = this.classOf(left)
    const other = this.classOf(right)
    if (one !== other) this.#equal.set(one, other)
  }

  /** Reads a plan as far down as its columns are those of its inputs. */
  read(plan: LogicalPlan): void {
    switch (plan.kind) {
      case 'scan':
        this.#readScan(plan)
        return
      case 'filter':
      case 'sort':
      case 'limit':
        this.read(plan.input)
        return
      case 'project':
        this.read(plan.input)
        for (const { id, expression } of plan.expressions)
          if (expression.kind === 'column') this.#unite(id, expression.id)
        return
      case 'join':
        this.#readJoin(plan)
        return
      default:
    }
  }

  #readJoin(plan: JoinPlan): void {
    this.read(plan.left)
    if (plan.how === 'semi' || plan.how === 'anti') return
    this.read(plan.right)
    // In other joins a row may stand without its partner, and the columns differ.
    if (plan.how !== 'inner') return
    for (const { left, right } of plan.keys)
      if (left.kind === 'column' && right.kind === 'column') this.#unite(left.id, right.id)
  }

  #readScan({ table, columns }: ScanPlan): void {
    const key = this.#context.key(table)
    const whole = columns.filter((column) => column.access === undefined)
    const from = key.map((field) => whole.find((column) => column.field === field))
    // A key that may be null stands for no row on the empty side of an outer join.
    if (key.length === 0 || from.some((column) => column === undefined || column.nullable)) return
    this.#dependencies.push({
      from: from.flatMap((column) => (column === undefined ? [] : [column.id])),
      to: columns.map((column) => column.id),
    })
  }

  /** Gives all columns, by the one that stands for them, that follow from some. */
  closure(start: readonly (ColumnId | null)[]): ReadonlySet<ColumnId> {
    const known = new Set(start.flatMap((id) => (id === null ? [] : [id])))
    for (let size = -1; size !== known.size; ) {
      size = known.size
      for (const { from, to } of this.#dependencies)
        if (from.every((id) => known.has(this.classOf(id)))) for (const id of to) known.add(this.classOf(id))
    }
    return known
  }
}
