import { type ColumnId, call, type Expression, isBytes, isVariant, literal, types } from '@sheafdb/core'
import { type DataType, Decimal, type Field, Type } from 'apache-arrow'
import type { ExpressionNode, FunctionNode, SubqueryNode, TypeNode, ValueNode } from '../syntax.ts'
import { lowerFunction } from './functions.ts'
import { notNative } from './native.ts'
import { coalesce, compare, inList, joinConditions } from './operators.ts'
import { type Environment, findColumn, referTo, type Scope } from './scope.ts'
import { convert, decimalAsFloat, familyOf, parseDate, parseTimestamp, unify } from './types.ts'

/** Is what an expression is lowered against. */
export type ExpressionContext = {
  readonly environment: Environment
  readonly scope: Scope
  /** Expressions by their alias in the select list, which DuckDB lets other clauses name. */
  readonly aliases?: ReadonlyMap<string, ExpressionNode>
  /** Gives the result of an aggregate; without it there are none here. */
  readonly aggregate?: (node: FunctionNode) => Expression
  /** Gives the result of a subquery, joined to what the expression reads; without it there are none here. */
  readonly subquery?: (node: SubqueryNode) => Expression
  /** Collects the columns of queries further out that are named; without it there may be none. */
  readonly outer?: Set<ColumnId>
}

/** Names DuckDB's aggregate functions that the common plan has, and their names there. */
export const AGGREGATES: ReadonlyMap<string, string> = new Map([
  ['count', 'count'],
  ['count_star', 'count'],
  ['sum', 'sum'],
  ['avg', 'avg'],
  ['mean', 'avg'],
  ['min', 'min'],
  ['max', 'max'],
  ['bool_and', 'bool_and'],
  ['bool_or', 'bool_or'],
  ['var_samp', 'var_samp'],
  ['variance', 'var_samp'],
  ['var_pop', 'var_pop'],
  ['stddev', 'stddev_samp'],
  ['stddev_samp', 'stddev_samp'],
  ['stddev_pop', 'stddev_pop'],
])

/** Lowers an expression. Gives up where the common plan lacks its exact meaning. */
export function lowerExpression(node: ExpressionNode, context: ExpressionContext): Expression {
  switch (node.class) {
    case 'COLUMN_REF':
      return lowerName(node.column_names, context)
    case 'CONSTANT':
      return lowerConstant(node.value)
    case 'PARAMETER':
      return context.environment.parameter(node.identifier)
    case 'COMPARISON':
      return compare(node.type, lowerExpression(node.left, context), lowerExpression(node.right, context))
    case 'CONJUNCTION': {
      const parts = node.children.map((child) => condition(lowerExpression(child, context)))
      return joinConditions(node.type === 'CONJUNCTION_AND' ? 'and' : 'or', parts)
    }
    case 'OPERATOR':
      return lowerOperator(node, context)
    case 'BETWEEN': {
      const [value, lower, upper] = [node.input, node.lower, node.upper].map((child) =>
        lowerExpression(child, context),
      )
      return call(
        'and',
        compare('COMPARE_GREATERTHANOREQUALTO', value as Expression, lower as Expression),
        compare('COMPARE_LESSTHANOREQUALTO', value as Expression, upper as Expression),
      )
    }
    case 'CASE':
      return lowerCase(node, context)
    case 'CAST':
      return lowerCast(lowerExpression(node.child, context), node.cast_type, node.try_cast === true)
    case 'FUNCTION':
      return lowerCall(node, context)
    case 'SUBQUERY':
      return context.subquery === undefined ? notNative('a subquery here') : context.subquery(node)
    default:
      return notNative(`an expression of class ${node.class}`)
  }
}

/** Requires a truth value; DuckDB converts others. */
export function condition(expression: Expression): Expression {
  const family = familyOf(expression)
  if (family === 'bool') return expression
  if (family === 'null') return literal(null, types.bool)
  if (family === 'integer') return call('cast.bool', expression)
  return notNative('a condition that is no truth value')
}

function lowerName(parts: readonly string[], context: ExpressionContext): Expression {
  const found = findColumn(context.scope, parts)
  if (found === undefined || found.level > 0) {
    const alias = parts.length === 1 ? context.aliases?.get((parts[0] as string).toLowerCase()) : undefined
    if (alias !== undefined) {
      const { aliases: _, ...inner } = context
      return lowerExpression(alias, inner)
    }
  }
  if (found === undefined) return lowerPath(parts, context) ?? notNative(`the name ${parts.join('.')}`)
  if (found.level > 0) {
    if (context.outer === undefined || found.level > 1) notNative('a correlated column here')
    context.outer.add(found.field.id)
  }
  return referTo(found.field)
}

/** Reads a path inside a nested column: `address.city`, or `people.address.city`. */
function lowerPath(parts: readonly string[], context: ExpressionContext): Expression | undefined {
  for (let count = Math.min(2, parts.length - 1); count > 0; count -= 1) {
    const found = findColumn(context.scope, parts.slice(0, count))
    if (found === undefined || found.level > 0 || !isNested(found.field.type)) continue
    const keys = pathKeys(found.field.type, parts.slice(count)).map((key) => literal(key, types.utf8))
    return call('variant.get', referTo(found.field), ...keys)
  }
  return undefined
}

/** Finds the names that a path means: fields of structs whatever their letter case, keys of variants as they are. */
function pathKeys(type: DataType, parts: readonly string[]): string[] {
  let current: DataType | undefined = type
  return parts.map((part) => {
    if (current === undefined || isVariant(current)) return part
    const field: Field | undefined = current.children?.find(
      (child) => child.name.toLowerCase() === part.toLowerCase(),
    )
    current = field?.type
    return field?.name ?? notNative(`the field ${part}`)
  })
}

function isNested(type: DataType): boolean {
  return isVariant(type) || type.typeId === Type.Struct
}

function lowerConstant({ type, is_null: isNull, value }: ValueNode): Expression {
  if (isNull) return literal(null)
  switch (type.id) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
      return literal(value, types.int32)
    case 'BIGINT':
      return Number.isSafeInteger(value) ? literal(value, types.int64) : notNative('a large integer')
    case 'DOUBLE':
      return typeof value === 'number' ? literal(value, types.float64) : notNative('a special float')
    case 'VARCHAR':
      return type.type_info === undefined || type.type_info === null
        ? literal(value, types.utf8)
        : notNative('a constant of another type')
    case 'BOOLEAN':
      return literal(value, types.bool)
    case 'DECIMAL':
      return Number.isSafeInteger(value)
        ? literal(
            BigInt(value as number),
            new Decimal(type.type_info?.scale ?? 0, type.type_info?.width ?? 18, 128),
          )
        : notNative('a long decimal')
    default:
      return notNative(`a constant of type ${type.id}`)
  }
}

type OperatorNode = Extract<ExpressionNode, { class: 'OPERATOR' }>

function lowerOperator(node: OperatorNode, context: ExpressionContext): Expression {
  const args = node.children.map((child) => lowerExpression(child, context))
  const [first, ...rest] = args as [Expression, ...Expression[]]
  switch (node.type) {
    case 'OPERATOR_NOT':
      return call('not', condition(first))
    case 'OPERATOR_IS_NULL':
      return call('is_null', first)
    case 'OPERATOR_IS_NOT_NULL':
      return call('is_not_null', first)
    case 'COMPARE_IN':
      return inList(first, rest)
    case 'COMPARE_NOT_IN':
      return call('not', inList(first, rest))
    case 'OPERATOR_COALESCE':
      return coalesce(args)
    default:
      return notNative(`the operator ${node.type}`)
  }
}

function lowerCase(node: Extract<ExpressionNode, { class: 'CASE' }>, context: ExpressionContext): Expression {
  const conditions = node.case_checks.map((check) => condition(lowerExpression(check.when_expr, context)))
  const branches = unify([
    ...node.case_checks.map((check) => lowerExpression(check.then_expr, context)),
    lowerExpression(node.else_expr, context),
  ])
  const pairs = conditions.flatMap((test, index) => [test, branches[index] as Expression])
  return call('case', ...pairs, branches[branches.length - 1] as Expression)
}

function lowerCall(node: FunctionNode, context: ExpressionContext): Expression {
  const name = node.function_name.toLowerCase()
  if (AGGREGATES.has(name))
    return context.aggregate === undefined ? notNative('an aggregate here') : context.aggregate(node)
  if (
    node.distinct ||
    (node.filter !== undefined && node.filter !== null) ||
    (node.order_bys?.orders ?? []).length > 0
  )
    return notNative(`the aggregate ${name}`)
  return lowerFunction(
    name,
    (node.children ?? []).map((child) => lowerExpression(child, context)),
  )
}

const INTEGER_TYPES: Readonly<Record<string, keyof typeof types>> = {
  TINYINT: 'int8',
  SMALLINT: 'int16',
  INTEGER: 'int32',
  BIGINT: 'int64',
  UTINYINT: 'uint8',
  USMALLINT: 'uint16',
  UINTEGER: 'uint32',
}
const INTEGER_TEXT = /^\s*-?\d{1,15}\s*$/

/** Converts where the core's conversion is DuckDB's. */
function lowerCast(value: Expression, target: TypeNode, tries: boolean): Expression {
  const family = familyOf(value)
  const integer = INTEGER_TYPES[target.id]
  if (target.alias !== undefined || isBytes(value.type)) return notNative('a cast')
  if (value.kind === 'literal' && typeof value.value === 'string') return castText(value.value, target)
  const prefix = tries ? 'try_cast' : 'cast'
  if (integer !== undefined) {
    if (family === 'null') return literal(null, types[integer])
    if (['integer', 'bool', 'float64', 'float32', 'variant'].includes(family))
      return call(`${prefix}.${integer}`, value)
  }
  if (target.id === 'DOUBLE' || target.id === 'FLOAT') {
    const type = target.id === 'DOUBLE' ? types.float64 : types.float32
    if (family === 'decimal') return decimalAsFloat(value, target.id === 'FLOAT')
    if (target.id === 'FLOAT' && family === 'float64') return notNative('a cast to FLOAT, which may overflow')
    if (['null', 'integer', 'float64', 'float32', 'variant'].includes(family)) return convert(value, type)
  }
  if (target.id === 'BOOLEAN' && (family === 'integer' || family === 'bool' || family === 'null'))
    return convert(value, types.bool)
  if (target.id === 'VARCHAR' && (target.type_info === undefined || target.type_info === null)) {
    if (family === 'text' || family === 'null') return convert(value, types.utf8)
    if (family === 'integer' || family === 'bool') return call('cast.utf8', value)
  }
  return notNative(`a cast to ${target.id}`)
}

function castText(text: string, target: TypeNode): Expression {
  const integer = INTEGER_TYPES[target.id]
  if (integer !== undefined && INTEGER_TEXT.test(text))
    return convert(literal(Number(text), types.int64), types[integer])
  switch (target.id) {
    case 'BOOLEAN':
      if (text === 't' || text === 'f') return literal(text === 't', types.bool)
      break
    case 'VARCHAR':
      if (target.type_info === undefined || target.type_info === null) return literal(text, types.utf8)
      break
    case 'DATE': {
      const days = parseDate(text)
      if (days !== undefined) return literal(days, types.date)
      break
    }
    case 'TIMESTAMP': {
      const micros = parseTimestamp(text)
      if (micros !== undefined) return literal(micros, types.timestamp)
      break
    }
    default:
  }
  return notNative(`a cast of text to ${target.id}`)
}
