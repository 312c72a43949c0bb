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
