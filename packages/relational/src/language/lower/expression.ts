import { type ColumnId, call, type Expression, isVariant, literal, outer, types } from '@sheafdb/core'
import { type DataType, Decimal, type Field, Type } from 'apache-arrow'
import type { ExpressionNode, FunctionNode, SubqueryNode, ValueNode, WindowNode } from '../syntax.ts'
import { lowerCast } from './casts.ts'
import { condition } from './condition.ts'
import { lowerFunction } from './functions.ts'
import { extract, listOf, slice, structField, structOf } from './list-functions.ts'
import { notNative } from './native.ts'
import { coalesce, compare, inList, joinConditions } from './operators.ts'
import { type Environment, findColumn, referTo, type Scope } from './scope.ts'
import { constantInterval, plusInterval } from './temporal.ts'
import { unify } from './types.ts'

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
  /** Gives the result of a window; without it there are none here. */
  readonly window?: (node: WindowNode) => Expression
  /** Gives GROUPING of some groups; without it there is none here. */
  readonly grouping?: (nodes: readonly ExpressionNode[]) => Expression
  /** Collects the columns of queries further out that are named, as columns of a join; without it they are those of an apply. */
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
  ['favg', 'avg'],
  ['fsum', 'sum'],
  ['kahan_sum', 'sum'],
  ['sumkahan', 'sum'],
  ['count_if', 'count'],
  ['countif', 'count'],
  ['first', 'first'],
  ['arbitrary', 'first'],
  ['last', 'last'],
  ['any_value', 'sql.any_value'],
  ['list', 'sql.list'],
  ['array_agg', 'sql.list'],
  ['string_agg', 'sql.string_agg'],
  ['group_concat', 'sql.string_agg'],
  ['listagg', 'sql.string_agg'],
  ['arg_min', 'sql.arg_min'],
  ['argmin', 'sql.arg_min'],
  ['min_by', 'sql.arg_min'],
  ['arg_max', 'sql.arg_max'],
  ['argmax', 'sql.arg_max'],
  ['max_by', 'sql.arg_max'],
  ['median', 'sql.median'],
  ['quantile_cont', 'sql.quantile_cont'],
  ['quantile_disc', 'sql.quantile_disc'],
  ['quantile', 'sql.quantile_disc'],
  ['mode', 'sql.mode'],
  ['bit_and', 'sql.bit_and'],
  ['bit_or', 'sql.bit_or'],
  ['bit_xor', 'sql.bit_xor'],
  ['product', 'sql.product'],
  ['covar_pop', 'sql.covar_pop'],
  ['covar_samp', 'sql.covar_samp'],
  ['corr', 'sql.corr'],
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
    case 'WINDOW':
      return context.window === undefined ? notNative('a window here') : context.window(node)
    default:
      return notNative(`an expression of class ${node.class}`)
  }
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
    if (context.outer === undefined) {
      referTo(found.field)
      return outer(found.field)
    }
    if (found.level > 1) notNative('a correlated column here')
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
      return Number.isSafeInteger(value) || typeof value === 'bigint'
        ? literal(value, types.int64)
        : notNative('a large integer')
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
  if (node.type === 'GROUPING_FUNCTION')
    return context.grouping === undefined ? notNative('GROUPING here') : context.grouping(node.children)
  if (node.type === 'ARRAY_CONSTRUCTOR' && (node.children ?? []).length === 0) return listOf([])
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
    case 'ARRAY_EXTRACT':
      return extract(args)
    case 'STRUCT_EXTRACT':
      return structField(first, rest[0] as Expression)
    case 'ARRAY_SLICE':
      return slice(args)
    case 'ARRAY_CONSTRUCTOR':
      return listOf(args)
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

/** Lowers `date + interval` and `date - interval` of a constant interval. */
function intervalSum(
  name: string,
  children: readonly ExpressionNode[],
  context: ExpressionContext,
): Expression | undefined {
  if (name !== '+' && name !== '-') return undefined
  const [left, right] = children as [ExpressionNode, ExpressionNode]
  const after = constantInterval(right)
  if (after !== undefined && constantInterval(left) === undefined)
    return plusInterval(lowerExpression(left, context), after, name === '+' ? 1 : -1)
  const before = name === '+' && after === undefined ? constantInterval(left) : undefined
  return before === undefined ? undefined : plusInterval(lowerExpression(right, context), before, 1)
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
  const children = node.children ?? []
  const shifted = children.length === 2 ? intervalSum(name, children, context) : undefined
  if (shifted !== undefined) return shifted
  const args = children.map((child) => lowerExpression(child, context))
  if (name === 'struct_pack')
    return structOf(
      children.map((child) => child.alias || notNative('a struct without names')),
      args,
    )
  return lowerFunction(name, args)
}
