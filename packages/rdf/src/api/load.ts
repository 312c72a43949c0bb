import { isUtf8 } from 'node:buffer'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import type * as RDF from '@rdfjs/types'
import { isSheafError, type ModelContext, SheafError } from '@sheafdb/core'
import type { LineTarget } from '../formats/byte-line-reader.ts'
import { formatOfPath, type RdfFormat, rdfFormat } from '../formats/names.ts'
import { type ReadOptions, readLine, readLines, readQuads } from '../formats/read.ts'
import { TurtleReader } from '../formats/turtle-reader.ts'
import { NamedNodeTerm } from '../layout/term.ts'
import { BulkSink } from './bulk-sink.ts'
import { blankPrefix } from './writes.ts'

/** Is what can be loaded: text, a file, bytes, a stream of either, or quads of any RDF/JS library. */
export type LoadSource =
  | string
  | { readonly path: string }
  | Uint8Array
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string | RDF.Quad>
  | Iterable<RDF.Quad>

/** Says how a source is to be read. */
export type LoadOptions = {
  /** A media type or its short name; for a file its ending says it where this does not. */
  readonly format?: string
  /** The IRI against which relative IRIs resolve. */
  readonly baseIRI?: string
  /** The graph that triples without one of their own go to. */
  readonly graph?: string | RDF.NamedNode
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly done: number }) => void
}

/** Tells what a load did. */
export type LoadResult = {
  /** Counts the quads that were read. */
  readonly read: number
  /** Counts those of them that the dataset did not hold. */
  readonly inserted: number
}

/** Reads a source into a dataset, in one transaction. @throws `SYNTAX`, `IO`, `ARGUMENT`, `ABORTED` */
export async function load(
  context: ModelContext,
  collection: string,
  request: { readonly source: LoadSource; readonly options: LoadOptions },
): Promise<LoadResult> {
  const { source, options } = request
  const graph = typeof options.graph === 'string' ? new NamedNodeTerm(options.graph) : options.graph
  let used = false
  return context.write(async (transaction) => {
    // A transaction that met a conflict runs again, but a stream can be read once.
    if (used && !isRepeatable(source)) {
      throw new SheafError('CONFLICT', 'Another writer changed the dataset meanwhile. Load the stream again.')
    }
    used = true
    const prefix = blankPrefix(transaction, collection)
    const sink = new BulkSink(transaction, collection, {
      blankPrefix: prefix,
      graph,
      onProgress: (done) => checkProgress(done, options),
    })
    const document = documentOf(source, options)
    if (document === null) {
      for await (const quad of source as AsyncIterable<RDF.Quad>) sink.add(quad)
    } else {
      const { input, format } = document
      const read = { format, baseIri: options.baseIRI, blankPrefix: prefix }
      if (format === 'ntriples' || format === 'nquads') await readLines(input, read, lineTarget(sink, read))
      else if (format === 'turtle' && !(input instanceof Readable)) await loadTurtle(input, read, sink)
      else
        await readQuads(input instanceof Uint8Array ? textOf(input) : input, read, (quad) => sink.add(quad))
    }
    sink.flush()
    return { read: sink.taken, inserted: sink.inserted }
  })
}

/** Reads Turtle: its plain part by its bytes, the rest, from the first statement of another form on, in full. */
async function loadTurtle(input: string | Uint8Array, read: ReadOptions, sink: BulkSink): Promise<void> {
  const bytes = typeof input === 'string' ? Buffer.from(input, 'utf8') : input
  const whole = () => (typeof input === 'string' ? input : textOf(bytes))
  const { terms, defaultGraph } = sink
  const quad = sink.quad.bind(sink)
  const isPlain = bytes.length <= MAX_PLAIN_BYTES && isUtf8(bytes)
  const rest = isPlain
    ? new TurtleReader({ terms, defaultGraph, quad }).read(bytes)
    : { offset: 0, prefixes: NO_PREFIXES }
  if (rest === null) return
  // One line, so that errors keep the numbers of theirs.
  const prologue = [...rest.prefixes].map(([name, iri]) => `@prefix ${name}: <${iri}> . `).join('')
  const text = rest.offset === 0 ? whole() : prologue + new TextDecoder().decode(bytes.subarray(rest.offset))
  try {
    await readQuads(text, read, (found) => sink.add(found))
  } catch (error) {
    // The place of an error is that in the whole document.
    if (rest.offset > 0 && isSheafError(error, 'SYNTAX')) await readQuads(whole(), read, () => undefined)
    throw error
  }
}

const MAX_PLAIN_BYTES = 2 ** 30
const NO_PREFIXES: ReadonlyMap<string, string> = new Map()

/** Makes what takes the lines of N-Triples and N-Quads; those that are not plain go through the full parser. */
function lineTarget(sink: BulkSink, read: ReadOptions): LineTarget & { readonly checkpoint: () => void } {
  return {
    terms: sink.terms,
    quad: (subject, predicate, object, graph) => sink.quad(subject, predicate, object, graph),
    other: (line) => {
      for (const quad of readLine(line, read)) sink.add(quad)
    },
    get defaultGraph() {
      return sink.defaultGraph
    },
    checkpoint: () => sink.checkpoint(),
  }
}

function checkProgress(done: number, options: LoadOptions): void {
  options.onProgress?.({ done })
  if (options.signal?.aborted === true) throw new SheafError('ABORTED', 'The load was aborted.')
}

function isRepeatable(source: LoadSource): boolean {
  return (
    typeof source === 'string' ||
    source instanceof Uint8Array ||
    'path' in source ||
    Symbol.iterator in source
  )
}

type Document = { readonly input: string | Uint8Array | Readable; readonly format: RdfFormat }

const MAX_TEXT_BYTES = 2 ** 28

/** Gives the document of a source; `null` where the source is quads already. */
function documentOf(source: LoadSource, options: LoadOptions): Document | null {
  const format = options.format === undefined ? undefined : rdfFormat(options.format)
  if (typeof source === 'string') return { input: source, format: required(format) }
  if (source instanceof Uint8Array) return { input: source, format: required(format) }
  if ('path' in source) return fileDocument(source.path, format ?? formatOfPath(source.path))
  if (format === undefined) return null
  return { input: Readable.from(source as AsyncIterable<Uint8Array>), format }
}

/** Turtle is read whole, which is faster, where the file is not too large; all else is streamed. */
function fileDocument(path: string, format: RdfFormat): Document {
  if (format !== 'turtle') return { input: fileStream(path), format }
  try {
    return { input: statSync(path).size <= MAX_TEXT_BYTES ? readFileSync(path) : fileStream(path), format }
  } catch (error) {
    throw new SheafError('IO', `The file could not be read. Check its path: ${path}`, { cause: error, path })
  }
}

function required(format: RdfFormat | undefined): RdfFormat {
  if (format !== undefined) return format
  throw new SheafError('ARGUMENT', 'Say the format of the document: { format: "turtle" }.')
}

/** Gives bytes as text, or where they are too many as a stream of parts. */
function textOf(bytes: Uint8Array): string | Readable {
  return bytes.length <= MAX_TEXT_BYTES ? new TextDecoder().decode(bytes) : Readable.from(partsOf(bytes))
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  const size = 2 ** 20
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function fileStream(path: string): Readable {
  const stream = createReadStream(path, { highWaterMark: 2 ** 20 })
  return Readable.from(withIoErrors(stream, path))
}

async function* withIoErrors(stream: AsyncIterable<unknown>, path: string): AsyncGenerator<unknown> {
  try {
    yield* stream
  } catch (error) {
    if (isSheafError(error)) throw error
    throw new SheafError('IO', `The file could not be read. Check its path: ${path}`, { cause: error, path })
  }
}
