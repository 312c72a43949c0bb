import { type LiteralTerm, stringLiteral, type Term, typedLiteral } from '../layout/term.ts'
import {
  XSD_BOOLEAN,
  XSD_DATE,
  XSD_DATE_TIME,
  XSD_DECIMAL,
  XSD_DOUBLE,
  XSD_FLOAT,
  XSD_INTEGER,
  XSD_STRING,
} from '../layout/vocabulary.ts'
import { parseDate, parseDateTime } from './date-time.ts'
import { type Decimal, decimalOfNumber, formatDecimal, parseDecimal, roundDecimal } from './decimal.ts'
import {
  formatFloatingPoint,
  literalValue,
  type NumericValue,
  numericLiteral,
  numericOf,
  parseFloatingPoint,
  safeInteger,
  toNumber,
} from './literal-value.ts'

type Cast = (term: Term) => LiteralTerm | null

const CASTS = new Map<string, Cast>([
  [XSD_STRING, toText],
  [XSD_BOOLEAN, toBoolean],
  [XSD_INTEGER, toInteger],
  [XSD_DECIMAL, toDecimalLiteral],
  [XSD_FLOAT, (term) => toFloatingPoint(term, 'float')],
  [XSD_DOUBLE, (term) => toFloatingPoint(term, 'double')],
  [XSD_DATE_TIME, toDateTime],
  [XSD_DATE, toDate],
])

/** Tells whether an IRI names a conversion that SPARQL has as a function. */
export function hasCast(iri: string): boolean {
  return CASTS.has(iri)
}

/** Converts a term to a datatype; `null` where it cannot be. @see SPARQL 1.2 Query Language, section 17.5 */
export function castTerm(term: Term, datatype: string): LiteralTerm | null {
  return CASTS.get(datatype)?.(term) ?? null
}

/** Gives the lexical form of plain text, the only literals that casts read by their form. */
function textOf(term: Term): string | null {
  return term.termType === 'Literal' && term.datatype.value === XSD_STRING ? term.value.trim() : null
}

function toText(term: Term): LiteralTerm | null {
  if (term.termType === 'NamedNode') return stringLiteral(term.value)
  if (term.termType !== 'Literal') return null
  const number = numericOf(term)
  if (number === null) {
    const value = literalValue(term)
    return stringLiteral(value.kind === 'boolean' ? String(value.value) : term.value)
  }
  return stringLiteral(numberText(number))
}

/** Writes a number as XPath's cast to string does: without an exponent where it is of ordinary size. */
function numberText(number: NumericValue): string {
  if (number.kind === 'integer') return String(number.value)
  if (number.kind === 'decimal') return formatDecimal(number.value).replace(/\.0$/, '')
  const size = Math.abs(number.value)
  const plain = size === 0 || (size >= 1e-6 && size < 1e6)
  if (!plain) return formatFloatingPoint(number.value)
  return Object.is(number.value, -0) ? '-0' : String(number.value)
}

function toBoolean(term: Term): LiteralTerm | null {
  const text = textOf(term)
  if (text !== null) {
    if (text === 'true' || text === '1') return typedLiteral('true', XSD_BOOLEAN)
    return text === 'false' || text === '0' ? typedLiteral('false', XSD_BOOLEAN) : null
  }
  if (term.termType !== 'Literal') return null
  const value = literalValue(term)
  if (value.kind === 'boolean') return typedLiteral(String(value.value), XSD_BOOLEAN)
  const number = numericOf(term)
  if (number === null) return null
  const size = toNumber(number)
  return typedLiteral(String(size !== 0 && !Number.isNaN(size)), XSD_BOOLEAN)
}

function toInteger(term: Term): LiteralTerm | null {
  const text = textOf(term)
  if (text !== null) {
    if (!/^[+-]?\d+$/.test(text)) return null
    return numericLiteral({ kind: 'integer', value: safeInteger(BigInt(text.replace(/^\+/, ''))) })
  }
  const decimal = exactOf(term)
  if (decimal === null) return null
  const { unscaled } = roundDecimal(decimal, 'truncate')
  return numericLiteral({ kind: 'integer', value: safeInteger(unscaled) })
}

function exactOf(term: Term): Decimal | null {
  if (term.termType !== 'Literal') return null
  const value = literalValue(term)
  if (value.kind === 'boolean') return { unscaled: value.value ? 1n : 0n, scale: 0 }
  const number = numericOf(term)
  if (number === null) return null
  if (number.kind === 'decimal') return number.value
  if (number.kind === 'integer') return { unscaled: BigInt(number.value), scale: 0 }
  return decimalOfNumber(number.value) ?? null
}

function toDecimalLiteral(term: Term): LiteralTerm | null {
  const text = textOf(term)
  const value = text === null ? exactOf(term) : parseDecimal(text)
  return value === null || value === undefined ? null : numericLiteral({ kind: 'decimal', value })
}

function toFloatingPoint(term: Term, kind: 'float' | 'double'): LiteralTerm | null {
  const text = textOf(term)
  let value = text === null ? undefined : parseFloatingPoint(text)
  if (text === null && term.termType === 'Literal') {
    const known = literalValue(term)
    const number = numericOf(term)
    if (known.kind === 'boolean') value = known.value ? 1 : 0
    else if (number !== null) value = toNumber(number)
  }
  if (value === undefined) return null
  return numericLiteral({ kind, value: kind === 'float' ? Math.fround(value) : value })
}

function toDateTime(term: Term): LiteralTerm | null {
  const text = textOf(term)
  if (text !== null) return parseDateTime(text) === undefined ? null : typedLiteral(text, XSD_DATE_TIME)
  if (term.termType !== 'Literal') return null
  const value = literalValue(term)
  if (value.kind === 'dateTime') return typedLiteral(term.value, XSD_DATE_TIME)
  if (value.kind !== 'date') return null
  return typedLiteral(`${term.value.slice(0, 10)}T00:00:00${term.value.slice(10)}`, XSD_DATE_TIME)
}

function toDate(term: Term): LiteralTerm | null {
  const text = textOf(term)
  if (text !== null) return parseDate(text) === undefined ? null : typedLiteral(text, XSD_DATE)
  if (term.termType !== 'Literal') return null
  const value = literalValue(term)
  if (value.kind === 'date') return typedLiteral(term.value, XSD_DATE)
  if (value.kind !== 'dateTime') return null
  const zone = /(Z|[+-]\d\d:\d\d)$/.exec(term.value)?.[1] ?? ''
  return typedLiteral(`${term.value.slice(0, term.value.indexOf('T'))}${zone}`, XSD_DATE)
}
