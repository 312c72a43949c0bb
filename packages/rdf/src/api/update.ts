import type * as RDF from '@rdfjs/types'
import { type ModelContext, SheafError, type WriteTransaction } from '@sheafdb/core'
import { fetchText } from '../formats/fetch.ts'
import { rdfFormat } from '../formats/names.ts'
import { readQuads } from '../formats/read.ts'
import { type LoweringOptions, lowerWhere } from '../language/lower/query.ts'
import { parseUpdate } from '../language/parser.ts'
import type { GraphReferenceSyntax, UpdateSyntax } from '../language/syntax.ts'
import { Dictionary } from '../layout/dictionary.ts'
import { deleteMatching, matchQuads } from '../layout/quads.ts'
import { quadsTable } from '../layout/tables.ts'
import { Template, templateVariables } from '../layout/template.ts'
import { type QuadTerm, type Term, termKey } from '../layout/term.ts'
import { DEFAULT_GRAPH_ID, UNKNOWN_ID } from '../layout/term-id.ts'
import { datasetFacts } from './facts.ts'
import { loweringOptions, runParameters, type SparqlOptions } from './query.ts'
import { blankPrefix, ensureDataset, QuadSink, removeQuads } from './writes.ts'

/** Tunes an update. */
export type UpdateOptions = SparqlOptions

/** Tells what an update changed. */
export type UpdateResult = { readonly inserted: number; readonly deleted: number }

/** Runs an update request, all of its operations as one transaction. @throws `SYNTAX`, `NOT_FOUND`, `UNSUPPORTED` */
export function runUpdate(
  context: ModelContext,
  collection: string,
  request: { readonly text: string; readonly options: UpdateOptions },
): Promise<UpdateResult> {
  const { text, options } = request
  const operations = parseUpdate(text, options.baseIRI)
  const { bindings: _, ...rest } = loweringOptions(options)
  const bindings = options.bindings === undefined ? undefined : new Map(Object.entries(options.bindings))
  return context.write(async (transaction) => {
    ensureDataset(transaction, collection)
    const run = new UpdateRun(context, { transaction, collection, options })
    for (const operation of operations) await run.operation(operation, { ...rest, bindings })
    return { inserted: run.inserted, deleted: run.deleted }
  })
}

const LOAD_HEADERS = {
  accept:
    'text/turtle, application/trig, application/n-triples, application/n-quads, application/rdf+xml;q=0.9, application/ld+json;q=0.8',
}

type Transfer = Extract<UpdateSyntax, { readonly destination: GraphReferenceSyntax }>

class UpdateRun {
  readonly #context: ModelContext
  readonly #transaction: WriteTransaction
  readonly #collection: string
  readonly #options: UpdateOptions
  inserted = 0
  deleted = 0

  constructor(
    context: ModelContext,
    work: {
      readonly transaction: WriteTransaction
      readonly collection: string
      readonly options: UpdateOptions
    },
  ) {
    this.#context = context
    this.#transaction = work.transaction
    this.#collection = work.collection
    this.#options = work.options
  }

  async operation(syntax: UpdateSyntax, lowering: LoweringOptions): Promise<void> {
    switch (syntax.type) {
      case 'deleteinsert':
        return this.#deleteInsert(syntax, lowering)
      case 'clear':
      case 'drop':
        return this.#clear(syntax)
      case 'create':
        return this.#create(syntax)
      case 'add':
      case 'move':
      case 'copy':
        return this.#transfer(syntax)
      case 'load':
        return this.#load(syntax)
      case 'nop':
        return
    }
  }

  async #deleteInsert(
    syntax: Extract<UpdateSyntax, { type: 'deleteinsert' }>,
    lowering: LoweringOptions,
  ): Promise<void> {
    const deletions = syntax.delete ?? []
    const insertions = syntax.insert ?? []
    const wanted = templateVariables([...deletions, ...insertions])
    let variables: readonly string[] = []
    let solutions: readonly (readonly (Term | null)[])[] = [[]]
    if (syntax.where !== undefined) {
      const facts = datasetFacts(this.#transaction.snapshot, this.#collection)
      const where = lowerWhere(syntax.where, wanted, { facts, lowering })
      variables = where.variables
      solutions = (await this.#context.read(where.plan, {
        parameters: runParameters(),
        transaction: this.#transaction,
      })) as readonly (readonly (Term | null)[])[]
    }
    const removed = new Map<string, QuadTerm>()
    const template = new Template(deletions, variables)
    for (const solution of solutions) {
      for (const quad of template.quads(solution))
        removed.set(termKey(quad) + termKey(quad.graph as Term), quad)
    }
    const addition = new Template(insertions, variables)
    const added = solutions.flatMap((solution) => addition.quads(solution))
    this.deleted += removeQuads(this.#transaction, this.#collection, [...removed.values()])
    this.#insert(added)
  }

  #insert(quads: readonly RDF.BaseQuad[]): void {
    const sink = new QuadSink(this.#transaction, this.#collection)
    for (const quad of quads) sink.add(quad)
    sink.flush()
    this.inserted += sink.inserted
  }

  #dictionary(): Dictionary {
    return Dictionary.open(this.#transaction.snapshot, this.#collection)
  }

  #clear({ source }: { readonly source: GraphReferenceSyntax }): void {
    if (source === 'ALL') this.deleted += deleteMatching(this.#transaction, this.#collection, {})
    else if (source === 'NAMED') {
      for (const graph of this.#namedGraphs()) this.#deleteGraph(graph)
    } else {
      const graph = this.#graphId(source)
      if (graph !== UNKNOWN_ID) this.#deleteGraph(graph)
    }
  }

  /** Graphs exist as long as they hold quads, so that there is nothing to make. */
  #create(syntax: Extract<UpdateSyntax, { type: 'create' }>): void {
    const graph = this.#graphId(syntax.source)
    if (syntax.silent === true || graph === UNKNOWN_ID || this.#isEmpty(graph)) return
    throw new SheafError(
      'ALREADY_EXISTS',
      `There is a graph of this name. Write CREATE SILENT to let it be: ${nameOf(syntax.source)}`,
    )
  }

  #graphId(reference: GraphReferenceSyntax): number {
    if (reference === 'DEFAULT') return DEFAULT_GRAPH_ID
    return typeof reference === 'string' ? UNKNOWN_ID : this.#dictionary().id(reference)
  }

  #quads(): ReturnType<WriteTransaction['snapshot']['source']> {
    return this.#transaction.snapshot.source(quadsTable(this.#collection))
  }

  #isEmpty(graph: number): boolean {
    return matchQuads(this.#quads(), { graph }).next().done === true
  }

  #namedGraphs(): Set<number> {
    const graphs = new Set<number>()
    for (const quad of matchQuads(this.#quads(), {})) if (quad[3] !== DEFAULT_GRAPH_ID) graphs.add(quad[3])
    return graphs
  }

  #deleteGraph(graph: number): void {
    this.deleted += deleteMatching(this.#transaction, this.#collection, { graph })
  }

  #transfer(syntax: Transfer): void {
    const from = this.#graphId(syntax.source)
    if (sameGraph(syntax.source, syntax.destination)) return
    if (from === UNKNOWN_ID || (from !== DEFAULT_GRAPH_ID && this.#isEmpty(from))) {
      if (syntax.silent === true) return
      throw new SheafError(
        'NOT_FOUND',
        `There is no graph of this name. Check it, or write SILENT: ${nameOf(syntax.source)}`,
      )
    }
    const triples = [...matchQuads(this.#quads(), { graph: from })]
    if (syntax.type !== 'add') {
      const to = this.#graphId(syntax.destination)
      if (to !== UNKNOWN_ID) this.#deleteGraph(to)
    }
    const sink = new QuadSink(this.#transaction, this.#collection)
    const dictionary = this.#dictionary()
    const graph = syntax.destination
    for (const triple of triples) {
      const [subject, predicate, object] = dictionary.terms(triple) as [Term, Term, Term]
      const named = typeof graph === 'string' ? ({ termType: 'DefaultGraph', value: '' } as RDF.Term) : graph
      sink.add({ subject, predicate, object, graph: named } as unknown as RDF.BaseQuad)
    }
    sink.flush()
    this.inserted += sink.inserted
    if (syntax.type === 'move') this.#deleteGraph(from)
  }

  async #load(syntax: Extract<UpdateSyntax, { type: 'load' }>): Promise<void> {
    const { fetch } = this.#options
    if (fetch === undefined) {
      if (syntax.silent === true) return
      throw new SheafError(
        'UNSUPPORTED',
        `LOAD fetches nothing by itself. Pass a fetcher in the options, or load the document: ${syntax.source.value}`,
      )
    }
    const sink = new QuadSink(this.#transaction, this.#collection)
    const target = syntax.destination
    try {
      const { text, contentType } = await fetchText(fetch, syntax.source.value, {
        method: 'GET',
        headers: LOAD_HEADERS,
      })
      const prefix = blankPrefix(this.#transaction, this.#collection)
      const quads: RDF.Quad[] = []
      await readQuads(
        text,
        { format: rdfFormat(contentType), baseIri: syntax.source.value, blankPrefix: prefix },
        (quad) => quads.push(quad),
      )
      for (const quad of quads)
        sink.add(quad, target === undefined || typeof target === 'string' ? undefined : target)
      sink.flush()
    } catch (error) {
      if (syntax.silent !== true) throw error
    }
    this.inserted += sink.inserted
  }
}

function sameGraph(left: GraphReferenceSyntax, right: GraphReferenceSyntax): boolean {
  if (typeof left === 'string' || typeof right === 'string') return left === right
  return left.value === right.value
}

function nameOf(reference: GraphReferenceSyntax): string {
  return typeof reference === 'string' ? reference : reference.value
}
