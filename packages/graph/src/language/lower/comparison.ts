import {
  call,
  type DataType,
  type Expression,
  isFloat,
  isInteger,
  isNumeric,
  isText,
  isVariant,
} from '@sheafdb/core'
import { Type } from 'apache-arrow'
import type * as syntax from '../syntax.ts'

/** Makes a truth value of an expression; values of other kinds are an error at run time. */
export function asBoolean(expression: Expression): Expression {
  if (expression.type.typeId === Type.Bool) return expression
  return call('cypher.truth', expression)
}

/** Names the functions of each comparison: the core's, and openCypher's own for values of any kind. */
export const COMPARISONS: Record<
  syntax.ComparisonOperator,
  { readonly core: string; readonly cypher: string }
> = {
  '=': { core: 'eq', cypher: 'cypher.equals' },
  '<>': { core: 'ne', cypher: 'cypher.differs' },
  '<': { core: 'lt', cypher: 'cypher.lt' },
  '<=': { core: 'le', cypher: 'cypher.le' },
  '>': { core: 'gt', cypher: 'cypher.gt' },
  '>=': { core: 'ge', cypher: 'cypher.ge' },
}

/** Tells whether the core compares values of a type as openCypher does: whole numbers, text, truth values. */
export function isPlain(type: DataType): boolean {
  return isInteger(type) || isText(type) || type.typeId === Type.Bool
}

function isPlainOperand(expression: Expression): boolean {
  if (isPlain(expression.type)) return true
  return expression.kind === 'literal' && isFloat(expression.type) && !Number.isNaN(expression.value)
}

/** Compares two values; by the core's comparison, which the scan understands, wherever that means the same. */
export function compare(
  operator: syntax.ComparisonOperator,
  left: Expression,
  right: Expression,
): Expression {
  const { core, cypher } = COMPARISONS[operator]
  const [a, b] = [isPlainOperand(left), isPlainOperand(right)]
  const alike = (isNumeric(left.type) && isNumeric(right.type)) || (isText(left.type) && isText(right.type))
  const bothBool = left.type.typeId === Type.Bool && right.type.typeId === Type.Bool
  if (a && b && (alike || bothBool)) return call(core, left, right)
  if ((a && isVariant(right.type)) || (b && isVariant(left.type))) return call(core, left, right)
  return call(cypher, left, right)
}
