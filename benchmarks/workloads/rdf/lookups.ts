import { QueryEngine } from '@comunica/query-sparql-rdfjs'
import { Store as N3Store, Parser } from 'n3'
import { namedNode } from 'oxigraph'
import type { Contender, Workload } from '../../src/workload.ts'
import { loadedOxigraph, openLoaded } from './query-set.ts'
import { SHOP, shopTriples } from './shop-triples.ts'

const TRIPLES = 1_000_000
const LOOKUPS = 500

const POINTS = Array.from(
  { length: 10 },
  (_, at) => `PREFIX v: <${SHOP}>
  SELECT ?price ?vendor { <http://shop.example/offer/${at * 101}> v:price ?price ; v:vendor ?vendor }`,
)

/** Asks ten point queries by text, again and again. */
export const rdfPoints: Workload = {
  name: 'rdf-points',
  title: `point lookups by SPARQL text, repeated (${LOOKUPS})`,
  asked: {
    text: '3 times as fast as Oxigraph',
    reached: (medians) => (medians.get('Oxigraph') as number) >= (medians.get('Sheaf') as number) * 3,
  },
  runs: 7,
  warmups: 2,
  async prepare(folder) {
    const document = shopTriples(TRIPLES)
    const { dataset, close } = await openLoaded(folder, document)
    const oxigraph = loadedOxigraph(document)
    const engine = new QueryEngine()
    const prices = async (ask: (text: string) => Promise<string[]> | string[]) => {
      let found: string[] = []
      for (let at = 0; at < LOOKUPS; at += 1) found = await ask(POINTS[at % POINTS.length] as string)
      return found
    }
    const source = new N3Store(new Parser({ format: 'N-Triples' }).parse(document))
    return [
      {
        engine: 'Sheaf',
        mode: 'durable',
        run: () =>
          prices(async (text) => (await dataset.query(text).rows()).map((row) => row['price']?.value ?? '')),
        close,
      },
      {
        engine: 'Oxigraph',
        run: () =>
          prices((text) =>
            (oxigraph.query(text, {}) as Map<string, { value: string }>[]).map(
              (row) => row.get('price')?.value ?? '',
            ),
          ),
      },
      {
        engine: 'Comunica over N3.js',
        run: () =>
          prices(async (text) => {
            const stream = await engine.queryBindings(text, { sources: [source as never] })
            return (await stream.toArray()).map((row) => row.get('price')?.value ?? '')
          }),
      },
    ] satisfies Contender[]
  },
  figures: (medians) =>
    Object.fromEntries(
      [...medians].map(([name, time]) => [`${name}, each`, `${((time * 1000) / LOOKUPS).toFixed(1)} us`]),
    ),
}

const MATCHES = 2000

/** Matches the quads of a subject and of an object through the RDF/JS interfaces. */
export const rdfMatch: Workload = {
  name: 'rdf-match',
  title: `match() of a subject, and of an object (${MATCHES} each)`,
  asked: {
    text: 'no slower than N3.js',
    reached: (medians) => (medians.get('Sheaf') as number) <= (medians.get('N3.js') as number),
  },
  runs: 7,
  warmups: 2,
  async prepare(folder) {
    const document = shopTriples(TRIPLES)
    const { dataset, close } = await openLoaded(folder, document)
    const snapshot = dataset.snapshot()
    const oxigraph = loadedOxigraph(document)
    const n3 = new N3Store(new Parser({ format: 'N-Triples' }).parse(document))
    const nodes = Array.from({ length: MATCHES }, (_, at) =>
      namedNode(`http://shop.example/product/${at * 3}`),
    )
    const lengths = (
      match: (subject: unknown, object: unknown) => Iterable<{ object: { value: string } }>,
    ) => {
      let total = 0
      for (const node of nodes) {
        for (const quad of match(node, null)) total += quad.object.value.length
        for (const quad of match(null, node)) total += quad.object.value.length
      }
      return total
    }
    return [
      {
        engine: 'Sheaf',
        mode: 'durable',
        run: () =>
          lengths((subject, object) => snapshot.match(subject as never, null, object as never) as never),
        close: () => {
          snapshot.close()
          return close()
        },
      },
      {
        engine: 'N3.js',
        run: () => lengths((subject, object) => n3.match(subject as never, null, object as never) as never),
      },
      {
        engine: 'Oxigraph',
        run: () =>
          lengths((subject, object) => oxigraph.match(subject as never, null, object as never) as never),
      },
    ] satisfies Contender[]
  },
  figures: (medians) =>
    Object.fromEntries(
      [...medians].map(([name, time]) => [`${name}, each`, `${((time * 1000) / MATCHES / 2).toFixed(1)} us`]),
    ),
}
