import type * as RDF from '@rdfjs/types'
import { isSheafError, SheafError, sourceError } from '@sheafdb/core'
import type jsonld from 'jsonld'
import {
  BlankNodeTerm,
  DEFAULT_GRAPH,
  languageLiteral,
  NamedNodeTerm,
  QuadTerm,
  typedLiteral,
} from '../layout/term.ts'
import { XSD_STRING } from '../layout/vocabulary.ts'

type JsonLdQuad = Awaited<ReturnType<typeof jsonld.toRDF>>[number]
type JsonLdTerm = JsonLdQuad['subject']

/** Loads the library when it is first needed: it is large. */
async function library(): Promise<typeof jsonld> {
  return (await import('jsonld')).default
}

/** Refuses to fetch: contexts must stand in the document. */
function refuse(url: string): Promise<never> {
  throw new SheafError(
    'UNSUPPORTED',
    `A document of JSON-LD names a context that would have to be fetched. Put the context into it: ${url}`,
  )
}

/**
 * Reads the quads of a document of JSON-LD 1.1. Nothing is fetched.
 *
 * @throws `SYNTAX` where it is no JSON or no JSON-LD, `UNSUPPORTED` for a context elsewhere, `LIMIT` for deep nesting
 */
export async function readJsonLd(
  text: string,
  options: { readonly baseIri: string | undefined; readonly blankPrefix: string },
): Promise<QuadTerm[]> {
  const document = parseJson(text)
  const base = options.baseIri === undefined ? {} : { base: options.baseIri }
  const { toRDF } = await library()
  try {
    const quads = await toRDF(document, { ...base, documentLoader: refuse })
    return quads.map((quad) => quadOf(quad, options.blankPrefix))
  } catch (error) {
    throw readError(error)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const { message } = error as Error
    const place = /position (\d+)/.exec(message)
    throw sourceError('SYNTAX', `The document is not JSON. Correct it: ${message}`, {
      text,
      offset: place === null ? 0 : Number(place[1]),
    })
  }
}

function readError(error: unknown): SheafError {
  const cause = (error as { readonly details?: { readonly cause?: unknown } }).details?.cause
  for (const each of [error, cause]) if (isSheafError(each)) return each
  if (error instanceof RangeError)
    return new SheafError('LIMIT', 'The document is nested too deep. Store it in parts.', { cause: error })
  const message = error instanceof Error ? error.message : String(error)
  return new SheafError('SYNTAX', `The document is not JSON-LD. Correct it: ${message}`, { cause: error })
}

function quadOf({ subject, predicate, object, graph }: JsonLdQuad, prefix: string): QuadTerm {
  return new QuadTerm(
    termOf(subject, prefix) as RDF.Quad_Subject,
    termOf(predicate, prefix) as RDF.Quad_Predicate,
    termOf(object, prefix) as RDF.Quad_Object,
    termOf(graph, prefix) as RDF.Quad_Graph,
  )
}

function termOf(term: JsonLdTerm, prefix: string): RDF.Term {
  switch (term.termType) {
    case 'NamedNode':
      return new NamedNodeTerm(term.value)
    case 'BlankNode':
      return new BlankNodeTerm(prefix + term.value.replace(/^_:/, ''))
    case 'DefaultGraph':
      return DEFAULT_GRAPH
    case 'Literal':
      if (term.language) return languageLiteral(term.value, term.language)
      return typedLiteral(term.value, term.datatype?.value ?? XSD_STRING)
  }
}

/** Writes quads, given as N-Quads, as expanded JSON-LD. */
export async function writeJsonLd(nquads: string): Promise<string> {
  const { fromRDF } = await library()
  return JSON.stringify(await fromRDF(nquads, { format: 'application/n-quads' }), null, 2)
}
