import type * as RDF from '@rdfjs/types'
import { XSD_STRING } from '../layout/vocabulary.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
}

/** Writes a term as N-Triples does. */
export function lineTerm(term: RDF.Term): string {
  switch (term.termType) {
    case 'NamedNode':
      return `<${term.value.replaceAll(/[\p{Cc} <>"{}|^`\\]/gu, unicodeEscape)}>`
    case 'BlankNode':
      return `_:${term.value}`
    case 'Quad':
      return `<<( ${lineTerm(term.subject)} ${lineTerm(term.predicate)} ${lineTerm(term.object)} )>>`
    case 'Literal': {
      const text = `"${term.value.replaceAll(/[\\"\p{Cc}]/gu, (sign) => ESCAPES[sign] ?? unicodeEscape(sign))}"`
      if (term.language) return `${text}@${term.language}${term.direction ? `--${term.direction}` : ''}`
      return term.datatype.value === XSD_STRING ? text : `${text}^^${lineTerm(term.datatype)}`
    }
    default:
      return ''
  }
}

function unicodeEscape(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Writes quads as N-Quads, a line each; those of the default graph are N-Triples. */
export function* lineParts(quads: Iterable<RDF.Quad>): Generator<string> {
  for (const { subject, predicate, object, graph } of quads) {
    const name = graph.termType === 'DefaultGraph' ? '' : ` ${lineTerm(graph)}`
    yield `${lineTerm(subject)} ${lineTerm(predicate)} ${lineTerm(object)}${name} .\n`
  }
}
