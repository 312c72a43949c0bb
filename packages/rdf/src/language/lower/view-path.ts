import type * as RDF from '@rdfjs/types'
import {
  type ColumnExpression,
  call,
  column,
  distinct,
  type Expression,
  filter,
  join,
  type LogicalPlan,
  literal,
  named,
  type PlanField,
  project,
  recursive,
  recursiveInput,
  singleRow,
  types,
  union,
  withFreshIds,
} from '@sheafdb/core'
import { fromRdfTerm, NamedNodeTerm } from '../../layout/term.ts'
import type { PathSyntax, PatternSyntax } from '../syntax.ts'
import { type Environment, variableName } from './environment.ts'
import { variableTerm } from './path-pattern.ts'
import { type Binding, decodeVariables, type Relation, withPlan } from './relation.ts'
import { unionRelations } from './union.ts'

/** Is a path between two terms of a view, what else lowering needs, and what matches triple patterns over the tables. */
export type ViewPath = {
  readonly path: PathSyntax
  readonly subject: RDF.Term
  readonly object: RDF.Term
  readonly environment: Environment
  readonly match: (patterns: readonly PatternSyntax[]) => Relation
  readonly join: (relations: readonly Relation[]) => Relation
}

/**
 * Finds the pairs of nodes of a view that a property path connects.
 *
 * @see SPARQL 1.2 Query Language, section 18.4 (property path patterns)
 */
export function lowerViewPath(options: ViewPath): Relation {
  const { path, subject, object } = options
  switch (path.type) {
    case 'link':
      return options.match([triple(subject, path.iri, object)])
    case 'inv':
      return lowerViewPath({ ...options, path: path.path, subject: object, object: subject })
    case 'seq':
      return sequence(options, path.input)
    case 'alt': {
      const ends = [...new Set([subject, object].flatMap((term) => variableName(term) ?? []))]
      const branches = path.input.map((part) => lowerViewPath({ ...options, path: part }))
      return unionRelations(branches, '', ends)
    }
    case 'nps':
      return negated(options, path.iris)
    default:
      return closure(options, path)
  }
}

function triple(subject: RDF.Term, predicate: RDF.Term, object: RDF.Term): PatternSyntax {
  const graph = { termType: 'DefaultGraph', value: '' } as RDF.DefaultGraph
  return { type: 'pattern', subject, predicate, object, graph } as PatternSyntax
}

function sequence(options: ViewPath, parts: readonly PathSyntax[]): Relation {
  const inner = parts.slice(1).map(() => variableTerm(options.environment.hidden('path')))
  const nodes = [options.subject, ...inner, options.object]
  return options.join(
    parts.map((path, at) =>
      lowerViewPath({
        ...options,
        path,
        subject: nodes[at] as RDF.Term,
        object: nodes[at + 1] as RDF.Term,
      }),
    ),
  )
}

function negated(options: ViewPath, iris: readonly RDF.NamedNode[]): Relation {
  const name = options.environment.hidden('predicate')
  const all = options.match([triple(options.subject, variableTerm(name), options.object)])
  const found = decodeVariables(all, [name], '')
  const predicate = termColumn(found, name)
  const plan = iris.reduce<LogicalPlan>(
    (kept, { value }) => filter(kept, call('not', sameTerm(predicate, new NamedNodeTerm(value)))),
    found.plan,
  )
  return withPlan(found, plan)
}

const sameTerm = (term: ColumnExpression, constant: RDF.Term): Expression =>
  call('sparql.same_term', term, literal(fromRdfTerm(constant), types.variant))

function termColumn(relation: Relation, name: string): ColumnExpression {
  const term = relation.bindings.get(name)?.term
  if (term === undefined) throw new TypeError(`a decoded variable has a term: ${name}`)
  return term
}

type Repetition = Extract<PathSyntax, { readonly path: PathSyntax }>

/** Repeats a path: from the end that is a constant, where one is. */
function closure(options: ViewPath, path: Repetition): Relation {
  const { subject, object } = options
  if (variableName(subject) !== undefined && variableName(object) === undefined) {
    const back: Repetition = { ...path, path: { type: 'inv', path: path.path } }
    return closure({ ...options, subject: object, object: subject }, back)
  }
  const single = pairsOf(options, path.path)
  const withEmpty = path.type === 'OneOrMorePath' ? single : union([single, ...emptyPaths(options)])
  const base = distinct(startingAt(withEmpty, subject))
  return bindEnds(path.type === 'ZeroOrOnePath' ? base : repeated(base, single, options), options)
}

/** Gives the pairs that a path connects once, in two columns of terms. */
function pairsOf(options: ViewPath, path: PathSyntax): LogicalPlan {
  const [from, to] = [options.environment.hidden('from'), options.environment.hidden('to')]
  const ends = { subject: variableTerm(from), object: variableTerm(to) }
  const found = decodeVariables(lowerViewPath({ ...options, ...ends, path }), [from, to], '')
  return distinct(
    project(found.plan, [named('from', termColumn(found, from)), named('to', termColumn(found, to))]),
  )
}

/** Gives each node of the view with itself, and the constants that the path starts and ends with. */
function emptyPaths({ environment, match, subject, object }: ViewPath): LogicalPlan[] {
  const [s, p, o] = [environment.hidden('s'), environment.hidden('p'), environment.hidden('o')]
  const all = () => match([triple(variableTerm(s), variableTerm(p), variableTerm(o))])
  const nodes = [s, o].map((name) => {
    const found = decodeVariables(all(), [name], '')
    const term = termColumn(found, name)
    return project(found.plan, [named('from', term), named('to', term)])
  })
  const constants = [subject, object].filter((term) => variableName(term) === undefined)
  return [...nodes, ...constants.map(ownPair)]
}

function ownPair(term: RDF.Term): LogicalPlan {
  const constant = literal(fromRdfTerm(term), types.variant)
  return project(singleRow(), [named('from', constant), named('to', constant)])
}

function startingAt(pairs: LogicalPlan, subject: RDF.Term): LogicalPlan {
  if (variableName(subject) !== undefined) return pairs
  return filter(pairs, sameTerm(column(pairs.output[0] as PlanField), subject))
}

/** Follows the path once more from the ends that were reached last, until nothing new is found. */
function repeated(base: LogicalPlan, single: LogicalPlan, { environment }: ViewPath): LogicalPlan {
  const name = environment.hidden('closure').replaceAll('\u0000', '')
  const last = recursiveInput(name, base)
  const step = withFreshIds(single)
  const [from, via] = last.output as [PlanField, PlanField]
  const [start, to] = step.output as [PlanField, PlanField]
  const joined = join(last, step, { how: 'inner', keys: [{ left: column(via), right: column(start) }] })
  const next = project(joined, [named('from', column(from)), named('to', column(to))])
  return recursive(name, base, next, { distinct: true })
}

/** Gives the pairs the names of the path's ends; constants become conditions. */
function bindEnds(plan: LogicalPlan, { subject, object }: ViewPath): Relation {
  const bindings = new Map<string, Binding>()
  let kept = plan
  for (const [at, term] of [subject, object].entries()) {
    const end = column(plan.output[at] as PlanField)
    const name = variableName(term)
    const known = name === undefined ? undefined : bindings.get(name)?.term
    if (name === undefined) kept = filter(kept, sameTerm(end, term))
    else if (known !== undefined) kept = filter(kept, call('sparql.same_term', end, known))
    else bindings.set(name, { term: end, certain: true })
  }
  return { plan: kept, bindings, rowCount: 1000 }
}
