import { commonType } from '../types/data-type.ts'
import { assert, SheafError } from '../types/errors.ts'
import { planField } from './build.ts'
import { freeze } from './checks.ts'
import type { LogicalPlan, PlanField } from './logical-plan.ts'

/** Gives the rows of all inputs, matched by position; types widen to what holds both. @throws `TYPE` for unlike counts */
export function union(inputs: readonly LogicalPlan[]): LogicalPlan {
  assert(inputs.length > 0, 'a union needs an input')
  return freeze({
    kind: 'union',
    inputs: Object.freeze([...inputs]),
    columns: inputs.map(idsOf),
    output: jointOutput('union', inputs),
  })
}

/** Gives the rows that are in both inputs, matched as in {@link union}; `all` as often as the lesser count of both. @throws `TYPE` */
export function intersect(
  left: LogicalPlan,
  right: LogicalPlan,
  options: { readonly all?: boolean } = {},
): LogicalPlan {
  return setOperation('intersect', left, right, options.all ?? false)
}

/** Gives the rows of the first input that the second has not; `all` as often as it has them more. @throws `TYPE` */
export function except(
  left: LogicalPlan,
  right: LogicalPlan,
  options: { readonly all?: boolean } = {},
): LogicalPlan {
  return setOperation('except', left, right, options.all ?? false)
}

function setOperation(
  kind: 'intersect' | 'except',
  left: LogicalPlan,
  right: LogicalPlan,
  all: boolean,
): LogicalPlan {
  return freeze({
    kind,
    all,
    inputs: Object.freeze([left, right] as const),
    columns: Object.freeze([idsOf(left), idsOf(right)] as const),
    output: jointOutput(kind, [left, right]),
  })
}

function idsOf(plan: LogicalPlan): readonly number[] {
  return plan.output.map((field) => field.id)
}

function jointOutput(name: string, inputs: readonly LogicalPlan[]): readonly PlanField[] {
  const [first, ...rest] = inputs as [LogicalPlan, ...LogicalPlan[]]
  for (const other of rest) {
    if (other.output.length !== first.output.length) {
      throw new SheafError(
        'TYPE',
        `The parts of a ${name} must have the same count of columns: ${first.output.length} and ${other.output.length}`,
      )
    }
  }
  return first.output.map((field, index) =>
    planField(
      field.name,
      rest.reduce((type, other) => commonType(type, (other.output[index] as PlanField).type), field.type),
      inputs.some((input) => (input.output[index] as PlanField).nullable),
    ),
  )
}
