import type * as RDF from '@rdfjs/types'
import { XSD_STRING } from '../layout/vocabulary.ts'

/** Names the formats of results of SELECT and ASK. */
export type ResultFormat = 'json' | 'xml' | 'csv' | 'tsv'

/** Is the result of an ASK, or of a SELECT. */
export type Results =
  | { readonly boolean: boolean }
  | { readonly variables: readonly string[]; readonly rows: readonly Readonly<Record<string, RDF.Term>>[] }

const NAMES = new Map<string, ResultFormat>([
  ['json', 'json'],
  ['application/sparql-results+json', 'json'],
  ['srj', 'json'],
  ['xml', 'xml'],
  ['application/sparql-results+xml', 'xml'],
  ['srx', 'xml'],
  ['csv', 'csv'],
  ['text/csv', 'csv'],
  ['tsv', 'tsv'],
  ['text/tab-separated-values', 'tsv'],
])

/** Finds a results format by name or media type; `undefined` where the name means another. */
export function resultFormat(name: string): ResultFormat | undefined {
  return NAMES.get((name.split(';')[0] as string).trim().toLowerCase())
}

const WRITERS: Readonly<Record<ResultFormat, (results: Results) => string>> = {
  json: writeJson,
  xml: writeXml,
  csv: (results) => writeCsv(withShortLabels(results)),
  tsv: (results) => writeTsv(withShortLabels(results)),
}

/** Writes results as text. @see SPARQL 1.2 Query Results JSON, XML, CSV and TSV Formats */
export function formatResults(format: ResultFormat, results: Results): string {
  return WRITERS[format](results)
}

/** Gives blank nodes short labels, which mean something within one result only. */
function withShortLabels(results: Results): Results {
  if ('boolean' in results) return results
  const labels = new Map<string, string>()
  const relabel = (term: RDF.Term): RDF.Term => {
    if (term.termType !== 'BlankNode') return term
    const label = labels.get(term.value) ?? `b${labels.size}`
    labels.set(term.value, label)
    return { ...term, termType: 'BlankNode', value: label } as RDF.BlankNode
  }
  const rows = results.rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, term]) => [name, relabel(term)])),
  )
  return { variables: results.variables, rows }
}

function termIn(row: Readonly<Record<string, RDF.Term>>, name: string): RDF.Term | undefined {
  return Object.hasOwn(row, name) ? row[name] : undefined
}

function writeJson(results: Results): string {
  if ('boolean' in results) return JSON.stringify({ head: {}, boolean: results.boolean })
  const bindings = results.rows.map((row) => {
    const entries = results.variables.flatMap((name): [string, unknown][] => {
      const term = termIn(row, name)
      return term === undefined ? [] : [[name, jsonTerm(term)]]
    })
    return Object.fromEntries(entries)
  })
  return JSON.stringify({ head: { vars: results.variables }, results: { bindings } })
}

function jsonTerm(term: RDF.Term): unknown {
  switch (term.termType) {
    case 'NamedNode':
      return { type: 'uri', value: term.value }
    case 'BlankNode':
      return { type: 'bnode', value: term.value }
    case 'Literal':
      return {
        type: 'literal',
        value: term.value,
        ...(term.language ? { 'xml:lang': term.language } : {}),
        ...(term.direction ? { 'its:dir': term.direction } : {}),
        ...(term.language || term.datatype.value === XSD_STRING ? {} : { datatype: term.datatype.value }),
      }
    case 'Quad':
      return {
        type: 'triple',
        value: {
          subject: jsonTerm(term.subject),
          predicate: jsonTerm(term.predicate),
          object: jsonTerm(term.object),
        },
      }
    default:
      return { type: 'literal', value: term.value }
  }
}

const XML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}
const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (found) => XML_ESCAPES[found] as string).replaceAll('\r', '&#13;')

function writeXml(results: Results): string {
  const open = '<?xml version="1.0"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#">'
  if ('boolean' in results) return `${open}<head/><boolean>${results.boolean}</boolean></sparql>`
  const head = results.variables.map((name) => `<variable name="${escapeXml(name)}"/>`).join('')
  const rows = results.rows.map((row) => {
    const bindings = results.variables.map((name) => {
      const term = termIn(row, name)
      return term === undefined ? '' : `<binding name="${escapeXml(name)}">${xmlTerm(term)}</binding>`
    })
    return `<result>${bindings.join('')}</result>`
  })
  return `${open}<head>${head}</head><results>${rows.join('\n')}</results></sparql>`
}

function xmlTerm(term: RDF.Term): string {
  switch (term.termType) {
    case 'NamedNode':
      return `<uri>${escapeXml(term.value)}</uri>`
    case 'BlankNode':
      return `<bnode>${escapeXml(term.value)}</bnode>`
    case 'Quad':
      return `<triple><subject>${xmlTerm(term.subject)}</subject><predicate>${xmlTerm(term.predicate)}</predicate><object>${xmlTerm(term.object)}</object></triple>`
    case 'Literal': {
      const direction = term.direction
        ? ` xmlns:its="http://www.w3.org/2005/11/its" its:version="2.0" its:dir="${term.direction}"`
        : ''
      const language = term.language ? ` xml:lang="${escapeXml(term.language)}"` : ''
      const plain = term.language || term.datatype.value === XSD_STRING
      const datatype = plain ? '' : ` datatype="${escapeXml(term.datatype.value)}"`
      return `<literal${language}${direction}${datatype}>${escapeXml(term.value)}</literal>`
    }
    default:
      return `<literal>${escapeXml(term.value)}</literal>`
  }
}

function writeCsv(results: Results): string {
  if ('boolean' in results) return `${results.boolean}\r\n`
  const lines = [results.variables.map(csvText).join(',')]
  for (const row of results.rows)
    lines.push(
      results.variables
        .map((name) => {
          const term = termIn(row, name)
          return term === undefined ? '' : csvText(plainText(term))
        })
        .join(','),
    )
  return `${lines.join('\r\n')}\r\n`
}

function plainText(term: RDF.Term): string {
  if (term.termType === 'BlankNode') return `_:${term.value}`
  return term.termType === 'Quad' ? turtleTerm(term) : term.value
}

const csvText = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

function writeTsv(results: Results): string {
  if ('boolean' in results) return `${results.boolean}\n`
  const lines = [results.variables.map((name) => `?${name}`).join('\t')]
  for (const row of results.rows)
    lines.push(
      results.variables
        .map((name) => {
          const term = termIn(row, name)
          return term === undefined ? '' : turtleTerm(term)
        })
        .join('\t'),
    )
  return `${lines.join('\n')}\n`
}

const TEXT_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

const SHORT_FORMS = new Map([
  ['http://www.w3.org/2001/XMLSchema#integer', /^[+-]?\d+$/],
  ['http://www.w3.org/2001/XMLSchema#decimal', /^[+-]?\d*\.\d+$/],
  ['http://www.w3.org/2001/XMLSchema#double', /^[+-]?(?:\d+\.\d*|\.?\d+)[eE][+-]?\d+$/],
])

/** Writes a term as Turtle does; numbers in their short form. */
function turtleTerm(term: RDF.Term): string {
  switch (term.termType) {
    case 'NamedNode':
      return `<${term.value}>`
    case 'BlankNode':
      return `_:${term.value}`
    case 'Quad':
      return `<<( ${turtleTerm(term.subject)} ${turtleTerm(term.predicate)} ${turtleTerm(term.object)} )>>`
    case 'Literal': {
      if (SHORT_FORMS.get(term.datatype.value)?.test(term.value)) return term.value
      const text = `"${term.value.replaceAll(/[\\"\n\r\t]/g, (found) => TEXT_ESCAPES[found] as string)}"`
      if (term.language) return `${text}@${term.language}${term.direction ? `--${term.direction}` : ''}`
      return term.datatype.value === XSD_STRING ? text : `${text}^^<${term.datatype.value}>`
    }
    default:
      return term.value
  }
}
