import { mongoError } from '../../language/errors.ts'
import type { Operator, Operators } from '../scope.ts'

const operators = new Map<string, Operator>()

/** Adds operators of expressions; later ones of a name replace earlier ones. */
export function addOperators(list: Operators): void {
  for (const [name, operator] of list) operators.set(name, operator)
}

/** Finds an operator of expressions. @throws InvalidPipelineOperator */
export function operatorNamed(name: string): Operator {
  const operator = operators.get(name)
  if (operator === undefined)
    throw mongoError(168, `There is no expression of this name. Check its spelling: ${name}`)
  return operator
}

/** Tells whether there is an operator of a name. */
export function hasOperatorNamed(name: string): boolean {
  return operators.has(name)
}
