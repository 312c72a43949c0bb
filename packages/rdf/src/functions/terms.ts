import { randomUUID } from 'node:crypto'
import type * as RDF from '@rdfjs/types'
import type { Value } from '@sheafdb/core'
import {
  BlankNodeTerm,
  freshLabel,
  type LiteralTerm,
  languageLiteral,
  NamedNodeTerm,
  QuadTerm,
  stringLiteral,
  type Term,
  type TextDirection,
  termKey,
  typedLiteral,
} from '../layout/term.ts'
import {
  XSD_BOOLEAN,
  XSD_DATE,
  XSD_DATE_TIME,
  XSD_DOUBLE,
  XSD_INTEGER,
  XSD_STRING,
} from '../layout/vocabulary.ts'
import { castTerm } from './cast.ts'
import { equalTerms, orderNumber, orderRank, orderTerms, orderText } from './comparison.ts'
import { defineFunction, type SparqlFunction, termFunction } from './definition.ts'
import { formatFloatingPoint, literalValue, numericOf, toNumber } from './literal-value.ts'

const BOOLEANS = {
  true: typedLiteral('true', XSD_BOOLEAN),
  false: typedLiteral('false', XSD_BOOLEAN),
} as const

/** Turns plain values into the literals that they stand for. */
const conversions: readonly SparqlFunction[] = [
  defineFunction('from_boolean', 'term', {
    evaluate: (value) => (value === true ? BOOLEANS.true : BOOLEANS.false),
    neverNull: true,
  }),
  defineFunction('from_integer', 'term', {
    evaluate: (value) => typedLiteral(String(value), XSD_INTEGER),
    neverNull: true,
  }),
  defineFunction('from_double', 'term', {
    evaluate: (value) =>
      typedLiteral(formatFloatingPoint(Number(value)), 'http://www.w3.org/2001/XMLSchema#double'),
    neverNull: true,
  }),
  // The IRI of a row of a table: what all rows have in common, then the key.
  defineFunction('from_key', 'term', {
    evaluate: (prefix, key) => new NamedNodeTerm(`${prefix as string}${encodeURIComponent(String(key))}`),
    neverNull: true,
  }),
  defineFunction('from_value', 'term', { evaluate: literalOfValue }),
  // The date of a count of days since 1970.
  defineFunction('from_days', 'term', {
    evaluate: (days) =>
      typedLiteral(new Date(Number(days) * 86_400_000).toISOString().slice(0, 10), XSD_DATE),
    neverNull: true,
  }),
  defineFunction('from_string', 'term', {
    evaluate: (value) => stringLiteral(value as string),
    neverNull: true,
  }),
]

/** Gives the literal of a plain value of any kind; `null` for lists and objects, which have none. */
function literalOfValue(value: Value): LiteralTerm | null {
  switch (typeof value) {
    case 'string':
      return stringLiteral(value)
    case 'boolean':
      return BOOLEANS[`${value}`]
    case 'bigint':
      return typedLiteral(String(value), XSD_INTEGER)
    case 'number':
      return Number.isSafeInteger(value)
        ? typedLiteral(String(value), XSD_INTEGER)
        : typedLiteral(formatFloatingPoint(value), XSD_DOUBLE)
    default:
      return value instanceof Date ? typedLiteral(value.toISOString(), XSD_DATE_TIME) : null
  }
}

/**
 * Gives the effective boolean value of a term; `null` for an error.
 *
 * @see SPARQL 1.2 Query Language, section 17.2.2
 */
export function effectiveBoolean(term: Term): boolean | null {
  if (term.termType !== 'Literal') return null
  const value = literalValue(term)
  if (value.kind === 'boolean') return value.value
  if (value.kind === 'string') return term.value.length > 0
  const number = numericOf(term)
  if (number !== null) {
    const size = toNumber(number)
    return size !== 0 && !Number.isNaN(size)
  }
  return value.kind === 'invalid' && isBooleanOrNumber(term.datatype.value) ? false : null
}

const isBooleanOrNumber = (datatype: string): boolean =>
  datatype === XSD_BOOLEAN || /#(integer|decimal|float|double)$/.test(datatype)

const order =
  (test: (order: number) => boolean) =>
  (left: Term, right: Term): boolean | null => {
    const found = orderTerms(left, right)
    return found === null ? nanOrder(left, right) : test(found)
  }

/** Numbers are never above or below NaN, which is no error. */
function nanOrder(left: Term, right: Term): boolean | null {
  return numericOf(left) !== null && numericOf(right) !== null ? false : null
}

/**
 * Gives a term as other languages see it: IRIs and blank nodes as text, numbers, booleans and dates as such, every
 * other literal as its lexical form.
 */
export function plainValue(term: Term): Value {
  if (term.termType === 'NamedNode') return term.value
  if (term.termType === 'BlankNode') return `_:${term.value}`
  if (term.termType === 'Quad')
    return [term.subject, term.predicate, term.object].map((part) => plainValue(part as Term))
  const value = literalValue(term)
  switch (value.kind) {
    case 'integer':
    case 'float':
    case 'double':
    case 'boolean':
      return value.value
    case 'decimal':
      return toNumber(value)
    case 'dateTime':
    case 'date':
      return new Date(value.value.ms)
    default:
      return term.value
  }
}

/** Defines what terms sort by; what is not bound has a place of its own. */
function orderFunction(
  name: string,
  result: 'integer' | 'double' | 'string',
  order: (term: Term | null) => Value,
): SparqlFunction {
  return defineFunction(name, result, {
    evaluate: (term) => order((term ?? null) as Term | null),
    seesNulls: true,
    neverNull: true,
  })
}

const comparisons: readonly SparqlFunction[] = [
  termFunction('plain', 'term', plainValue),
  termFunction('ebv', 'boolean', effectiveBoolean),
  termFunction('equal', 'boolean', equalTerms),
  termFunction('same_term', 'boolean', (left, right) => termKey(left) === termKey(right)),
  termFunction(
    'less',
    'boolean',
    order((found) => found < 0),
  ),
  termFunction(
    'less_or_equal',
    'boolean',
    order((found) => found <= 0),
  ),
  termFunction(
    'greater',
    'boolean',
    order((found) => found > 0),
  ),
  termFunction(
    'greater_or_equal',
    'boolean',
    order((found) => found >= 0),
  ),
  orderFunction('order_rank', 'integer', orderRank),
  orderFunction('order_number', 'double', orderNumber),
  orderFunction('order_text', 'string', orderText),
]

const checks: readonly SparqlFunction[] = [
  termFunction('is_iri', 'boolean', (term) => term.termType === 'NamedNode'),
  termFunction('is_blank', 'boolean', (term) => term.termType === 'BlankNode'),
  termFunction('is_literal', 'boolean', (term) => term.termType === 'Literal'),
  termFunction('is_numeric', 'boolean', (term) => numericOf(term) !== null),
  termFunction('is_triple', 'boolean', (term) => term.termType === 'Quad'),
  termFunction('has_lang', 'boolean', (term) => (term.termType === 'Literal' ? term.language !== '' : null)),
  termFunction('has_langdir', 'boolean', (term) => term.termType === 'Literal' && term.direction !== ''),
]

const accessors: readonly SparqlFunction[] = [
  termFunction('str', 'string', (term) =>
    term.termType === 'NamedNode' || term.termType === 'Literal' ? term.value : null,
  ),
  termFunction('lang', 'string', (term) => (term.termType === 'Literal' ? term.language : null)),
  termFunction('langdir', 'string', (term) => (term.termType === 'Literal' ? term.direction : null)),
  termFunction('datatype', 'term', (term) => (term.termType === 'Literal' ? term.datatype : null)),
  termFunction('subject', 'term', (term) => (term.termType === 'Quad' ? term.subject : null) as Value),
  termFunction('predicate', 'term', (term) => (term.termType === 'Quad' ? term.predicate : null) as Value),
  termFunction('object', 'term', (term) => (term.termType === 'Quad' ? term.object : null) as Value),
]

const isPlain = (term: Term): term is LiteralTerm =>
  term.termType === 'Literal' && term.datatype.value === XSD_STRING

/** Makes a triple term; `null` where the parts cannot make one. */
export function makeTriple(subject: Term, predicate: Term, object: Term): QuadTerm | null {
  if (predicate.termType !== 'NamedNode') return null
  if (subject.termType !== 'NamedNode' && subject.termType !== 'BlankNode') return null
  return new QuadTerm(subject, predicate, object as RDF.Quad_Object)
}

const constructors: readonly SparqlFunction[] = [
  defineFunction('iri', 'term', {
    evaluate: (value, base) => {
      const term = value as Term
      if (term.termType === 'NamedNode') return term
      return isPlain(term) ? resolveIri(term.value, base as string) : null
    },
  }),
  termFunction('strdt', 'term', (text, datatype) =>
    isPlain(text) && datatype.termType === 'NamedNode' ? makeTyped(text.value, datatype.value) : null,
  ),
  termFunction('strlang', 'term', (text, language) =>
    isPlain(text) && isPlain(language) && language.value !== ''
      ? languageLiteral(text.value, language.value)
      : null,
  ),
  termFunction('strlangdir', 'term', (text, language, direction) => {
    if (!isPlain(text) || !isPlain(language) || !isPlain(direction) || language.value === '') return null
    const way = direction.value
    return way === 'ltr' || way === 'rtl'
      ? languageLiteral(text.value, language.value, way as TextDirection)
      : null
  }),
  termFunction('triple', 'term', makeTriple),
  defineFunction('cast', 'term', {
    evaluate: (term, datatype) => castTerm(term as Term, datatype as string),
  }),
  defineFunction('fresh_blank', 'term', {
    evaluate: () => new BlankNodeTerm(freshLabel()),
    volatile: true,
    neverNull: true,
  }),
  // One blank node for each text within one solution.
  defineFunction('blank', 'term', {
    evaluate: (term, row) => {
      if (!isPlain(term as Term)) return null
      const label = Buffer.from((term as Term).value).toString('hex')
      return new BlankNodeTerm(`r${String(row)}x${label}`)
    },
  }),
  defineFunction('row', 'integer', { evaluate: nextRow, volatile: true, neverNull: true }),
  defineFunction('uuid', 'term', {
    evaluate: () => new NamedNodeTerm(`urn:uuid:${randomUUID()}`),
    volatile: true,
    neverNull: true,
  }),
  defineFunction('struuid', 'string', { evaluate: () => randomUUID(), volatile: true, neverNull: true }),
  defineFunction('rand', 'double', { evaluate: () => Math.random(), volatile: true, neverNull: true }),
]

let lastRow = Date.now() * 1000

function nextRow(): number {
  lastRow += 1
  return lastRow
}

function makeTyped(value: string, datatype: string): LiteralTerm | null {
  return datatype.endsWith('#langString') || datatype.endsWith('#dirLangString')
    ? null
    : typedLiteral(value, datatype)
}

/** Resolves an IRI reference against a base; `null` where the result is no IRI. */
export function resolveIri(reference: string, base: string): NamedNodeTerm | null {
  if (/[<>"{}|\\^`\p{Cc} ]/u.test(reference)) return null
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference)) return new NamedNodeTerm(reference)
  if (base === '') return null
  try {
    return new NamedNodeTerm(new URL(reference, base).href)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

/** Holds conversions, comparisons, and the functions that look at or make terms. */
export const termFunctions: readonly SparqlFunction[] = [
  ...conversions,
  ...comparisons,
  ...checks,
  ...accessors,
  ...constructors,
]
