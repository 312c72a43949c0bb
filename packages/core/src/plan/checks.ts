import { columnsOf } from '../expression/build.ts'
import type { Expression } from '../expression/expression.ts'
import { typeName } from '../types/data-type.ts'
import { assert, SheafError } from '../types/errors.ts'
import type { LogicalPlan } from './logical-plan.ts'

/** Checks that an expression reads columns of the inputs alone. */
export function checkColumns(expression: Expression, ...inputs: readonly LogicalPlan[]): void {
  for (const id of columnsOf(expression)) {
    assert(
      inputs.some((input) => input.output.some((field) => field.id === id)),
      `an expression reads column ${id}, which its input does not give`,
    )
  }
}

/** Checks that a predicate is true or false. @throws `TYPE` */
export function requireBoolean(predicate: Expression): void {
  const name = typeName(predicate.type)
  if (name === 'bool' || name === 'variant' || name === 'null') return
  throw new SheafError(
    'TYPE',
    `A condition must be true or false. Compare the value with something; its type is ${name}.`,
  )
}

/** Plans are walked by recursion: a deeper one would exhaust the stack. */
const MAX_DEPTH = 2000

const depths = new WeakMap<LogicalPlan, number>()

/** Makes a node of a plan. @throws `LIMIT` for one under which too many stand one under the other */
export function freeze<Plan extends LogicalPlan>(plan: Plan): Plan {
  const depth = 1 + Math.max(0, ...inputsOf(plan).map((input) => depths.get(input) ?? 0))
  if (depth > MAX_DEPTH)
    throw new SheafError(
      'LIMIT',
      `A query has too many steps one over the other. Join its conditions, or keep what it gives half way in a table: at most ${MAX_DEPTH} steps`,
    )
  depths.set(plan, depth)
  return Object.freeze(plan)
}

/** Gives the plans under a node that is being made, whatever its kind. */
function inputsOf(plan: LogicalPlan): readonly LogicalPlan[] {
  if ('input' in plan) return [plan.input]
  if ('left' in plan) return [plan.left, plan.right]
  if ('base' in plan) return [plan.base, plan.step]
  if (!('inputs' in plan)) return []
  return plan.kind === 'foreign' ? plan.inputs.map((input) => input.plan) : plan.inputs
}
