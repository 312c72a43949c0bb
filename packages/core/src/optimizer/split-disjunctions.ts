import { call, columnsOf, conjunction, conjuncts, isDeterministic } from '../expression/build.ts'
import { explainExpression } from '../expression/explain.ts'
import type { Expression } from '../expression/expression.ts'
import { filter } from '../plan/build.ts'
import type { LogicalPlan } from '../plan/logical-plan.ts'
import { mapPlan } from '../plan/traverse.ts'
import type { Rule } from './rule.ts'

/**
 * Takes out of a disjunction what all of its branches ask for, so that a join finds its keys there; and adds for each
 * input of the joins below what the branches together ask of it alone, so that it is filtered before it is joined.
 */
export const splitDisjunctions: Rule = {
  name: 'split-disjunctions',
  apply: (plan) =>
    mapPlan(plan, (node) => {
      if (node.kind !== 'filter') return node
      const parts = conjuncts(node.predicate)
      const common = parts.flatMap(withCommonParts)
      const implied = common.flatMap((part) => impliedParts(part, joinedInputs(node.input)))
      if (common.length === parts.length && implied.length === 0) return node
      return filter(node.input, conjunction([...common, ...implied]))
    }),
}

function disjuncts(predicate: Expression): Expression[] {
  return predicate.kind === 'call' && predicate.function === 'or'
    ? predicate.args.flatMap(disjuncts)
    : [predicate]
}

function disjunction(branches: readonly Expression[]): Expression {
  return branches.reduce((left, right) => call('or', left, right))
}

/** Tells expressions apart: equal text of columns by id and of constants with their types. */
function keyOf(expression: Expression): string {
  return explainExpression(expression, (column) => `#${column.id}`)
}

/** Turns `(a and b) or (a and c)` into `a` and `b or c`. */
function withCommonParts(predicate: Expression): Expression[] {
  const branches = disjuncts(predicate)
  if (branches.length < 2 || !isDeterministic(predicate)) return [predicate]
  const parts = branches.map((branch) => new Map(conjuncts(branch).map((part) => [keyOf(part), part])))
  const [first, ...others] = parts as [Map<string, Expression>, ...Map<string, Expression>[]]
  const common = [...first].filter(
    ([key, part]) => isComparable(part) && others.every((other) => other.has(key)),
  )
  if (common.length === 0) return [predicate]
  const taken = new Set(common.map(([key]) => key))
  const rests = parts.map((each) => [...each].filter(([key]) => !taken.has(key)).map(([, part]) => part))
  const found = common.map(([, part]) => part)
  // A branch that asks for nothing else makes the others idle.
  if (rests.some((rest) => rest.length === 0)) return found
  return [...found, disjunction(rests.map(conjunction))]
}

/** Text of lists is shortened, and so does not tell constants apart: only comparisons of columns are taken out. */
function isComparable(part: Expression): boolean {
  return part.kind === 'call' && part.args.every((arg) => arg.kind === 'column')
}

/** Gives the inputs of a tree of inner joins. */
function joinedInputs(plan: LogicalPlan): LogicalPlan[] {
  if (plan.kind === 'join' && (plan.how === 'inner' || plan.how === 'cross'))
    return [...joinedInputs(plan.left), ...joinedInputs(plan.right)]
  return [plan]
}

/** Gives what a disjunction says of each input alone, where every branch says something of it. */
function impliedParts(predicate: Expression, inputs: readonly LogicalPlan[]): Expression[] {
  const branches = disjuncts(predicate)
  if (branches.length < 2 || inputs.length < 2 || !isDeterministic(predicate)) return []
  if (inputs.some((input) => readsOnly(predicate, input))) return []
  return inputs.flatMap((input) => {
    const own = branches.map((branch) =>
      conjuncts(branch).filter((part) => columnsOf(part).size > 0 && readsOnly(part, input)),
    )
    return own.every((parts) => parts.length > 0) ? [disjunction(own.map(conjunction))] : []
  })
}

function readsOnly(expression: Expression, input: LogicalPlan): boolean {
  const ids = new Set(input.output.map((field) => field.id))
  return [...columnsOf(expression)].every((id) => ids.has(id))
}
