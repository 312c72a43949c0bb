import { SheafError } from '@sheafdb/core'
import {
  BlankNodeTerm,
  languageLiteral,
  NamedNodeTerm,
  QuadTerm,
  type Term,
  type TextDirection,
  typedLiteral,
} from '../layout/term.ts'
import { XSD_STRING } from '../layout/vocabulary.ts'

/** Is the solutions of a SELECT that was answered elsewhere. */
export type ReadSolutions = readonly ReadonlyMap<string, Term>[]

type JsonTerm = {
  readonly type: string
  readonly value:
    | string
    | { readonly subject: JsonTerm; readonly predicate: JsonTerm; readonly object: JsonTerm }
  readonly datatype?: string
  readonly 'xml:lang'?: string
  readonly 'its:dir'?: TextDirection
}

/**
 * Reads results in JSON; blank nodes get labels that start with a prefix.
 *
 * @see SPARQL 1.2 Query Results JSON Format
 * @throws `SYNTAX` where the text is no such results
 */
export function readJsonResults(text: string, blankPrefix: string): ReadSolutions {
  try {
    const document = JSON.parse(text) as {
      readonly results: { readonly bindings: readonly Readonly<Record<string, JsonTerm>>[] }
    }
    return document.results.bindings.map(
      (row) => new Map(Object.entries(row).map(([name, term]) => [name, termOf(term, blankPrefix)])),
    )
  } catch (error) {
    if (error instanceof SheafError) throw error
    throw new SheafError(
      'SYNTAX',
      'The answer of the endpoint is no SPARQL results in JSON. Check its address.',
      {
        cause: error,
      },
    )
  }
}

const MAX_DEPTH = 100

function termOf(term: JsonTerm, blankPrefix: string, depth = 0): Term {
  const { type, value } = term
  if (typeof value !== 'string') {
    if (type !== 'triple' || depth > MAX_DEPTH) throw new TypeError('a term is no term')
    const [subject, predicate, object] = [value.subject, value.predicate, value.object].map((part) =>
      termOf(part, blankPrefix, depth + 1),
    )
    return new QuadTerm(subject as never, predicate as never, object as never)
  }
  switch (type) {
    case 'uri':
      return new NamedNodeTerm(value)
    case 'bnode':
      return new BlankNodeTerm(blankPrefix + value)
    case 'literal':
    case 'typed-literal': {
      const language = term['xml:lang']
      if (language !== undefined && language !== '')
        return languageLiteral(value, language, term['its:dir'] ?? '')
      return typedLiteral(value, term.datatype ?? XSD_STRING)
    }
    default:
      throw new TypeError(`a term is of no known type: ${type}`)
  }
}
