import {
  type Batch,
  boxedColumn,
  type Column,
  columnReader,
  type ExtensionOperator,
  type ExtensionPlan,
  SheafError,
  type Step,
  type Steps,
  types,
  type Value,
} from '@sheafdb/core'
import { fetchText } from '../formats/fetch.ts'
import { type ReadSolutions, readJsonResults } from '../formats/read-results.ts'
import type { Fetcher } from '../language/fetcher.ts'
import { type Term, termKey } from '../layout/term.ts'
import { isBatch, placesOf, rowsOf } from './batches.ts'

const HEADERS = {
  accept: 'application/sparql-results+json',
  'content-type': 'application/sparql-query',
}

let lastRequest = 0

type Settings = {
  readonly endpoint: string | null
  readonly name: string
  readonly query: string
  readonly variables: readonly string[]
  readonly silent: boolean
  readonly fetch: Fetcher
}

/**
 * Gives the solutions of a SERVICE, asked of its endpoint. Settings: `endpoint`, `query`, `variables`, `silent` and
 * `fetch`. With `silent` an error gives the one solution without bindings. An `endpoint` of `null` stands for those in
 * the one column that is read, the variable `name`: the answers of each follow its term.
 */
export const serviceOperator: ExtensionOperator = {
  name: 'rdf.service',
  *execute(plan, inputs) {
    const settings = plan.settings as Settings
    if (settings.endpoint !== null) {
      yield batchOf(settings.variables, yield* ask(settings, settings.endpoint))
      return
    }
    const asked = new Map<string, Term>()
    for (const step of inputs[0] as Steps) {
      if (!isBatch(step)) yield step
      else for (const term of termsOf(plan, step)) asked.set(termKey(term), term)
    }
    for (const term of asked.values()) yield* answersOf(settings, term)
  },
}

/** Gives the terms that name endpoints. */
function termsOf(plan: ExtensionPlan, batch: Batch): Term[] {
  const [place] = placesOf(plan)
  const read = columnReader(batch.columns[place as number] as Column)
  return [...rowsOf(batch)].map((row) => read(row) as Term | null).filter((term) => term !== null)
}

function* answersOf(settings: Settings, term: Term): Steps {
  const { name, silent, variables } = settings
  if (term.termType !== 'NamedNode' && !silent)
    throw new SheafError(
      'ARGUMENT',
      `The endpoint of a SERVICE must be an IRI. Correct the data: ${term.value}`,
    )
  const solutions = term.termType === 'NamedNode' ? yield* ask(settings, term.value) : [new Map()]
  // Where the pattern asks for the endpoint too, it must be this one.
  const own = solutions.filter((solution) => solution.get(name)?.equals(term) !== false)
  const answer = batchOf(variables, own)
  const endpoint = boxedColumn(types.variant, new Array<Value>(own.length).fill(term))
  yield { ...answer, columns: [endpoint, ...answer.columns] }
}

function* ask(settings: Settings, endpoint: string): Generator<Step, ReadSolutions, undefined> {
  const { fetch, query, silent } = settings
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
  return solutions
}

function batchOf(variables: readonly string[], solutions: ReadSolutions): Batch {
  return {
    length: solutions.length,
    columns: variables.map((variable) =>
      boxedColumn(
        types.variant,
        solutions.map((solution) => solution.get(variable) ?? null),
      ),
    ),
    selection: null,
  }
}
