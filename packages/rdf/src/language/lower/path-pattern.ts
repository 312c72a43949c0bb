import type * as RDF from '@rdfjs/types'
import type { PathPatternSyntax, PathSyntax } from '../syntax.ts'
import type { ActiveGraph } from './dataset.ts'
import { type Environment, variableName } from './environment.ts'
import { graphOf } from './pattern.ts'
import type { Relation } from './relation.ts'

/** Is a property path between two terms, in a graph. */
export type PathPattern = {
  readonly subject: RDF.Term
  readonly path: PathSyntax
  readonly object: RDF.Term
  readonly graph: ActiveGraph
}

/** Makes a path pattern of its syntax. */
export function pathPattern(syntax: PathPatternSyntax, environment: Environment): PathPattern {
  return {
    subject: syntax.subject,
    path: syntax.predicate,
    object: syntax.object,
    graph: graphOf(syntax.graph, environment),
  }
}

/** Makes the term of a variable. */
export const variableTerm = (value: string): RDF.Term => ({ termType: 'Variable', value }) as RDF.Variable

/** Names the variables of a path's ends and of its graph. */
export function endVariables({ subject, object, graph }: PathPattern): string[] {
  const names = [variableName(subject), variableName(object)].filter((name) => name !== undefined)
  if (graph.kind === 'each') names.push(graph.variable)
  return [...new Set(names)]
}

/** Joins a relation with the pairs of nodes that a path connects. */
export type FollowPath = (
  relation: Relation | undefined,
  pattern: PathPattern,
  environment: Environment,
) => Relation
