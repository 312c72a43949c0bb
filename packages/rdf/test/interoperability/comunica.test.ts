import { QueryEngine } from '@comunica/query-sparql-rdfjs'
import type * as RDF from '@rdfjs/types'
import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'
import { type Term, termKey } from '../../src/layout/term.ts'
import { group, quads } from '../oracle/arbitraries.ts'

const RUNS = Number(process.env.SHEAF_RANDOM_QUERIES ?? 40)

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
 * Left out is where Comunica differs from the standard: some paths inside GRAPH fail, EXISTS sees other variables, an
 * empty path from a variable to itself finds nothing.
 */
const simpleGroup = group.filter((text) => !/GRAPH|EXISTS|(\?[a-d]) \S*[*+?)] \1 /.test(text))

it('Comunica over a dataset gives what the dataset itself gives', async () => {
  const engine = new QueryEngine()
  const store = await openStore(':memory:', { models: [rdf()] })
  let count = 0
  await fc.assert(
    fc.asyncProperty(quads, simpleGroup, async (data, inner) => {
      count += 1
      const dataset = store.rdf(`random${count}`)
      await dataset.load(data.filter((quad) => quad.graph.termType === 'DefaultGraph'))
      const text = `PREFIX : <http://e/> SELECT ?a ?b ?c ?d { ${inner} }`
      const own = await dataset.query(text).rows()
      const stream = await engine.queryBindings(text, { sources: [dataset] })
      const other = (await stream.toArray()).map((row) =>
        [...row].map(([variable, term]) => [variable.value, term] as const),
      )
      expect(shown(own.map((row) => Object.entries(row)))).toEqual(shown(other))
    }),
    { numRuns: RUNS },
  )
  await store.close()
}, 600_000)

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
