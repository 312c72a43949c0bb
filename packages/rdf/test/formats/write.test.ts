import { openStore } from '@sheafdb/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataFactory, type RdfDataset, rdf } from '../../src/index.ts'

const { namedNode, blankNode, literal, quad } = dataFactory

async function withDatasets(work: (from: RdfDataset, to: RdfDataset) => Promise<void>): Promise<void> {
  const store = await openStore(':memory:', { models: [rdf()] })
  try {
    await work(store.rdf('from'), store.rdf('to'))
  } finally {
    await store.close()
  }
}

const iri = fc.constantFrom('a', 'b', 'c-d', 'ö', 'p1').map((name) => namedNode(`http://e/v#${name}`))
const text = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((value) => !/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(value))
const object = fc.oneof(
  iri,
  fc.constantFrom('x', '1y', 'z_w').map((label) => blankNode(label)),
  fc
    .tuple(text, fc.constantFrom('\n', '\t', '"', '\\', '<&>', ''))
    .map(([start, end]) => literal(start + end)),
  text.map((value) => literal(value, 'en-gb')),
  fc.integer().map((value) => literal(String(value), namedNode('http://www.w3.org/2001/XMLSchema#integer'))),
  text.map((value) => literal(value, namedNode('http://e/type'))),
)
const quads = fc.array(
  fc.tuple(fc.oneof(iri, fc.constant(blankNode('x'))), iri, object).map(([s, p, o]) => quad(s, p, o)),
  { maxLength: 12 },
)

describe('what is written', () => {
  it.each(['turtle', 'trig', 'ntriples', 'nquads', 'rdfxml', 'jsonld'])(
    'is read again: %s',
    async (format) => {
      await fc.assert(
        fc.asyncProperty(quads, (data) =>
          withDatasets(async (from, to) => {
            await from.load(data as never)
            await to.load(await from.dump({ format }), { format })
            expect(await to.canonicalize()).toBe(await from.canonicalize())
          }),
        ),
        { numRuns: 25 },
      )
    },
  )

  it.each(['turtle', 'ntriples', 'rdfxml'])('keeps triple terms and directions: %s', async (format) => {
    await withDatasets(async (from, to) => {
      const lines =
        '<http://e/s> <http://e/says> <<( <http://e/a> <http://e/b> "c" )>> .\n<http://e/s> <http://e/t> "x"@ar--rtl .\n'
      await from.load(lines, { format: 'nt' })
      await to.load(await from.dump({ format }), { format })
      expect((await to.dump({ format: 'nt' })).split('\n').sort()).toEqual(lines.split('\n').sort())
    })
  })

  it('names what RDF/XML cannot write', async () => {
    await withDatasets(async (from) => {
      await from.load('<http://e/s> <http://e/1> "x" .', { format: 'nt' })
      await expect(from.dump({ format: 'rdfxml' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    })
  })

  it('has prefixes where they are given, and comes in parts', async () => {
    await withDatasets(async (from) => {
      await from.load('<http://e/s> <http://e/p> <http://e/o> .', { format: 'nt' })
      expect(await from.dump({ format: 'turtle', prefixes: { e: 'http://e/' } })).toContain('e:s e:p e:o')
      const seen: number[] = []
      const parts: string[] = []
      const onProgress = ({ done }: { done: number }) => seen.push(done)
      for await (const part of from.dumpStream({ format: 'nt', onProgress })) parts.push(part)
      expect([parts.join(''), seen]).toEqual(['<http://e/s> <http://e/p> <http://e/o> .\n', [1]])
    })
  })
})

describe('the canonical form', () => {
  it('is the same however blank nodes are named', async () => {
    await withDatasets(async (from, to) => {
      await from.load('_:a <http://e/p> _:b . _:b <http://e/p> _:a . _:b <http://e/q> "x" .', {
        format: 'turtle',
      })
      await to.load('_:z <http://e/q> "x" ; <http://e/p> [ <http://e/p> _:z ] .', { format: 'turtle' })
      expect(await from.isIsomorphicTo(to)).toBe(true)
      await to.load('_:k <http://e/p> _:l .', { format: 'turtle' })
      expect(await from.isIsomorphicTo(to)).toBe(false)
    })
  })

  it('does not cover triple terms', async () => {
    await withDatasets(async (from) => {
      await from.load('<http://e/s> <http://e/p> <<( <http://e/a> <http://e/b> "c" )>> .', { format: 'nt' })
      await expect(from.canonicalize()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    })
  })
})

describe('labels of blank nodes', () => {
  it('that a document gives do not meet those that are made for it', async () => {
    await withDatasets(async (from) => {
      await from.load('_:a1 <http://e/p> [] . _:a2 <http://e/p> _:a1 .', { format: 'turtle' })
      expect(await from.query('SELECT DISTINCT ?n { { ?n ?p ?o } UNION { ?s ?p ?n } }').count()).toBe(3)
    })
  })
})
