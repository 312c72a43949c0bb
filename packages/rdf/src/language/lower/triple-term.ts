import type * as RDF from '@rdfjs/types'
import {
  type ColumnExpression,
  call,
  column,
  type Expression,
  extend,
  filter,
  literal,
  named,
  type PlanField,
  types,
} from '@sheafdb/core'
import { fromRdfTerm } from '../../layout/term.ts'
import { type Environment, variableName } from './environment.ts'
import { decodeVariables, type Relation, withBindings, withPlan } from './relation.ts'

/** Is a pattern of a triple term that holds variables, and the hidden variable that stands in its place. */
export type NestedTriple = { readonly variable: string; readonly pattern: RDF.BaseQuad }

function hasVariables(term: RDF.Term): boolean {
  if (term.termType !== 'Quad') return variableName(term) !== undefined
  return [term.subject, term.predicate, term.object].some((part) => hasVariables(part))
}

/** Replaces a triple term that holds variables by a hidden variable, and notes it. */
export function hideTriple(term: RDF.Term, nested: NestedTriple[], environment: Environment): RDF.Term {
  if (term.termType !== 'Quad' || !hasVariables(term)) return term
  const variable = environment.hidden('triple')
  nested.push({ variable, pattern: term })
  return { termType: 'Variable', value: variable } as RDF.Variable
}

const PARTS = ['subject', 'predicate', 'object'] as const

/** Keeps the solutions whose hidden variable is a triple term of a pattern, and binds the pattern's variables. */
export function unpackTriple(
  relation: Relation,
  { variable, pattern }: NestedTriple,
  environment: Environment,
): Relation {
  const { termsTable } = environment.facts
  let found = decodeVariables(relation, [variable], termsTable)
  const term = found.bindings.get(variable)?.term as ColumnExpression
  found = withPlan(found, filter(found.plan, call('sparql.is_triple', term)))
  const inner: NestedTriple[] = []
  for (const part of PARTS) {
    const wanted = hideTriple(pattern[part], inner, environment)
    found = bindPart(found, { part: call(`sparql.${part}`, term), wanted, termsTable })
  }
  for (const each of inner) found = unpackTriple(found, each, environment)
  return found
}

function bindPart(
  relation: Relation,
  options: { readonly part: Expression; readonly wanted: RDF.Term; readonly termsTable: string },
): Relation {
  const { part, wanted, termsTable } = options
  const name = variableName(wanted)
  if (name === undefined) {
    const constant = literal(fromRdfTerm(wanted), types.variant)
    return withPlan(relation, filter(relation.plan, call('sparql.same_term', part, constant)))
  }
  if (relation.bindings.has(name)) {
    const known = decodeVariables(relation, [name], termsTable)
    const term = known.bindings.get(name)?.term as ColumnExpression
    return withPlan(known, filter(known.plan, call('sparql.same_term', part, term)))
  }
  const plan = extend(relation.plan, [named(name, part)])
  const term = column(plan.output.at(-1) as PlanField)
  return withBindings(withPlan(relation, plan), [[name, { term, certain: true }]])
}
