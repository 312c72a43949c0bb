import { dateToUnits } from '../types/column-builder.ts'
import { type DataType, isDecimal, isTemporal, typesEqual } from '../types/data-type.ts'
import { unscaledDecimal } from '../types/decimal.ts'
import type { Value } from '../types/value.ts'
import { call, literal } from './build.ts'
import type { Expression, LiteralExpression } from './expression.ts'

const COMPARISONS: ReadonlySet<string> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'in'])

/**
 * Makes the sides of a comparison alike where one is a date, a time or a decimal, whose values mean what their type
 * says: a `Date` or number given by the user becomes a value of that type, which storage can compare with; one that
 * the type does not hold exactly makes the other side self-describing instead. `undefined` where nothing is to be done.
 */
export function comparedAlike(name: string, args: readonly Expression[]): Expression[] | undefined {
  const [left, right] = args
  if (!COMPARISONS.has(name) || left === undefined || right === undefined) return undefined
  if (typesEqual(left.type, right.type)) return undefined
  if (!meansByType(left.type) && !meansByType(right.type)) return undefined
  if (right.kind === 'literal' && meansByType(left.type)) {
    const alike = name === 'in' ? membersOf(right, left.type) : constantOf(right, left.type)
    if (alike !== undefined) return [left, alike]
  } else if (left.kind === 'literal' && meansByType(right.type)) {
    const alike = constantOf(left, right.type)
    if (alike !== undefined) return [alike, right]
  }
  return [selfDescribing(left), selfDescribing(right)]
}

/** Makes what joins compare alike: both sides self-describing where their types differ in what values mean. */
export function joinedAlike(left: Expression, right: Expression): readonly [Expression, Expression] {
  if (typesEqual(left.type, right.type) || (!meansByType(left.type) && !meansByType(right.type)))
    return [left, right]
  return [selfDescribing(left), selfDescribing(right)]
}

function meansByType(type: DataType): boolean {
  return isTemporal(type) || isDecimal(type)
}

function selfDescribing(expression: Expression): Expression {
  return meansByType(expression.type) ? call('cast.variant', expression) : expression
}

function constantOf({ value }: LiteralExpression, type: DataType): LiteralExpression | undefined {
  if (value === null) return literal(null, type)
  const converted = valueOfType(value, type)
  return converted === undefined ? undefined : literal(converted, type)
}

/** A member that the type does not hold equals none of its values. */
function membersOf(
  { value, type: listType }: LiteralExpression,
  type: DataType,
): LiteralExpression | undefined {
  if (!Array.isArray(value)) return undefined
  const members = value.map((member: Value) => (member === null ? null : valueOfType(member, type)))
  return literal(
    members.filter((member) => member !== undefined),
    listType,
  )
}

/** Gives a value as one of a type holds it inside; `undefined` where it does not, or not exactly. */
function valueOfType(value: Value, type: DataType): Value | undefined {
  if (isDecimal(type)) {
    const { scale } = type as unknown as { scale: number }
    return typeof value === 'number' || typeof value === 'bigint' ? unscaledDecimal(value, scale) : undefined
  }
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return undefined
  const units = dateToUnits(type, value)
  const exact = type.ArrayType !== Int32Array || value.getTime() % MS_PER_DAY === 0
  return exact ? units : undefined
}

const MS_PER_DAY = 86_400_000
