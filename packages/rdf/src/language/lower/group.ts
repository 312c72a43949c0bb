import {
  type AggregateExpression,
  aggregate,
  aggregateExpression,
  call,
  column,
  type Expression,
  extend,
  literal,
  named,
  type PlanField,
  types,
} from '@sheafdb/core'
import type { AggregateSyntax, OperationSyntax } from '../syntax.ts'
import { type Environment, isHidden } from './environment.ts'
import { asTerm, type Lowered, lowerExpression } from './expression.ts'
import { leftJoinRelations } from './join.ts'
import { namedGraphs } from './pattern.ts'
import {
  type Binding,
  hasWholeId,
  identityBinding,
  identityColumn,
  type Relation,
  withBindings,
  withPlan,
} from './relation.ts'

type GroupSyntax = Extract<OperationSyntax, { type: 'group' }>

/** Lowers GROUP BY and the aggregates over its groups. */
export function lowerGroup(operation: GroupSyntax, environment: Environment): Relation {
  let input = environment.lower(operation.input, environment)
  const names = operation.variables.map((variable) => variable.value)
  if (environment.graph.kind === 'each') names.push(environment.graph.variable)
  input = withUnbound(input, names)
  const aggregates: { readonly item: AggregateExpression; readonly kind: AggregateResult }[] = []
  for (const syntax of operation.aggregates) {
    const lowered = lowerAggregate(syntax, input, environment)
    input = lowered.relation
    aggregates.push(lowered)
  }
  const groups = names.map((name): [string, Binding] => [
    name,
    identityBinding(input.bindings.get(name) as Binding),
  ])
  const plan = aggregate(
    input.plan,
    groups.map(([name, binding]) => named(name, identityColumn(binding))),
    aggregates.map(({ item }) => item),
  )
  const bindings = new Map<string, Binding>()
  for (const [index, [name, binding]] of groups.entries()) {
    const found = column(plan.output[index] as PlanField)
    const { certain } = binding
    if (binding.id !== undefined) bindings.set(name, { id: found, certain })
    else if (binding.native !== undefined)
      bindings.set(name, { native: { column: found, kind: binding.native.kind }, certain })
    else bindings.set(name, { term: found, certain })
  }
  for (const [index, { kind }] of aggregates.entries()) {
    const found = column(plan.output[groups.length + index] as PlanField)
    const { variable } = operation.aggregates[index] as AggregateSyntax
    bindings.set(variable.value, resultBinding(found, kind))
  }
  const grouped = { plan, bindings, rowCount: groups.length === 0 ? 1 : Math.max(1, input.rowCount / 10) }
  return environment.graph.kind === 'each' && operation.variables.length === 0
    ? withEmptyGraphs(grouped, operation, environment)
    : grouped
}

/** Adds columns of nulls for variables that nothing binds: their solutions are one group, and none is no group. */
function withUnbound(relation: Relation, names: readonly string[]): Relation {
  const missing = names.filter((name) => !relation.bindings.has(name))
  if (missing.length === 0) return relation
  const plan = extend(
    relation.plan,
    missing.map((name) => named(name, literal(null, types.variant))),
  )
  return withBindings(
    withPlan(relation, plan),
    missing.map((name, index): [string, Binding] => [
      name,
      { term: column(plan.output[relation.plan.output.length + index] as PlanField), certain: false },
    ]),
  )
}

/** Adds the group of each graph in which nothing was found: without GROUP BY there is always one. */
function withEmptyGraphs(grouped: Relation, operation: GroupSyntax, environment: Environment): Relation {
  const { graph, facts } = environment
  if (graph.kind !== 'each') return grouped
  const all = leftJoinRelations(namedGraphs(graph, environment), grouped, { termsTable: facts.termsTable })
  const counts = operation.aggregates.filter(({ aggregator }) => aggregator === 'count')
  const items = counts.map(({ variable: { value } }) => {
    const count = all.bindings.get(value)?.native?.column
    return named(value, call('coalesce', count ?? literal(0, types.int64), literal(0, types.int64)))
  })
  const plan = extend(all.plan, items)
  const changed = counts.map(({ variable }, index): [string, Binding] => {
    const found = column(plan.output[all.plan.output.length + index] as PlanField)
    return [variable.value, { native: { column: found, kind: 'integer' }, certain: true }]
  })
  return withBindings(withPlan(all, plan), changed)
}

type AggregateResult = 'count' | 'integer' | 'id' | 'term'

function resultBinding(found: ReturnType<typeof column>, kind: AggregateResult): Binding {
  if (kind === 'count' || kind === 'integer')
    return { native: { column: found, kind: 'integer' }, certain: kind === 'count' }
  return kind === 'id' ? { id: found, certain: false } : { term: found, certain: false }
}

type LoweredAggregate = {
  readonly relation: Relation
  readonly item: AggregateExpression
  readonly kind: AggregateResult
}

function lowerAggregate(
  syntax: AggregateSyntax,
  relation: Relation,
  environment: Environment,
): LoweredAggregate {
  const { aggregator, distinct, expression, variable } = syntax
  if (expression.subType === 'wildcard') {
    const args = distinct ? [wholeSolution(relation)] : []
    return { relation, item: aggregateExpression(variable.value, 'count', args, { distinct }), kind: 'count' }
  }
  const own = ownColumn(syntax, relation)
  if (own !== undefined) {
    const item = aggregateExpression(variable.value, own.function, [own.column], {
      distinct: distinct && own.function === 'count',
    })
    return { relation, item, kind: own.kind }
  }
  const { relation: ready, lowered } = lowerExpression(expression, relation, environment)
  return { relation: ready, ...overValues(syntax, lowered, { distinct, aggregator }) }
}

/** Finds aggregates that need no terms: counts, samples of ids, and least and greatest of integers. */
function ownColumn(
  { aggregator, expression }: AggregateSyntax,
  relation: Relation,
):
  | { readonly function: string; readonly column: ReturnType<typeof column>; readonly kind: AggregateResult }
  | undefined {
  if (expression.subType !== 'term' || expression.term.termType !== 'Variable') return undefined
  const binding = relation.bindings.get(expression.term.value)
  if (binding === undefined) return undefined
  if (aggregator === 'count') return { function: 'count', column: identityColumn(binding), kind: 'count' }
  if (aggregator === 'sample' && hasWholeId(binding))
    return { function: 'min', column: binding.id, kind: 'id' }
  return undefined
}

function overValues(
  syntax: AggregateSyntax,
  lowered: Lowered,
  { distinct, aggregator }: { readonly distinct: boolean; readonly aggregator: string },
): Pick<LoweredAggregate, 'item' | 'kind'> {
  const name = syntax.variable.value
  if (aggregator === 'count')
    return {
      item: aggregateExpression(name, 'count', [lowered.expression], { distinct }),
      kind: 'count',
    }
  const term = asTerm(lowered)
  const args: Expression[] =
    aggregator === 'group_concat' ? [term, literal(syntax.separator ?? ' ', types.utf8)] : [term]
  const item = aggregateExpression(name, `sparql.${aggregator}`, args, { distinct })
  return { item, kind: 'term' }
}

/** Makes one value of a whole solution, for COUNT(DISTINCT *). */
function wholeSolution(relation: Relation): Expression {
  const columns = [...relation.bindings]
    .filter(([name]) => !isHidden(name))
    .map(([, binding]) => identityColumn(binding))
  return call('list', ...columns)
}
