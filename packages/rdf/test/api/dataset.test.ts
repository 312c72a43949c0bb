import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type * as RDF from '@rdfjs/types'
import { col, openStore, type Store } from '@sheafdb/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataFactory, type RdfDataset, rdf } from '../../src/index.ts'

const { namedNode, literal, quad, defaultGraph } = dataFactory
const iri = (name: string) => namedNode(`http://e/${name}`)
const TURTLE = `@prefix : <http://e/> .
:a :name "Ann" ; :age 30 ; :knows :b .
:b :name "Bob"@en ; :age 41 .`

let store: Store<[ReturnType<typeof rdf>]>
let kb: RdfDataset

beforeEach(async () => {
  store = await openStore(':memory:', { models: [rdf()] })
  kb = store.rdf('kb')
})
afterEach(() => store.close())

const names = async (dataset = kb) => {
  const rows = await dataset.query('SELECT ?n { ?s <http://e/name> ?n } ORDER BY ?n').rows()
  return rows.map((row) => row.n?.value)
}

async function matched(stream: AsyncIterable<unknown>): Promise<RDF.Quad[]> {
  const quads: RDF.Quad[] = []
  for await (const each of stream) quads.push(each as RDF.Quad)
  return quads
}

describe('a dataset', () => {
  it('is empty before the first write', async () => {
    expect(await kb.query('SELECT * { ?s ?p ?o }').rows()).toEqual([])
    expect(await kb.query('ASK {}').boolean()).toBe(true)
    expect(await kb.query('DESCRIBE <http://e/a>').quads()).toEqual([])
    expect(await matched(kb.match())).toEqual([])
    expect(store.rdf.list()).toEqual([])
  })

  it('loads text, bytes, streams, files and quads', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sheaf-rdf-'))
    try {
      const path = join(folder, 'data.ttl')
      await writeFile(path, TURTLE)
      expect(await kb.load(TURTLE, { format: 'turtle' })).toEqual({ read: 5, inserted: 5 })
      expect(await kb.load(Buffer.from(TURTLE), { format: 'text/turtle' })).toEqual({ read: 5, inserted: 0 })
      expect(await kb.load({ path })).toEqual({ read: 5, inserted: 0 })
      const chunks = Readable.from([Buffer.from(TURTLE.slice(0, 40)), Buffer.from(TURTLE.slice(40))])
      expect(await kb.load(chunks, { format: 'ttl' })).toEqual({ read: 5, inserted: 0 })
      const quads = [quad(iri('c'), iri('name'), literal('Cid'))] as unknown as RDF.Quad[]
      expect(await kb.load(quads)).toEqual({ read: 1, inserted: 1 })
      expect(await names()).toEqual(['Ann', 'Cid', 'Bob'])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('leaves nothing of a document that breaks off', async () => {
    const broken = `${'<http://e/a> <http://e/p> <http://e/b> .\n'.repeat(10)}<http://e/a> <http://e/p>`
    await expect(kb.load(broken, { format: 'ntriples' })).rejects.toMatchObject({ code: 'SYNTAX' })
    await expect(kb.load(':a :b :c .', { format: 'turtle' })).rejects.toMatchObject({ code: 'SYNTAX' })
    await expect(kb.load({ path: '/not/there.ttl' })).rejects.toMatchObject({ code: 'IO' })
    await expect(kb.load(TURTLE)).rejects.toMatchObject({ code: 'ARGUMENT' })
    expect(await matched(kb.match())).toEqual([])
  })

  it('keeps the blank nodes of two documents apart', async () => {
    await kb.load('_:x <http://e/p> 1 .', { format: 'turtle' })
    await kb.load('_:x <http://e/p> 2 .', { format: 'turtle' })
    expect(await kb.query('SELECT DISTINCT ?s { ?s <http://e/p> ?o }').count()).toBe(2)
  })

  it('keeps lexical forms', async () => {
    await kb.load('<a:a> <a:p> 01, 1, 1.0, 1.00, "1"^^<http://www.w3.org/2001/XMLSchema#byte>, true .', {
      format: 'turtle',
    })
    const objects = (await matched(kb.match())).map((each) => each.object.value)
    expect(objects.sort()).toEqual(['01', '1', '1', '1.0', '1.00', 'true'])
  })

  it('answers with terms, and shows plain values to others', async () => {
    await kb.load(TURTLE, { format: 'turtle' })
    const query = kb.query('PREFIX : <http://e/> SELECT ?s ?age { ?s :age ?age } ORDER BY ?age')
    const [first] = await query.rows()
    expect(first?.age?.equals(literal('30', namedNode('http://www.w3.org/2001/XMLSchema#integer')))).toBe(
      true,
    )
    expect(await query.filter(col('age').gt(35)).rows()).toEqual([{ s: 'http://e/b', age: 41 }])
  })

  it('is a relation of plain values under its name', async () => {
    await kb.load('<u:a> <u:p> 1 . <u:g> { <u:a> <u:p> "x" }', { format: 'trig' })
    expect(await store.from('kb').sort('object').rows()).toEqual([
      { subject: 'u:a', predicate: 'u:p', object: 1, graph: null },
      { subject: 'u:a', predicate: 'u:p', object: 'x', graph: 'u:g' },
    ])
  })

  it('takes bindings as values, not as text', async () => {
    await kb.load(TURTLE, { format: 'turtle' })
    const query = 'SELECT ?s { ?s <http://e/name> ?name }'
    const found = (name: RDF.Term) => kb.query(query, { bindings: { name } }).count()
    expect(await found(literal('Ann'))).toBe(1)
    expect(await found(literal('" } #'))).toBe(0)
    const removal = 'DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }'
    expect(await kb.update(removal, { bindings: { s: iri('a') } })).toEqual({ inserted: 0, deleted: 3 })
  })

  it('sees what was written since a query was first run', async () => {
    const query = kb.query('SELECT ?o { <http://e/new> <http://e/p> ?o }')
    expect(await query.count()).toBe(0)
    await kb.update('INSERT DATA { <http://e/new> <http://e/p> 1 }')
    expect(await query.count()).toBe(1)
    await kb.update('INSERT DATA { GRAPH <http://g> { <http://e/new> <http://e/p> 2 } }')
    expect(await query.count()).toBe(1)
    expect(
      await kb.query('SELECT ?o { <http://e/new> <http://e/p> ?o }', { unionDefaultGraph: true }).count(),
    ).toBe(2)
  })

  it('updates as one transaction', async () => {
    await kb.load(TURTLE, { format: 'turtle' })
    const request = 'CLEAR ALL; LOAD <http://e/nowhere>'
    await expect(kb.update(request)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await names()).toEqual(['Ann', 'Bob'])
    const fetch = async () => ({ body: '<http://e/z> <http://e/name> "Zed" .', contentType: 'text/turtle' })
    await kb.update(request, { fetch })
    expect(await names()).toEqual(['Zed'])
  })

  it('takes part in transactions of the store, or not at all', async () => {
    const failing = store.transaction(async (tx) => {
      await tx.rdf('kb').load(TURTLE, { format: 'turtle' })
      expect(await names(tx.rdf('kb'))).toEqual(['Ann', 'Bob'])
      throw new RangeError('enough')
    })
    await expect(failing).rejects.toThrow('enough')
    expect(await names()).toEqual([])
    await kb.update('INSERT DATA { <http://e/x> <http://e/name> "Other" }')
    expect(await names()).toEqual(['Other'])
  })

  // Cause: an empty path led from every value of a bound variable to itself; it does so from nodes only.
  it('has empty paths at nodes, not at predicates', async () => {
    await kb.load('<u:b> <u:p> <u:a> .', { format: 'turtle' })
    expect(await kb.query('SELECT * { ?a <u:p>? ?a . <u:b> ?a ?d }').rows()).toEqual([])
    expect(await kb.query('SELECT * { VALUES ?a { <u:p> } ?a <u:p>* ?b }').rows()).toEqual([])
    expect(await kb.query('SELECT * { <u:b> <u:p> ?a . ?a <u:p>* ?b }').rows()).toHaveLength(1)
  })

  it('describes a node with the blank nodes that it leads to', async () => {
    await kb.load('<a:a> <a:p> [ <a:q> [ <a:r> 1 ] ], <a:b> . <a:b> <a:p> 2 .', { format: 'turtle' })
    expect(await kb.query('DESCRIBE <a:a>').quads()).toHaveLength(4)
  })

  it('writes what it holds', async () => {
    await kb.load(TURTLE, { format: 'turtle', graph: 'http://e/g' })
    await kb.load('<a:a> <a:p> 1 .', { format: 'turtle' })
    expect((await kb.dump({ format: 'nquads' })).trim().split('\n')).toHaveLength(6)
    expect(await kb.dump({ format: 'ntriples' })).toBe(
      '<a:a> <a:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n',
    )
    expect((await kb.dump({ format: 'ntriples', graph: 'http://e/g' })).trim().split('\n')).toHaveLength(5)
  })
})

describe('the RDF/JS store', () => {
  it('matches, imports and removes', async () => {
    const quads = [
      quad(iri('a'), iri('p'), literal('1')),
      quad(iri('a'), iri('q'), literal('2'), iri('g')),
      quad(iri('b'), iri('p'), iri('a')),
    ] as unknown as RDF.Quad[]
    await once(kb.import(Readable.from(quads) as unknown as RDF.Stream), 'end')
    expect(await matched(kb.match(iri('a')))).toHaveLength(2)
    expect(await matched(kb.match(null, iri('p')))).toHaveLength(2)
    expect(await matched(kb.match(null, null, iri('a')))).toHaveLength(1)
    expect(await matched(kb.match(null, null, null, iri('g')))).toHaveLength(1)
    expect(await matched(kb.match(null, null, null, defaultGraph()))).toHaveLength(2)
    expect(await matched(kb.match(iri('nobody')))).toHaveLength(0)
    await kb.remove(quads.slice(2))
    await kb.removeMatches(null, iri('p'))
    expect(await matched(kb.match())).toHaveLength(1)
    await kb.deleteGraph('http://e/g')
    expect(await matched(kb.match())).toHaveLength(0)
  })

  it('gives a dataset of one moment', async () => {
    await kb.load(TURTLE, { format: 'turtle' })
    const dataset = kb.snapshot()
    await kb.update('CLEAR ALL')
    expect(dataset.size).toBe(5)
    expect(dataset.match(iri('a')).size).toBe(3)
    expect(dataset.has(quad(iri('a'), iri('knows'), iri('b')) as unknown as RDF.Quad)).toBe(true)
    expect(dataset.has(quad(iri('b'), iri('knows'), iri('b')) as unknown as RDF.Quad)).toBe(false)
    dataset.close()
    expect(await kb.size()).toBe(0)
  })
})
