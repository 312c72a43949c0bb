import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type * as RDF from '@rdfjs/types'
import { isSheafError, type ModelContext, SheafError } from '@sheafdb/core'
import { formatOfPath, type RdfFormat, rdfFormat } from '../formats/names.ts'
import { readLine, readLines, readQuads } from '../formats/read.ts'
import { fromRdfTerm, NamedNodeTerm } from '../layout/term.ts'
import { TokenSink } from './token-sink.ts'
import { blankPrefix, QuadSink } from './writes.ts'

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

const PROGRESS_QUADS = 65_536

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
    const sink = new QuadSink(transaction, collection)
    const add = (quad: RDF.BaseQuad): void => {
      sink.add(quad, quad.graph.termType === 'DefaultGraph' ? graph : undefined)
      if (sink.taken % PROGRESS_QUADS === 0) checkProgress(sink.taken, options)
    }
    const document = documentOf(source, options)
    if (document === null) {
      for await (const quad of source as AsyncIterable<RDF.Quad>) add(quad)
    } else {
      const prefix = blankPrefix(transaction, collection)
      const { input, format } = document
      const read = { format, baseIri: options.baseIRI, blankPrefix: prefix }
      if (format === 'ntriples' || format === 'nquads') {
        const tokens = new TokenSink(sink, {
          graph: graph === undefined ? null : fromRdfTerm(graph),
          other: (line) => {
            for (const quad of readLine(line, read)) add(quad)
          },
          onBatch: () => checkProgress(sink.taken, options),
        })
        await readLines(input, read, tokens)
        tokens.flush()
      } else await readQuads(input, read, add)
    }
    sink.flush()
    return { read: sink.taken, inserted: sink.inserted }
  })
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

type Document = { readonly input: string | Readable; readonly format: RdfFormat }

const MAX_TEXT_BYTES = 2 ** 28

/** Gives the document of a source; `null` where the source is quads already. */
function documentOf(source: LoadSource, options: LoadOptions): Document | null {
  const format = options.format === undefined ? undefined : rdfFormat(options.format)
  if (typeof source === 'string') return { input: source, format: required(format) }
  if (source instanceof Uint8Array) {
    const input =
      source.length <= MAX_TEXT_BYTES ? new TextDecoder().decode(source) : Readable.from(chunksOf(source))
    return { input, format: required(format) }
  }
  if ('path' in source) return { input: fileStream(source.path), format: format ?? formatOfPath(source.path) }
  if (format === undefined) return null
  return { input: Readable.from(source as AsyncIterable<Uint8Array>), format }
}

function required(format: RdfFormat | undefined): RdfFormat {
  if (format !== undefined) return format
  throw new SheafError('ARGUMENT', 'Say the format of the document: { format: "turtle" }.')
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
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
