import { Readable } from 'node:stream'
import type * as RDF from '@rdfjs/types'
import { isSheafError, SheafError, sourceError } from '@sheafdb/core'
import { Parser } from 'n3'
import { BlankNodeTerm, dataFactory, NamedNodeTerm } from '../layout/term.ts'
import { ByteLineReader, type LineTarget } from './byte-line-reader.ts'
import { readJsonLd } from './json-ld.ts'
import type { RdfFormat } from './names.ts'

/** Says how to read a document. */
export type ReadOptions = {
  readonly format: RdfFormat
  readonly baseIri: string | undefined
  /** Starts the labels of the document's blank nodes, so that they meet no others. */
  readonly blankPrefix: string
}

const MEDIA_TYPES: Readonly<Record<RdfFormat, string>> = {
  turtle: 'text/turtle',
  trig: 'application/trig',
  ntriples: 'application/n-triples',
  nquads: 'application/n-quads',
  rdfxml: 'application/rdf+xml',
  jsonld: 'application/ld+json',
}

const MAX_SHARED_NODES = 2 ** 18

/** Makes a factory whose blank nodes have labels of their own. */
function scopedFactory(prefix: string): typeof dataFactory {
  let count = 0
  let nodes = new Map<string, NamedNodeTerm>()
  return {
    ...dataFactory,
    // One object an IRI: a document names the same ones again and again.
    namedNode: <Iri extends string>(value: Iri) => {
      let node = nodes.get(value)
      if (node === undefined) {
        if (nodes.size >= MAX_SHARED_NODES) nodes = new Map()
        node = new NamedNodeTerm(value)
        nodes.set(value, node)
      }
      return node as unknown as RDF.NamedNode<Iri>
    },
    blankNode: (name) => {
      if (name !== undefined) return new BlankNodeTerm(name)
      count += 1
      // No label of a document starts with a hyphen.
      return new BlankNodeTerm(`${prefix}-${count}`)
    },
  }
}

/**
 * Reads the quads of a document and hands each on as it is found.
 *
 * @throws `SYNTAX` where the document does not follow its format; whatever `onQuad` throws
 */
export function readQuads(
  source: string | Readable,
  options: ReadOptions,
  onQuad: (quad: RDF.Quad) => void,
): Promise<void> {
  if (options.format === 'jsonld') return readJson(source, options, onQuad)
  return options.format === 'rdfxml' ? readXml(source, options, onQuad) : readText(source, options, onQuad)
}

/** Reads JSON-LD, which has to be there whole. */
async function readJson(
  source: string | Readable,
  options: ReadOptions,
  onQuad: (quad: RDF.Quad) => void,
): Promise<void> {
  let text = typeof source === 'string' ? source : ''
  if (typeof source !== 'string') {
    const decoder = new TextDecoder()
    for await (const chunk of source)
      text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
  }
  for (const quad of await readJsonLd(text, options)) onQuad(quad as unknown as RDF.Quad)
}

function readText(
  source: string | Readable,
  { format, baseIri, blankPrefix }: ReadOptions,
  onQuad: (quad: RDF.Quad) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const parser = new Parser({
      format: MEDIA_TYPES[format],
      factory: scopedFactory(blankPrefix),
      blankNodePrefix: blankPrefix,
      ...(baseIri === undefined ? {} : { baseIRI: baseIri }),
    })
    let failed = false
    const fail = (error: unknown): void => {
      failed = true
      if (source instanceof Readable) source.destroy()
      reject(error)
    }
    parser.parse(source, (error, quad) => {
      if (failed) return
      if (error !== null && error !== undefined) fail(textError(error, source))
      else if (quad === null || quad === undefined) resolve()
      else
        try {
          onQuad(quad)
        } catch (thrown) {
          fail(thrown)
        }
    })
  })
}

const CHUNK_UNITS = 2 ** 20

/** Hands the lines of N-Triples or N-Quads to a target, as tokens where they are of the plain form. */
export async function readLines(
  source: string | Uint8Array | Readable,
  { format }: ReadOptions,
  target: LineTarget & { readonly checkpoint: () => void },
): Promise<void> {
  const reader = new ByteLineReader(target, { allowsGraph: format === 'nquads' })
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunksOf(source)) {
    const bytes: Uint8Array = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(NEWLINE) + 1
    reader.read(bytes.subarray(0, end))
    target.checkpoint()
    rest = bytes.slice(end)
  }
  if (rest.length > 0) reader.read(Buffer.concat([rest, Uint8Array.of(NEWLINE)]))
}

const NEWLINE = 0x0a

/** Gives a document in pieces of bytes; text is cut between characters. */
function* textChunks(text: string): Generator<Uint8Array> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + CHUNK_UNITS)
    const last = text.charCodeAt(end - 1)
    if (end < text.length && last >= 0xd800 && last < 0xdc00) end += 1
    yield Buffer.from(text.slice(start, end), 'utf8')
    start = end
  }
}

async function* chunksOf(source: string | Uint8Array | Readable): AsyncGenerator<Uint8Array> {
  if (typeof source === 'string') yield* textChunks(source)
  else if (source instanceof Uint8Array) {
    for (let start = 0; start < source.length; start += CHUNK_UNITS)
      yield source.subarray(start, Math.min(source.length, start + CHUNK_UNITS))
  } else {
    for await (const chunk of source)
      yield typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : (chunk as Uint8Array)
  }
}

/** Reads one line of N-Triples or N-Quads of any form. @throws `SYNTAX` */
export function readLine(line: string, { format, blankPrefix }: ReadOptions): RDF.Quad[] {
  const parser = new Parser({
    format: MEDIA_TYPES[format],
    factory: scopedFactory(blankPrefix),
    blankNodePrefix: blankPrefix,
  })
  try {
    return parser.parse(line)
  } catch (error) {
    throw textError(error as Error, line)
  }
}

/** Gives an error of the reader its place. */
function textError(error: Error, source: string | Readable): SheafError {
  if (isSheafError(error)) return error
  const context = (error as Error & { readonly context?: { readonly line?: number } }).context
  const message = `The document does not follow its format. Correct it: ${error.message}`
  if (typeof source !== 'string' || context?.line === undefined)
    return new SheafError('SYNTAX', message, { cause: error })
  let offset = 0
  for (let line = 1; line < context.line; line += 1) {
    const next = source.indexOf('\n', offset)
    if (next === -1) break
    offset = next + 1
  }
  return sourceError('SYNTAX', message, { text: source, offset })
}

async function readXml(
  source: string | Readable,
  { baseIri, blankPrefix }: ReadOptions,
  onQuad: (quad: RDF.Quad) => void,
): Promise<void> {
  const blanks = new Map<string, RDF.BlankNode>()
  const factory = {
    ...scopedFactory(blankPrefix),
    blankNode: (name?: string) => {
      const label = name === undefined ? `a${blanks.size}` : `n${name}`
      const node = blanks.get(label) ?? new BlankNodeTerm(`${blankPrefix}${label}`)
      blanks.set(label, node)
      return node
    },
  }
  const { RdfXmlParser } = await import('rdfxml-streaming-parser')
  const parser = new RdfXmlParser({
    dataFactory: factory as never,
    ...(baseIri === undefined ? {} : { baseIRI: baseIri }),
    validateUri: false,
  })
  return new Promise((resolve, reject) => {
    parser.on('data', (quad: RDF.Quad) => {
      try {
        onQuad(quad)
      } catch (thrown) {
        parser.destroy()
        reject(thrown)
      }
    })
    parser.on('error', (error: Error) =>
      reject(
        new SheafError('SYNTAX', `The document is not RDF/XML. Correct it: ${error.message}`, {
          cause: error,
        }),
      ),
    )
    parser.on('end', () => resolve())
    const input = typeof source === 'string' ? Readable.from([source]) : source
    input.on('error', reject)
    input.pipe(parser as never)
  })
}
