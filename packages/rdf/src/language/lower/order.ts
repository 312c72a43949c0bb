import {
  type ColumnExpression,
  call,
  column,
  extension,
  planField,
  type SortKey,
  sort,
  sortKey,
  types,
} from '@sheafdb/core'
import type { ExpressionSyntax, OperationSyntax } from '../syntax.ts'
import type { Environment } from './environment.ts'
import { asTerm, lowerExpression } from './expression.ts'
import { hasWholeId, type Relation, withPlan } from './relation.ts'

/** Names what terms sort by: their sort, then their value as a number, then their text. */
const ORDER = ['order_rank', 'order_number', 'order_text'] as const

/** Lowers ORDER BY. */
export function lowerOrderBy(
  operation: Extract<OperationSyntax, { type: 'orderby' }>,
  environment: Environment,
): Relation {
  let relation = environment.lower(operation.input, environment)
  const keys: SortKey[] = []
  for (const [index, syntax] of operation.expressions.entries()) {
    const isOrder = syntax.subType === 'operator' && (syntax.operator === 'desc' || syntax.operator === 'asc')
    const descending = syntax.subType === 'operator' && syntax.operator === 'desc'
    const inner = isOrder ? (syntax.args[0] as ExpressionSyntax) : syntax
    if (index === 1 && isKnownById(inner, relation)) relation = onlyBest(relation, keys, operation.wanted)
    const byId = orderById(inner, relation, environment)
    if (byId !== null) {
      relation = byId.relation
      for (const key of byId.keys) keys.push(sortKey(key, { descending, nullsFirst: false }))
      continue
    }
    const { relation: ready, lowered } = lowerExpression(inner, relation, environment)
    relation = ready
    const plain = lowered.kind === 'integer' || lowered.kind === 'string'
    const term = asTerm(lowered)
    const expressions = plain ? [lowered.expression] : ORDER.map((name) => call(`sparql.${name}`, term))
    for (const expression of expressions)
      keys.push(sortKey(expression, { descending, nullsFirst: !descending && expression.nullable }))
  }
  return withPlan(relation, sort(relation.plan, keys))
}

/** Up to so many solutions it pays to keep track of the best ones. */
const MOST_TOP_ROWS = 1000

/** Drops the solutions that the first key alone puts behind those that are wanted, before more keys are found for them. */
function onlyBest(relation: Relation, keys: readonly SortKey[], wanted: number | undefined): Relation {
  if (wanted === undefined || wanted === 0 || wanted > MOST_TOP_ROWS) return relation
  const numbers: ColumnExpression[] = []
  for (const { expression } of keys) {
    const isNumber =
      expression.type.typeId === types.int64.typeId || expression.type.typeId === types.float64.typeId
    if (expression.kind !== 'column' || !isNumber) break
    numbers.push(expression)
  }
  if (numbers.length === 0) return relation
  const plan = extension({
    operator: 'rdf.top',
    inputs: [relation.plan],
    expressions: numbers,
    settings: { count: wanted, descending: keys[0]?.descending === true },
    output: relation.plan.output,
  })
  return withPlan(relation, plan)
}

/** Tells whether what a key sorts by is still to be found, by the id of its term. */
function isKnownById(syntax: ExpressionSyntax, relation: Relation): boolean {
  const binding = bindingOf(syntax, relation)
  return binding !== undefined && hasWholeId(binding) && binding.term === undefined
}

function bindingOf(syntax: ExpressionSyntax, relation: Relation) {
  return syntax.subType === 'term' && syntax.term.termType === 'Variable'
    ? relation.bindings.get(syntax.term.value)
    : undefined
}

/** Adds what a variable that is known by its id sorts by; null for other expressions. */
function orderById(
  syntax: ExpressionSyntax,
  relation: Relation,
  { facts }: Environment,
): { readonly relation: Relation; readonly keys: readonly ColumnExpression[] } | null {
  const binding = bindingOf(syntax, relation)
  if (binding === undefined || !hasWholeId(binding) || binding.term !== undefined) return null
  const fields = [
    planField('rank', types.int64, false),
    planField('number', types.float64, false),
    planField('text', types.variant, false),
  ]
  const plan = extension({
    operator: 'rdf.order',
    inputs: [relation.plan],
    expressions: [binding.id],
    settings: { terms: facts.termsTable, fields: fields.map(({ name }) => name) },
    output: [...relation.plan.output, ...fields],
  })
  return { relation: withPlan(relation, plan), keys: fields.map((field) => column(field)) }
}
