import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { type RdfDataset, rdf } from '@sheafdb/rdf'
import { Store as OxigraphStore } from 'oxigraph'
import { median } from '../../src/harness.ts'
import type { Contender, Workload } from '../../src/workload.ts'

/** Is a question by its short name. */
export type NamedQuery = { readonly name: string; readonly text: string }

type Term = {
  readonly termType: string
  readonly value: string
  readonly datatype?: { readonly value: string }
}

/** Shows a term so that equal values of two engines are equal texts; blank nodes have no names of their own. */
function shown(term: Term | undefined): string {
  if (term === undefined) return ''
  if (term.termType === 'BlankNode') return '_:'
  const isNumber =
    term.termType === 'Literal' && /#(integer|decimal|double|float)$/.test(term.datatype?.value ?? '')
  return isNumber ? Number(term.value).toPrecision(9) : term.value
}

/** Shows solutions in an order of their own. */
export function shownSolutions(rows: readonly Readonly<Record<string, Term>>[]): string[] {
  return rows
    .map((row) =>
      Object.keys(row)
        .sort()
        .map((name) => `${name}=${shown(row[name])}`)
        .join(' '),
    )
    .sort()
}

/** Runs each query in turn and keeps its times. The first run gives results to compare, later ones counts. */
class QueryRunner {
  readonly times: Map<string, number[]> = new Map()
  readonly #queries: readonly NamedQuery[]
  readonly #answer: (text: string) => Promise<Answer> | Answer
  #isCompared = false

  constructor(queries: readonly NamedQuery[], answer: (text: string) => Promise<Answer> | Answer) {
    this.#queries = queries
    this.#answer = answer
  }

  async run(): Promise<unknown> {
    const results: unknown[] = []
    for (const { name, text } of this.#queries) {
      const start = performance.now()
      const answer = await this.#answer(text)
      const time = performance.now() - start
      this.times.set(name, [...(this.times.get(name) ?? []), time])
      results.push([name, this.#isCompared ? answer.count : shownSolutions(answer.solutions())])
    }
    this.#isCompared = true
    return results
  }
}

type Answer = { readonly count: number; readonly solutions: () => Readonly<Record<string, Term>>[] }

/** Opens a durable store of Sheaf and loads a document into it. */
export async function openLoaded(
  folder: string,
  document: string,
): Promise<{ readonly dataset: RdfDataset; readonly close: () => Promise<void> }> {
  const store = await openStore(join(folder, 'rdf.sheaf'), { models: [rdf()] })
  const dataset = store.rdf('kb')
  await dataset.load(document, { format: 'nt' })
  return { dataset, close: () => store.close() }
}

/** Makes an Oxigraph store of a document. */
export function loadedOxigraph(document: string, format = 'application/n-triples'): OxigraphStore {
  const store = new OxigraphStore()
  store.load(document, { format, no_transaction: true } as never)
  return store
}

/** Makes a workload of several queries over one dataset: its time is their sum, each one's stands beside it. */
export function querySet(set: {
  readonly name: string
  readonly title: string
  readonly asked: number
  readonly document: () => string
  readonly queries: readonly NamedQuery[]
  readonly runs?: number
}): Workload {
  let runners: readonly (readonly [string, QueryRunner])[] = []
  return {
    name: set.name,
    title: set.title,
    asked: {
      text: `${set.asked} times as fast as Oxigraph`,
      reached: (medians) =>
        (medians.get('Oxigraph') as number) >= (medians.get('Sheaf') as number) * set.asked,
    },
    runs: set.runs ?? 3,
    warmups: 1,
    async prepare(folder) {
      const document = set.document()
      const { dataset, close } = await openLoaded(folder, document)
      const oxigraph = loadedOxigraph(document)
      const sheaf = new QueryRunner(set.queries, async (text) => {
        const rows = await dataset.query(text).rows()
        return { count: rows.length, solutions: () => rows as never }
      })
      const other = new QueryRunner(set.queries, (text) => {
        const rows = oxigraph.query(text, {}) as Map<string, Term>[]
        return { count: rows.length, solutions: () => rows.map((row) => Object.fromEntries(row)) }
      })
      runners = [
        ['Sheaf', sheaf],
        ['Oxigraph', other],
      ]
      return [
        { engine: 'Sheaf', mode: 'durable', run: () => sheaf.run(), close },
        { engine: 'Oxigraph', mode: 'memory', run: () => other.run() },
      ] satisfies Contender[]
    },
    figures() {
      const [[, own], [, other]] = runners as [[string, QueryRunner], [string, QueryRunner]]
      return Object.fromEntries(
        set.queries.map(({ name }) => {
          const [a, b] = [own, other].map((each) => median((each.times.get(name) as number[]).slice(1))) as [
            number,
            number,
          ]
          return [name, `${a.toFixed(2)} ms, Oxigraph ${b.toFixed(2)} ms: ${(b / a).toFixed(1)} times`]
        }),
      )
    },
  }
}
