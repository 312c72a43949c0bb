import type * as RDF from '@rdfjs/types'
import { explainPlan, openStore } from '@sheafdb/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { rdf } from '../../src/index.ts'
import type { DatasetFacts } from '../../src/language/lower/dataset.ts'
import { lowerQuery } from '../../src/language/lower/query.ts'
import { parseQuery } from '../../src/language/parser.ts'

const IDS = new Map([
  ['http://e/p', 1],
  ['http://e/q', 2],
  ['http://e/a', 3],
])

/** Facts of a dataset that is not there: a thousand quads of p, ten of q. */
const facts: DatasetFacts = {
  exists: true,
  quadsTable: 'rdf:kb.quads',
  termsTable: 'rdf:kb.terms',
  hasNamedGraphs: false,
  id: (term: RDF.Term) => IDS.get(term.value) ?? -1,
  quadCount: (predicate) => (predicate === 1 ? 1000 : predicate === 2 ? 10 : 1010),
  degree: () => 2,
  meanDegree: () => 2,
}

function explain(text: string, changed: Partial<DatasetFacts> = {}): string {
  const query = parseQuery(`PREFIX : <http://e/> ${text}`)
  return explainPlan(lowerQuery(query, { ...facts, ...changed }, {}).terms)
}

beforeAll(async () => {
  // Opening a store with the model puts its functions into the registry.
  await (await openStore(':memory:', { models: [rdf()] })).close()
})

describe('lowering', () => {
  it('starts from a constant and follows its edges', () => {
    expect(explain('SELECT ?o { :a :p ?o }')).toMatchInlineSnapshot(`
      "project [o#2 as o]
        extension rdf.decode [node, o, o#2]
          expand out rdf:kb.quads(subject -> object) where predicate in [1] from node to o
            values [node] 1 rows"
    `)
  })

  it('starts with the rarer predicate', () => {
    expect(explain('SELECT ?s { ?s :p ?x . ?s :q ?y }')).toMatchInlineSnapshot(`
      "project [s#2 as s]
        extension rdf.decode [s, predicate, y, x, s#2]
          expand out rdf:kb.quads(subject -> object) where predicate in [1] from s to x
            filter (predicate = 2)
              scan rdf:kb.quads [subject as s, predicate, object as y]"
    `)
  })

  it('counts without decoding a term', () => {
    const plan = explain('SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s :p ?x FILTER(?x != :a) }')
    expect(plan).not.toContain('rdf.decode')
    expect(plan).toContain('count(distinct s)')
    expect(plan).toContain('(x <> 3)')
  })

  it('follows a path by reachability', () => {
    expect(explain('SELECT ?o { :a (:p|:q)* ?o }')).toContain(
      'path reachability out rdf:kb.quads(subject -> object) where predicate in [1, 2] {0,}',
    )
  })

  it('gives nothing for terms that the dataset does not hold', () => {
    expect(explain('SELECT ?o { :unknown :p ?o }')).toContain('values [o] 0 rows')
    expect(explain('SELECT ?o { :a :p ?o }', { exists: false })).toContain('0 rows')
  })

  it('looks at the graph of quads only where there are several', () => {
    expect(explain('SELECT ?o { :a :p ?o }', { hasNamedGraphs: true })).toContain('rdf.quads')
    expect(explain('SELECT ?o { GRAPH ?g { :a :p ?o } }')).toContain('(graph > 0)')
  })
})
