import { SheafError } from '@sheafdb/core'

/** Names the formats of RDF that can be read or written. */
export type RdfFormat = 'turtle' | 'trig' | 'ntriples' | 'nquads' | 'rdfxml' | 'jsonld'

const NAMES = new Map<string, RdfFormat>([
  ['turtle', 'turtle'],
  ['ttl', 'turtle'],
  ['text/turtle', 'turtle'],
  ['trig', 'trig'],
  ['application/trig', 'trig'],
  ['ntriples', 'ntriples'],
  ['n-triples', 'ntriples'],
  ['nt', 'ntriples'],
  ['application/n-triples', 'ntriples'],
  ['nquads', 'nquads'],
  ['n-quads', 'nquads'],
  ['nq', 'nquads'],
  ['application/n-quads', 'nquads'],
  ['rdfxml', 'rdfxml'],
  ['rdf/xml', 'rdfxml'],
  ['rdf', 'rdfxml'],
  ['xml', 'rdfxml'],
  ['application/rdf+xml', 'rdfxml'],
  ['jsonld', 'jsonld'],
  ['json-ld', 'jsonld'],
  ['application/ld+json', 'jsonld'],
])

/** Finds a format by its media type, short name or file ending. @throws `ARGUMENT` naming those there are */
export function rdfFormat(name: string): RdfFormat {
  const plain = (name.split(';')[0] as string).trim().toLowerCase()
  const format = NAMES.get(plain)
  if (format !== undefined) return format
  throw new SheafError(
    'ARGUMENT',
    `This format is not known. Use turtle, trig, ntriples, nquads, rdfxml or jsonld: ${name}`,
  )
}

/** Finds the format of a file by its ending. @throws `ARGUMENT` */
export function formatOfPath(path: string): RdfFormat {
  return rdfFormat(path.slice(path.lastIndexOf('.') + 1))
}
