import {
  bindExpression,
  ColumnBuilder,
  call,
  column,
  columnResolver,
  conjunction,
  type Expression,
  type LogicalPlan,
  literal,
  SheafError,
} from '@sheafdb/core'

/** Is a condition on tensors: an expression, or a filter as MongoDB has it over `id` and attributes. */
export type Where = ColumnBuilder | Readonly<Record<string, unknown>>

const MAX_DEPTH = 100

/** Lowers a condition over the columns of a plan. @throws `NOT_FOUND`, `TYPE`, `UNSUPPORTED` */
export function lowerWhere(where: Where, plan: LogicalPlan): Expression {
  if (where instanceof ColumnBuilder) return bindExpression(where.expression, columnResolver(plan.output))
  return lowerFilter(where, plan, 0)
}

function lowerFilter(filter: unknown, plan: LogicalPlan, depth: number): Expression {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter))
    throw new SheafError('ARGUMENT', 'A filter must be an object of attribute to condition.')
  if (depth > MAX_DEPTH)
    throw new SheafError('LIMIT', `A filter is nested deeper than ${MAX_DEPTH} levels. Use a flatter one.`)
  return conjunction(
    Object.entries(filter).map(([key, condition]) => lowerEntry(key, condition, plan, depth)),
  )
}

function lowerEntry(key: string, condition: unknown, plan: LogicalPlan, depth: number): Expression {
  if (key === '$and') return conjunction(lowerList(key, condition, plan, depth))
  if (key === '$or') return disjunction(lowerList(key, condition, plan, depth))
  if (key === '$nor') return call('not', isTrue(disjunction(lowerList(key, condition, plan, depth))))
  if (key.startsWith('$')) throw unknownOperator(key)
  const attribute = attributeNamed(key, plan)
  if (!isOperators(condition)) return equals(attribute, condition)
  return conjunction(
    Object.entries(condition).map(([operator, operand]) =>
      lowerOperator(attribute, operator, operand, depth + 1),
    ),
  )
}

function lowerList(key: string, list: unknown, plan: LogicalPlan, depth: number): Expression[] {
  if (!Array.isArray(list) || list.length === 0)
    throw new SheafError('ARGUMENT', `${key} needs an array of filters that is not empty.`)
  return list.map((filter) => lowerFilter(filter, plan, depth + 1))
}

function disjunction(conditions: readonly Expression[]): Expression {
  return conditions.reduce((left, right) => call('or', left, right))
}

/** Reads an attribute, or with dots inside one; one that no tensor has is null. */
function attributeNamed(key: string, plan: LogicalPlan): Expression {
  const whole = plan.output.find((field) => field.name === (key === '_id' ? 'id' : key))
  if (whole !== undefined) return column(whole)
  const [first, ...path] = key.split('.')
  const field = plan.output.find((candidate) => candidate.name === first)
  if (field === undefined || path.length === 0) return literal(null)
  return call('variant.get', column(field), ...path.map((name) => literal(name)))
}

function isOperators(condition: unknown): condition is Readonly<Record<string, unknown>> {
  if (typeof condition !== 'object' || condition === null) return false
  const prototype = Object.getPrototypeOf(condition)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.keys(condition).some((key) => key.startsWith('$'))
}

const COMPARISONS = new Map([
  ['$gt', 'gt'],
  ['$gte', 'ge'],
  ['$lt', 'lt'],
  ['$lte', 'le'],
])

function lowerOperator(attribute: Expression, operator: string, operand: unknown, depth: number): Expression {
  if (depth > MAX_DEPTH)
    throw new SheafError('LIMIT', `A filter is nested deeper than ${MAX_DEPTH} levels. Use a flatter one.`)
  const comparison = COMPARISONS.get(operator)
  if (comparison !== undefined) return call(comparison, attribute, literal(operand))
  switch (operator) {
    case '$eq':
      return equals(attribute, operand)
    case '$ne':
      return call('not', isTrue(equals(attribute, operand)))
    case '$in':
      return isOneOf(attribute, operand)
    case '$nin':
      return call('not', isTrue(isOneOf(attribute, operand)))
    case '$exists':
      return call(operand === false || operand === 0 ? 'is_null' : 'is_not_null', attribute)
    case '$not':
      return call('not', isTrue(allOf(attribute, operand, depth)))
    default:
      throw unknownOperator(operator)
  }
}

function allOf(attribute: Expression, operand: unknown, depth: number): Expression {
  if (!isOperators(operand)) throw new SheafError('ARGUMENT', '$not needs an object of operators.')
  return conjunction(
    Object.entries(operand).map(([operator, value]) => lowerOperator(attribute, operator, value, depth + 1)),
  )
}

function equals(attribute: Expression, value: unknown): Expression {
  return value === null || value === undefined
    ? call('is_null', attribute)
    : call('eq', attribute, literal(value))
}

function isOneOf(attribute: Expression, values: unknown): Expression {
  if (!Array.isArray(values)) throw new SheafError('ARGUMENT', '$in and $nin need an array of values.')
  const known = values.filter((value) => value !== null && value !== undefined)
  const among = call('in', attribute, literal(known))
  return known.length === values.length ? among : call('or', call('is_null', attribute), among)
}

/** Takes unknown for false, as MongoDB does: needed where it is turned around. */
function isTrue(condition: Expression): Expression {
  return condition.nullable ? call('coalesce', condition, literal(false)) : condition
}

function unknownOperator(operator: string): SheafError {
  return new SheafError(
    'UNSUPPORTED',
    `A filter of tensors knows $eq, $ne, $lt, $lte, $gt, $gte, $in, $nin, $and, $or, $nor, $not and $exists. It does not know ${operator}.`,
  )
}
