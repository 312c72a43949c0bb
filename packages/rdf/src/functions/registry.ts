import type { FunctionDefinition } from '@sheafdb/core'
import type { ResultKind, SparqlFunction } from './definition.ts'
import { sharedFunction } from './shared.ts'
import { termFunctions } from './terms.ts'
import { valueFunctions } from './values.ts'

const all: readonly SparqlFunction[] = [...termFunctions, ...valueFunctions, sharedFunction]

/** Holds the functions of SPARQL for the core's registry. */
export const sparqlFunctions: readonly FunctionDefinition[] = all.map((each) => each.definition)

const results = new Map<string, ResultKind>(all.map((each) => [each.definition.name, each.result]))

/** Tells what a function of the plan gives. */
export function resultKind(name: string): ResultKind {
  const kind = results.get(name)
  if (kind === undefined) throw new TypeError(`no function is called ${name}`)
  return kind
}
