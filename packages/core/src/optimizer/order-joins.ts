import { columnsOf, conjunction, conjuncts } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import { join } from '../plan/build.ts'
import type { JoinKey, JoinPlan, LogicalPlan } from '../plan/logical-plan.ts'
import { planInputs, withInputs } from '../plan/traverse.ts'
import { inOrderOf } from './column-order.ts'
import { estimateRows, joinRows } from './estimate.ts'
import type { OptimizerContext, Rule } from './rule.ts'

/**
 * Orders inner joins greedily by estimated size: at each step the two parts whose join is smallest are joined, the
 * smaller of them as the hashed side. Outer, semi and anti joins keep their place.
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
  return inOrderOf(plan, joinGreedily(graph, context))
}

function isInner(plan: JoinPlan): boolean {
  return plan.how === 'inner' || plan.how === 'cross'
}

/** Is the inputs of a tree of inner joins and the conditions between them. */
type JoinGraph = { readonly parts: LogicalPlan[]; readonly keys: JoinKey[]; readonly residuals: Expression[] }

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
  const parts = [...graph.parts]
  let keys = [...graph.keys]
  let residuals = [...graph.residuals]
  while (parts.length > 1) {
    const best = cheapest(parts, keys, context)
    const [left, right] = arranged(parts[best.left] as LogicalPlan, parts[best.right] as LogicalPlan, context)
    const oriented = best.keys.map((key) =>
      covers(left, key.left) ? key : { ...key, left: key.right, right: key.left },
    )
    const ready = residuals.filter((predicate) => coversAll([left, right], predicate))
    const how = oriented.length === 0 && ready.length === 0 ? 'cross' : 'inner'
    const joined = join(left, right, {
      how,
      keys: oriented,
      residual: ready.length === 0 ? null : conjunction(ready),
    })
    keys = keys.filter((key) => !best.keys.includes(key))
    residuals = residuals.filter((predicate) => !ready.includes(predicate))
    parts.splice(best.right, 1)
    parts.splice(best.left, 1, joined)
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
      const oriented = between.map((key) =>
        covers(parts[left] as LogicalPlan, key.left) ? key : { ...key, left: key.right, right: key.left },
      )
      const rows = joinRows(parts[left] as LogicalPlan, parts[right] as LogicalPlan, oriented, context)
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

function connects(key: JoinKey, left: LogicalPlan, right: LogicalPlan): boolean {
  return (
    (covers(left, key.left) && covers(right, key.right)) ||
    (covers(right, key.left) && covers(left, key.right))
  )
}

function covers(plan: LogicalPlan, expression: Expression): boolean {
  return coversAll([plan], expression)
}

function coversAll(plans: readonly LogicalPlan[], expression: Expression): boolean {
  return [...columnsOf(expression)].every((id) =>
    plans.some((plan) => plan.output.some((field) => field.id === id)),
  )
}
