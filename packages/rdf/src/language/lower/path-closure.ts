import type * as RDF from '@rdfjs/types'
import {
  type ColumnExpression,
  call,
  column,
  columnFromValues,
  distinct,
  type Expression,
  extend,
  filter,
  join,
  keepColumns,
  type LogicalPlan,
  literal,
  named,
  type PlanField,
  path as pathPlan,
  planField,
  project,
  recursive,
  recursiveInput,
  types,
  union,
  values,
  withFreshIds,
} from '@sheafdb/core'
import { fromRdfTerm, termKey } from '../../layout/term.ts'
import type { PathSyntax } from '../syntax.ts'
import { seedOf } from './copy.ts'
import { type ActiveGraph, needsNoGraph } from './dataset.ts'
import { type Environment, variableName } from './environment.ts'
import { joinRelations } from './join.ts'
import { endVariables, type FollowPath, type PathPattern, variableTerm } from './path-pattern.ts'
import { joinPattern, type Slot, slotOf } from './pattern.ts'
import { type Binding, encodeVariables, hasWholeId, idOf, type Relation, withBindings } from './relation.ts'

/** Keeps the columns of a path's ends and graph alone, in a fixed order. */
function pairs(relation: Relation, pattern: PathPattern): Relation {
  const names = endVariables(pattern)
  const ids = names.map((name) => idOf(relation, name).id)
  const plan = keepColumns(relation.plan, ids)
  const kept = names.map((name): [string, Binding] => [name, relation.bindings.get(name) as Binding])
  return { plan, bindings: new Map(kept), rowCount: relation.rowCount }
}

type Bounds = { readonly minimum: 0 | 1; readonly maximum: 1 | null; readonly inner: PathSyntax }

function boundsOf(path: PathSyntax): Bounds {
  switch (path.type) {
    case 'ZeroOrOnePath':
      return { minimum: 0, maximum: 1, inner: path.path }
    case 'ZeroOrMorePath':
      return { minimum: 0, maximum: null, inner: path.path }
    case 'OneOrMorePath':
      return { minimum: 1, maximum: null, inner: path.path }
    default:
      throw new TypeError(`a path of this kind does not repeat: ${path.type}`)
  }
}

type Steps = { readonly predicates: readonly number[]; readonly direction: 'out' | 'in' | 'both' }

const OPPOSITE = { out: 'in', in: 'out', both: 'both' } as const

/** Finds the predicates of a path that is one hop along any of them, all in one direction or all in both; else null. */
function simpleSteps(path: PathSyntax, { facts }: Environment): Steps | null {
  switch (path.type) {
    case 'link': {
      const id = facts.id(path.iri)
      return { predicates: id === -1 ? [] : [id], direction: 'out' }
    }
    case 'inv': {
      const steps = simpleSteps(path.path, { facts } as Environment)
      return steps === null ? null : { ...steps, direction: OPPOSITE[steps.direction] }
    }
    case 'alt':
      return alternativeSteps(path.input.map((part) => simpleSteps(part, { facts } as Environment)))
    default:
      return null
  }
}

function alternativeSteps(all: readonly (Steps | null)[]): Steps | null {
  const of = (direction: Steps['direction']) =>
    new Set(all.flatMap((steps) => (steps?.direction === direction ? steps.predicates : [])))
  if (all.length === 0 || all.includes(null)) return null
  const [outward, inward, both] = [of('out'), of('in'), of('both')]
  if (both.size + inward.size === 0) return { predicates: [...outward], direction: 'out' }
  if (both.size + outward.size === 0) return { predicates: [...inward], direction: 'in' }
  const isSymmetric = [...new Set([...outward, ...inward])].every(
    (predicate) => both.has(predicate) || (outward.has(predicate) && inward.has(predicate)),
  )
  return isSymmetric ? { predicates: [...new Set([...outward, ...both])], direction: 'both' } : null
}

/** Joins a relation with the pairs that a repeated path connects; `follow` lowers the path that is repeated. */
export function joinClosure(
  relation: Relation | undefined,
  pattern: PathPattern,
  environment: Environment,
  follow: FollowPath,
): Relation {
  const bounds = boundsOf(pattern.path)
  const unknown = unknownEnd(pattern, environment)
  if (unknown !== null) return fromUnknown(relation, { pattern, bounds, unknown, environment })
  const steps = simpleSteps(bounds.inner, environment)
  if (steps !== null && needsNoGraph(environment.facts, pattern.graph))
    return followSteps(relation, { pattern, bounds, steps, environment })
  const found = closureOfPairs(pattern, bounds, { environment, relation, follow })
  return relation === undefined ? found : joinRelations(relation, found, environment.facts.termsTable)
}

/** Finds an end that is a constant which the dataset does not hold: nothing leads from it but the empty path. */
function unknownEnd({ subject, object }: PathPattern, { facts }: Environment): 'subject' | 'object' | null {
  if (variableName(subject) === undefined && facts.id(subject) === -1) return 'subject'
  return variableName(object) === undefined && facts.id(object) === -1 ? 'object' : null
}

function fromUnknown(
  relation: Relation | undefined,
  options: {
    readonly pattern: PathPattern
    readonly bounds: Bounds
    readonly unknown: 'subject' | 'object'
    readonly environment: Environment
  },
): Relation {
  const { pattern, bounds, unknown, environment } = options
  const [known, other] =
    unknown === 'subject' ? [pattern.subject, pattern.object] : [pattern.object, pattern.subject]
  const name = variableName(other)
  const term = fromRdfTerm(known)
  const isEmpty =
    bounds.minimum === 1 || (name === undefined && termKey(fromRdfTerm(other)) !== termKey(term))
  const count = isEmpty ? 0 : 1
  const fields = name === undefined ? [] : [planField(name, types.variant, false)]
  const plan = values(
    fields,
    fields.map((field) => columnFromValues(field.type, count === 0 ? [] : [term])),
    count,
  )
  const bindings = new Map<string, Binding>()
  if (name !== undefined) bindings.set(name, { term: column(fields[0] as PlanField), certain: true })
  const found: Relation = { plan, bindings, rowCount: count }
  return relation === undefined ? found : joinRelations(relation, found, environment.facts.termsTable)
}

/** Follows the adjacency from the end that is known, or from every node. */
function followSteps(
  relation: Relation | undefined,
  options: {
    readonly pattern: PathPattern
    readonly bounds: Bounds
    readonly steps: Steps
    readonly environment: Environment
  },
): Relation {
  const { pattern, bounds, steps, environment } = options
  const { facts } = environment
  const ends = [slotOf(pattern.subject, facts), slotOf(pattern.object, facts)] as [Slot, Slot]
  const prepared = relation === undefined ? undefined : prepareEnds(relation, ends, options)
  if (prepared === null) {
    const alone = followSteps(undefined, options)
    return joinRelations(relation as Relation, alone, facts.termsTable)
  }
  const isKnown = (slot: Slot) => 'id' in slot || prepared?.bindings.get(slot.variable)?.id !== undefined
  const backward = !isKnown(ends[0]) && isKnown(ends[1])
  const [from, to] = backward ? [ends[1], ends[0]] : ends
  const started = startAt(prepared, from, { bounds, steps, backward, graph: pattern.graph, environment })
  const target = planField('variable' in to ? to.variable : 'target', types.int64, false)
  const same = 'variable' in to && 'variable' in from && to.variable === from.variable
  const end = 'variable' in to ? started.bindings.get(to.variable)?.id : undefined
  const direction = backward ? OPPOSITE[steps.direction] : steps.direction
  const plan = pathPlan(started.plan, {
    from: started.from,
    to: end ?? null,
    adjacency: {
      table: facts.quadsTable,
      source: 'subject',
      target: 'object',
      partition: { field: 'predicate', values: steps.predicates },
    },
    direction,
    semantics: 'reachability',
    minimum: bounds.minimum,
    maximum: bounds.maximum,
    target,
  })
  const bindings = new Map(started.bindings)
  let ended = plan
  if ('id' in to) ended = filter(plan, call('eq', column(target), literal(to.id, types.int64)))
  else if (end === undefined && !same) bindings.set(to.variable, { id: column(target), certain: true })
  return { plan: ended, bindings, rowCount: started.rowCount * 10 }
}

function prepareEnds(
  relation: Relation,
  ends: readonly Slot[],
  { bounds, environment: { facts } }: { readonly bounds: Bounds; readonly environment: Environment },
): Relation | null {
  const shared = ends.flatMap((slot) =>
    'variable' in slot && relation.bindings.has(slot.variable) ? [slot.variable] : [],
  )
  if (shared.length === 0 && ends.every((slot) => 'variable' in slot)) return null
  if (shared.some((name) => relation.bindings.get(name)?.certain !== true)) return null
  // An empty path leads to itself from nodes only: what is bound otherwise, by a predicate or VALUES, may be none.
  const mayBeEmpty = bounds.minimum === 0 && ends.every((slot) => 'variable' in slot)
  if (mayBeEmpty && shared.some((name) => relation.bindings.get(name)?.isNode !== true)) return null
  if (shared.some((name) => relation.bindings.get(name)?.idIsPartial === true)) return null
  if (shared.some((name) => relation.bindings.get(name)?.id === undefined)) return null
  return encodeVariables(relation, shared, facts.termsTable)
}

type Start = {
  readonly plan: LogicalPlan
  readonly bindings: ReadonlyMap<string, Binding>
  readonly from: ColumnExpression
  readonly rowCount: number
}

function startAt(
  relation: Relation | undefined,
  slot: Slot,
  options: {
    readonly bounds: Bounds
    readonly steps: Steps
    readonly backward: boolean
    readonly graph: ActiveGraph
    readonly environment: Environment
  },
): Start {
  if ('id' in slot) {
    const field = planField('node', types.int64, false)
    if (relation === undefined) {
      const plan = values([field], [columnFromValues(types.int64, [slot.id])], 1)
      return { plan, bindings: new Map(), from: column(field), rowCount: 1 }
    }
    const item = { id: field.id, name: field.name, expression: literal(slot.id, types.int64) }
    return { ...relation, plan: extend(relation.plan, [item]), from: column(field) }
  }
  const known = relation?.bindings.get(slot.variable)?.id
  if (relation !== undefined && known !== undefined) return { ...relation, from: known }
  if (relation !== undefined) throw new TypeError('a path from every node is followed by itself')
  const nodes = allNodes(options.graph, options.environment)
  const field = nodes.plan.output[0] as PlanField
  return {
    plan: nodes.plan,
    bindings: new Map([[slot.variable, { id: column(field), certain: true }]]),
    from: column(field),
    rowCount: nodes.rowCount,
  }
}

/** Gives every node of a graph, subjects and objects, once each; beside it the graph where each graph is matched. */
function allNodes(graph: ActiveGraph, environment: Environment): Relation {
  const names = { s: environment.hidden('s'), p: environment.hidden('p'), o: environment.hidden('o') }
  const all = joinPattern(
    undefined,
    {
      subject: { variable: names.s },
      predicate: { variable: names.p },
      object: { variable: names.o },
      graph,
    },
    environment,
  )
  const idIn = (name: string) => idOf(all, name).id
  const extra = graph.kind === 'each' ? [idIn(graph.variable)] : []
  const plan = distinct(
    union([
      keepColumns(all.plan, [idIn(names.s), ...extra]),
      withFreshIds(keepColumns(all.plan, [idIn(names.o), ...extra])),
    ]),
  )
  return { plan, bindings: new Map(), rowCount: all.rowCount }
}

/** Finds the pairs that a path connects by repeating its one-step pairs: for paths and graphs of any kind. */
function closureOfPairs(
  pattern: PathPattern,
  bounds: Bounds,
  options: {
    readonly environment: Environment
    readonly relation: Relation | undefined
    readonly follow: FollowPath
  },
): Relation {
  const { environment } = options
  const restrict = restriction(pattern.subject, options)
  if (restrict === null && restriction(pattern.object, options) !== null) {
    const back: PathPattern = { ...pattern, subject: pattern.object, object: pattern.subject }
    return closureOfPairs(back, { ...bounds, inner: { type: 'inv', path: bounds.inner } }, options)
  }
  const from = environment.hidden('from')
  const to = environment.hidden('to')
  const inner: PathPattern = {
    subject: variableTerm(from),
    path: bounds.inner,
    object: variableTerm(to),
    graph: pattern.graph,
  }
  const edges = pairs(options.follow(undefined, inner, environment), inner)
  const single = distinct(edges.plan)
  const all = bounds.minimum === 0 ? withIdentity(single, pattern, environment) : single
  const base = restrict === null ? all : restrict(all)
  const plan = bounds.maximum === 1 ? base : repeated(base, inner, options)
  return bindEnds(plan, pattern, environment, edges.rowCount)
}

/** Gives what keeps the pairs that start at a node which is known: a constant, or the values of a variable. */
function restriction(
  start: RDF.Term,
  { environment, relation }: { readonly environment: Environment; readonly relation: Relation | undefined },
): ((pairs: LogicalPlan) => LogicalPlan) | null {
  const from = (pairs: LogicalPlan) => column(pairs.output[0] as PlanField)
  const name = variableName(start)
  if (name === undefined) {
    const id = literal(environment.facts.id(start), types.int64)
    return (pairs) => filter(pairs, call('eq', from(pairs), id))
  }
  const binding = relation?.bindings.get(name)
  if (relation === undefined || binding === undefined || !binding.certain || !hasWholeId(binding)) return null
  const starts = seedOf(relation, [name])()
  const keys = (pairs: LogicalPlan) => [{ left: from(pairs), right: idOf(starts, name) }]
  return (pairs) => join(pairs, starts.plan, { how: 'semi', keys: keys(pairs) })
}

/** Adds the empty path: each node of the graph with itself, and the constants of the pattern. */
function withIdentity(edges: LogicalPlan, pattern: PathPattern, environment: Environment): LogicalPlan {
  const nodes = allNodes(pattern.graph, environment).plan
  const [node, graph] = nodes.output as [PlanField, PlanField | undefined]
  const own = project(nodes, [
    named('from', column(node)),
    named('to', column(node)),
    ...(graph === undefined ? [] : [named('graph', column(graph))]),
  ])
  const inputs = [edges, own]
  const constants = [pattern.subject, pattern.object]
    .filter((term) => variableName(term) === undefined)
    .map((term) => environment.facts.id(term))
  if (constants.length > 0 && pattern.graph.kind !== 'each') {
    const fields = [planField('from', types.int64, false), planField('to', types.int64, false)]
    const ids = columnFromValues(types.int64, constants)
    inputs.push(values(fields, [ids, ids], constants.length))
  }
  return distinct(union(inputs))
}

/** Rows that a step of a closure is thought to start from. */
const FRONTIER_ROWS = 1000

/** Follows the path once more from the ends that were reached last, until nothing new is found. */
function repeated(
  base: LogicalPlan,
  inner: PathPattern,
  { environment, follow }: { readonly environment: Environment; readonly follow: FollowPath },
): LogicalPlan {
  const name = environment.hidden('closure').replaceAll('\u0000', '')
  const last = recursiveInput(name, base)
  const [from, via, graph] = last.output as [PlanField, PlanField, PlanField | undefined]
  const names = {
    from: environment.hidden('from'),
    via: environment.hidden('via'),
    to: environment.hidden('to'),
  }
  const bindings = new Map<string, Binding>([
    [names.from, { id: column(from), certain: true }],
    [names.via, { id: column(via), certain: true, isNode: true }],
  ])
  const isEach = inner.graph.kind === 'each' && graph !== undefined
  if (inner.graph.kind === 'each' && graph !== undefined)
    bindings.set(inner.graph.variable, { id: column(graph), certain: true })
  const pattern = { ...inner, subject: variableTerm(names.via), object: variableTerm(names.to) }
  const step = follow({ plan: last, bindings, rowCount: FRONTIER_ROWS }, pattern, environment)
  const kept = [idOf(step, names.from).id, idOf(step, names.to).id]
  if (isEach && inner.graph.kind === 'each') kept.push(idOf(step, inner.graph.variable).id)
  return recursive(name, base, keepColumns(step.plan, kept), { distinct: true })
}

/** Gives the columns of pairs the names of the pattern's ends; constants become conditions. */
function bindEnds(
  plan: LogicalPlan,
  pattern: PathPattern,
  { facts }: Environment,
  rowCount: number,
): Relation {
  const [from, to, graph] = plan.output as [PlanField, PlanField, PlanField | undefined]
  const tests: Expression[] = []
  const bindings = new Map<string, Binding>()
  for (const [term, field] of [
    [pattern.subject, from],
    [pattern.object, to],
  ] as const) {
    const name = variableName(term)
    const known = name === undefined ? undefined : bindings.get(name)?.id
    if (name === undefined) tests.push(call('eq', column(field), literal(facts.id(term), types.int64)))
    else if (known !== undefined) tests.push(call('eq', column(field), known))
    else bindings.set(name, { id: column(field), certain: true })
  }
  if (pattern.graph.kind === 'each' && graph !== undefined)
    bindings.set(pattern.graph.variable, { id: column(graph), certain: true })
  const kept = tests.reduce<LogicalPlan>((found, test) => filter(found, test), plan)
  return withBindings({ plan: kept, bindings: new Map(), rowCount }, bindings)
}
