import type * as RDF from '@rdfjs/types'
import { VALUE_KEY } from '@sheafdb/core'
import { RDF_DIR_LANG_STRING, RDF_LANG_STRING, XSD_STRING } from './vocabulary.ts'

/** Is the base direction of a directional language-tagged string; empty where there is none. */
export type TextDirection = 'ltr' | 'rtl' | ''

/** Is an IRI. */
export class NamedNodeTerm implements RDF.NamedNode {
  readonly termType = 'NamedNode' as const
  readonly value: string

  constructor(value: string) {
    this.value = value
  }

  equals(other: RDF.Term | null | undefined): boolean {
    return other?.termType === 'NamedNode' && other.value === this.value
  }
}

/** Is a blank node, named by a label that is unique in its dataset. */
export class BlankNodeTerm implements RDF.BlankNode {
  readonly termType = 'BlankNode' as const
  readonly value: string

  constructor(value: string) {
    this.value = value
  }

  equals(other: RDF.Term | null | undefined): boolean {
    return other?.termType === 'BlankNode' && other.value === this.value
  }
}

/** Is a literal: its lexical form, datatype, and for text in a language its tag and base direction. */
export class LiteralTerm implements RDF.Literal {
  readonly termType = 'Literal' as const
  readonly value: string
  readonly datatype: NamedNodeTerm
  readonly language: string
  readonly direction: TextDirection
  #meaning: unknown

  constructor(value: string, datatype: NamedNodeTerm, language = '', direction: TextDirection = '') {
    this.value = value
    this.datatype = datatype
    this.language = language
    this.direction = direction
  }

  /** Gives what the literal means, found by `find` when it is first asked for. */
  meaning<Meaning>(find: (literal: LiteralTerm) => Meaning): Meaning {
    this.#meaning ??= find(this)
    return this.#meaning as Meaning
  }

  equals(other: RDF.Term | null | undefined): boolean {
    return (
      other?.termType === 'Literal' &&
      other.value === this.value &&
      other.language === this.language &&
      (other.direction ?? '') === this.direction &&
      other.datatype.value === this.datatype.value
    )
  }
}

/** Is the name of the default graph. */
export class DefaultGraphTerm implements RDF.DefaultGraph {
  readonly termType = 'DefaultGraph' as const
  readonly value = '' as const

  equals(other: RDF.Term | null | undefined): boolean {
    return other?.termType === 'DefaultGraph'
  }
}

/** Is a variable of a query. */
export class VariableTerm implements RDF.Variable {
  readonly termType = 'Variable' as const
  readonly value: string

  constructor(value: string) {
    this.value = value
  }

  equals(other: RDF.Term | null | undefined): boolean {
    return other?.termType === 'Variable' && other.value === this.value
  }
}

/** Is a quad of a dataset, or, in the default graph, a triple term. */
export class QuadTerm implements RDF.Quad {
  readonly termType = 'Quad' as const
  readonly value = '' as const
  readonly subject: RDF.Quad_Subject
  readonly predicate: RDF.Quad_Predicate
  readonly object: RDF.Quad_Object
  readonly graph: RDF.Quad_Graph

  constructor(
    subject: RDF.Quad_Subject,
    predicate: RDF.Quad_Predicate,
    object: RDF.Quad_Object,
    graph: RDF.Quad_Graph = DEFAULT_GRAPH,
  ) {
    this.subject = subject
    this.predicate = predicate
    this.object = object
    this.graph = graph
  }

  equals(other: RDF.Term | null | undefined): boolean {
    return (
      other?.termType === 'Quad' &&
      this.subject.equals(other.subject) &&
      this.predicate.equals(other.predicate) &&
      this.object.equals(other.object) &&
      this.graph.equals(other.graph)
    )
  }
}

/** Is a term that a dataset can hold. */
export type Term = NamedNodeTerm | BlankNodeTerm | LiteralTerm | QuadTerm

/** Is the name of the default graph. */
export const DEFAULT_GRAPH: DefaultGraphTerm = new DefaultGraphTerm()

const datatypes = new Map<string, NamedNodeTerm>()
const MAX_SHARED_DATATYPES = 1000

/** Gives one node for each datatype IRI, so that literals share them. */
export function datatypeNode(iri: string): NamedNodeTerm {
  let node = datatypes.get(iri)
  if (node === undefined) {
    node = new NamedNodeTerm(iri)
    if (datatypes.size < MAX_SHARED_DATATYPES) datatypes.set(iri, node)
  }
  return node
}

/** Is the datatype of plain text. */
export const STRING_NODE: NamedNodeTerm = datatypeNode(XSD_STRING)
const LANG_STRING_NODE = datatypeNode(RDF_LANG_STRING)
const DIR_LANG_STRING_NODE = datatypeNode(RDF_DIR_LANG_STRING)

/** Makes a literal of plain text. */
export function stringLiteral(value: string): LiteralTerm {
  return new LiteralTerm(value, STRING_NODE)
}

/** Makes a literal of a datatype. */
export function typedLiteral(value: string, datatype: string): LiteralTerm {
  return new LiteralTerm(value, datatypeNode(datatype))
}

/** Makes a literal of text in a language. Language tags do not tell upper from lower case; they are kept in lower case. */
export function languageLiteral(value: string, language: string, direction: TextDirection = ''): LiteralTerm {
  return new LiteralTerm(
    value,
    direction === '' ? LANG_STRING_NODE : DIR_LANG_STRING_NODE,
    language.toLowerCase(),
    direction,
  )
}

/**
 * Gives the text that is equal for exactly the terms that are the same term: a mark of the kind, then what tells the
 * term apart. Labels, IRIs, language tags and datatypes hold no quotation mark before the one that starts the value.
 */
export function termKey(term: Term | DefaultGraphTerm): string {
  switch (term.termType) {
    case 'NamedNode':
      return `<${term.value}`
    case 'BlankNode':
      return `_${term.value}`
    case 'Literal': {
      if (term.language !== '')
        return `@${term.language}${term.direction === '' ? '' : `--${term.direction}`}"${term.value}`
      return term.datatype === STRING_NODE || term.datatype.value === XSD_STRING
        ? `"${term.value}`
        : `^${term.datatype.value}"${term.value}`
    }
    case 'DefaultGraph':
      return ''
    case 'Quad': {
      const parts = [term.subject, term.predicate, term.object].map((part) => termKey(part as Term))
      return `(${parts.map((part) => `${part.length}:${part}`).join('')}`
    }
  }
}

/** Lets terms take part in the core's order, grouping and joins: terms are equal where their keys are. */
for (const type of [NamedNodeTerm, BlankNodeTerm, LiteralTerm, DefaultGraphTerm, QuadTerm]) {
  Object.defineProperty(type.prototype, VALUE_KEY, {
    get(this: Term) {
      return ['term', termKey(this)]
    },
  })
}

const MAX_TRIPLE_TERM_DEPTH = 100

/**
 * Turns a term of any RDF/JS library into one of ours; ours stay as they are.
 *
 * @throws RangeError where triple terms are nested deeper than 100
 */
export function fromRdfTerm(term: RDF.Term, depth = 0): Term {
  if (
    term instanceof NamedNodeTerm ||
    term instanceof LiteralTerm ||
    term instanceof BlankNodeTerm ||
    term instanceof QuadTerm
  )
    return term
  switch (term.termType) {
    case 'NamedNode':
      return new NamedNodeTerm(term.value)
    case 'BlankNode':
      return new BlankNodeTerm(term.value)
    case 'Literal':
      if (term.language)
        return languageLiteral(term.value, term.language, (term.direction ?? '') as TextDirection)
      return new LiteralTerm(term.value, datatypeNode(term.datatype.value))
    case 'Quad': {
      if (depth >= MAX_TRIPLE_TERM_DEPTH) throw new RangeError('triple terms are nested too deep')
      const [subject, predicate, object] = [term.subject, term.predicate, term.object].map((part) =>
        fromRdfTerm(part, depth + 1),
      ) as unknown as [RDF.Quad_Subject, RDF.Quad_Predicate, RDF.Quad_Object]
      return new QuadTerm(subject, predicate, object)
    }
    default:
      throw new TypeError(`a ${term.termType} is no term of a dataset`)
  }
}

/** Is an RDF/JS data factory that makes the terms of this package. */
export const dataFactory: RDF.DataFactory<QuadTerm & RDF.Quad, QuadTerm & RDF.Quad> = {
  namedNode: <Iri extends string>(value: Iri) => new NamedNodeTerm(value) as unknown as RDF.NamedNode<Iri>,
  blankNode: (value) => new BlankNodeTerm(value ?? freshLabel()),
  literal: (value, languageOrDatatype) => {
    if (languageOrDatatype === undefined || languageOrDatatype === '') return stringLiteral(value)
    if (typeof languageOrDatatype === 'string') return languageLiteral(value, languageOrDatatype)
    if ('termType' in languageOrDatatype) return typedLiteral(value, languageOrDatatype.value)
    return languageLiteral(value, languageOrDatatype.language, languageOrDatatype.direction || '')
  },
  variable: (value) => new VariableTerm(value),
  defaultGraph: () => DEFAULT_GRAPH,
  quad: (subject, predicate, object, graph) =>
    new QuadTerm(subject, predicate, object, graph ?? DEFAULT_GRAPH),
  fromTerm: ((term: RDF.Term) =>
    term.termType === 'DefaultGraph'
      ? DEFAULT_GRAPH
      : term.termType === 'Variable'
        ? new VariableTerm(term.value)
        : fromRdfTerm(term)) as never,
  fromQuad: ((quad: RDF.Quad) => fromRdfQuad(quad)) as never,
}

let lastLabel = 0

/** Gives a label of a blank node that this process has not used. */
export function freshLabel(): string {
  lastLabel += 1
  return `g${lastLabel}`
}

/** Turns a quad of any RDF/JS library into one of ours. */
export function fromRdfQuad(quad: RDF.BaseQuad): QuadTerm {
  return new QuadTerm(
    fromRdfTerm(quad.subject) as RDF.Quad_Subject,
    fromRdfTerm(quad.predicate) as RDF.Quad_Predicate,
    fromRdfTerm(quad.object) as RDF.Quad_Object,
    quad.graph.termType === 'DefaultGraph' ? DEFAULT_GRAPH : (fromRdfTerm(quad.graph) as RDF.Quad_Graph),
  )
}
