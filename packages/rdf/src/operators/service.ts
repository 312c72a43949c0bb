import { boxedColumn, type ExtensionOperator, types } from '@sheafdb/core'
import { fetchText } from '../formats/fetch.ts'
import { type ReadSolutions, readJsonResults } from '../formats/read-results.ts'
import type { Fetcher } from '../language/fetcher.ts'

const HEADERS = {
  accept: 'application/sparql-results+json',
  'content-type': 'application/sparql-query',
}

let lastRequest = 0

/**
 * Gives the solutions of a SERVICE, asked of its endpoint. Settings: `endpoint`, `query`, `variables`, `silent` and
 * `fetch`. With `silent` an error gives the one solution without bindings.
 */
export const serviceOperator: ExtensionOperator = {
  name: 'rdf.service',
  *execute(plan) {
    const { endpoint, query, variables, silent, fetch } = plan.settings as {
      readonly endpoint: string
      readonly query: string
      readonly variables: readonly string[]
      readonly silent: boolean
      readonly fetch: Fetcher
    }
    lastRequest += 1
    const prefix = `s${lastRequest}_`
    let solutions: ReadSolutions = [new Map()]
    yield fetchText(fetch, endpoint, { method: 'POST', headers: HEADERS, body: query })
      .then(({ text }) => {
        solutions = readJsonResults(text, prefix)
      })
      .catch((error: unknown) => {
        if (!silent) throw error
      })
    yield {
      length: solutions.length,
      columns: variables.map((variable) =>
        boxedColumn(
          types.variant,
          solutions.map((solution) => solution.get(variable) ?? null),
        ),
      ),
      selection: null,
    }
  },
}
