import type * as RDF from '@rdfjs/types'
import type { Snapshot } from '@sheafdb/core'
import { Dictionary } from '../layout/dictionary.ts'
import { matchQuads, type QuadPattern } from '../layout/quads.ts'
import { MODEL_NAME, QUAD_FIELDS, quadsTable } from '../layout/tables.ts'
import { DEFAULT_GRAPH, QuadTerm, type Term } from '../layout/term.ts'
import { DEFAULT_GRAPH_ID, UNKNOWN_ID } from '../layout/term-id.ts'

/** Fixes places of a quad to terms; `null`, nothing and variables match anything. */
export type TermPattern = readonly (RDF.Term | null | undefined)[]

/** Turns a pattern of terms into one of ids; `null` where the dataset does not hold one of the terms. */
export function patternIds(pattern: TermPattern, dictionary: Dictionary): QuadPattern | null {
  const ids: { [Field in (typeof QUAD_FIELDS)[number]]?: number } = {}
  for (const [place, field] of QUAD_FIELDS.entries()) {
    const term = pattern[place]
    if (term === null || term === undefined || term.termType === 'Variable') continue
    const id = dictionary.id(term)
    if (id === UNKNOWN_ID) return null
    ids[field] = id
  }
  return ids
}

const DECODE_BATCH = 1024

/** Gives the quads of a pattern at a snapshot. */
export function* matchTerms(
  snapshot: Snapshot,
  collection: string,
  pattern: TermPattern,
): Generator<RDF.Quad> {
  if (snapshot.catalog.collection(MODEL_NAME, collection) === undefined) return
  const dictionary = Dictionary.open(snapshot, collection)
  const ids = patternIds(pattern, dictionary)
  if (ids === null) return
  let batch: number[] = []
  for (const quad of matchQuads(snapshot.source(quadsTable(collection)), ids)) {
    batch.push(...quad)
    if (batch.length < DECODE_BATCH * 4) continue
    yield* decoded(batch, dictionary)
    batch = []
  }
  yield* decoded(batch, dictionary)
}

function* decoded(ids: readonly number[], dictionary: Dictionary): Generator<RDF.Quad> {
  const terms = dictionary.terms(ids)
  for (let at = 0; at < ids.length; at += 4) {
    const graph = ids[at + 3] === DEFAULT_GRAPH_ID ? DEFAULT_GRAPH : (terms[at + 3] as Term)
    yield new QuadTerm(
      terms[at] as RDF.Quad_Subject,
      terms[at + 1] as RDF.Quad_Predicate,
      terms[at + 2] as RDF.Quad_Object,
      graph as RDF.Quad_Graph,
    ) as unknown as RDF.Quad
  }
}
