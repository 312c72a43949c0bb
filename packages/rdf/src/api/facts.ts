import type * as RDF from '@rdfjs/types'
import { type Adjacency, type CsrIndex, SheafError, type Snapshot, type TableSource } from '@sheafdb/core'
import type { DatasetFacts } from '../language/lower/dataset.ts'
import { Dictionary } from '../layout/dictionary.ts'
import { MODEL_NAME, quadsTable, termsTable } from '../layout/tables.ts'
import type { Term } from '../layout/term.ts'
import { DEFAULT_GRAPH_ID, inlineId, UNKNOWN_ID } from '../layout/term-id.ts'

/** Is the facts of a dataset at a snapshot, and whether a term was asked for that it does not hold. */
export type TrackedFacts = DatasetFacts & { readonly hasUnknownTerms: () => boolean }

/** Reads what lowering has to know about a dataset. */
export function datasetFacts(snapshot: Snapshot, collection: string): TrackedFacts {
  const definition = snapshot.catalog.collection(MODEL_NAME, collection)
  const tables = { quadsTable: quadsTable(collection), termsTable: termsTable(collection) }
  let unknown = false
  const track = (id: number): number => {
    if (id === UNKNOWN_ID) unknown = true
    return id
  }
  if (definition === undefined) {
    return {
      ...tables,
      exists: false,
      hasNamedGraphs: false,
      id: (term) => track(idWithoutTable(term)),
      quadCount: () => 0,
      degree: () => 0,
      meanDegree: () => 0,
      hasUnknownTerms: () => unknown,
    }
  }
  const dictionary = Dictionary.open(snapshot, collection)
  const source = snapshot.source(tables.quadsTable)
  const counts = new Counts(source)
  return {
    ...tables,
    exists: true,
    hasNamedGraphs: definition.options['namedGraphs'] === true,
    id: (term) => track(dictionary.id(term)),
    quadCount: (predicate) => counts.quads(predicate),
    degree: (predicate, node, direction) => counts.degree(predicate, node, direction),
    meanDegree: (predicate, direction) => counts.meanDegree(predicate, direction),
    hasUnknownTerms: () => unknown,
  }
}

function idWithoutTable(term: RDF.Term): number {
  if (term.termType === 'DefaultGraph') return DEFAULT_GRAPH_ID
  return inlineId(term as Term) ?? UNKNOWN_ID
}

const distinctNodes = new WeakMap<CsrIndex, number>()

/** Counts the nodes that have an edge in an index; counted once an index. */
function nodeCount(index: CsrIndex): number {
  if (index.nodes !== null) return index.nodes.length
  let count = distinctNodes.get(index)
  if (count === undefined) {
    count = 0
    for (let slot = 0; slot < index.slotCount; slot += 1)
      if (index.offsets[slot] !== index.offsets[slot + 1]) count += 1
    distinctNodes.set(index, count)
  }
  return count
}

/** Counts through the adjacencies, which are built when they are first asked. */
class Counts {
  readonly #source: TableSource

  constructor(source: TableSource) {
    this.#source = source
  }

  quads(predicate: number | null): number {
    if (predicate === null) return this.#source.statistics().rowCount
    return this.#index(predicate, 'out')?.edgeCount ?? 0
  }

  degree(predicate: number | null, node: number, direction: 'out' | 'in'): number {
    const index = this.#index(predicate, direction)
    const slot = index === undefined ? -1 : index.slotOf(node)
    if (index === undefined || slot === -1) return 0
    return (index.offsets[slot + 1] as number) - (index.offsets[slot] as number)
  }

  meanDegree(predicate: number | null, direction: 'out' | 'in'): number {
    const index = this.#index(predicate, direction)
    return index === undefined ? 0 : index.edgeCount / Math.max(1, nodeCount(index))
  }

  #index(predicate: number | null, direction: 'out' | 'in'): CsrIndex | undefined {
    const adjacency = this.#adjacency(predicate === null ? 'all' : 'by-predicate')
    const partition = predicate ?? 0
    return direction === 'out' ? adjacency.forward(partition) : adjacency.backward(partition)
  }

  #adjacency(name: string): Adjacency {
    const definition = this.#source.definition.adjacencies.find((each) => each.name === name)
    if (definition === undefined)
      throw new SheafError('CORRUPT', `The quads table lacks its adjacency. Load the dataset anew: ${name}`)
    return this.#source.adjacency(definition)
  }
}
