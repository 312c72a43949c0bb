import { conjuncts } from '../expression/build.ts'
import type { JoinKey, JoinPlan, LogicalPlan } from '../plan/logical-plan.ts'
import { planInputs, withInputs } from '../plan/traverse.ts'
import { inOrderOf } from './column-order.ts'
import { estimateRows, joinRows } from './estimate.ts'
import { enumerateJoins, MAX_ENUMERATED } from './join-enumeration.ts'
import { connects, type JoinGraph, joinParts, oriented } from './join-graph.ts'
import type { OptimizerContext, Rule } from './rule.ts'

/**
 * Orders inner joins by their estimated cost: up to a dozen by looking at every order, more of them greedily, at each
 * step the two parts whose join is smallest. The smaller side is hashed. Outer, semi and anti joins keep their place.
 */
export const orderJoins: Rule = { name: 'order-joins', apply: order }

function order(plan: LogicalPlan, context: OptimizerContext): LogicalPlan {
  if (plan.kind !== 'join' || !isInner(plan)) {
    return withInputs(
      plan,
      planInputs(plan).map((input) => order(input, context)),
    )
  }
  const graph: JoinGraph = { parts: [], keys: [], residuals: [] }
  flatten(plan, graph, context)
  const ordered = graph.parts.length <= MAX_ENUMERATED ? enumerateJoins(graph, context) : null
  return inOrderOf(plan, ordered ?? joinGreedily(graph, context))
}

function isInner(plan: JoinPlan): boolean {
  return plan.how === 'inner' || plan.how === 'cross'
}

function flatten(plan: LogicalPlan, graph: JoinGraph, context: OptimizerContext): void {
  if (plan.kind !== 'join' || !isInner(plan)) {
    graph.parts.push(order(plan, context))
    return
  }
  flatten(plan.left, graph, context)
  flatten(plan.right, graph, context)
  graph.keys.push(...plan.keys)
  if (plan.residual !== null) graph.residuals.push(...conjuncts(plan.residual))
}

type Candidate = {
  readonly left: number
  readonly right: number
  readonly keys: readonly JoinKey[]
  readonly rows: number
}

function joinGreedily(graph: JoinGraph, context: OptimizerContext): LogicalPlan {
  const { parts } = graph
  while (parts.length > 1) {
    const best = cheapest(parts, graph.keys, context)
    const [left, right] = arranged(parts[best.left] as LogicalPlan, parts[best.right] as LogicalPlan, context)
    parts.splice(best.right, 1)
    parts.splice(best.left, 1, joinParts(left, right, graph))
  }
  return parts[0] as LogicalPlan
}

/** Puts the part that gives fewer rows on the right, where it is hashed. */
function arranged(
  left: LogicalPlan,
  right: LogicalPlan,
  context: OptimizerContext,
): [LogicalPlan, LogicalPlan] {
  return estimateRows(right, context) <= estimateRows(left, context) ? [left, right] : [right, left]
}

function cheapest(
  parts: readonly LogicalPlan[],
  keys: readonly JoinKey[],
  context: OptimizerContext,
): Candidate {
  let best: Candidate | null = null
  for (let left = 0; left < parts.length; left += 1) {
    for (let right = left + 1; right < parts.length; right += 1) {
      const between = keys.filter((key) =>
        connects(key, parts[left] as LogicalPlan, parts[right] as LogicalPlan),
      )
      const rows = joinRows(
        parts[left] as LogicalPlan,
        parts[right] as LogicalPlan,
        oriented(between, parts[left] as LogicalPlan),
        context,
      )
      // A product without a condition comes last, whatever its size.
      const connected = between.length > 0
      if (
        best === null ||
        (connected && best.keys.length === 0) ||
        (connected === best.keys.length > 0 && rows < best.rows)
      ) {
        best = { left, right, keys: between, rows }
      }
    }
  }
  return best as Candidate
}
