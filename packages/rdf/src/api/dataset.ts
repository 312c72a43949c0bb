import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import type * as RDF from '@rdfjs/types'
import { type ModelContext, SheafError } from '@sheafdb/core'
import { canonicalQuads } from '../formats/canonical.ts'
import { hasGraphs, type WriteOptions, writeParts } from '../formats/write.ts'
import { Dictionary } from '../layout/dictionary.ts'
import { deleteMatching } from '../layout/quads.ts'
import { MODEL_NAME } from '../layout/tables.ts'
import { DEFAULT_GRAPH, NamedNodeTerm, QuadTerm } from '../layout/term.ts'
import { type EntailOptions, type EntailResult, entail } from './entail.ts'
import { type LoadOptions, type LoadResult, type LoadSource, load } from './load.ts'
import { matchTerms, patternIds, type TermPattern } from './match.ts'
import type { PlanCache } from './plan-cache.ts'
import { makeQuery, type SparqlOptions, type SparqlQuery } from './query.ts'
import { runUpdate, type UpdateOptions, type UpdateResult } from './update.ts'
import { QuadSink, removeQuads } from './writes.ts'

/** Is a running write of the RDF/JS Store interface: it emits `end` or `error`, and can be awaited. */
export type StoreEvents = EventEmitter & PromiseLike<void>

type MaybeTerm = RDF.Term | null | undefined

/** Is an RDF dataset: what the user holds as `store.rdf('kb')`. It is an RDF/JS Source, Sink and Store. */
export class RdfDataset {
  readonly #context: ModelContext
  readonly #cache: PlanCache
  /** The dataset's name in the store. */
  readonly name: string

  constructor(context: ModelContext, name: string, cache: PlanCache) {
    this.#context = context
    this.name = name
    this.#cache = cache
  }

  /**
   * Makes a query of SPARQL text. It runs when its rows are asked for; `boolean()` answers an ASK, `quads()` gives
   * what a CONSTRUCT or DESCRIBE makes.
   *
   * @throws `SYNTAX` with the position
   * @example await store.rdf('kb').query('SELECT ?s { ?s a <http://schema.org/Person> }').rows()
   */
  query(sparql: string, options: SparqlOptions = {}): SparqlQuery {
    return makeQuery(this.#context, this.#cache, { collection: this.name, text: sparql, options })
  }

  /** Runs an update request as one transaction. @throws `SYNTAX`, `NOT_FOUND`, `UNSUPPORTED` */
  async update(sparql: string, options: UpdateOptions = {}): Promise<UpdateResult> {
    return runUpdate(this.#context, this.name, { text: sparql, options })
  }

  /** Reads a document (text, `{ path }`, bytes or a stream) or quads into the dataset, as one transaction. */
  async load(source: LoadSource, options: LoadOptions = {}): Promise<LoadResult> {
    return load(this.#context, this.name, { source, options })
  }

  /** Writes the dataset, or one of its graphs, as text. Formats of triples need a graph or write the default graph. */
  async dump(options: DumpOptions): Promise<string> {
    const parts: string[] = []
    for await (const part of this.dumpStream(options)) parts.push(part)
    return parts.join('')
  }

  /** Writes the dataset, or one of its graphs, part by part. @throws `ARGUMENT`, `UNSUPPORTED`, `ABORTED` */
  async *dumpStream(options: DumpOptions): AsyncGenerator<string> {
    const graph = typeof options.graph === 'string' ? new NamedNodeTerm(options.graph) : options.graph
    const wanted = graph ?? (hasGraphs(options.format) ? null : DEFAULT_GRAPH)
    const quads = watched(this.#matches([null, null, null, wanted]), options)
    yield* writeParts(graph === undefined ? quads : inDefaultGraph(quads), options.format, options)
  }

  /**
   * Writes the dataset, or one of its graphs, in its canonical form (RDFC-1.0): the same text for the same dataset,
   * however its blank nodes are named. @throws `UNSUPPORTED`, `LIMIT`
   */
  async canonicalize(
    options: { readonly graph?: string | RDF.NamedNode; readonly signal?: AbortSignal } = {},
  ): Promise<string> {
    const graph = typeof options.graph === 'string' ? new NamedNodeTerm(options.graph) : options.graph
    const quads = this.#matches([null, null, null, graph ?? null])
    return canonicalQuads(graph === undefined ? quads : inDefaultGraph(quads), options.signal)
  }

  /** Tells whether this dataset and another are the same but for the names of their blank nodes. */
  async isIsomorphicTo(other: RdfDataset): Promise<boolean> {
    const [own, others] = await Promise.all([this.canonicalize(), other.canonicalize()])
    return own === others
  }

  /** Adds what follows from the dataset by the rules of RDFS, or of a part of OWL RL, round after round. */
  async entail(options: EntailOptions = {}): Promise<EntailResult> {
    return entail(this.#context, this.name, options)
  }

  /** Gives the quads of a pattern as a stream of RDF/JS; `null` and variables match anything. */
  match(
    subject?: MaybeTerm,
    predicate?: MaybeTerm,
    object?: MaybeTerm,
    graph?: MaybeTerm,
  ): RDF.Stream & Readable {
    const matches = this.#matches([subject, predicate, object, graph])
    return Readable.from(matches, { objectMode: true }) as unknown as RDF.Stream & Readable
  }

  *#matches(pattern: TermPattern): Generator<RDF.Quad> {
    const snapshot = this.#context.snapshot()
    try {
      yield* matchTerms(snapshot, this.name, pattern)
    } finally {
      snapshot.close()
    }
  }

  /** Adds the quads of a stream, as one transaction. */
  import(stream: RDF.Stream | AsyncIterable<RDF.Quad> | Iterable<RDF.Quad>): StoreEvents {
    return runAsEvents(async () => {
      const quads = await allQuads(stream)
      await this.#context.write((transaction) => {
        const sink = new QuadSink(transaction, this.name)
        for (const quad of quads) sink.add(quad)
        sink.flush()
      })
    })
  }

  /** Deletes the quads of a stream, as one transaction. */
  remove(stream: RDF.Stream | AsyncIterable<RDF.Quad> | Iterable<RDF.Quad>): StoreEvents {
    return runAsEvents(async () => {
      const quads = await allQuads(stream)
      await this.#context.write((transaction) => removeQuads(transaction, this.name, quads))
    })
  }

  /** Deletes the quads of a pattern; `null` and variables match anything. */
  removeMatches(
    subject?: MaybeTerm,
    predicate?: MaybeTerm,
    object?: MaybeTerm,
    graph?: MaybeTerm,
  ): StoreEvents {
    return runAsEvents(async () => {
      await this.#context.write((transaction) => {
        if (transaction.snapshot.catalog.collection(MODEL_NAME, this.name) === undefined) return
        const dictionary = Dictionary.open(transaction.snapshot, this.name)
        const pattern = patternIds([subject, predicate, object, graph], dictionary)
        if (pattern !== null) deleteMatching(transaction, this.name, pattern)
      })
    })
  }

  /** Deletes a graph, named by its term or IRI; an empty text means the default graph. */
  deleteGraph(graph: RDF.Quad_Graph | string): StoreEvents {
    const term = typeof graph !== 'string' ? graph : graph === '' ? DEFAULT_GRAPH : new NamedNodeTerm(graph)
    return this.removeMatches(null, null, null, term)
  }

  /** Gives a read-only RDF/JS dataset of what is there now. Close it when it is no longer needed. */
  snapshot(): DatasetSnapshot {
    return new DatasetSnapshot(this.#context, this.name)
  }

  /** Counts the quads. */
  async size(): Promise<number> {
    const snapshot = this.snapshot()
    try {
      return snapshot.size
    } finally {
      snapshot.close()
    }
  }
}

/** Says how to write a dataset. */
export type DumpOptions = WriteOptions & {
  /** A media type or its short name. */
  readonly format: string
  readonly graph?: string | RDF.NamedNode
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly done: number }) => void
}

function* inDefaultGraph(quads: Iterable<RDF.Quad>): Generator<RDF.Quad> {
  for (const { subject, predicate, object } of quads)
    yield new QuadTerm(subject, predicate, object) as unknown as RDF.Quad
}

const PROGRESS_QUADS = 65_536

/** Tells of progress while quads are written, and stops where asked to. */
function* watched(quads: Iterable<RDF.Quad>, options: DumpOptions): Generator<RDF.Quad> {
  let done = 0
  for (const quad of quads) {
    yield quad
    done += 1
    if (done % PROGRESS_QUADS !== 0) continue
    options.onProgress?.({ done })
    if (options.signal?.aborted === true) throw new SheafError('ABORTED', 'The dump was aborted.')
  }
  options.onProgress?.({ done })
}

async function allQuads(
  stream: RDF.Stream | AsyncIterable<RDF.Quad> | Iterable<RDF.Quad>,
): Promise<RDF.Quad[]> {
  const quads: RDF.Quad[] = []
  if (Symbol.asyncIterator in stream || Symbol.iterator in stream) {
    for await (const quad of stream as AsyncIterable<RDF.Quad>) quads.push(quad)
    return quads
  }
  return new Promise((resolve, reject) => {
    stream.on('data', (quad: RDF.Quad) => quads.push(quad))
    stream.on('error', reject)
    stream.on('end', () => resolve(quads))
  })
}

/** Runs work and tells its end by an event, as RDF/JS asks, and by a promise. */
function runAsEvents(work: () => Promise<void>): StoreEvents {
  const events = new EventEmitter()
  const done = work()
  done.then(
    () => events.emit('end'),
    (error: unknown) => {
      if (events.listenerCount('error') > 0) events.emit('error', error)
    },
  )
  return Object.assign(events, {
    // biome-ignore lint/suspicious/noThenProperty: awaiting the events waits for the write.
    then: <Ok, Failed>(
      resolve?: ((value: undefined) => Ok | PromiseLike<Ok>) | null,
      reject?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
    ) => done.then(resolve as never, reject) as PromiseLike<Ok | Failed>,
  }) as unknown as StoreEvents
}

/** Is a dataset as it was at one commit, as an RDF/JS DatasetCore that cannot be written to. */
export class DatasetSnapshot {
  readonly #snapshot: ReturnType<ModelContext['snapshot']>
  readonly #name: string
  readonly #pattern: TermPattern

  constructor(
    context: ModelContext | ReturnType<ModelContext['snapshot']>,
    name: string,
    pattern: TermPattern = [],
  ) {
    this.#snapshot = 'query' in context ? context.snapshot() : context
    this.#name = name
    this.#pattern = pattern
  }

  /** Counts the quads. */
  get size(): number {
    let count = 0
    for (const _ of this) count += 1
    return count
  }

  /** Tells whether a quad is there. */
  has(quad: RDF.Quad): boolean {
    const pattern = [quad.subject, quad.predicate, quad.object, quad.graph]
    return matchTerms(this.#snapshot, this.#name, pattern).next().done !== true
  }

  /** Gives the dataset of the quads of a pattern. */
  match(subject?: MaybeTerm, predicate?: MaybeTerm, object?: MaybeTerm, graph?: MaybeTerm): DatasetSnapshot {
    const wanted = [subject, predicate, object, graph].map((term, place) => term ?? this.#pattern[place])
    return new DatasetSnapshot(this.#snapshot, this.#name, wanted)
  }

  /** Gives the quads. */
  [Symbol.iterator](): Iterator<RDF.Quad> {
    return matchTerms(this.#snapshot, this.#name, this.#pattern)
  }

  /** Ends the snapshot. */
  close(): void {
    this.#snapshot.close()
  }
}
