import type * as RDF from '@rdfjs/types'
import type { ModelContext, WriteTransaction } from '@sheafdb/core'
import { Dictionary } from '../layout/dictionary.ts'
import { TermInterner } from '../layout/intern.ts'
import { deleteQuads, insertQuads, type QuadIds } from '../layout/quads.ts'
import { datasetTables, LAYOUT_VERSION, MODEL_NAME, quadsTable } from '../layout/tables.ts'
import { fromRdfTerm, type Term } from '../layout/term.ts'
import { DEFAULT_GRAPH_ID, UNKNOWN_ID } from '../layout/term-id.ts'

// Terms wait for their batch: small batches let them die young.
const BATCH_QUADS = 16_384

/** Makes the tables of a dataset where they are not there yet. */
export function ensureDataset(transaction: WriteTransaction, collection: string): void {
  if (transaction.snapshot.catalog.collection(MODEL_NAME, collection) !== undefined) return
  transaction.createCollection(MODEL_NAME, collection, { version: LAYOUT_VERSION, tables: datasetTables() })
}

/** Takes quads one by one and writes them in batches. Call `flush` at the end. */
export class QuadSink {
  readonly #transaction: WriteTransaction
  readonly #collection: string
  readonly #interner: TermInterner
  readonly #terms: Term[] = []
  readonly #graphs: (Term | null)[] = []
  /** Counts the quads taken. */
  taken = 0
  /** Counts those of them that were new. */
  inserted = 0

  constructor(transaction: WriteTransaction, collection: string) {
    ensureDataset(transaction, collection)
    this.#transaction = transaction
    this.#collection = collection
    this.#interner = new TermInterner(transaction, collection)
  }

  /** Takes a quad; `graph`, where given, replaces its own. */
  add(quad: RDF.BaseQuad, graph?: RDF.Term): void {
    const named = graph ?? quad.graph
    this.#terms.push(fromRdfTerm(quad.subject), fromRdfTerm(quad.predicate), fromRdfTerm(quad.object))
    this.#graphs.push(named.termType === 'DefaultGraph' ? null : fromRdfTerm(named))
    this.taken += 1
    if (this.#graphs.length >= BATCH_QUADS) this.flush()
  }

  /** Writes what was taken. */
  flush(): void {
    const count = this.#graphs.length
    if (count === 0) return
    const parts = this.#interner.intern(this.#terms)
    const named = this.#graphs.filter((graph) => graph !== null)
    const graphIds = this.#interner.intern(named)
    const ids = new Float64Array(count * 4)
    let next = 0
    for (let index = 0; index < count; index += 1) {
      ids.set(parts.subarray(index * 3, index * 3 + 3), index * 4)
      if (this.#graphs[index] === null) ids[index * 4 + 3] = DEFAULT_GRAPH_ID
      else {
        ids[index * 4 + 3] = graphIds[next] as number
        next += 1
      }
    }
    this.#terms.length = 0
    this.#graphs.length = 0
    this.addIds({ count, ids })
  }

  /** Writes quads of ids. */
  addIds(quads: QuadIds): void {
    noteNamedGraphs(this.#transaction, this.#collection, quads)
    this.inserted += insertQuads(this.#transaction, this.#collection, quads)
  }
}

/** Notes, once for all, that a dataset has graphs beside the default graph. */
export function noteNamedGraphs(
  transaction: WriteTransaction,
  collection: string,
  { count, ids }: QuadIds,
): void {
  const options = optionsOf(transaction, collection)
  if (options['namedGraphs'] === true) return
  for (let index = 0; index < count; index += 1) {
    if (ids[index * 4 + 3] === DEFAULT_GRAPH_ID) continue
    transaction.setOptions(MODEL_NAME, collection, { ...options, namedGraphs: true })
    return
  }
}

function optionsOf(transaction: WriteTransaction, collection: string): Readonly<Record<string, unknown>> {
  return transaction.snapshot.catalog.collection(MODEL_NAME, collection)?.options ?? {}
}

/** Deletes quads; gives how many there were. */
export function removeQuads(
  transaction: WriteTransaction,
  collection: string,
  quads: readonly RDF.BaseQuad[],
): number {
  if (quads.length === 0 || transaction.snapshot.catalog.collection(MODEL_NAME, collection) === undefined)
    return 0
  const dictionary = Dictionary.open(transaction.snapshot, collection)
  const terms = quads.flatMap((quad) => [quad.subject, quad.predicate, quad.object, quad.graph] as RDF.Term[])
  const all = dictionary.ids(terms)
  const known: number[] = []
  for (let index = 0; index < quads.length; index += 1) {
    const ids = all.slice(index * 4, index * 4 + 4)
    if (!ids.includes(UNKNOWN_ID)) known.push(...ids)
  }
  return deleteQuads(transaction, collection, { count: known.length / 4, ids: Float64Array.from(known) })
}

/** Makes a label prefix for the blank nodes of one document or import, which no other has. */
export function blankPrefix(transaction: WriteTransaction, collection: string): string {
  ensureDataset(transaction, collection)
  return `b${transaction.allocate(quadsTable(collection), 'documents', 1)}_`
}

/** Runs writes on a dataset. */
export type DatasetWriter = Pick<ModelContext, 'write'>
