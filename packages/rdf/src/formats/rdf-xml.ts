import type * as RDF from '@rdfjs/types'
import { SheafError } from '@sheafdb/core'
import { RDF_NS, XSD_STRING } from '../layout/vocabulary.ts'

const ITS = 'http://www.w3.org/2005/11/its'
const NAME =
  /[A-Za-z_\u00C0-\u024F\u0370-\u1FFF\u3040-\uD7FF][\w.\-\u00B7\u00C0-\u024F\u0370-\u1FFF\u3040-\uD7FF]*$/u
const CONTROLS = /[\p{Cc}\uFFFE\uFFFF]/gu

/**
 * Writes triples as RDF/XML, those of a subject that stand together in one element, part by part.
 *
 * @see RDF 1.2 XML Syntax
 * @throws `UNSUPPORTED` for what the format cannot write: predicates that end with no XML name, control characters
 */
export function* rdfXmlParts(quads: Iterable<RDF.Quad>): Generator<string> {
  yield `<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF xmlns:rdf="${RDF_NS}" xmlns:its="${ITS}" rdf:version="1.2" its:version="2.0">\n`
  let last: RDF.Term | null = null
  for (const quad of quads) {
    const same = last?.equals(quad.subject) === true
    if (!same) {
      if (last !== null) yield '</rdf:Description>\n'
      yield `<rdf:Description${nodeAttribute(quad.subject, 'about')}>\n`
      last = quad.subject
    }
    yield `  ${property(quad.predicate, quad.object)}\n`
  }
  if (last !== null) yield '</rdf:Description>\n'
  yield '</rdf:RDF>\n'
}

function nodeAttribute(term: RDF.Term, iriName: 'about' | 'resource'): string {
  if (term.termType === 'BlankNode') return ` rdf:nodeID="${escaped(nodeId(term.value))}"`
  return ` rdf:${iriName}="${escaped(term.value)}"`
}

/** Labels are no XML names where they start with a digit or hold other signs. */
function nodeId(label: string): string {
  return `b${label.replace(/[^A-Za-z0-9]/g, (sign) => `_${sign.codePointAt(0)?.toString(16) ?? ''}_`)}`
}

function property(predicate: RDF.Term, object: RDF.Term): string {
  const found = NAME.exec(predicate.value)
  if (found === null)
    throw new SheafError(
      'UNSUPPORTED',
      `RDF/XML cannot write this predicate, which ends with no name. Use another format: ${predicate.value}`,
    )
  const [local] = found
  const namespace = predicate.value.slice(0, found.index)
  const isRdf = namespace === RDF_NS
  const name = isRdf ? `rdf:${local}` : `p:${local}`
  const start = isRdf ? name : `${name} xmlns:p="${escaped(namespace)}"`
  switch (object.termType) {
    case 'NamedNode':
    case 'BlankNode':
      return `<${start}${nodeAttribute(object, 'resource')}/>`
    case 'Quad':
      return `<${start} rdf:parseType="Triple"><rdf:Description${nodeAttribute(object.subject, 'about')}>${property(object.predicate, object.object)}</rdf:Description></${name}>`
    default:
      return `<${start}${literalAttributes(object as RDF.Literal)}>${escaped(object.value)}</${name}>`
  }
}

function literalAttributes(literal: RDF.Literal): string {
  if (literal.language) {
    const direction = literal.direction ? ` its:dir="${literal.direction}"` : ''
    return ` xml:lang="${escaped(literal.language)}"${direction}`
  }
  return literal.datatype.value === XSD_STRING ? '' : ` rdf:datatype="${escaped(literal.datatype.value)}"`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
  '\n': '&#xA;',
  '\t': '&#x9;',
}

function escaped(text: string): string {
  if (text.match(CONTROLS)?.some((sign) => !isXml(sign.charCodeAt(0))) === true)
    throw new SheafError(
      'UNSUPPORTED',
      'XML cannot hold control characters, which a term has. Use another format.',
    )
  return text.replaceAll(/[&<>"\r\n\t]/g, (found) => ENTITIES[found] as string)
}

const isXml = (unit: number): boolean =>
  unit === 0x09 || unit === 0x0a || unit === 0x0d || (unit >= 0x20 && unit < 0xfffe)
