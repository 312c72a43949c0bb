import type { DataType } from 'apache-arrow'
import {
  isDecimal,
  isFloat,
  isInteger,
  isTemporal,
  isVariant,
  isWideInteger,
  types,
  typesEqual,
} from '../types/data-type.ts'
import { canonicalInteger, type Value } from '../types/value.ts'
import type {
  CallExpression,
  ColumnExpression,
  ColumnId,
  Expression,
  LambdaExpression,
  LiteralExpression,
  OuterExpression,
  ParameterExpression,
  VariableExpression,
} from './expression.ts'
import { registerCoreFunctions } from './functions/index.ts'
import { functionNamed } from './registry.ts'

registerCoreFunctions()

let lastColumnId = 0

/** Gives a column id that no plan has used. */
export function newColumnId(): ColumnId {
  lastColumnId += 1
  return lastColumnId
}

/** Refers to a column by its id. */
export function column(field: {
  readonly id: ColumnId
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}): ColumnExpression {
  return Object.freeze({
    kind: 'column',
    id: field.id,
    name: field.name,
    type: field.type,
    nullable: field.nullable,
  })
}

/** Refers to a column of the left side of the `apply` around. */
export function outer(field: {
  readonly id: ColumnId
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}): OuterExpression {
  return Object.freeze({
    kind: 'outer',
    id: field.id,
    name: field.name,
    type: field.type,
    nullable: field.nullable,
  })
}

/** Makes a constant; its type is found from the value where none is given. */
export function literal(value: Value, type: DataType = typeOfValue(value)): LiteralExpression {
  return Object.freeze({
    kind: 'literal',
    // Of a 64-bit integer there is one form, which generated code relies on.
    value: typeof value === 'bigint' && isInteger(type) ? canonicalInteger(value) : (value ?? null),
    type,
    nullable: value === null || value === undefined,
  })
}

/** Makes a parameter; variant where its type is not known. */
export function parameter(name: string, type: DataType = types.variant): ParameterExpression {
  return Object.freeze({ kind: 'parameter', name, type, nullable: true })
}

/** Makes a variable for a lambda. */
export function variable(name: string, type: DataType = types.variant): VariableExpression {
  return Object.freeze({ kind: 'variable', id: newColumnId(), name, type, nullable: true })
}

/** Makes a lambda of variables and a body. */
export function lambda(variables: readonly VariableExpression[], body: Expression): LambdaExpression {
  return Object.freeze({
    kind: 'lambda',
    variables: Object.freeze([...variables]),
    body,
    type: body.type,
    nullable: body.nullable,
  })
}

/**
 * Calls a function of the registry; the type is inferred.
 *
 * @throws `NOT_FOUND` for an unknown function, `TYPE` for arguments that it does not take
 */
export function call(name: string, ...given: Expression[]): CallExpression {
  const args = CHOICES.has(name) ? alikeBranches(name, given) : given
  const definition = functionNamed(name)
  const type = definition.type(
    args.map((arg) => arg.type),
    args,
  )
  const nullable = definition.nullable ? definition.nullable(args) : args.some((arg) => arg.nullable)
  return Object.freeze({ kind: 'call', function: name, args: Object.freeze(args), type, nullable })
}

const CHOICES: ReadonlySet<string> = new Set(['case', 'coalesce'])

/**
 * Converts the branches of a choice whose values would not be of the type of the choice as they are: 64-bit integers
 * beside floats, and counts of days and units (which only their type tells apart) beside anything else.
 */
function alikeBranches(name: string, args: readonly Expression[]): Expression[] {
  const type = functionNamed(name).type(
    args.map((arg) => arg.type),
    args,
  )
  return args.map((arg, index) => {
    const isBranch = name === 'coalesce' || index % 2 === 1 || index === args.length - 1
    if (!isBranch || typesEqual(arg.type, type)) return arg
    if (isFloat(type) && isWideInteger(arg.type)) return call('cast.float64', arg)
    const tellsByType = isTemporal(arg.type) || isDecimal(arg.type)
    return isVariant(type) && tellsByType ? call('cast.variant', arg) : arg
  })
}

/** Joins predicates with `and`, as evenly nested as it goes; no predicate gives `true`. */
export function conjunction(predicates: readonly Expression[]): Expression {
  const [first] = predicates
  if (first === undefined) return literal(true)
  if (predicates.length === 1) return first
  const middle = (predicates.length + 1) >> 1
  return call('and', conjunction(predicates.slice(0, middle)), conjunction(predicates.slice(middle)))
}

/** Splits nested `and` into its parts. */
export function conjuncts(predicate: Expression): Expression[] {
  if (predicate.kind === 'call' && predicate.function === 'and') return predicate.args.flatMap(conjuncts)
  return predicate.kind === 'literal' && predicate.value === true ? [] : [predicate]
}

/** Finds the type of a JavaScript value: int64, float64, utf8, bool, binary, timestamp, null, else variant. */
export function typeOfValue(value: Value): DataType {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? types.int64 : types.float64
    case 'bigint':
      return types.int64
    case 'string':
      return types.utf8
    case 'boolean':
      return types.bool
    default:
      if (value === null || value === undefined) return types.null
      if (value instanceof Uint8Array) return types.binary
      return types.variant
  }
}

/** Gives the expressions directly under one. */
export function childExpressions(expression: Expression): readonly Expression[] {
  if (expression.kind === 'call') return expression.args
  return expression.kind === 'lambda' ? [expression.body] : []
}

/** Rebuilds an expression bottom up; `change` gives the replacement of each node (or the node itself). */
export function mapExpression(expression: Expression, change: (node: Expression) => Expression): Expression {
  if (expression.kind === 'call') {
    const args = expression.args.map((arg) => mapExpression(arg, change))
    const same = args.every((arg, index) => arg === expression.args[index])
    return change(same ? expression : call(expression.function, ...args))
  }
  if (expression.kind === 'lambda') {
    const body = mapExpression(expression.body, change)
    return change(body === expression.body ? expression : lambda(expression.variables, body))
  }
  return change(expression)
}

/** Collects the ids of the columns that an expression reads. */
export function columnsOf(expression: Expression, into: Set<ColumnId> = new Set()): Set<ColumnId> {
  if (expression.kind === 'column') into.add(expression.id)
  for (const child of childExpressions(expression)) columnsOf(child, into)
  return into
}

/** Collects the ids of the columns around that an expression refers to. */
export function outersOf(expression: Expression, into: Set<ColumnId> = new Set()): Set<ColumnId> {
  if (expression.kind === 'outer') into.add(expression.id)
  for (const child of childExpressions(expression)) outersOf(child, into)
  return into
}

/** Replaces references to columns around by expressions. */
export function substituteOuters(
  expression: Expression,
  replacements: ReadonlyMap<ColumnId, Expression>,
): Expression {
  return mapExpression(expression, (node) =>
    node.kind === 'outer' ? (replacements.get(node.id) ?? node) : node,
  )
}

/** Replaces columns by expressions, as when a projection is merged into what reads it. */
export function substituteColumns(
  expression: Expression,
  replacements: ReadonlyMap<ColumnId, Expression>,
): Expression {
  return mapExpression(expression, (node) =>
    node.kind === 'column' ? (replacements.get(node.id) ?? node) : node,
  )
}

/** Tells whether an expression gives the same value each time: it calls no volatile function. */
export function isDeterministic(expression: Expression): boolean {
  if (expression.kind === 'call' && functionNamed(expression.function).volatile) return false
  return childExpressions(expression).every(isDeterministic)
}
