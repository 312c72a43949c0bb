import { column, extension, planField, SheafError, singleRow, types } from '@sheafdb/core'
import { serviceQuery } from '../service-query.ts'
import type { OperationSyntax } from '../syntax.ts'
import { type Environment, isHidden } from './environment.ts'
import { patternVariablesOf } from './environment-variables.ts'
import type { Binding, Relation } from './relation.ts'

type ServiceSyntax = Extract<OperationSyntax, { type: 'service' }>

const GUESSED_ROWS = 1000

/**
 * Lowers SERVICE to a step that asks the endpoint, where the user passed what reaches the network.
 *
 * @see SPARQL 1.1 Federated Query
 * @throws `UNSUPPORTED` without a fetcher, and for an endpoint that is a variable, unless SILENT is written
 */
export function lowerService({ name, silent, input }: ServiceSyntax, environment: Environment): Relation {
  const { fetch } = environment
  if (fetch === undefined || name.termType === 'Variable') {
    if (silent) return { plan: singleRow(), bindings: new Map(), rowCount: 1 }
    throw new SheafError(
      'UNSUPPORTED',
      fetch === undefined
        ? 'SERVICE needs the network, which queries do not reach by themselves. Pass a fetcher in the options, or write SERVICE SILENT.'
        : 'The endpoint of a SERVICE must be an IRI. Write it in place of the variable.',
    )
  }
  const variables = [...patternVariablesOf(input)].filter((variable) => !isHidden(variable))
  const fields = variables.map((variable) => planField(variable, types.variant, true))
  const plan = extension({
    operator: 'rdf.service',
    inputs: [],
    expressions: [],
    settings: { endpoint: name.value, query: serviceQuery(input, variables), variables, silent, fetch },
    output: fields,
  })
  const bindings = new Map(
    variables.map((variable, index): [string, Binding] => [
      variable,
      { term: column(fields[index] as never), certain: false },
    ]),
  )
  return { plan, bindings, rowCount: GUESSED_ROWS }
}
