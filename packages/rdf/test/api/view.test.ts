import { openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RdfView, rdf } from '../../src/index.ts'

const XSD = 'http://www.w3.org/2001/XMLSchema#'

let store: Store<[ReturnType<typeof rdf>]>
let view: RdfView

/** The tables of a dataset stand in for any tables: the view sees them as it would see those of SQL. */
beforeEach(async () => {
  store = await openStore(':memory:', { models: [rdf()] })
  await store.rdf('kb').load('<u:a> <u:p> <u:b>, "x y", 2.5 .', { format: 'turtle' })
  view = store.rdf.view('words', {
    base: 'http://ex.org/',
    tables: {
      terms: {
        from: 'kb.terms',
        key: 'value',
        class: 'http://ex.org/Word',
        properties: { kind: 'http://ex.org/kind', language: null },
        references: { direction: 'terms' },
      },
    },
  })
})
afterEach(() => store.close())

async function solutions(text: string): Promise<Record<string, string>[]> {
  const rows = await view.query(`PREFIX : <http://ex.org/> PREFIX t: <http://ex.org/terms#> ${text}`).rows()
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, term]) => [name, term.value])))
}

describe('a view of tables', () => {
  it('has a triple for each column that is not null', async () => {
    expect(await solutions('SELECT ?v ?n { ?t t:value ?v ; t:numeric ?n }')).toEqual([
      { v: '2.5', n: '2.5E0' },
    ])
    expect(await solutions('SELECT ?t { ?t :kind 3 ; t:value ?v } ORDER BY ?v')).toEqual([
      { t: 'http://ex.org/terms/value=2.5' },
      { t: 'http://ex.org/terms/value=x%20y' },
    ])
  })

  it('gives literals the datatypes of their columns', async () => {
    const [row] = await view
      .query('SELECT * { ?t <http://ex.org/kind> ?k ; <http://ex.org/terms#numeric> ?n }')
      .rows()
    expect(row?.k).toMatchObject({ value: '3', datatype: { value: `${XSD}integer` } })
    expect(row?.n).toMatchObject({ datatype: { value: `${XSD}double` } })
  })

  it('finds a row by its IRI, and nothing by one that is none', async () => {
    expect(await solutions('SELECT ?k { <http://ex.org/terms/value=x%20y> :kind ?k }')).toEqual([{ k: '3' }])
    expect(await solutions('SELECT ?k { <http://ex.org/terms/value=%zz> :kind ?k }')).toEqual([])
    expect(await solutions('SELECT ?k { <http://elsewhere/> :kind ?k }')).toEqual([])
  })

  it('knows the class of its rows, and leaves out what it is told to', async () => {
    expect(await view.query('ASK { ?t a <http://ex.org/Word> }').boolean()).toBe(true)
    expect(await view.query('ASK { ?t a <http://ex.org/Other> }').boolean()).toBe(false)
    expect(await view.query('ASK { ?t <http://ex.org/terms#language> ?l }').boolean()).toBe(false)
  })

  it('lists all triples', async () => {
    const count = (await store.from('kb.terms').rows()).length
    const found = await solutions('SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY ?p')
    expect(found).toContainEqual({ p: 'http://ex.org/kind', n: String(count) })
    expect(found).toContainEqual({ p: 'http://ex.org/terms#numeric', n: '1' })
  })

  it('joins along references', async () => {
    expect(await solutions('SELECT ?o { ?t <http://ex.org/terms#ref-direction> ?o } LIMIT 1')).toEqual([
      { o: 'http://ex.org/terms/value=' },
    ])
    expect(await solutions('SELECT ?k { ?t <http://ex.org/terms#ref-direction> ?o . ?o :kind ?k }')).toEqual(
      [],
    )
  })

  it('refuses what it cannot do', async () => {
    const lost = store.rdf.view('lost', { base: 'http://ex.org/', tables: { nowhere: { key: 'id' } } })
    await expect(lost.query('SELECT * { ?s ?p ?o }').rows()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(() => store.rdf.view('bad', { base: 'x', tables: {} })).toThrow('absolute IRI')
  })
})

describe('paths over a view', () => {
  let tree: RdfView
  const names = async (pattern: string) => {
    const rows = await tree
      .query(
        `PREFIX n: <http://ex.org/nodes#> PREFIX k: <http://ex.org/nodes/subject=u%3A> SELECT ?x ?y { ${pattern} }`,
      )
      .rows()
    const short = (term: { value: string } | undefined) => term?.value.replace(/^.*[:A#/]/, '') ?? ''
    return rows.map((row) => `${short(row['x'])}${short(row['y'])}`).sort()
  }

  /** a -> b -> c -> a is a cycle, d -> b leads into it, e -> f stands beside it. */
  beforeEach(async () => {
    await store
      .rdf('edges')
      .load(
        '<u:a> <u:n> <u:b> . <u:b> <u:n> <u:c> . <u:c> <u:n> <u:a> . <u:d> <u:n> <u:b> . <u:e> <u:n> <u:f> .',
        {
          format: 'turtle',
        },
      )
    tree = store.rdf.view('tree', {
      base: 'http://ex.org/',
      tables: { nodes: { from: 'edges', key: 'subject', references: { object: 'nodes' } } },
    })
  })

  it('go along steps, back, either way, and along all but some', async () => {
    expect(await names('k:a n:ref-object/n:ref-object ?x')).toEqual(['c'])
    expect(await names('?x ^n:ref-object k:d')).toEqual(['b'])
    expect(await names('k:b (n:ref-object|^n:ref-object) ?x')).toEqual(['a', 'c', 'd'])
    expect(await names('k:a n:ref-object/n:predicate ?x')).toEqual(['n'])
    expect(
      await names('k:d !(n:subject|n:predicate|<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>) ?x'),
    ).toEqual(['b'])
    expect(await names('?x !(n:ref-object|n:subject|n:predicate) ?y FILTER(?x = k:d)')).toEqual(['dnodes'])
  })

  it('repeat, through cycles', async () => {
    expect(await names('k:d n:ref-object+ ?x')).toEqual(['a', 'b', 'c'])
    expect(await names('?x n:ref-object+ k:b')).toEqual(['a', 'b', 'c', 'd'])
    expect(await names('k:f n:ref-object* ?x')).toEqual(['f'])
    expect(await names('k:d n:ref-object? ?x')).toEqual(['b', 'd'])
    expect(await names('?x (n:ref-object/n:ref-object)+ ?x')).toEqual(['a', 'b', 'c'])
    expect(await names('?x n:ref-object+ ?y')).toHaveLength(13)
    expect(await names('?x n:subject "u:d" . ?x n:ref-object+ ?y')).toEqual(['da', 'db', 'dc'])
    expect(await names('<u:none> n:ref-object* ?x')).toEqual(['none'])
    expect(await names('<u:none> n:ref-object+ ?x')).toEqual([])
  })

  it('find nothing in named graphs, which a view has none of', async () => {
    expect(await names('GRAPH ?g { ?x n:ref-object ?y }')).toEqual([])
    expect(await names('GRAPH <u:g> { ?x n:ref-object+ ?y }')).toEqual([])
    expect(await names('?x n:subject "u:d" OPTIONAL { GRAPH ?g { ?x n:ref-object ?y } }')).toEqual(['d'])
  })
})
