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

/** Makes a node of a plan. */
export function freeze<Plan extends LogicalPlan>(plan: Plan): Plan {
  return Object.freeze(plan)
}
