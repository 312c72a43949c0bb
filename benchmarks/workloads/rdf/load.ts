import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '@sheafdb/core'
import { rdf } from '@sheafdb/rdf'
import { Store as N3Store, Parser } from 'n3'
import type { Contender, Workload } from '../../src/workload.ts'
import { loadedOxigraph } from './query-set.ts'
import { shopTriples } from './shop-triples.ts'

const TRIPLES = 1_000_000

function loadWorkload(set: {
  readonly name: string
  readonly title: string
  readonly asked: number
  readonly format: 'nt' | 'turtle'
  readonly document: () => string
}): Workload {
  return {
    name: set.name,
    title: set.title,
    asked: {
      text: `${set.asked} times as fast as Oxigraph, into a durable store`,
      reached: (medians) =>
        (medians.get('Oxigraph') as number) >= (medians.get('Sheaf') as number) * set.asked,
    },
    runs: 3,
    warmups: 1,
    prepare(folder) {
      const document = set.document()
      let run = 0
      const mediaType = set.format === 'nt' ? 'application/n-triples' : 'text/turtle'
      const contenders: Contender[] = [
        {
          engine: 'Sheaf',
          mode: 'durable, fsync at the commit',
          async run() {
            run += 1
            const path = join(folder, `load${run}.sheaf`)
            const store = await openStore(path, { models: [rdf()] })
            const { inserted } = await store.rdf('kb').load(document, { format: set.format })
            await store.close()
            await rm(path, { recursive: true })
            return inserted
          },
        },
        { engine: 'Oxigraph', mode: 'memory', run: () => loadedOxigraph(document, mediaType).size },
        {
          engine: 'N3.js',
          mode: 'memory',
          run: () => new N3Store(new Parser({ format: mediaType }).parse(document)).size,
        },
      ]
      return Promise.resolve(contenders)
    },
    figures: (medians) => ({
      'triples a second': `${Math.round(TRIPLES / (medians.get('Sheaf') as number))} K`,
    }),
  }
}

/** Loads a million N-Triples. */
export const rdfLoadLines: Workload = loadWorkload({
  name: 'rdf-load-ntriples',
  title: 'load of 1 M N-Triples, in the manner of BSBM',
  asked: 1.7,
  format: 'nt',
  document: () => shopTriples(TRIPLES),
})

/** Loads a million triples of Turtle. */
export const rdfLoadTurtle: Workload = loadWorkload({
  name: 'rdf-load-turtle',
  title: 'load of 1 M triples of Turtle, in the manner of BSBM',
  asked: 1.2,
  format: 'turtle',
  document: () => turtleOf(shopTriples(TRIPLES)),
})

const PREFIXES: readonly (readonly [string, string])[] = [
  ['v', 'http://shop.example/vocabulary/'],
  ['xsd', 'http://www.w3.org/2001/XMLSchema#'],
  ['rdf', 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'],
  ['rdfs', 'http://www.w3.org/2000/01/rdf-schema#'],
  ...['producer', 'vendor', 'person', 'country', 'product', 'type', 'feature', 'offer', 'review'].map(
    (kind): [string, string] => [kind, `http://shop.example/${kind}/`],
  ),
]

/** Writes N-Triples as people write Turtle: prefixes, and the triples of a subject together. */
function turtleOf(lines: string): string {
  const short = (iri: string): string => {
    for (const [prefix, start] of PREFIXES) {
      const rest = iri.startsWith(start) ? iri.slice(start.length) : ''
      if (/^\w+$/.test(rest)) return `${prefix}:${rest}`
    }
    return `<${iri}>`
  }
  const shorter = (term: string) => term.replace(/<([^>]*)>$/, (_, iri: string) => short(iri))
  const out = PREFIXES.map(([prefix, start]) => `@prefix ${prefix}: <${start}> .`)
  let last = ''
  for (const line of lines.split('\n')) {
    const [, subject = '', predicate = '', object = ''] = /^(\S+) (\S+) (.*) \.$/.exec(line) ?? []
    if (subject === '') continue
    const shortObject = object
      .replace(/^"(-?\d+)"\^\^<http:\/\/www\.w3\.org\/2001\/XMLSchema#integer>$/, '$1')
      .replace(/^"(-?\d+\.\d+)"\^\^<http:\/\/www\.w3\.org\/2001\/XMLSchema#decimal>$/, '$1')
    const verb = predicate.endsWith('#type>') ? 'a' : shorter(predicate)
    const rest = `${verb} ${shorter(shortObject)}`
    if (subject === last) out[out.length - 1] += ` ;\n  ${rest}`
    else {
      if (last !== '') out[out.length - 1] += ' .'
      out.push(`${shorter(subject)} ${rest}`)
    }
    last = subject
  }
  out[out.length - 1] += ' .'
  return `${out.join('\n')}\n`
}

/** Opens a store of a million triples again and asks a first question; tells its size on disk. */
export const rdfReopen: Workload = {
  name: 'rdf-reopen',
  title: 'reopen of 1 M triples to the first answer (a join with a filter)',
  asked: { text: '100 ms', reached: (medians) => (medians.get('Sheaf') as number) <= 100 },
  runs: 7,
  warmups: 1,
  async prepare(folder) {
    const path = join(folder, 'reopen.sheaf')
    const document = shopTriples(TRIPLES)
    const store = await openStore(path, { models: [rdf()] })
    const { inserted } = await store.rdf('kb').load(document, { format: 'nt' })
    await store.close()
    size = { path, triples: inserted, documentBytes: document.length }
    return [
      {
        engine: 'Sheaf',
        async run() {
          const opened = await openStore(path, { models: [rdf()] })
          const rows = await opened.rdf('kb').query(FIRST_QUESTION).rows()
          await opened.close()
          return rows.length
        },
      },
    ]
  },
  async figures() {
    const bytes = await folderBytes(size.path)
    return {
      'bytes per triple on disk, terms included': (bytes / size.triples).toFixed(1),
      'bytes per triple of the N-Triples': (size.documentBytes / size.triples).toFixed(1),
    }
  },
}

/** Opens a store of a million triples again, asks questions that need all of its indexes, and tells what it then holds. */
export const rdfMemory: Workload = {
  name: 'rdf-memory',
  title: 'memory of 1 M triples after questions that build every index and decode 10 K terms',
  asked: { text: 'under 80 bytes per triple', reached: () => memory.bytes / memory.triples < 80 },
  runs: 1,
  warmups: 0,
  async prepare(folder) {
    const path = join(folder, 'memory.sheaf')
    let triples = 0
    {
      const store = await openStore(path, { models: [rdf()] })
      triples = (await store.rdf('kb').load(shopTriples(TRIPLES), { format: 'nt' })).inserted
      await store.close()
    }
    return [
      {
        engine: 'Sheaf',
        async run() {
          const before = heldBytes()
          const store = await openStore(path, { models: [rdf()] })
          let count = 0
          for (const question of INDEX_QUESTIONS)
            count += (await store.rdf('kb').query(question).rows()).length
          memory = { triples, bytes: heldBytes() - before }
          await store.close()
          return count
        },
      },
    ]
  },
  figures: () => ({ 'bytes per triple in memory': (memory.bytes / memory.triples).toFixed(1) }),
}

let memory = { triples: 1, bytes: 0 }

const INDEX_QUESTIONS = [
  // Every predicate, both ways; then the edges whatever their predicate, both ways.
  'SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p',
  ...['reviewFor', 'product', 'feature', 'producer', 'reviewer', 'vendor', 'country', 'price', 'title'].map(
    (name) => `PREFIX v: <http://shop.example/vocabulary/>
      SELECT (COUNT(*) AS ?n) { ?a v:${name} ?b . ?b v:${name}* ?c . ?d v:${name} ?b }`,
  ),
  'SELECT ?p ?o { <http://shop.example/product/5> ?p ?o }',
  'SELECT ?s ?p { ?s ?p <http://shop.example/product/5> }',
  'SELECT ?s ?o { ?s <http://shop.example/vocabulary/title> ?o } LIMIT 5000',
]

/** Counts the bytes of objects and buffers that are held. */
function heldBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + Math.max(external, arrayBuffers)
}

let size = { path: '', triples: 0, documentBytes: 0 }

const FIRST_QUESTION = `PREFIX v: <http://shop.example/vocabulary/>
  SELECT ?offer ?price { ?offer v:product <http://shop.example/product/77> ; v:price ?price FILTER(?price > 10) }`

async function folderBytes(path: string): Promise<number> {
  const { readdir } = await import('node:fs/promises')
  let bytes = 0
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  return bytes
}
