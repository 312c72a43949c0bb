import type * as RDF from '@rdfjs/types'
import { column, extension, type PlanField, planField, SheafError, singleRow, types } from '@sheafdb/core'
import { serviceQuery } from '../service-query.ts'
import type { OperationSyntax } from '../syntax.ts'
import { seedOf } from './copy.ts'
import { type Environment, isHidden } from './environment.ts'
import { patternVariablesOf } from './environment-variables.ts'
import { joinRelations } from './join.ts'
import { type Binding, decodeVariables, type Relation } from './relation.ts'

type ServiceSyntax = Extract<OperationSyntax, { type: 'service' }>
type OpenServiceSyntax = ServiceSyntax & { readonly name: RDF.Variable }

const GUESSED_ROWS = 1000

/** Tells whether an operation is a SERVICE whose endpoint is a variable. */
export function isOpenService(operation: OperationSyntax): operation is OpenServiceSyntax {
  return operation.type === 'service' && operation.name.termType === 'Variable'
}

/**
 * Lowers SERVICE to a step that asks the endpoint, where the user passed what reaches the network.
 *
 * @see SPARQL 1.1 Federated Query
 * @throws `UNSUPPORTED` without a fetcher, and for a variable that nothing beside it binds, unless SILENT is written
 */
export function lowerService({ name, silent, input }: ServiceSyntax, environment: Environment): Relation {
  const { fetch } = environment
  if (fetch === undefined || name.termType === 'Variable') {
    if (silent) return { plan: singleRow(), bindings: new Map(), rowCount: 1 }
    throw fetch === undefined ? noFetcher() : unboundEndpoint()
  }
  const { variables, fields, bindings } = answerOf(input)
  const plan = extension({
    operator: 'rdf.service',
    inputs: [],
    expressions: [],
    settings: { endpoint: name.value, query: serviceQuery(input, variables), variables, silent, fetch },
    output: fields,
  })
  return { plan, bindings, rowCount: GUESSED_ROWS }
}

/** Joins solutions with what the endpoints that one of their variables names answer: each is asked once. */
export function lowerOpenService(
  { name: { value: name }, silent, input }: OpenServiceSyntax,
  relation: Relation,
  { facts, fetch }: Environment,
): Relation {
  if (fetch === undefined || !relation.bindings.has(name)) {
    if (silent) return relation
    throw fetch === undefined ? noFetcher() : unboundEndpoint()
  }
  const asked = decodeVariables(seedOf(relation, [name])(), [name], facts.termsTable)
  const endpoint = asked.bindings.get(name)?.term
  if (endpoint === undefined) throw new TypeError('a decoded variable has a term')
  const { variables, fields, bindings } = answerOf(input)
  const own = planField(name, types.variant, false)
  const plan = extension({
    operator: 'rdf.service',
    inputs: [asked.plan],
    expressions: [endpoint],
    settings: { endpoint: null, name, query: serviceQuery(input, variables), variables, silent, fetch },
    output: [own, ...fields],
  })
  const answered = new Map(bindings).set(name, { term: column(own), certain: true })
  return joinRelations(relation, { plan, bindings: answered, rowCount: GUESSED_ROWS }, facts.termsTable)
}

function answerOf(input: OperationSyntax): {
  readonly variables: readonly string[]
  readonly fields: readonly PlanField[]
  readonly bindings: ReadonlyMap<string, Binding>
} {
  const variables = [...patternVariablesOf(input)].filter((variable) => !isHidden(variable))
  const fields = variables.map((variable) => planField(variable, types.variant, true))
  const bindings = variables.map((variable, index): [string, Binding] => [
    variable,
    { term: column(fields[index] as PlanField), certain: false },
  ])
  return { variables, fields, bindings: new Map(bindings) }
}

function noFetcher(): SheafError {
  return new SheafError(
    'UNSUPPORTED',
    'SERVICE needs the network, which queries do not reach by themselves. Pass a fetcher in the options, or write SERVICE SILENT.',
  )
}

function unboundEndpoint(): SheafError {
  return new SheafError(
    'UNSUPPORTED',
    'Nothing beside a SERVICE binds the variable that is its endpoint. Bind it in the same group, or write an IRI.',
  )
}
