import { QueryEngine } from '@comunica/query-sparql-rdfjs'
import type * as RDF from '@rdfjs/types'
import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type RdfDataset, rdf } from '../../src/index.ts'
import { type Term, termKey } from '../../src/layout/term.ts'
import { group, quads } from '../oracle/arbitraries.ts'

const RUNS = Number(process.env.SHEAF_RANDOM_QUERIES ?? 40)
const SEED = process.env.SHEAF_RANDOM_SEED

/** Shows solutions so that those of two engines compare: numbers by their value. */
function shown(rows: readonly Iterable<readonly [string, RDF.Term]>[]): string[] {
  return rows
    .map((row) =>
      [...row]
        .map(([name, term]) => `${name}=${termKey(term as Term)}`)
        .sort()
        .join(' '),
    )
    .sort()
}

/**
 * Left out is where Comunica differs from the standard: some paths inside GRAPH fail, EXISTS sees other variables, and
 * empty paths are found at nodes of the path's own predicates only.
 */
const simpleGroup = group.filter((text) => !/GRAPH|EXISTS|[\w)][*?] |(\?[a-d]) \S*[+)] \1 /.test(text))

it('Comunica over a dataset gives what the dataset itself gives', async () => {
  const engine = new QueryEngine()
  const store = await openStore(':memory:', { models: [rdf()] })
  let count = 0
  let opinions = 0
  await fc.assert(
    fc.asyncProperty(quads, simpleGroup, async (data, inner) => {
      count += 1
      const dataset = store.rdf(`random${count}`)
      await dataset.load(data.filter((quad) => quad.graph.termType === 'DefaultGraph'))
      const text = `PREFIX : <http://e/> SELECT ?a ?b ?c ?d { ${inner} }`
      const own = await dataset.query(text).rows()
      const other = await answerOf(engine, text, dataset)
      if (other === null) return
      opinions += 1
      expect(shown(own.map((row) => Object.entries(row)))).toEqual(shown(other))
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  )
  expect(opinions).toBeGreaterThan(count * 0.9)
  await store.close()
}, 600_000)

/** Asks Comunica; `null` where it fails by itself. */
async function answerOf(
  engine: QueryEngine,
  text: string,
  dataset: RdfDataset,
): Promise<[string, RDF.Term][][] | null> {
  try {
    const stream = await engine.queryBindings(text, { sources: [dataset] })
    return (await stream.toArray()).map((row) =>
      [...row].map(([variable, term]): [string, RDF.Term] => [variable.value, term]),
    )
  } catch (error) {
    if (error instanceof Error && error.name === 'Error') return null
    throw error
  }
}

it('Comunica writes what CONSTRUCT makes into a dataset', async () => {
  const store = await openStore(':memory:', { models: [rdf()] })
  const [from, to] = [store.rdf('from'), store.rdf('to')]
  await from.load('@prefix : <http://e/> . :a :p :b , :c .', { format: 'turtle' })
  const made = await new QueryEngine().queryQuads(
    'PREFIX : <http://e/> CONSTRUCT { ?o :of ?s } WHERE { ?s :p ?o }',
    { sources: [from] },
  )
  await to.import(made as unknown as AsyncIterable<RDF.Quad>)
  expect(await to.query('PREFIX : <http://e/> SELECT ?o { ?o :of :a }').count()).toBe(2)
  await store.close()
})
