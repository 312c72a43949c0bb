import type * as RDF from '@rdfjs/types'
import { call, filter, type LogicalPlan, literal, types } from '@sheafdb/core'
import type { PathSyntax } from '../syntax.ts'
import { seedOf } from './copy.ts'
import { type Environment, variableName } from './environment.ts'
import { joinRelations } from './join.ts'
import { joinClosure } from './path-closure.ts'
import { endVariables, type PathPattern, variableTerm } from './path-pattern.ts'
import { canExtend, joinPattern, slotOf, type TriplePattern } from './pattern.ts'
import { encodeVariables, idOf, type Relation, withPlan } from './relation.ts'
import { unionRelations } from './union.ts'

/**
 * Joins a relation with the pairs of nodes that a property path connects.
 *
 * @see SPARQL 1.2 Query Language, section 18.4 (property path patterns)
 */
export function joinPath(
  relation: Relation | undefined,
  pattern: PathPattern,
  environment: Environment,
): Relation {
  const { path, subject, object } = pattern
  switch (path.type) {
    case 'link':
      return joinTriple(
        relation,
        { ...triple(pattern, environment), predicate: slotOf(path.iri, environment.facts) },
        environment,
      )
    case 'inv':
      return joinPath(
        relation,
        { ...pattern, path: path.path, subject: object, object: subject },
        environment,
      )
    case 'seq':
      return joinSequence(relation, pattern, path.input, environment)
    case 'alt':
      return joinAlternatives(relation, pattern, path.input, environment)
    case 'nps':
      return joinNegated(relation, pattern, path.iris, environment)
    default:
      return joinClosure(relation, pattern, environment, joinPath)
  }
}

function triple(pattern: PathPattern, { facts }: Environment): TriplePattern {
  return {
    subject: slotOf(pattern.subject, facts),
    predicate: { id: -1 },
    object: slotOf(pattern.object, facts),
    graph: pattern.graph,
  }
}

/** Joins a relation with a triple pattern, by its nodes where that can be, else by itself. */
export function joinTriple(
  relation: Relation | undefined,
  pattern: TriplePattern,
  environment: Environment,
): Relation {
  if (relation === undefined) return joinPattern(undefined, pattern, environment)
  const ready = withIds(relation, pattern, environment)
  if (ready !== null && canExtend(ready, pattern, environment.facts))
    return joinPattern(ready, pattern, environment)
  return joinRelations(relation, joinPattern(undefined, pattern, environment), environment.facts.termsTable)
}

/** Gives the variables of a pattern ids; null where one of them may be unbound. */
function withIds(relation: Relation, pattern: TriplePattern, { facts }: Environment): Relation | null {
  const names = [pattern.subject, pattern.predicate, pattern.object].flatMap((slot) =>
    'variable' in slot ? [slot.variable] : [],
  )
  if (pattern.graph.kind === 'each') names.push(pattern.graph.variable)
  const shared = names.filter((name) => relation.bindings.has(name))
  if (shared.some((name) => relation.bindings.get(name)?.certain !== true)) return null
  return encodeVariables(relation, shared, facts.termsTable)
}

function joinSequence(
  relation: Relation | undefined,
  pattern: PathPattern,
  parts: readonly PathSyntax[],
  environment: Environment,
): Relation {
  const inner = parts.slice(1).map(() => variableTerm(environment.hidden('path')))
  const nodes = [pattern.subject, ...inner, pattern.object]
  const steps = parts.map((path, index) => ({
    ...pattern,
    path,
    subject: nodes[index] as RDF.Term,
    object: nodes[index + 1] as RDF.Term,
  }))
  const knows = (term: RDF.Term) => {
    const name = variableName(term)
    return name === undefined || relation?.bindings.has(name) === true
  }
  if (!knows(pattern.subject) && knows(pattern.object)) steps.reverse()
  return steps.reduce<Relation | undefined>(
    (found, step) => joinPath(found, step, environment),
    relation,
  ) as Relation
}

function joinAlternatives(
  relation: Relation | undefined,
  pattern: PathPattern,
  parts: readonly PathSyntax[],
  environment: Environment,
): Relation {
  const ends = endVariables(pattern)
  const shared = ends.filter((name) => relation?.bindings.get(name)?.certain === true)
  const isFew = relation !== undefined && relation.rowCount < environment.facts.quadCount(null)
  const seed = isFew && shared.length > 0 ? seedOf(relation, shared) : () => undefined
  const branches = parts.map((path) => joinPath(seed(), { ...pattern, path }, environment))
  const merged = unionRelations(branches, environment.facts.termsTable, ends)
  return relation === undefined ? merged : joinRelations(relation, merged, environment.facts.termsTable)
}

function joinNegated(
  relation: Relation | undefined,
  pattern: PathPattern,
  iris: readonly RDF.NamedNode[],
  environment: Environment,
): Relation {
  const predicate = environment.hidden('predicate')
  const found = joinTriple(
    relation,
    { ...triple(pattern, environment), predicate: { variable: predicate } },
    environment,
  )
  const id = idOf(found, predicate)
  const tests = iris
    .map((iri) => environment.facts.id(iri))
    .map((excluded) => call('ne', id, literal(excluded, types.int64)))
  const plan = tests.reduce<LogicalPlan>((kept, test) => filter(kept, test), found.plan)
  return withPlan(found, plan)
}
