import type * as RDF from '@rdfjs/types'
import {
  type ColumnExpression,
  call,
  column,
  distinct,
  type Expression,
  extend,
  filter,
  join,
  type LogicalPlan,
  limit,
  named,
  type PlanField,
  project,
  singleRow,
} from '@sheafdb/core'
import type { ExpressionSyntax, OperationSyntax } from '../syntax.ts'
import { conditionParts, type GroupPattern, joinPatterns } from './basic-pattern.ts'
import { seedOf } from './copy.ts'
import { type ActiveGraph, activeDataset } from './dataset.ts'
import { type Environment, isHidden, type Seed } from './environment.ts'
import { correlatedVariables, patternVariablesOf } from './environment-variables.ts'
import { lowerCondition, lowerExpression } from './expression.ts'
import { lowerGroup } from './group.ts'
import {
  type Conditioned,
  joinRelations,
  leftJoinRelations,
  markRelation,
  minusRelations,
  semiJoinRelations,
} from './join.ts'
import { lowerOrderBy } from './order.ts'
import { namedGraph, namedGraphs } from './pattern.ts'
import {
  type Binding,
  decodeVariables,
  identityBinding,
  identityColumn,
  type Relation,
  withBindings,
  withPlan,
} from './relation.ts'
import { isOpenService, lowerOpenService, lowerService } from './service.ts'
import { unionRelations } from './union.ts'
import { lowerValues } from './values.ts'
import { joinViewPatterns } from './view.ts'

type Syntax<Type extends OperationSyntax['type']> = Extract<OperationSyntax, { type: Type }>

/** Lowers a pattern of the algebra to a plan. @throws `UNSUPPORTED`, `NOT_FOUND` */
export function lowerOperation(operation: OperationSyntax, environment: Environment, seed?: Seed): Relation {
  switch (operation.type) {
    case 'bgp':
    case 'path':
    case 'join':
    case 'filter':
      return lowerGroupPattern(operation, { environment, seed })
    case 'union':
      return unionRelations(
        operation.input.map((input) => lowerOperation(input, environment, seed)),
        environment.facts.termsTable,
      )
    case 'leftjoin':
      return lowerLeftJoin(operation, environment, seed)
    case 'minus':
      return lowerMinus(operation, environment, seed)
    case 'extend':
      return lowerExtend(operation, environment, seed)
    case 'values':
      return joinedWith(seed, lowerValues(operation, environment), environment)
    case 'graph':
      return joinedWith(seed, lowerGraph(operation, environment), environment)
    case 'group':
      return lowerGroup(operation, environment)
    case 'orderby':
      return lowerOrderBy(operation, environment)
    case 'project':
      return joinedWith(seed, lowerProject(operation, environment), environment)
    case 'distinct':
      return distinctSolutions(lowerOperation(operation.input, environment))
    case 'reduced':
      return lowerOperation(operation.input, environment)
    case 'slice': {
      const count = operation.length ?? null
      const wanted = count === null ? null : withWanted(operation.input, operation.start + count)
      const input = lowerOperation(wanted ?? operation.input, environment)
      const plan = limit(input.plan, count, operation.start === 0 ? null : operation.start)
      return withPlan(input, plan, Math.min(input.rowCount, count ?? Number.POSITIVE_INFINITY))
    }
    case 'from': {
      const dataset = activeDataset(environment.facts, operation, false)
      return lowerOperation(operation.input, { ...environment, dataset, graph: dataset.default })
    }
    case 'nop':
      return { plan: singleRow(), bindings: new Map(), rowCount: 1 }
    case 'service':
      return seed !== undefined && isOpenService(operation)
        ? lowerOpenService(operation, seed(), environment)
        : joinedWith(seed, lowerService(operation, environment), environment)
  }
}

/** Tells an ORDER BY how many of its first solutions a slice wants; null where they pass through more than a projection. */
function withWanted(operation: OperationSyntax, wanted: number): OperationSyntax | null {
  if (operation.type === 'orderby') return { ...operation, wanted }
  if (operation.type !== 'project') return null
  const input = withWanted(operation.input, wanted)
  return input === null ? null : { ...operation, input }
}

function joinedWith(seed: Seed | undefined, relation: Relation, environment: Environment): Relation {
  return seed === undefined ? relation : joinRelations(seed(), relation, environment.facts.termsTable)
}

type GroupParts = {
  readonly patterns: readonly GroupPattern[]
  readonly others: readonly OperationSyntax[]
  readonly conditions: readonly ExpressionSyntax[]
}

/** Gathers what is joined in one group, and the conditions on it. */
function groupParts(operation: OperationSyntax): GroupParts {
  switch (operation.type) {
    case 'bgp':
      return { patterns: operation.patterns, others: [], conditions: [] }
    case 'path':
      return { patterns: [operation], others: [], conditions: [] }
    case 'filter': {
      const inner = groupParts(operation.input)
      return { ...inner, conditions: [...inner.conditions, ...conditionParts(operation.expression)] }
    }
    case 'join': {
      const parts = operation.input.map((input) =>
        // The conditions of a nested group see that group alone.
        input.type === 'filter' ? { patterns: [], others: [input], conditions: [] } : groupParts(input),
      )
      return {
        patterns: parts.flatMap((part) => part.patterns),
        others: parts.flatMap((part) => part.others),
        conditions: [],
      }
    }
    default:
      return { patterns: [], others: [operation], conditions: [] }
  }
}

function lowerGroupPattern(
  operation: OperationSyntax,
  options: { readonly environment: Environment; readonly seed: Seed | undefined },
): Relation {
  const { environment, seed } = options
  const { patterns, others: all, conditions } = groupParts(operation)
  const { termsTable } = environment.facts
  // Endpoints that are variables are asked when all that may bind them is there.
  const open = all.length === 1 && patterns.length === 0 ? [] : all.filter(isOpenService)
  const others = all.filter((other) => !open.includes(other as (typeof open)[number]))
  const single = others.length === 1 && patterns.length === 0
  if (single && others[0]?.type === 'leftjoin') {
    const { relation, left } = lowerFilteredLeftJoin(others[0], conditions, { environment, seed })
    return applyConditions(relation, left, environment)
  }
  const lowered = others.map((other) => lowerOperation(other, environment, single ? seed : undefined))
  lowered.sort((left, right) => left.rowCount - right.rowCount)
  let start = seed !== undefined && !single ? seed() : undefined
  for (const other of lowered) start = start === undefined ? other : joinRelations(start, other, termsTable)
  const { relation, left } =
    environment.tables === undefined
      ? joinPatterns(start, patterns, { conditions, environment })
      : { relation: joinViewPatterns(start, patterns, environment), left: conditions }
  let found = relation ?? emptyGroup(environment)
  for (const service of open) found = lowerOpenService(service, found, environment)
  return applyConditions(found, left, environment)
}

/** Gives the solution of a group without patterns: one, or one for each graph. */
function emptyGroup(environment: Environment): Relation {
  return { plan: singleRow(), bindings: new Map(), rowCount: environment.graph.kind === 'each' ? 10 : 1 }
}

/** Keeps the solutions for which conditions are true. */
function applyConditions(
  relation: Relation,
  conditions: readonly ExpressionSyntax[],
  environment: Environment,
): Relation {
  let found = relation
  for (const condition of conditions) {
    if (condition.subType === 'existence') {
      const { right, same } = existing(condition.input, found, environment)
      const how = condition.not ? 'anti' : 'semi'
      const { termsTable } = environment.facts
      found = semiJoinRelations(found, right, { how, termsTable, same })
    } else {
      const { relation: ready, predicate } = lowerCondition(condition, found, environment)
      found = withPlan(ready, filter(ready.plan, predicate), ready.rowCount / 3)
    }
  }
  return found
}

/** Lowers the pattern of an EXISTS beside the solutions that it is asked for. */
function existing(
  operation: OperationSyntax,
  relation: Relation,
  environment: Environment,
): { readonly right: Relation; readonly same: ReadonlySet<string> } {
  const visible = new Set([...relation.bindings.keys()])
  const correlated = correlatedVariables(operation, visible)
  const shared = sharedCertain(operation, relation)
  if (correlated.length === 0) {
    const alone = lowerOperation(operation, environment)
    if (shared.length === 0 || alone.rowCount <= relation.rowCount * SEED_FACTOR)
      return { right: alone, same: new Set() }
  }
  const names = [...new Set([...shared, ...correlated])]
  const right = lowerOperation(operation, environment, seedOf(relation, names))
  return { right, same: new Set(names) }
}

/** Past this ratio of sizes a pattern is matched only where the other side needs it. */
const SEED_FACTOR = 4

/** Names the variables that a relation binds for certain and a pattern uses. */
function sharedCertain(operation: OperationSyntax, relation: Relation): string[] {
  return [...patternVariablesOf(operation)].filter((name) => relation.bindings.get(name)?.certain === true)
}

/** Adds a column that tells whether a pattern has a solution that agrees with the row. */
export function markExistence(
  operation: OperationSyntax,
  relation: Relation,
  environment: Environment,
): { readonly relation: Relation; readonly mark: ColumnExpression } {
  const { right, same } = existing(operation, relation, environment)
  return markRelation(relation, right, { termsTable: environment.facts.termsTable, same })
}

/** Lowers the optional (or subtracted) side: by itself, or from the solutions of the other side where these are few. */
function lowerBeside(operation: OperationSyntax, left: Relation, environment: Environment): Relation {
  if (groupParts(operation).others.some(isOpenService))
    return lowerOperation(operation, environment, seedOf(left, sharedCertain(operation, left)))
  const alone = lowerOperation(operation, environment)
  const shared = sharedCertain(operation, left).filter((name) => alone.bindings.get(name)?.certain === true)
  if (shared.length === 0 || alone.rowCount <= left.rowCount * SEED_FACTOR) return alone
  return lowerOperation(operation, environment, seedOf(left, shared))
}

function lowerLeftJoin(operation: Syntax<'leftjoin'>, environment: Environment, seed?: Seed): Relation {
  return lowerFilteredLeftJoin(operation, [], { environment, seed }).relation
}

/**
 * Lowers an OPTIONAL and, of the conditions on it, one that a variable of the optional side is not bound: then only the
 * solutions that nothing agrees with are looked for. Gives the conditions that are left.
 */
function lowerFilteredLeftJoin(
  operation: Syntax<'leftjoin'>,
  conditions: readonly ExpressionSyntax[],
  { environment, seed }: { readonly environment: Environment; readonly seed: Seed | undefined },
): { readonly relation: Relation; readonly left: readonly ExpressionSyntax[] } {
  const left = lowerOperation(operation.input[0], environment, seed)
  const right = lowerBeside(operation.input[1], left, environment)
  const { expression } = operation
  const { termsTable } = environment.facts
  const isPlain = expression === undefined || !hasExistence(expression)
  if (!isPlain) return { relation: leftJoinByParts(left, right, expression, environment), left: conditions }
  const condition =
    expression === undefined
      ? undefined
      : (a: Relation, b: Relation) => conditionOver(a, b, { expression, environment })
  const absence = conditions.find((each) => asksAbsence(each, left, right))
  if (absence !== undefined) {
    const relation = semiJoinRelations(left, right, { how: 'anti', termsTable, condition })
    return { relation, left: conditions.filter((each) => each !== absence) }
  }
  return { relation: leftJoinRelations(left, right, { termsTable, condition }), left: conditions }
}

/** Tells whether a condition is that a variable is not bound, and the optional side alone binds it, always. */
function asksAbsence(condition: ExpressionSyntax, left: Relation, right: Relation): boolean {
  if (condition.subType !== 'operator' || condition.operator !== '!') return false
  const [test] = condition.args
  if (test?.subType !== 'operator' || test.operator !== 'bound') return false
  const [asked] = test.args
  if (asked?.subType !== 'term' || asked.term.termType !== 'Variable') return false
  const { value } = asked.term
  return !left.bindings.has(value) && right.bindings.get(value)?.certain === true
}

function hasExistence(expression: ExpressionSyntax): boolean {
  if (expression.subType === 'existence') return true
  return expression.subType === 'operator' && expression.args.some(hasExistence)
}

/** Joins, keeps what passes the condition, and adds the left solutions that are not among it. */
function leftJoinByParts(
  left: Relation,
  right: Relation,
  expression: ExpressionSyntax,
  environment: Environment,
): Relation {
  const { termsTable } = environment.facts
  const joined = joinRelations(left, right, termsTable)
  const passing = applyConditions(joined, conditionParts(expression), environment)
  const names = [...left.bindings.keys()]
  const passed = seedOf(passing, names)()
  const without = semiJoinRelations(left, passed, { how: 'anti', termsTable, same: new Set(names) })
  return unionRelations([passing, { ...without, plan: without.plan }], termsTable)
}

/** Lowers a condition over two relations that are about to be joined. */
function conditionOver(
  left: Relation,
  right: Relation,
  options: { readonly expression: ExpressionSyntax; readonly environment: Environment },
): Conditioned {
  const { expression, environment } = options
  const { termsTable } = environment.facts
  const names = expressionVariables(expression)
  const decodedLeft = decodeVariables(
    left,
    names.filter((name) => left.bindings.has(name)),
    termsTable,
  )
  const ownRight = names.filter((name) => left.bindings.get(name)?.certain !== true)
  const decodedRight = decodeVariables(
    right,
    ownRight.filter((name) => right.bindings.has(name)),
    termsTable,
  )
  const bindings = new Map(decodedRight.bindings)
  for (const [name, binding] of decodedLeft.bindings) {
    if (binding.certain || bindings.get(name)?.certain !== true) bindings.set(name, binding)
  }
  const both: Relation = {
    plan: join(decodedLeft.plan, decodedRight.plan, { how: 'cross' }),
    bindings,
    rowCount: 1,
  }
  const { predicate } = lowerCondition(expression, both, environment)
  return { left: decodedLeft, right: decodedRight, predicate }
}

function expressionVariables(expression: ExpressionSyntax): string[] {
  switch (expression.subType) {
    case 'term':
      return termVariables(expression.term)
    case 'operator':
    case 'named':
      return expression.args.flatMap(expressionVariables)
    default:
      return []
  }
}

function termVariables(term: RDF.Term): string[] {
  if (term.termType === 'Variable') return [term.value]
  if (term.termType !== 'Quad') return []
  return [term.subject, term.predicate, term.object].flatMap((part) => termVariables(part))
}

function lowerMinus(operation: Syntax<'minus'>, environment: Environment, seed?: Seed): Relation {
  const left = lowerOperation(operation.input[0], environment, seed)
  const right = lowerBeside(operation.input[1], left, environment)
  const { graph } = environment
  const visible = withoutVariables(right, (name) => name.startsWith('_:') || isPathVariable(name, graph))
  // Solutions of different graphs never take from each other; the graph itself is no variable in common.
  return minusRelations(left, visible, environment.facts.termsTable)
}

const isPathVariable = (name: string, graph: ActiveGraph): boolean =>
  name.startsWith('\u0000') && !(graph.kind === 'each' && graph.variable === name)

function withoutVariables(relation: Relation, drop: (name: string) => boolean): Relation {
  return { ...relation, bindings: new Map([...relation.bindings].filter(([name]) => !drop(name))) }
}

function lowerExtend(operation: Syntax<'extend'>, environment: Environment, seed?: Seed): Relation {
  const input = lowerOperation(operation.input, environment, seed)
  const { expression, variable } = operation
  if (expression.subType === 'term' && expression.term.termType === 'Variable') {
    const known = input.bindings.get(expression.term.value)
    return known === undefined ? input : withBindings(input, [[variable.value, known]])
  }
  const { relation, lowered } = lowerExpression(expression, input, environment)
  const plan = extend(relation.plan, [named(variable.value, lowered.expression)])
  const found = column(plan.output.at(-1) as PlanField)
  const certain = !lowered.expression.nullable
  const binding: Binding =
    lowered.kind === 'term'
      ? { term: found, certain }
      : { native: { column: found, kind: lowered.kind }, certain }
  return withBindings(withPlan(relation, plan), [[variable.value, binding]])
}

function lowerGraph(operation: Syntax<'graph'>, environment: Environment): Relation {
  const { name } = operation
  if (name.termType === 'NamedNode') {
    const graph = namedGraph(environment.facts.id(name), environment)
    return lowerOperation(operation.input, { ...environment, graph })
  }
  const hidden = environment.hidden('graph')
  const graph: ActiveGraph = { kind: 'each', variable: hidden, graphs: environment.dataset.named }
  const inner = lowerOperation(operation.input, { ...environment, graph })
  const placed = inner.bindings.has(hidden)
    ? inner
    : joinRelations(inner, namedGraphs(graph, environment), environment.facts.termsTable)
  return nameGraph(placed, { hidden, name: name.value, environment })
}

/** Makes the hidden graph of each solution the value of the variable that the query names. */
function nameGraph(
  relation: Relation,
  options: { readonly hidden: string; readonly name: string; readonly environment: Environment },
): Relation {
  const { hidden, name, environment } = options
  const graph = relation.bindings.get(hidden) as Binding
  const known = relation.bindings.get(name)
  const kept = withoutVariables(relation, (each) => each === hidden)
  if (known === undefined) return withBindings(kept, [[name, graph]])
  const { termsTable } = environment.facts
  const decoded = decodeVariables(withBindings(kept, [[hidden, graph]]), [name, hidden], termsTable)
  const [own, other] = [name, hidden].map((each) => decoded.bindings.get(each)?.term as ColumnExpression)
  const same = call('eq', own as Expression, other as Expression)
  const agrees = (own as ColumnExpression).nullable
    ? call('or', call('is_null', own as Expression), same)
    : same
  return withBindings(
    withoutVariables(withPlan(decoded, filter(decoded.plan, agrees)), (each) => each === hidden),
    [[name, decoded.bindings.get(hidden) as Binding]],
  )
}

function lowerProject(operation: Syntax<'project'>, environment: Environment): Relation {
  const input = lowerOperation(operation.input, environment)
  const names = operation.variables.map((variable) => variable.value)
  if (environment.graph.kind === 'each') names.push(environment.graph.variable)
  const bindings = new Map<string, Binding>()
  for (const name of names) {
    const binding = input.bindings.get(name)
    if (binding !== undefined) bindings.set(name, binding)
  }
  return { ...input, bindings }
}

/** Gives each solution once: by ids where there are any. */
function distinctSolutions(relation: Relation): Relation {
  const kept = [...relation.bindings]
    .filter(([name]) => !name.startsWith('_:') && !(isHidden(name) && !name.includes('graph')))
    .map(([name, binding]): [string, Binding] => [name, identityBinding(binding)])
  const items = kept.map(([name, binding]) => named(name, identityColumn(binding)))
  const projected: LogicalPlan = project(relation.plan, items)
  const plan = distinct(projected)
  const bindings = new Map(
    kept.map(([name, binding], index): [string, Binding] => {
      const found = column(projected.output[index] as PlanField)
      if (binding.id !== undefined) return [name, { id: found, certain: binding.certain }]
      if (binding.native !== undefined)
        return [name, { native: { column: found, kind: binding.native.kind }, certain: binding.certain }]
      return [name, { term: found, certain: binding.certain }]
    }),
  )
  return { plan, bindings, rowCount: relation.rowCount }
}
