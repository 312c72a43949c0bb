import type * as RDF from '@rdfjs/types'
import {
  type Column,
  columnReader,
  type ScanColumnRequest,
  type Snapshot,
  type TableDefinition,
  type TableSource,
  types,
} from '@sheafdb/core'
import { TermKind, termsTable } from './tables.ts'
import {
  BlankNodeTerm,
  DEFAULT_GRAPH,
  datatypeNode,
  LiteralTerm,
  NamedNodeTerm,
  QuadTerm,
  STRING_NODE,
  type Term,
  type TextDirection,
} from './term.ts'
import {
  DEFAULT_GRAPH_ID,
  idOfRow,
  inlineId,
  inlineTerm,
  isInlineId,
  rowOfTerm,
  UNKNOWN_ID,
} from './term-id.ts'
import { XSD_STRING } from './vocabulary.ts'

const TERM_COLUMNS: readonly ScanColumnRequest[] = [
  { field: 'value', type: types.utf8 },
  { field: 'kind', type: types.uint8 },
  { field: 'datatype', type: types.int64 },
  { field: 'language', type: types.utf8 },
  { field: 'direction', type: types.utf8 },
]
const ROW_ID: readonly ScanColumnRequest[] = [{ field: '_row_id', type: types.uint64 }]

const CHUNK_BITS = 12
const CHUNK_SIZE = 1 << CHUNK_BITS
const MAX_CACHED_CHUNKS = 512

type Chunk = (Term | undefined)[]

/**
 * Keeps decoded terms of one terms table by row. Rows of that table never change and their ids are not given twice,
 * so that nothing here can be stale. Past about two million rows it starts anew.
 */
class TermCache {
  #chunks: (Chunk | undefined)[] = []
  #count = 0

  get(row: number): Term | undefined {
    return this.#chunks[row >>> CHUNK_BITS]?.[row & (CHUNK_SIZE - 1)]
  }

  set(row: number, term: Term): void {
    const at = row >>> CHUNK_BITS
    let chunk = this.#chunks[at]
    if (chunk === undefined) {
      if (this.#count >= MAX_CACHED_CHUNKS) {
        this.#chunks = []
        this.#count = 0
      }
      chunk = new Array<Term | undefined>(CHUNK_SIZE).fill(undefined)
      this.#chunks[at] = chunk
      this.#count += 1
    }
    chunk[row & (CHUNK_SIZE - 1)] = term
  }
}

const caches = new WeakMap<TableDefinition, TermCache>()

function cacheOf(definition: TableDefinition): TermCache {
  let cache = caches.get(definition)
  if (cache === undefined) {
    cache = new TermCache()
    caches.set(definition, cache)
  }
  return cache
}

/** Reads the dictionary of a dataset at a snapshot: terms of ids, and ids of terms. */
export class Dictionary {
  readonly #source: TableSource
  readonly #cache: TermCache

  constructor(source: TableSource) {
    this.#source = source
    this.#cache = cacheOf(source.definition)
  }

  /** Opens the dictionary of a dataset. @throws `NOT_FOUND` where there is no such dataset */
  static open(snapshot: Snapshot, collection: string): Dictionary {
    return new Dictionary(snapshot.source(termsTable(collection)))
  }

  /** Gives the term of an id; `null` for the default graph and for ids that stand for nothing. */
  term(id: number): Term | null {
    if (isInlineId(id)) return inlineTerm(id)
    if (id <= DEFAULT_GRAPH_ID) return null
    const known = this.#cache.get(rowOfTerm(id))
    if (known !== undefined) return known
    this.#load([id])
    return this.#cache.get(rowOfTerm(id)) ?? null
  }

  /** Gives the terms of many ids; each row is read once. */
  terms(ids: ArrayLike<number>): (Term | null)[] {
    const terms = new Array<Term | null>(ids.length)
    const missing: number[] = []
    for (let index = 0; index < ids.length; index += 1) {
      const id = ids[index] as number
      if (isInlineId(id)) terms[index] = inlineTerm(id)
      else if (id <= DEFAULT_GRAPH_ID) terms[index] = null
      else {
        const known = this.#cache.get(rowOfTerm(id))
        if (known === undefined) missing.push(index)
        terms[index] = known ?? null
      }
    }
    if (missing.length > 0) {
      const wanted = [...new Set(missing.map((index) => ids[index] as number))]
      const loaded = this.#load(wanted)
      for (const index of missing) terms[index] = loaded.get(ids[index] as number) ?? null
    }
    return terms
  }

  /** Gives the id of a term; `UNKNOWN_ID` where the dataset has never held it. */
  id(term: RDF.Term): number {
    return this.ids([term])[0] as number
  }

  /** Gives the ids of terms; `UNKNOWN_ID` for those that the dataset has never held. */
  ids(terms: readonly RDF.Term[]): number[] {
    const ids = new Array<number>(terms.length).fill(UNKNOWN_ID)
    const keys: (readonly unknown[])[] = []
    const places: number[] = []
    for (let index = 0; index < terms.length; index += 1) {
      const term = terms[index] as RDF.Term
      if (term.termType === 'DefaultGraph') ids[index] = DEFAULT_GRAPH_ID
      else {
        const inline = inlineId(term as Term)
        if (inline !== undefined) ids[index] = inline
        else {
          const key = this.#key(term)
          if (key === null) continue
          keys.push(key)
          places.push(index)
        }
      }
    }
    if (keys.length === 0) return ids
    const { batch, index } = this.#source.lookup(keys, ROW_ID)
    const read = columnReader(batch.columns[0] as Column)
    for (let at = 0; at < index.length; at += 1)
      ids[places[index[at] as number] as number] = idOfRow(Number(read(at)))
    return ids
  }

  /** Gives the key of a term in the terms table; `null` where a part of it has no id. */
  #key(term: RDF.Term): readonly unknown[] | null {
    switch (term.termType) {
      case 'NamedNode':
        return [term.value, TermKind.iri, 0, '', '']
      case 'BlankNode':
        return [term.value, TermKind.blank, 0, '', '']
      case 'Literal': {
        if (term.language)
          return [term.value, TermKind.literal, 0, term.language.toLowerCase(), term.direction ?? '']
        if (term.datatype.value === XSD_STRING) return [term.value, TermKind.literal, 0, '', '']
        const datatype = this.id(term.datatype)
        return datatype === UNKNOWN_ID ? null : [term.value, TermKind.literal, datatype, '', '']
      }
      case 'Quad': {
        const parts = this.ids([term.subject, term.predicate, term.object])
        return parts.includes(UNKNOWN_ID) ? null : [tripleValue(parts), TermKind.triple, 0, '', '']
      }
      default:
        return null
    }
  }

  #load(ids: readonly number[]): Map<number, Term> {
    const loaded = new Map<number, Term>()
    const { columns, found } = this.#source.gather(ids.map(rowOfTerm), TERM_COLUMNS)
    const [value, kind, datatype, language, direction] = columns.map(columnReader) as [
      (index: number) => string,
      (index: number) => number,
      (index: number) => number,
      (index: number) => string,
      (index: number) => string,
    ]
    for (let index = 0; index < ids.length; index += 1) {
      if (found[index] === 0) continue
      const term = this.#build(value(index), kind(index), {
        datatype: datatype(index),
        language: language(index),
        direction: direction(index),
      })
      const id = ids[index] as number
      this.#cache.set(rowOfTerm(id), term)
      loaded.set(id, term)
    }
    return loaded
  }

  #build(
    value: string,
    kind: number,
    literal: { readonly datatype: number; readonly language: string; readonly direction: string },
  ): Term {
    if (kind === TermKind.iri) return new NamedNodeTerm(value)
    if (kind === TermKind.blank) return new BlankNodeTerm(value)
    if (kind === TermKind.triple) {
      const [subject, predicate, object] = this.terms(tripleParts(value))
      return new QuadTerm(
        subject as RDF.Quad_Subject,
        predicate as RDF.Quad_Predicate,
        object as RDF.Quad_Object,
        DEFAULT_GRAPH,
      )
    }
    const { datatype, language, direction } = literal
    if (language !== '') {
      const type = direction === '' ? 'langString' : 'dirLangString'
      return new LiteralTerm(
        value,
        datatypeNode(`http://www.w3.org/1999/02/22-rdf-syntax-ns#${type}`),
        language,
        direction as TextDirection,
      )
    }
    if (datatype === 0) return new LiteralTerm(value, STRING_NODE)
    return new LiteralTerm(value, datatypeNode((this.term(datatype) as NamedNodeTerm).value))
  }
}

/** Writes the ids of a triple term's parts as the value of its row. */
export function tripleValue(parts: readonly number[]): string {
  return parts.join(' ')
}

/** Reads the ids of a triple term's parts. */
export function tripleParts(value: string): number[] {
  return value.split(' ').map(Number)
}
