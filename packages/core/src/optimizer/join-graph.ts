import { columnsOf, conjunction } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import { join } from '../plan/build.ts'
import type { JoinKey, LogicalPlan } from '../plan/logical-plan.ts'

/** Is the inputs of a tree of inner joins and the conditions between them. */
export type JoinGraph = {
  readonly parts: LogicalPlan[]
  readonly keys: JoinKey[]
  readonly residuals: Expression[]
}

/** Tells whether plans together give all columns that an expression reads. */
function coversAll(plans: readonly LogicalPlan[], expression: Expression): boolean {
  return [...columnsOf(expression)].every((id) =>
    plans.some((plan) => plan.output.some((field) => field.id === id)),
  )
}

/** Tells whether a key joins two plans, whichever side of it each gives. */
export function connects(key: JoinKey, left: LogicalPlan, right: LogicalPlan): boolean {
  return (
    (coversAll([left], key.left) && coversAll([right], key.right)) ||
    (coversAll([right], key.left) && coversAll([left], key.right))
  )
}

/** Turns keys so that their left side is over the left plan. */
export function oriented(keys: readonly JoinKey[], left: LogicalPlan): JoinKey[] {
  return keys.map((key) => (coversAll([left], key.left) ? key : { ...key, left: key.right, right: key.left }))
}

/** Joins two plans by every condition of a graph that they can answer together; takes these conditions out of it. */
export function joinParts(left: LogicalPlan, right: LogicalPlan, graph: JoinGraph): LogicalPlan {
  const keys = takeOut(graph.keys, (key) => connects(key, left, right))
  const residuals = takeOut(graph.residuals, (predicate) => coversAll([left, right], predicate))
  return join(left, right, {
    how: keys.length === 0 && residuals.length === 0 ? 'cross' : 'inner',
    keys: oriented(keys, left),
    residual: residuals.length === 0 ? null : conjunction(residuals),
  })
}

function takeOut<Item>(items: Item[], test: (item: Item) => boolean): Item[] {
  const taken = items.filter(test)
  items.splice(0, items.length, ...items.filter((item) => !taken.includes(item)))
  return taken
}
