import type * as RDF from '@rdfjs/types'
import type { ExpressionSyntax, OperationSyntax } from '../syntax.ts'
import { variableName } from './environment.ts'

function addTerm(term: RDF.Term, into: Set<string>): void {
  const name = variableName(term)
  if (name !== undefined) into.add(name)
  if (term.termType === 'Quad')
    for (const part of [term.subject, term.predicate, term.object]) addTerm(part, into)
}

/** Names the variables that a pattern may bind: those of its triples, paths, graphs, VALUES, BIND and subqueries. */
export function patternVariablesOf(operation: OperationSyntax, into: Set<string> = new Set()): Set<string> {
  switch (operation.type) {
    case 'bgp':
      for (const pattern of operation.patterns)
        for (const term of [pattern.subject, pattern.predicate, pattern.object, pattern.graph])
          addTerm(term, into)
      return into
    case 'path':
      for (const term of [operation.subject, operation.object, operation.graph]) addTerm(term, into)
      return into
    case 'join':
    case 'union':
    case 'leftjoin':
      for (const input of operation.input) patternVariablesOf(input, into)
      return into
    case 'minus':
      return patternVariablesOf(operation.input[0], into)
    case 'extend':
      into.add(operation.variable.value)
      return patternVariablesOf(operation.input, into)
    case 'values':
      for (const variable of operation.variables) into.add(variable.value)
      return into
    case 'graph':
    case 'service':
      addTerm(operation.name, into)
      return patternVariablesOf(operation.input, into)
    case 'project':
      for (const variable of operation.variables) into.add(variable.value)
      return into
    case 'group':
      for (const variable of operation.variables) into.add(variable.value)
      return into
    case 'nop':
      return into
    default:
      return patternVariablesOf(operation.input, into)
  }
}

/**
 * Names the variables of the surroundings that conditions inside a pattern look at though the pattern does not bind
 * them: with these, EXISTS has to be answered for each value.
 */
export function correlatedVariables(operation: OperationSyntax, outer: ReadonlySet<string>): string[] {
  const found = new Set<string>()
  visit(operation, { outer, found })
  return [...found]
}

type Search = { readonly outer: ReadonlySet<string>; readonly found: Set<string> }

function visit(operation: OperationSyntax, search: Search): void {
  switch (operation.type) {
    case 'filter':
    case 'extend':
      addFree(operation.expression, patternVariablesOf(operation.input), search)
      visit(operation.input, search)
      return
    case 'leftjoin':
      if (operation.expression !== undefined)
        addFree(operation.expression, patternVariablesOf(operation), search)
      for (const input of operation.input) visit(input, search)
      return
    case 'join':
    case 'union':
    case 'minus':
      for (const input of operation.input) visit(input, search)
      return
    case 'graph':
      visit(operation.input, search)
      return
    default:
      return
  }
}

function addFree(expression: ExpressionSyntax, bound: ReadonlySet<string>, search: Search): void {
  switch (expression.subType) {
    case 'term': {
      const names = new Set<string>()
      addTerm(expression.term, names)
      for (const name of names) if (!bound.has(name) && search.outer.has(name)) search.found.add(name)
      return
    }
    case 'operator':
    case 'named':
      for (const arg of expression.args) addFree(arg, bound, search)
      return
    case 'existence':
      visit(expression.input, search)
      return
    default:
      return
  }
}
