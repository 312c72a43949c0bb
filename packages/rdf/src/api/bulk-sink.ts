import type * as RDF from '@rdfjs/types'
import type { WriteTransaction } from '@sheafdb/core'
import { insertQuads } from '../layout/quads.ts'
import { sortedQuads } from '../layout/sort-quads.ts'
import { quadsTable } from '../layout/tables.ts'
import { fromRdfTerm } from '../layout/term.ts'
import { DEFAULT_GRAPH_TOKEN, TermLoader } from '../layout/term-loader.ts'
import { ensureDataset, noteNamedGraphs } from './writes.ts'

const FIRST_QUADS = 2 ** 14
const MAX_QUADS = 2 ** 24
const PROGRESS_QUADS = 65_536

/** Takes the quads of a load as tokens of their terms and writes them, sorted, in few large batches. */
export class BulkSink {
  readonly terms: TermLoader
  readonly #transaction: WriteTransaction
  readonly #collection: string
  readonly #onProgress: (taken: number) => void
  readonly #graphTerm: RDF.NamedNode | undefined
  #graph: number
  #tokens = new Uint32Array(FIRST_QUADS * 4)
  #count = 0
  /** True as long as no quad of the dataset can be among those taken. */
  #isFresh: boolean
  /** Counts the quads taken. */
  taken = 0
  /** Counts those of them that were new. */
  inserted = 0

  constructor(
    transaction: WriteTransaction,
    collection: string,
    options: {
      /** Starts the labels of the document's blank nodes. */
      readonly blankPrefix: string
      /** The graph of triples that name none. */
      readonly graph: RDF.NamedNode | undefined
      /** Is called now and then; may throw to stop. */
      readonly onProgress: (taken: number) => void
    },
  ) {
    ensureDataset(transaction, collection)
    this.#transaction = transaction
    this.#collection = collection
    this.#onProgress = options.onProgress
    this.terms = new TermLoader(transaction, collection, options.blankPrefix)
    this.#graphTerm = options.graph
    this.#graph = this.#graphToken()
    this.#isFresh = transaction.snapshot.source(quadsTable(collection)).statistics().rowCount === 0
  }

  /** The token of the graph of triples that name none. */
  get defaultGraph(): number {
    return this.#graph
  }

  /** Takes a quad of any RDF/JS library. */
  add(quad: RDF.BaseQuad): void {
    const { terms } = this
    const isNamed = quad.graph.termType !== 'DefaultGraph'
    this.quad(
      terms.tokenOf(fromRdfTerm(quad.subject)),
      terms.tokenOf(fromRdfTerm(quad.predicate)),
      terms.tokenOf(fromRdfTerm(quad.object)),
      isNamed ? terms.tokenOf(fromRdfTerm(quad.graph)) : this.#graph,
    )
    this.checkpoint()
  }

  /** Takes a quad of tokens. */
  quad(subject: number, predicate: number, object: number, graph: number): void {
    const at = this.#count * 4
    if (at === this.#tokens.length) this.#grow()
    const tokens = this.#tokens
    tokens[at] = subject
    tokens[at + 1] = predicate
    tokens[at + 2] = object
    tokens[at + 3] = graph
    this.#count += 1
    this.taken += 1
    if (this.taken % PROGRESS_QUADS === 0) this.#onProgress(this.taken)
  }

  /** Writes what was taken where it has become much. Tokens that were given may mean nothing afterwards. */
  checkpoint(): void {
    if (this.#count < MAX_QUADS && !this.terms.isFull) return
    this.flush()
    this.terms.reset()
    this.#graph = this.#graphToken()
  }

  #graphToken(): number {
    return this.#graphTerm === undefined
      ? DEFAULT_GRAPH_TOKEN
      : this.terms.tokenOf(fromRdfTerm(this.#graphTerm))
  }

  #grow(): void {
    const grown = new Uint32Array(this.#tokens.length * 2)
    grown.set(this.#tokens)
    this.#tokens = grown
  }

  /** Writes what was taken. */
  flush(): void {
    this.terms.flush()
    if (this.#count === 0) return
    const quads = sortedQuads({ count: this.#count, tokens: this.#tokens }, this.terms.ids())
    this.#count = 0
    noteNamedGraphs(this.#transaction, this.#collection, quads)
    const mode = this.#isFresh ? 'unchecked' : 'ignore'
    this.inserted += insertQuads(this.#transaction, this.#collection, quads, mode)
    this.#isFresh = false
  }
}
