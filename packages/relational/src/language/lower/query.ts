import {
  column,
  distinct,
  except,
  intersect,
  isInteger,
  type LogicalPlan,
  named,
  newColumnId,
  type PlanField,
  project,
  recursive,
  recursiveInput,
  sort,
  typesEqual,
  union,
  visitPlan,
} from '@sheafdb/core'
import type { OrderNode, QueryNode, RecursiveNode, SetOperationNode } from '../syntax.ts'
import { notNative } from './native.ts'
import type { Environment, Scope } from './scope.ts'
import { deeper } from './scope.ts'
import { isAll, lowerLimit, lowerSelect, orderKeys } from './select.ts'
import { withCtes } from './subquery.ts'
import { convert, unify } from './types.ts'

/** Lowers a query of DuckDB's parse tree to the common plan. Gives up where the plan lacks its exact meaning. */
export function lowerQuery(node: QueryNode, environment: Environment, outer: Scope | null): LogicalPlan {
  switch (node.type) {
    case 'SELECT_NODE':
      return lowerSelect(node, environment, outer)
    case 'SET_OPERATION_NODE':
      return lowerSetOperation(node, environment)
    case 'RECURSIVE_CTE_NODE':
      return lowerRecursive(node, environment)
    default:
      return notNative(node.type)
  }
}

/** Lowers a recursive query: the step reads the rows of the round before by the query's name. */
function lowerRecursive(node: RecursiveNode, environment: Environment): LogicalPlan {
  if (node.left === undefined || node.right === undefined || (node.key_targets ?? []).length > 0)
    return notNative('a recursive query with keys')
  const around = deeper(withCtes(node, environment))
  const lowered = lowerQuery(node.left, around, null)
  const base = project(
    lowered,
    lowered.output.map((field, index) => named(node.aliases?.[index] ?? field.name, column(field))),
  )
  const name = `${node.cte_name}#${newColumnId()}`
  const rounds = { rounds: node.cte_name, plan: () => recursiveInput(name, base) }
  const step = lowerQuery(node.right, { ...around, ctes: [rounds, ...around.ctes] }, null)
  if (step.output.length !== base.output.length) return notNative('sides of unlike width')
  const aligned = project(
    step,
    step.output.map((field, index) => {
      const wanted = base.output[index] as PlanField
      if (!typesEqual(field.type, wanted.type) && !(isInteger(field.type) && isInteger(wanted.type)))
        return notNative('a recursive query whose types change')
      return named(wanted.name, convert(column(field), wanted.type))
    }),
  )
  if (!readsRounds(aligned, name)) {
    // A query of a recursive WITH that does not read itself is a plain union.
    const both = union([base, aligned])
    return node.union_all === true ? both : distinct(both)
  }
  return recursive(name, base, aligned, { distinct: node.union_all !== true })
}

function readsRounds(plan: LogicalPlan, name: string): boolean {
  let found = false
  visitPlan(plan, (node) => {
    if (node.kind === 'recursive-input' && node.name === name) found = true
  })
  return found
}

function lowerSetOperation(node: SetOperationNode, environment: Environment): LogicalPlan {
  const around = deeper(withCtes(node, environment))
  if (node.left === undefined || node.right === undefined) return notNative('a set operation of many parts')
  const [left, right] = aligned(lowerQuery(node.left, around, null), lowerQuery(node.right, around, null))
  let plan = combine(node, left, right)
  for (const modifier of node.modifiers ?? []) {
    if (modifier.type === 'ORDER_MODIFIER')
      plan = sort(
        plan,
        modifier.orders.flatMap((order) => orderOf(order, plan)),
      )
    else if (modifier.type === 'LIMIT_MODIFIER') plan = lowerLimit(plan, modifier)
    else return notNative('this modifier of a set operation')
  }
  return plan
}

/** Brings the columns of both sides to one type each. */
function aligned(left: LogicalPlan, right: LogicalPlan): readonly [LogicalPlan, LogicalPlan] {
  if (left.output.length !== right.output.length) return notNative('sides of unlike width')
  const pairs = left.output.map((field, index) =>
    unify([column(field), column(right.output[index] as PlanField)]),
  )
  const side = (plan: LogicalPlan, at: 0 | 1) =>
    project(
      plan,
      plan.output.map((field, index) => named(field.name, pairs[index]?.[at] ?? column(field))),
    )
  return [side(left, 0), side(right, 1)]
}

function combine(node: SetOperationNode, left: LogicalPlan, right: LogicalPlan): LogicalPlan {
  const keepsAll = node.setop_all !== false
  if (node.setop_type === 'UNION') return keepsAll ? union([left, right]) : distinct(union([left, right]))
  if (node.setop_type === 'UNION_BY_NAME') return notNative('UNION BY NAME')
  const combined = node.setop_type === 'INTERSECT' ? intersect : except
  return combined(left, right, { all: keepsAll })
}

function orderOf(order: OrderNode, plan: LogicalPlan): ReturnType<typeof orderKeys> {
  const { expression } = order
  if (isAll(expression)) return plan.output.flatMap((field) => orderKeys(order, field))
  if (expression.class === 'CONSTANT' && expression.value.type.id === 'INTEGER') {
    const field = plan.output[(expression.value.value as number) - 1]
    if (field !== undefined) return orderKeys(order, field)
  }
  if (expression.class === 'COLUMN_REF' && expression.column_names.length === 1) {
    const name = (expression.column_names[0] as string).toLowerCase()
    const fields = plan.output.filter((field) => field.name.toLowerCase() === name)
    if (fields.length === 1) return orderKeys(order, fields[0] as PlanField)
  }
  return notNative('an order of a set operation by an expression')
}
